"""Rules on who may do what, and on how resources are registered at all."""

from collections import Counter
from collections.abc import Iterator, Mapping

from rehearsal.standins.checking import faults
from rehearsal.standins.deriving import resource_shape
from rehearsal.standins.shapes import ResourceShape
from tests.components.contract.rules import Region, rule
from tests.components.contract.view import Said

_SHAPES: dict[str, ResourceShape] = {}


@rule
def no_stranger_is_let_in(region: Region) -> Iterator[str]:
    """A wildcard principal stands only in denials, and in endpoints' policies, which know no other way to write it."""
    for said in region.view.statements:
        if said.effect == "Deny" or not any("*" in name for name in said.principals):
            continue
        if said.kind == "endpoint" and (_of_account(said, region) or _reads_layers(said)):
            continue
        yield f"{said.kind} policy of {said.owner} lets {said.principals} in"


def _of_account(said: Said, region: Region) -> bool:
    return bool(said.conditions.get("StringEquals", {}).get("aws:PrincipalAccount") == region.spec.account)


def _reads_layers(said: Said) -> bool:
    """ECR's layers lie in a bucket of AWS, which nodes read by signed addresses that are nobody of ours."""
    return said.actions == ("s3:GetObject",) and all("-starport-layer-bucket/" in each for each in said.resources)


@rule
def workloads_may_do_little(region: Region) -> Iterator[str]:
    """No wildcard action; a wildcard resource only where IAM knows no narrower one."""
    for said in region.view.statements:
        if said.kind != "identity" or said.effect != "Allow":
            continue
        if any("*" in action for action in said.actions):
            yield f"{said.owner} may do {said.actions}"
        changes = [action for action in said.actions if not action.partition(":")[2].startswith(("Describe", "Get"))]
        if "*" in said.resources and changes and not said.conditions:
            yield f"{said.owner} may do {changes} to everything"


@rule
def roles_are_taken_by_one_service(region: Region) -> Iterator[str]:
    """Other accounts' resources cannot make a service take our role; EC2 alone tells nothing of whose machine it is."""
    for said in region.view.statements:
        if said.kind != "trust":
            continue
        if len(said.principals) != 1 or not said.principals[0].endswith(".amazonaws.com"):
            yield f"{said.owner} is taken by {said.principals}"
        elif said.principals != ("ec2.amazonaws.com",) and region.spec.account not in str(said.conditions):
            yield f"{said.owner} can be taken for another account's resource"


@rule
def weights_are_read_inside_alone(region: Region) -> Iterator[str]:
    for store in region.view.stores:
        if store.purpose != "weights":
            continue
        denied = [
            said
            for said in region.view.statements
            if said.owner == store.name and said.effect == "Deny" and "s3:GetObject" in said.actions
        ]
        if not any("aws:SourceVpce" in said.conditions.get("StringNotEquals", {}) for said in denied):
            yield f"{store.name} can be read from outside the network"


@rule
def every_workload_has_its_own_role(region: Region) -> Iterator[str]:
    made = {
        (each.inputs["namespace"], each.inputs["serviceAccount"])
        for each in region.world.of("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    }
    asked = {(each.namespace, each.service_account) for each in region.spec.identities}
    if made != asked:
        yield f"made {sorted(made)}, asked for {sorted(asked)}"


@rule
def everything_has_an_explicit_provider(region: Region) -> Iterator[str]:
    providers = region.world.providers
    for each in region.world.resources:
        if each.provider not in providers:
            yield f"{each.type} {each.name} takes whatever login is there"
    for provider in providers.values():
        if provider.inputs.get("allowedAccountIds") != [region.spec.account]:
            yield f"{provider.name} takes a login to any account"


@rule
def no_two_resources_are_one(region: Region) -> Iterator[str]:
    counted = Counter(each.urn for each in region.world.all)
    yield from (f"{urn} is registered {count} times" for urn, count in counted.items() if count > 1)


@rule
def the_sdk_knows_every_input(region: Region) -> Iterator[str]:
    for each in region.world.resources:
        for fault in faults(each.inputs, _shape(each.type)):
            yield f"{each.type} {each.name}: {fault.path}: {fault.reason}"


def _shape(kind: str) -> ResourceShape:
    if kind not in _SHAPES:
        _SHAPES[kind] = resource_shape(_classes(kind)[kind])
    return _SHAPES[kind]


def _classes(kind: str) -> Mapping[str, type]:
    """The class of a type's token, as the SDK of its cloud keeps it."""
    import importlib

    package, module, name = kind.split(":")
    sdk = importlib.import_module(f"pulumi_{package.replace('-', '_')}.{module.partition('/')[0]}")
    return {kind: getattr(sdk, name)}
