"""A stand-in provider in its own process, spoken to as the engine speaks."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from rehearsal.standins.attach import attached
from tests.local.conftest import ROOT

CACHE = ROOT / ".meridian" / "cache" / "shapes"


def struct(content: Mapping[str, Any]) -> struct_pb2.Struct:
    found = struct_pb2.Struct()
    json_format.ParseDict(dict(content), found)
    return found


def values(content: struct_pb2.Struct) -> dict[str, Any]:
    return dict(json_format.MessageToDict(content))


def urn_of(token: str, name: str) -> str:
    return f"urn:pulumi:test::probe::{token}::{name}"


@dataclass(frozen=True)
class Client:
    """One provider instance: a connection of its own, as the engine opens one for each."""

    stub: Any

    def check(
        self, token: str, said: Mapping[str, Any], *, old: Mapping[str, Any] | None = None, name: str = "it"
    ) -> Any:
        request = provider_pb2.CheckRequest(
            urn=urn_of(token, name),
            name=name,
            type=token,
            olds=struct(old or {}),
            news=struct(said),
            randomSeed=b"1" * 32,
        )
        return self.stub.Check(request)

    def create(self, token: str, inputs: Any, *, name: str = "it", preview: bool = False) -> Any:
        request = provider_pb2.CreateRequest(
            urn=urn_of(token, name), name=name, type=token, properties=inputs, preview=preview
        )
        return self.stub.Create(request)

    def diff(self, token: str, id: str, old: Any, new: Any) -> Any:
        request = provider_pb2.DiffRequest(
            id=id, urn=urn_of(token, "it"), name="it", type=token, old_inputs=old, news=new
        )
        return self.stub.Diff(request)

    def read(self, token: str, id: str, inputs: Any, *, name: str = "it") -> Any:
        return self.stub.Read(
            provider_pb2.ReadRequest(id=id, urn=urn_of(token, name), name=name, type=token, inputs=inputs)
        )

    def update(self, token: str, id: str, old: Any, new: Any, outputs: Any) -> Any:
        request = provider_pb2.UpdateRequest(
            id=id, urn=urn_of(token, "it"), name="it", type=token, old_inputs=old, olds=outputs, news=new
        )
        return self.stub.Update(request)

    def delete(self, token: str, id: str, inputs: Any, *, name: str = "it") -> Any:
        return self.stub.Delete(
            provider_pb2.DeleteRequest(id=id, urn=urn_of(token, name), name=name, type=token, old_inputs=inputs)
        )


@contextlib.contextmanager
def served(world: Path, *packages: str, failures: Path | None = None) -> Iterator[dict[str, str]]:
    """Serve packages; yields the port of each."""
    with attached(world, cache=CACHE, packages=packages, failures=failures) as variables:
        yield dict(pair.split(":") for pair in variables["PULUMI_DEBUG_PROVIDERS"].split(","))  # type: ignore[misc]


@contextlib.contextmanager
def client(port: str, settings: Mapping[str, Any]) -> Iterator[Client]:
    """Connect as one provider instance with its settings."""
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:1"))
        stub.Attach(plugin_pb2.PluginAttach(address="127.0.0.1:1"))
        stub.Configure(provider_pb2.ConfigureRequest(args=struct(settings)))
        yield Client(stub)
