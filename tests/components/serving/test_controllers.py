"""Third-party controllers are pinned whole, come from the territory, and are there before what they act on."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from components.serving.charts import FILE, Chart, ChartsRefused, charts
from tests.components.serving.building import REGISTRY, served
from tests.components.serving.specs import model, serving

COMMITTED: dict[str, Any] = json.loads(FILE.read_text())


def pinned(change: Callable[[dict[str, Any]], None] = lambda each: None) -> str:
    """The committed file as if every chart had been read, with a change to KEDA."""
    filled = [
        {**each, "version": each["version"] or "1.2.3", "digest": f"sha256:{number:064x}"}
        for number, each in enumerate(COMMITTED["charts"])
    ]
    change(next(each for each in filled if each["name"] == "keda"))
    return json.dumps({"charts": filled})


def test_the_committed_file_is_refused_as_long_as_a_digest_was_not_read() -> None:
    unread = [each["name"] for each in COMMITTED["charts"] if each["digest"] is None]
    if not unread:
        assert len(charts(FILE.read_text())) == len(COMMITTED["charts"])
        return
    with pytest.raises(ChartsRefused) as refused:
        charts(FILE.read_text())
    assert all(f"{name} has no digest" in str(refused.value) for name in unread)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a range of versions": ({"version": "^2.20"}, "keda has no exact version"),
    "the latest": ({"version": "latest"}, "keda has no exact version"),
    "a short digest": ({"digest": "sha256:12ab"}, "keda has no digest"),
    "a made-up standard": ({"pod_security": "open"}, "which is no pod security standard"),
    "a name twice": ({"name": "lws"}, "lws is listed twice"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_pinned_is_refused(name: str) -> None:
    said, words = WRONG[name]
    with pytest.raises(ChartsRefused, match=words):
        charts(pinned(lambda each: each.update(said)))


def test_a_pinned_file_is_taken_whole() -> None:
    assert [each.name for each in charts(pinned())] == [each["name"] for each in COMMITTED["charts"]]


@pytest.mark.slow
def test_controllers_come_from_the_territory_and_are_there_first() -> None:
    listed: tuple[Chart, ...] = charts(pinned())
    made = served(serving(model()), charts=listed)
    helm = [each for each in made.world.all if each.type == "kubernetes:helm.sh/v4:Chart"]
    assert {each.inputs["chart"] for each in helm} == {f"oci://{REGISTRY}/charts/{each.name}" for each in listed}
    assert {each.inputs["version"] for each in helm} == {each.version for each in listed}
    urns = {each.urn for each in helm}
    custom = [each for each in made.world.resources if each.inputs.get("kind") in ("ScaledObject", "ClusterIssuer")]
    assert custom
    assert all(urns <= each.depends_on for each in custom)
    spaces = {each["metadata"]["name"] for each in made.of("Namespace")}
    assert {each.namespace for each in listed if each.pod_security} <= spaces
