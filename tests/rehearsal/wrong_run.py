"""Runs wrong programs under the real engine, one command each: it ends at the first resource that is refused.

The program is played by this process, so that a run costs the engine's start and no interpreter's.
"""

import os
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2, resource_pb2, resource_pb2_grpc

from rehearsal.engine import ensure
from rehearsal.rehearsing import Place, Run, StackOf, Subject
from rehearsal.rehearsing.attaching import attached
from tests.rehearsal.host_process import ROOT
from tests.rehearsal.wrong_programs import Wrong

PACKAGES = ("aws", "gcp", "azure-native", "kubernetes")

PROVIDERS: dict[str, dict[str, Any]] = {
    "aws": {"region": "eu-north-1"},
    "gcp": {"project": "meridian-example", "region": "europe-west4"},
    "azure-native": {"subscriptionId": "00000000-0000-0000-0000-000000000001", "location": "eastus2"},
    "kubernetes": {"kubeconfig": "{}", "clusterIdentifier": "one"},
}


class _Host(language_pb2_grpc.LanguageRuntimeServicer):
    """Plays a program of one resource with a provider of its own."""

    def __init__(self) -> None:
        self.wrong: Wrong | None = None

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="1.0.0")

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPackagesResponse()

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPluginsResponse()

    def Cancel(self, request: Any, context: Any) -> Any:
        return Empty()

    def Run(self, request: Any, context: Any) -> Any:
        wrong = self.wrong
        assert wrong is not None
        package = wrong.type.partition(":")[0]
        with grpc.insecure_channel(request.monitor_address) as channel:
            monitor = resource_pb2_grpc.ResourceMonitorStub(channel)
            try:
                own = _register(monitor, f"pulumi:providers:{package}", "p", {**PROVIDERS[package], **wrong.provider})
                _register(monitor, wrong.type, "wrong", wrong.inputs, f"{own.urn}::{own.id or UNKNOWN}")
            except grpc.RpcError:
                return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse()


UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def _register(monitor: Any, kind: str, name: str, inputs: dict[str, Any], provider: str = "") -> Any:
    values = Struct()
    values.update(inputs)
    return monitor.RegisterResource(
        resource_pb2.RegisterResourceRequest(type=kind, name=name, custom=True, object=values, provider=provider)
    )


class Runner:
    """An engine, its stand-ins and a stack to preview wrong programs in."""

    def __init__(self, place: Place, host: _Host, port: int) -> None:
        self.place, self.host, self.port = place, host, port

    def preview(self, wrong: Wrong) -> Run:
        """What the engine says of one program."""
        self.host.wrong = wrong
        client = (f"--client=127.0.0.1:{self.port}", "--exec-kind=auto.inline")
        return self.place.command("preview", "wrong", *client)


@contextmanager
def runner(folder: Path) -> Iterator[Runner]:
    """A runner that lasts for many programs."""
    program = folder / "program"
    program.mkdir()
    (program / "Pulumi.yaml").write_text("name: wrong\nruntime: python\n")
    subject = Subject("wrong", program, (StackOf("wrong"),), {}, {}, {}, PACKAGES, ROOT)
    server, host = grpc.server(futures.ThreadPoolExecutor(4)), _Host()
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    engine = ensure(ROOT, progress=print, env=os.environ)
    try:
        with attached(folder / "world", PACKAGES, None) as standins:
            place = Place(folder / "run", subject, engine, standins)
            place.make()
            yield Runner(place, host, port)
    finally:
        server.stop(None)
