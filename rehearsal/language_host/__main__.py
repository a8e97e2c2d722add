"""`pulumi-language-python`: serve the engine that started this process until it says stop or is gone.

Arguments: the path of the executor script, then those of the engine, of which the last is its address.
"""

import os
import signal
import sys
import threading
from concurrent import futures
from pathlib import Path
from typing import NoReturn

import grpc
from pulumi.runtime.proto import language_pb2_grpc

from rehearsal.language_host.children import Children
from rehearsal.language_host.server import LanguageHost

_THREADS = 64
"""One is held by each running program and plugin; those not needed are never started."""

_ENGINE_CHECK_SECONDS = 0.5


def main() -> NoReturn:
    """Print the port, then serve. Ends with code 0 at SIGINT or SIGTERM, or when the engine's process is gone."""
    engine = os.getppid()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    _forget_own_python_path()
    children = Children()
    server = _server(LanguageHost(children=children, executor=Path(sys.argv[1]), engine_address=sys.argv[-1]))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    # An engine that was killed tells nobody; its program and plugins must not go on without it.
    while not stop.wait(_ENGINE_CHECK_SECONDS) and os.getppid() == engine:
        pass
    children.end_all()
    # Not sys.exit: grpc would wait for calls that the engine has already given up.
    os._exit(0)


def _server(host: LanguageHost) -> grpc.Server:
    """Return a server of the host; it serves only as long as somebody holds it."""
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=_THREADS), options=unlimited)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    return server


def _forget_own_python_path() -> None:
    """Take this package's folder off the PYTHONPATH that programs inherit: it is how the launcher found the host."""
    _, _, rest = os.environ.pop("PYTHONPATH", "").partition(os.pathsep)
    if rest:
        os.environ["PYTHONPATH"] = rest


main()
