"""The engine process: `python -m meridian_server.engine ARGUMENTS` is vLLM's OpenAI server, or one that only computes.

vLLM 0.32 picks its AMX attention kernel where the processor has AMX, but Linux lets a process use
the tiles only after it asked (Documentation/arch/x86/xstate.rst). oneDNN asks when it first runs a
large enough product; a first prompt of one or two tokens comes before that and ends the engine by
an illegal instruction. So it is asked here: on import, for multiprocessing imports this module
again in every process that it spawns, and the engine's core is one of them.
"""

import contextlib
import ctypes
import platform
import sys
from collections.abc import Sequence

SYS_ARCH_PRCTL, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA = 158, 0x1023, 18


def allow_amx() -> None:
    """Ask the kernel for AMX tiles; a machine without them says no, which is no error."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return
    with contextlib.suppress(OSError):
        ctypes.CDLL(None).syscall(SYS_ARCH_PRCTL, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA)


def as_serve(arguments: Sequence[str]) -> list[str]:
    """Arguments of the OpenAI server as `vllm serve` takes them: the model stands first, without its flag."""
    model = arguments.index("--model")
    return ["serve", arguments[model + 1], *arguments[:model], *arguments[model + 2 :]]


def run() -> None:
    """Serve; one that only computes is started by `vllm serve`, as the server's own module overlooks `--headless`.

    Overlooked, it would be a second server that nothing calls, and the leader would wait for its GPUs for ever.
    """
    if "--headless" not in sys.argv:
        from vllm.entrypoints.launchers.api_server.entry import main
    else:
        from vllm.entrypoints.cli.main import main

        sys.argv[1:] = as_serve(sys.argv[1:])
    main()


allow_amx()


if __name__ == "__main__":
    run()
