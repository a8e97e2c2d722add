"""Serves stand-in clouds until it is told to stop: `python -m rehearsal.standins --world FOLDER`.

Prints one line that the engine's environment needs: `PULUMI_DEBUG_PROVIDERS=aws:PORT,…`.
"""

import argparse
import signal
import threading
from concurrent import futures
from pathlib import Path

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from rehearsal.standins.cloud import Cloud
from rehearsal.standins.clusters import Clusters
from rehearsal.standins.failures import Failures
from rehearsal.standins.lab_cloud import LabCloud
from rehearsal.standins.provider import Provider
from rehearsal.standins.schemas import MODULES, Schemas
from rehearsal.world import World

UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
THREADS = 64
"""A call that waits for pods holds one, and the engine makes many resources at once."""


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--world", type=Path, required=True, help="folder of what the clouds hold")
    parser.add_argument("--cache", type=Path, required=True, help="folder of derived shapes")
    parser.add_argument("--failures", type=Path, help="JSON file of failures on demand")
    parser.add_argument("--lab", type=Path, help="JSON file: the kubeconfig file of a real API server by region")
    parser.add_argument("--packages", default=",".join(MODULES), help="packages, with commas")
    given = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    world, failures = World(given.world), Failures(given.failures)
    servers, ports = [], []
    for package in given.packages.split(","):
        server = grpc.server(futures.ThreadPoolExecutor(THREADS), options=UNLIMITED)
        cloud = _cloud(package, Schemas(package, given.cache), world, failures, given.lab)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(cloud), server)
        ports.append(f"{package}:{server.add_insecure_port('127.0.0.1:0')}")
        server.start()
        servers.append(server)
    print(f"PULUMI_DEBUG_PROVIDERS={','.join(ports)}", flush=True)
    stop.wait()
    for server in servers:
        server.stop(grace=None)


def _cloud(package: str, schemas: Schemas, world: World, failures: Failures, lab: Path | None) -> Cloud:
    if lab is None or package != "kubernetes":
        return Cloud(package, schemas, world, failures)
    return LabCloud(package, schemas, world, failures, clusters=Clusters.read(lab))


if __name__ == "__main__":
    main()
