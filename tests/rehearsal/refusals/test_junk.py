"""Whatever a program writes, the rules answer: another part says of wrong types what is to be said."""

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rehearsal.standins.refusals import on_check, on_create, on_delete, on_update, tombstone
from rehearsal.standins.refusals.values import Problem
from tests.rehearsal.refusals import valid_azure_stores, valid_gcp_services
from tests.rehearsal.refusals.azure_values import PROVIDER as AZURE
from tests.rehearsal.refusals.azure_values import WORLD as AZURE_WORLD
from tests.rehearsal.refusals.cases import changed
from tests.rehearsal.refusals.gcp_values import WORLD as GCP_WORLD
from tests.rehearsal.refusals.memory import MemoryWorld, Thing
from tests.rehearsal.refusals.region_aws import REGION_WORLD
from tests.rehearsal.refusals.test_passes import CLOUDS
from tests.rehearsal.refusals.valid_azure import INPUTS as AZURE_INPUTS
from tests.rehearsal.refusals.valid_kubernetes import WORLD as CLUSTER

WORLD = MemoryWorld((*REGION_WORLD, *GCP_WORLD, *AZURE_WORLD, *CLUSTER))
VALID = [
    *((token, inputs, provider) for valid, provider in CLOUDS.values() for token, inputs in valid),
    *((token, inputs, CLOUDS["gcp"][1]) for token, inputs in valid_gcp_services.INPUTS),
    *((token, inputs, AZURE) for token, inputs in (*AZURE_INPUTS, *valid_azure_stores.STORES)),
]
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.just("10.0.0.0/8"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: str = "") -> list[str]:
    """Every path in a value, that of whole objects and lists too."""
    inner: list[tuple[str, Any]] = []
    if isinstance(value, Mapping):
        inner = [(f"{path}.{name}" if path else name, item) for name, item in value.items()]
    elif isinstance(value, list):
        inner = [(f"{path}[{place}]", item) for place, item in enumerate(value)]
    return [one for where, item in inner for one in (where, *places(item, where))]


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_input_makes_a_rule_fail(data: st.DataObject) -> None:
    token, right, provider = data.draw(st.sampled_from(VALID))
    package = token.split(":")[0]
    paths = [path for path in places(right) if not any(mark in path for mark in ("/", "abels.", "tags."))]
    said = changed(right, data.draw(st.sampled_from(paths)), UNSET)
    said = replaced(said, data.draw(JUNK))
    stored = MemoryWorld((*WORLD.things, Thing(token, "junk", said, {}, provider)))
    found = [
        *on_create(package, token, said, provider, WORLD),
        *on_create(package, token, right, provider, stored),
        *on_update(package, token, "it", right, said, provider, WORLD),
        *on_delete(package, token, "it", said, WORLD),
    ]
    tombstone(package, token, said)
    if package != "azure-native":  # the SDK's modules of Azure take seconds to import
        found += on_check(package, token, "it", said, provider)
    assert all(isinstance(problem, Problem) for problem in found)


UNSET = "the place of the junk"


def replaced(value: Any, junk: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: replaced(item, junk) for name, item in value.items()}
    if isinstance(value, list):
        return [replaced(item, junk) for item in value]
    return junk if value == UNSET else value
