"""The engine process: `python -m meridian_server.engine ARGUMENTS` is vLLM's OpenAI server.

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

SYS_ARCH_PRCTL, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA = 158, 0x1023, 18


def allow_amx() -> None:
    """Ask the kernel for AMX tiles; a machine without them says no, which is no error."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return
    with contextlib.suppress(OSError):
        ctypes.CDLL(None).syscall(SYS_ARCH_PRCTL, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA)


allow_amx()


if __name__ == "__main__":
    from vllm.entrypoints.launchers.api_server.entry import main

    main()
