# ruff: noqa: ARG002 - the protocol gives every method a request and a context
"""The engine's protocol for providers, answered by a stand-in cloud."""

import json
from collections.abc import Mapping
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from google.rpc import status_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from rehearsal.standins import lookups
from rehearsal.standins.azure_identities import answered
from rehearsal.standins.checking import SIGNATURE
from rehearsal.standins.cloud import Cloud, Naming, Refused, Target
from rehearsal.standins.differing import How, differences
from rehearsal.standins.failures import Broken
from rehearsal.standins.identity import keeps_name, name_property
from rehearsal.standins.lab_cloud import NotReady
from rehearsal.standins.lookups_aws import NothingFound
from rehearsal.standins.refusals.values import plain
from rehearsal.standins.replacing import covers, rules_of
from rehearsal.standins.schemas import version

_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the mark of the protocol
_IDENTITY = ("region", "project", "subscriptionId", "clusterIdentifier")
"""Provider settings whose change makes it another cloud to talk to."""

_KINDS = {
    How.ADDED: (provider_pb2.PropertyDiff.ADD, provider_pb2.PropertyDiff.ADD_REPLACE),
    How.DELETED: (provider_pb2.PropertyDiff.DELETE, provider_pb2.PropertyDiff.DELETE_REPLACE),
    How.CHANGED: (provider_pb2.PropertyDiff.UPDATE, provider_pb2.PropertyDiff.UPDATE_REPLACE),
}


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one package to the engine; its provider instances are told apart by their connections."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._configured: dict[str, dict[str, Any]] = {}

    def Handshake(self, request: Any, context: Any) -> Any:
        """Say what is spoken here."""
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True,
            accept_resources=False,
            accept_outputs=False,
            supports_autonaming_configuration=True,
        )

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        """Say that this is the installed SDK's version."""
        return plugin_pb2.PluginInfo(version=version(self._cloud.package))

    def GetSchema(self, request: Any, context: Any) -> Any:
        """Say as much as the engine asks of a program's provider."""
        about = {"name": self._cloud.package, "version": version(self._cloud.package)}
        return provider_pb2.GetSchemaResponse(schema=json.dumps({**about, "resources": {}, "functions": {}}))

    def Attach(self, request: Any, context: Any) -> Any:
        """Accept an engine that did not start this process."""
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:
        """Nothing here takes long enough to be cancelled."""
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:
        """Accept the provider's settings; they are judged with each resource."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        """Say whether changed settings make it another cloud."""
        found = differences(_values(request.old_inputs) or _values(request.olds), _values(request.news))
        paths = [one.path for one in found]
        some = provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE
        replaces = [path for path in paths if path in _IDENTITY]
        return provider_pb2.DiffResponse(changes=some, diffs=paths, replaces=replaces)

    def Configure(self, request: Any, context: Any) -> Any:
        """Remember the settings of the instance behind a connection."""
        settings = _values(request.args)
        self._configured[context.peer()] = {name: _parsed(value) for name, value in plain(settings).items()}
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True,
            supportsPreview=True,
            acceptResources=False,
            acceptOutputs=False,
            supports_autonaming_configuration=True,
        )

    def Check(self, request: Any, context: Any) -> Any:
        """Judge inputs, and complete them."""
        naming = Naming(request.autonaming.proposed_name, request.randomSeed or request.urn.encode())
        said, before = _values(request.news), _values(request.olds)
        inputs, wrong = self._cloud.check(self._target(request, context), said, before, naming)
        failures = [provider_pb2.CheckFailure(property=fault.path, reason=fault.reason) for fault in wrong]
        return provider_pb2.CheckResponse(inputs=_struct(inputs), failures=failures)

    def Diff(self, request: Any, context: Any) -> Any:
        """Say which inputs changed, and which of these replace."""
        target = self._target(request, context)
        old, new = _values(request.old_inputs) or _values(request.olds), _values(request.news)
        found = [
            one for one in differences(old, new) if not any(covers(rule, one.path) for rule in request.ignoreChanges)
        ]
        shape = self._cloud.schemas.shape(target.token)
        name = name_property(self._cloud.package, target.token, shape) if shape else None
        rules = rules_of(target.token, shape, name)
        replacing = rules.replacing(found, plain(old), plain(new))
        found, replacing = _tried(context, lambda: self._cloud.seen(target, new, found, replacing))
        detailed = {
            one.path: provider_pb2.PropertyDiff(kind=_KINDS[one.how][one.path in replacing], inputDiff=True)
            for one in found
        }
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=sorted({one.path.split(".")[0].split("[")[0] for one in found}),
            replaces=sorted(replacing),
            deleteBeforeReplace=bool(replacing) and (rules.delete_first or keeps_name(name, old, new)),
            detailedDiff=detailed,
            hasDetailedDiff=True,
        )

    def Create(self, request: Any, context: Any) -> Any:
        """Make a resource, or say what a preview knows of it."""
        target, said = self._target(request, context), _values(request.properties)
        if request.preview:
            known = _tried(context, lambda: self._cloud.preview(target, said))
            return provider_pb2.CreateResponse(properties=_struct(self._answered(known)))
        new = _tried(context, lambda: self._cloud.create(target, said))
        return provider_pb2.CreateResponse(id=new.id, properties=self._outputs(target, new.outputs))

    def Read(self, request: Any, context: Any) -> Any:
        """Say what the cloud has now."""
        target = self._target(request, context)
        said = _values(request.inputs) or _values(request.properties)
        held = _tried(context, lambda: self._cloud.read(target, request.id, said))
        if held is None:
            return provider_pb2.ReadResponse()
        outputs, inputs = self._outputs(target, dict(held.outputs)), _struct(dict(held.inputs))
        return provider_pb2.ReadResponse(id=held.id, properties=outputs, inputs=inputs)

    def Update(self, request: Any, context: Any) -> Any:
        """Change a resource, or say what a preview knows of the change."""
        target, said, before = self._target(request, context), _values(request.news), _values(request.olds)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=_struct(self._answered({**before, **_wire(said)})))
        new = _tried(context, lambda: self._cloud.update(target, request.id, before, said))
        return provider_pb2.UpdateResponse(properties=self._outputs(target, new.outputs))

    def Delete(self, request: Any, context: Any) -> Any:
        """Delete a resource."""
        target = self._target(request, context)
        said = _values(request.old_inputs) or _values(request.properties)
        _tried(context, lambda: self._cloud.delete(target, request.id, said))
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        """Answer a lookup."""
        try:
            found = lookups.answer(
                request.tok, plain(_values(request.args)), self._settings(context), self._cloud.world
            )
        except (lookups.UnknownLookup, NothingFound) as error:
            return provider_pb2.InvokeResponse(failures=[provider_pb2.CheckFailure(reason=str(error))])
        return provider_pb2.InvokeResponse(**{"return": _struct(found)})

    def _target(self, request: Any, context: Any) -> Target:
        token = request.type or request.urn.split("::")[2].rpartition("$")[2]
        return Target(
            token=token,
            urn=request.urn,
            provider=self._settings(context),
            seconds=getattr(request, "timeout", 0),
            ignored=tuple(getattr(request, "ignoreChanges", ())),
        )

    def _settings(self, context: Any) -> Mapping[str, Any]:
        return self._configured.get(context.peer(), {})

    def _outputs(self, target: Target, outputs: dict[str, Any]) -> Any:
        shape = self._cloud.schemas.shape(target.token)
        secret = shape.secret_outputs if shape else frozenset()
        outputs = self._answered(outputs)
        return _struct({name: _hidden(value) if name in secret else value for name, value in outputs.items()})

    def _answered(self, outputs: dict[str, Any]) -> dict[str, Any]:
        return answered(outputs) if self._cloud.package == "azure-native" else outputs


def _tried(context: Any, act: Any) -> Any:
    try:
        return act()
    except NotReady as late:
        _tell_not_ready(context, late)
    except Refused as refused:
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(refused))
    except Broken as broken:
        context.abort(grpc.StatusCode.UNAVAILABLE, str(broken))


def _tell_not_ready(context: Any, late: NotReady) -> None:
    """The engine keeps a resource that was made and is not ready, and tells why."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=late.made.id,
        properties=_struct(late.made.outputs),
        inputs=_struct(dict(late.said)),
        reasons=late.reasons,
    )
    message = f"the Kubernetes API server reported that {late.made.id} failed to become ready"
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message)
    status.details.add().Pack(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, message)


def _hidden(value: Any) -> Any:
    return value if isinstance(value, Mapping) and SIGNATURE in value else {SIGNATURE: _SECRET, "value": value}


def _values(content: Any) -> dict[str, Any]:
    return _whole(json_format.MessageToDict(content))  # type: ignore[no-any-return]


def _whole(value: Any) -> Any:
    """Numbers travel as floats; whole ones are meant as integers."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _whole(item) for name, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value


def _wire(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if not name.startswith("__")}


def _struct(content: Mapping[str, Any]) -> Any:
    found = struct_pb2.Struct()
    json_format.ParseDict(dict(content), found)
    return found


def _parsed(value: Any) -> Any:
    """Settings that are no text arrive as JSON."""
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
