"""Programs that this process plays to the real engine, so that a run costs the engine's start and no interpreter's."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2, resource_pb2, resource_pb2_grpc

from rehearsal.engine import ensure
from rehearsal.rehearsing import Place, Run, StackOf, Subject
from rehearsal.standins.attach import attached
from tests.rehearsal.host_process import ROOT

PACKAGES = ("aws", "gcp", "azure-native", "kubernetes")
SHAPES = ROOT / ".meridian" / "cache" / "shapes"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

PROVIDERS: dict[str, dict[str, Any]] = {
    "aws": {"region": "eu-north-1"},
    "gcp": {"project": "meridian-example", "region": "europe-west4"},
    "azure-native": {"subscriptionId": "00000000-0000-0000-0000-000000000001", "location": "eastus2"},
    "kubernetes": {"kubeconfig": "{}", "clusterIdentifier": "one"},
}

Register = Callable[..., Mapping[str, Any]]
"""Registers a resource: `(type, name, inputs, provider=...)`; returns its outputs, `id` and `urn` among them."""


class Host(language_pb2_grpc.LanguageRuntimeServicer):
    """Plays `program`."""

    def __init__(self) -> None:
        self.program: Callable[[Register], None] = lambda _: None

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="1.0.0")

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPackagesResponse()

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPluginsResponse()

    def Cancel(self, request: Any, context: Any) -> Any:
        return Empty()

    def Run(self, request: Any, context: Any) -> Any:
        with grpc.insecure_channel(request.monitor_address) as channel:
            try:
                self.program(_Registering(resource_pb2_grpc.ResourceMonitorStub(channel)))
            except grpc.RpcError:
                return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse()


class _Registering:
    """Gives each resource the provider of its package, or one of its own."""

    def __init__(self, monitor: Any) -> None:
        self.monitor, self.providers, self.before = monitor, dict[str, str](), dict[str, list[str]]()

    def __call__(
        self, kind: str, name: str, inputs: Mapping[str, Any], provider: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        package = kind.partition(":")[0]
        if package not in self.providers:
            made = self._register(f"pulumi:providers:{package}", package, provider or PROVIDERS[package], "")
            self.providers[package] = f"{made['urn']}::{made['id'] or UNKNOWN}"
        # Each depends on those of its cloud before it: removed in reverse, as a program's own references have it.
        before = self.before.setdefault(package, [])
        made = self._register(kind, name, inputs, self.providers[package], before)
        before.append(made["urn"])
        return made

    def _register(
        self, kind: str, name: str, inputs: Mapping[str, Any], provider: str, before: Sequence[str] = ()
    ) -> dict[str, Any]:
        values = Struct()
        values.update(inputs)
        request = resource_pb2.RegisterResourceRequest(
            type=kind, name=name, custom=True, object=values, provider=provider, dependencies=before
        )
        answer = self.monitor.RegisterResource(request)
        return {**MessageToDict(answer.object), "id": answer.id or UNKNOWN, "urn": answer.urn}


@dataclass(frozen=True)
class Player:
    """An engine, its stand-ins and one stack."""

    place: Place
    host: Host
    port: int
    failures: Path
    """The stand-ins read it; it need not exist."""

    def play(self, verb: str, program: Callable[[Register], None], *arguments: str) -> Run:
        """Run the engine on a program."""
        self.host.program = program
        client = (f"--client=127.0.0.1:{self.port}", "--exec-kind=auto.inline") if verb in ("up", "preview") else ()
        return self.place.command(verb, "played", *client, *arguments)

    def held(self) -> list[tuple[str, str]]:
        """Type and id of everything in the stand-ins' world."""
        from rehearsal.world import World

        return sorted((each.token, each.id) for each in World(self.place.world).resources())


@contextmanager
def player(folder: Path) -> Iterator[Player]:
    """A player with a world and a state of its own."""
    program = folder / "program"
    program.mkdir(parents=True)
    (program / "Pulumi.yaml").write_text("name: played\nruntime: python\n")
    subject = Subject("played", program, (StackOf("played"),), {}, {}, {}, PACKAGES, ROOT)
    server, host = grpc.server(futures.ThreadPoolExecutor(4)), Host()
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    engine, failures, run = ensure(ROOT, progress=print, env=os.environ), folder / "failures.json", folder / "run"
    try:
        with attached(run / "world", cache=SHAPES, packages=PACKAGES, failures=failures) as standins:
            place = Place(run, subject, engine, standins)
            place.make()
            yield Player(place, host, port, failures)
    finally:
        server.stop(None)
