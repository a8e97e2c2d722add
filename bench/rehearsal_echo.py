# ruff: noqa: ARG002 - the protocol gives every method a request and a context
"""A provider that answers with what it is told and checks nothing: the floor that a stand-in is measured against."""

import threading
import uuid
from concurrent import futures
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc


class Echo(provider_pb2_grpc.ResourceProviderServicer):
    """Speaks the engine's protocol and knows nothing."""

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="1.0.0")

    def Attach(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: Any) -> Any:
        same = json_format.MessageToDict(request.old_inputs) == json_format.MessageToDict(request.news)
        none, some = provider_pb2.DiffResponse.DIFF_NONE, provider_pb2.DiffResponse.DIFF_SOME
        return provider_pb2.DiffResponse(changes=none if same else some)

    def Create(self, request: Any, context: Any) -> Any:
        return provider_pb2.CreateResponse(
            id="" if request.preview else uuid.uuid4().hex, properties=request.properties
        )

    def Delete(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()


def main() -> None:
    """Serve every package until the process is ended."""
    ports = []
    for package in ("aws", "gcp", "azure-native", "kubernetes"):
        server = grpc.server(futures.ThreadPoolExecutor(16))
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(Echo(), server)
        ports.append(f"{package}:{server.add_insecure_port('127.0.0.1:0')}")
        server.start()
    print(f"PULUMI_DEBUG_PROVIDERS={','.join(ports)}", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
