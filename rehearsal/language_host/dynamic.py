"""`pulumi-resource-pulumi-python`: the SDK's server of dynamic providers, made to end when it should.

Run as a script by the program's own interpreter, so it needs nothing but the SDK there. Left alone, the SDK's server
lets an interrupted `up` wait for every operation under way, however long, and outlives an engine that was killed.
"""

import os
import runpy
import sys
import threading
import time
from pathlib import Path
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2_grpc

CHECK_SECONDS = 0.5
"""How long the server may outlive the engine."""

CANCEL_SECONDS = 3.0
"""How long operations may go on when the user interrupts the engine. One that is cut off fails, and the next `up` asks
for it again: a provider's `create` must find what an earlier one began."""


def main() -> None:
    """Serve until the engine says stop or is gone."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    provider_pb2_grpc.add_ResourceProviderServicer_to_server = _cancellable(
        provider_pb2_grpc.add_ResourceProviderServicer_to_server
    )
    # As `python -m` has it: a provider's pickled class names modules beside the program, not beside this file.
    sys.path[0] = str(Path.cwd())
    runpy.run_module("pulumi.dynamic", run_name="__main__", alter_sys=True)


def _end_with(engine: int) -> None:
    while os.getppid() == engine:
        time.sleep(CHECK_SECONDS)
    os._exit(0)


def _cancellable(add_to_server: Any) -> Any:
    """Return the SDK's function that puts its servicer behind a server, with our answer to Cancel."""

    def add(servicer: Any, server: Any) -> None:
        servicer.Cancel = _cancel
        add_to_server(servicer, server)

    return add


def _cancel(_request: object, _context: object) -> empty_pb2.Empty:
    end = threading.Timer(CANCEL_SECONDS, os._exit, args=(0,))
    end.daemon = True
    end.start()
    return empty_pb2.Empty()


if __name__ == "__main__":
    main()
