"""What Envoy Gateway says of the gateway's objects: nothing of the right ones, and what is wrong with others."""

from pathlib import Path
from typing import Any

import pytest

from components.local import certificates
from components.local.certificates import Pair
from rehearsal.gateway.translating import TranslationError
from tests.components.conftest import MODEL, FakeEngine, write_pair
from tests.components.gateway import BUFFER, ENGINE_KEY, REGION, tenant
from tests.components.gateway_cluster import Cluster, serving_spec

pytestmark = pytest.mark.real


def problems(folder: Path, authority: Pair, change: Any) -> tuple[str, ...]:
    """What is wrong with a gateway whose objects were changed."""
    known = (tenant("acme"), tenant("beta"))
    spec = serving_spec(REGION, known, models=(MODEL,), buffer_bytes=BUFFER, stream_idle_seconds=300)
    engine = FakeEngine("one", port=8443)
    cluster = Cluster(spec, known, ENGINE_KEY, {MODEL: (engine,)}, kept=change)
    entry = write_pair(folder, "entry", certificates.make_certificate(authority, ["localhost"]))
    return cluster.translate(authority, entry).problems


def without(kind: str, name: str = "") -> Any:
    def change(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
        kept = [
            one for one in objects if (one["kind"], name or one["metadata"]["name"]) != (kind, one["metadata"]["name"])
        ]
        assert len(kept) < len(objects), "nothing was left out, so nothing is shown"
        return kept

    return change


def test_every_object_is_accepted(tmp_path: Path, authority: Pair) -> None:
    assert problems(tmp_path, authority, list) == ()


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        (("ReferenceGrant",), "HTTPRoute tenant-acme: ResolvedRefs is False"),
        (("Secret", "entry-certificate"), "Gateway entry: ResolvedRefs is False"),
        (("Secret", "tenant-beta"), "SecurityPolicy entry: Accepted is False"),
        (("Secret", "engine-key"), "HTTPRoute tenant-acme"),
        (("HTTPRoute", "tenant-beta"), "BackendTrafficPolicy tenant-beta"),
        (("Secret", "engine-tls"), "BackendTLSPolicy engine: "),
    ],
)
def test_what_is_missing_is_told_by_the_object_that_needs_it(
    tmp_path: Path, authority: Pair, missing: tuple[str, ...], told: str
) -> None:
    found = problems(tmp_path, authority, without(*missing))
    assert any(one.startswith(told) for one in found), found


def test_a_patch_that_fits_nowhere_is_told(tmp_path: Path, authority: Pair) -> None:
    def change(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for one in objects:
            if one["kind"] == "EnvoyPatchPolicy":
                one["spec"]["jsonPatches"][0]["name"] = "nobody"
        return objects

    found = problems(tmp_path, authority, change)
    assert any(one.startswith("EnvoyPatchPolicy") and "nobody" in one for one in found), found


def test_an_object_that_breaks_its_schema_is_refused_with_its_field(tmp_path: Path, authority: Pair) -> None:
    def change(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for one in objects:
            if one["kind"] == "ClientTrafficPolicy":
                one["spec"]["tls"]["minVersion"] = "1.9"
        return objects

    with pytest.raises(TranslationError, match=r"minVersion"):
        problems(tmp_path, authority, change)
