"""`pulumi-resource-pulumi-python`: the SDK's server of dynamic providers, ended when the engine is gone.

Run as a script by the program's own interpreter, so it needs nothing but the SDK there. A killed engine tells nobody,
and the SDK's server waits for a signal for ever.
"""

import os
import runpy
import sys
import threading
import time
from pathlib import Path

CHECK_SECONDS = 0.5
"""How long the server may outlive the engine."""


def _end_with(engine: int) -> None:
    while os.getppid() == engine:
        time.sleep(CHECK_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    # As `python -m` has it: a provider's pickled class names modules beside the program, not beside this file.
    sys.path[0] = str(Path.cwd())
    runpy.run_module("pulumi.dynamic", run_name="__main__", alter_sys=True)
