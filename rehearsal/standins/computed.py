"""What a cloud says of a resource that was made: its id, and outputs in the cloud's own format."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.standins.azure_ids import azure_id, azure_type
from rehearsal.standins.identity import ACCOUNT, PROJECT, SUBSCRIPTION, TENANT, kubernetes_id, name_property
from rehearsal.standins.kubernetes_status import kubernetes_outputs
from rehearsal.standins.refusals.places import account_of, project_of, region_of
from rehearsal.standins.refusals.values import known, plain
from rehearsal.standins.shapes import Kind, ObjectShape, ResourceShape, Shape
from rehearsal.standins.words import words

TABLE: Mapping[str, Mapping[str, Any]] = json.loads((Path(__file__).parent / "data" / "outputs.json").read_text())
"""Templates by type: `id`, and outputs by path; formats as each cloud's reference documents them."""

_DEEPEST = 3
"""Objects in objects are made up to this depth; below it they are left empty."""


@dataclass(frozen=True)
class Made:
    """A resource as its cloud describes it."""

    id: str
    outputs: dict[str, Any]


def made(
    package: str, token: str, urn: str, shape: ResourceShape, said: Mapping[str, Any], provider: Any, *, nth: int = 1
) -> Made:
    """Return id and outputs of the nth resource of a URN with inputs `said`, in which nothing is unknown."""
    inputs = plain(said)
    if package == "kubernetes":
        return Made(kubernetes_id(token, inputs, provider), kubernetes_outputs(urn, said))
    words_of = words(urn if nth == 1 else f"{urn}#{nth}")
    context = {**words_of, **_context(package, token, urn, shape, inputs, provider)}
    context["id"] = _id(package, token, context)
    table = {path: _filled(value, context) for path, value in TABLE.get(token, {}).items() if path != "id"}
    outputs: dict[str, Any] = {name: value for name, value in said.items() if not name.startswith("__")}
    for name, shapes in shape.outputs.properties.items():
        if name not in outputs and name in shape.outputs.required:
            outputs[name] = _guess(name, shapes, shape.objects, context, 0)
    for path, value in table.items():
        _place(outputs, path.split("."), value, over=path not in inputs)
    if package == "aws" and token.endswith("certificate:Certificate"):
        outputs["domainValidationOptions"] = _proofs(inputs)
    if package == "azure-native":
        outputs |= {"type": azure_type(context["id"])}
        outputs["name"] = outputs.get("name") if "name" in table else context["name"]
    if package == "aws" and "tagsAll" in shape.outputs.properties:
        outputs["tagsAll"] = {**_default_tags(provider), **(inputs.get("tags") or {})}
    return Made(context["id"], outputs)


def _proofs(certificate: Mapping[str, Any]) -> list[dict[str, str]]:
    """The record that ACM asks for, once for every name of a certificate."""
    names = [certificate.get("domainName"), *(certificate.get("subjectAlternativeNames") or [])]
    return [
        {
            "domainName": str(name),
            "resourceRecordName": f"_meridian.{name}.",
            "resourceRecordType": "CNAME",
            "resourceRecordValue": f"_meridian.{name}.acm-validations.aws.",
        }
        for name in dict.fromkeys(names)
        if name
    ]


def _context(
    package: str, token: str, urn: str, shape: ResourceShape, inputs: Mapping[str, Any], provider: Mapping[str, Any]
) -> dict[str, Any]:
    name = inputs.get(name_property(package, token, shape) or "name") or urn.rpartition("::")[2]
    region = region_of(inputs, provider) or "us-east-1"
    location = str(inputs.get("location") or inputs.get("zone") or region)
    return {
        "in": _Quiet(inputs),
        "name": str(name),
        "account": account_of(provider) or ACCOUNT,
        "partition": "aws-cn" if region.startswith("cn-") else "aws",
        "region": region,
        "location": location.lower().replace(" ", "") if package == "azure-native" else location,
        "project": project_of(inputs, provider) or PROJECT,
        "subscription": provider.get("subscriptionId") or SUBSCRIPTION,
        "tenant": provider.get("tenantId") or TENANT,
        "group": str(inputs.get("resourceGroupName", "")),
        "vault": str(inputs.get("vaultName", "")),
        "node_group": str(inputs.get("nodeGroupName") or name),
        "cluster": str(inputs.get("cluster", "")).rpartition("/")[2],
        "set": str(inputs.get("setIdentifier") or ""),
        "zone_id": f"{region[:2]}{region[3:4]}{region[-1]}-az1",
        "service": token.partition(":")[2].partition("/")[0],
    }


def _id(package: str, token: str, context: dict[str, Any]) -> str:
    template = TABLE.get(token, {}).get("id")
    if template:
        return str(template).format_map(context).rstrip("_")
    if package == "azure-native":
        return azure_id(token, context["name"], context["in"].said, context["subscription"])
    if package == "gcp":
        return "projects/{project}/{location}/{name}".format_map(context)
    return "{name}-{hex8}".format_map(context)


@dataclass(frozen=True)
class _Quiet:
    """Inputs for templates: what is missing is empty text."""

    said: Mapping[str, Any]

    def __getitem__(self, name: str) -> str:
        value = self.said.get(name)
        return "" if value is None else str(value)


def _filled(value: Any, context: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return value.format_map(context)
    if isinstance(value, list):
        return [_filled(item, context) for item in value]
    if isinstance(value, Mapping):
        return {name: _filled(item, context) for name, item in value.items()}
    return value


def _place(outputs: dict[str, Any], path: list[str], value: Any, *, over: bool) -> None:
    for name in path[:-1]:
        if not isinstance(outputs.get(name), dict):
            return  # it lies in an object that the resource has not
        outputs[name] = dict(outputs[name])
        outputs = outputs[name]
    if over or not known(outputs.get(path[-1])):
        outputs[path[-1]] = value


_NAMED = (
    (re.compile(r"arn|.*Arn"), "arn:{partition}:{service}:{region}:{account}:{name}"),
    (re.compile(r"(accountId|ownerId|owner|registryId)"), "{account}"),
    (re.compile(r"(project)"), "{project}"),
    (re.compile(r"region"), "{region}"),
    (re.compile(r"location"), "{location}"),
    (re.compile(r"(name|id)"), "{name}"),
    (re.compile(r"provisioningState"), "Succeeded"),
    (re.compile(r"(status|state|lifecycleState)"), "ACTIVE"),
    (re.compile(r"(principalId|clientId|objectId|resourceGuid|resourceUID)"), "{uuid:principal}"),
    (re.compile(r"tenantId"), "{tenant}"),
    (re.compile(r"(e[tT]ag|fingerprint|.*Fingerprint)"), "{hex16}"),
    (re.compile(r"selfLink"), "https://www.googleapis.com/{service}/v1/{id}"),
    (re.compile(r"(created\w*|\w*Time(stamp)?|\w*Date|\w*At)"), "{time}"),
    (re.compile(r"azureApiVersion"), "2025-01-01"),
)
"""What an output holds that no table tells of, by its name."""


def _guess(
    name: str, shapes: tuple[Shape, ...], objects: Mapping[str, ObjectShape], context: Mapping[str, Any], depth: int
) -> Any:
    shape = shapes[0] if shapes else Shape(Kind.TEXT)
    match shape.kind:
        case Kind.FLAG:
            return False
        case Kind.NUMBER:
            return 0
        case Kind.LIST:
            return []
        case Kind.OBJECT if depth < _DEEPEST:
            inner = objects[shape.name]
            return {
                key: _guess(key, inner.properties[key], objects, context, depth + 1) for key in sorted(inner.required)
            }
        case Kind.MAP | Kind.OBJECT:
            return {}
    if shape.allowed:
        return shape.allowed[0]
    template = next((template for pattern, template in _NAMED if pattern.fullmatch(name)), None)
    return template.format_map(context) if template else ""


def _default_tags(provider: Mapping[str, Any]) -> Mapping[str, Any]:
    said = provider.get("defaultTags") or {}
    said = json.loads(said) if isinstance(said, str) else said
    return said.get("tags") or {}
