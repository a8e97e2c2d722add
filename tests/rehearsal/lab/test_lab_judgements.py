"""When an object counts as ready, what a state keeps of it, and which cluster a provider means."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.standins.awaiting import is_awaited, judge, patience
from rehearsal.standins.clusters import Clusters, NoSuchCluster, names
from rehearsal.standins.live import desired, has_unknown, outputs, overlaid, settled, with_live_values
from rehearsal.standins.refusals.values import UNKNOWN

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "hidden"}


def obj(kind: str, *, generation: int = 1, spec: Any = None, **status: Any) -> dict[str, Any]:
    metadata = {"name": "it", "generation": generation}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec or {}, "status": status}


FULL = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


@pytest.mark.parametrize(
    ("found", "done"),
    [
        (obj("Deployment", spec={"replicas": 2}, **FULL), True),
        (obj("Deployment", spec={"replicas": 2}, **{**FULL, "availableReplicas": 1}), False),
        (obj("Deployment", spec={"replicas": 2}, **{**FULL, "replicas": 3}), False),  # an old one is still there
        (obj("Deployment", generation=2, spec={"replicas": 2}, **FULL), False),  # the controller has not seen it
        (obj("Deployment", spec={"replicas": 0}, **{**dict.fromkeys(FULL, 0), "observedGeneration": 1}), True),
        (obj("StatefulSet", spec={"replicas": 1}, observedGeneration=1, readyReplicas=1), True),
        (obj("StatefulSet", spec={"replicas": 1}, observedGeneration=1), False),
        (obj("DaemonSet", observedGeneration=1, desiredNumberScheduled=3, numberReady=2), False),
        (obj("DaemonSet", observedGeneration=1), True),  # no node asks for it
        (obj("Job", conditions=[{"type": "Complete", "status": "True"}]), True),
        (obj("Job", active=1), False),
        (obj("Pod", conditions=[{"type": "Ready", "status": "True"}]), True),
        (obj("Pod", phase="Pending"), False),
        (obj("ConfigMap"), True),
    ],
)
def test_an_object_is_done_when_the_real_provider_would_say_so(found: dict[str, Any], done: bool) -> None:
    assert judge(found, 0).done is done


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (obj("Job", conditions=[{"type": "Failed", "status": "True", "message": "BackoffLimit"}]), "BackoffLimit"),
        (
            obj(
                "Deployment",
                observedGeneration=1,
                conditions=[
                    {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "late"}
                ],
            ),
            "late",
        ),
    ],
)
def test_what_will_not_come_further_fails_at_once_with_its_reason(found: dict[str, Any], reason: str) -> None:
    state = judge(found, 0)

    assert (state.done, state.failed) == (False, True)
    assert reason in state.reason


@pytest.mark.parametrize(
    ("spec", "endpoints", "done"),
    [
        ({"selector": {"app": "x"}}, 0, False),
        ({"selector": {"app": "x"}}, 1, True),
        ({"selector": {"app": "x"}, "clusterIP": "None"}, 0, True),
        ({}, 0, True),
        ({"type": "ExternalName", "selector": {"app": "x"}}, 0, True),
    ],
)
def test_a_service_waits_for_pods_only_where_it_has_an_address_and_a_selector(
    spec: dict[str, Any], endpoints: int, done: bool
) -> None:
    assert judge(obj("Service", spec=spec), endpoints).done is done


def test_an_annotation_leaves_the_waiting_out_or_bounds_it() -> None:
    found = obj("Deployment")
    assert is_awaited(found)
    assert patience(found) is None
    found["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true", "pulumi.com/timeoutSeconds": "5"}
    assert not is_awaited(found)
    assert patience(found) == 5
    assert not is_awaited(obj("ConfigMap"))


def test_a_state_keeps_nothing_that_changes_by_itself() -> None:
    live = obj("Deployment", replicas=2, conditions=[{"lastUpdateTime": "now"}], observedGeneration=1)
    live["metadata"] |= {"resourceVersion": "7", "managedFields": [], "uid": "u"}
    live["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "1"}

    assert settled(live) == {
        "apiVersion": "v1",
        "kind": "Deployment",
        "metadata": {"name": "it", "uid": "u"},
        "spec": {},
        "status": {"replicas": 2},
    }
    assert "resourceVersion" in live["metadata"], "what was given is left alone"


def test_the_content_of_a_secret_is_marked_in_a_state() -> None:
    marked = outputs({**obj("Secret"), "data": {"key": "dmFsdWU="}})["data"]

    assert marked["value"] == {"key": "dmFsdWU="}
    assert len(marked) == 2


def test_what_is_sent_has_no_wrapper_no_nothing_and_the_providers_namespace() -> None:
    said = {**obj("Secret"), "stringData": {"key": SECRET, "none": None}, "__defaults": []}

    sent = desired(said, "models")
    assert sent["stringData"] == {"key": "hidden"}
    assert sent["metadata"]["namespace"] == "models"
    assert "status" not in sent
    assert not [name for name in sent if name.startswith("__")]


def test_a_value_that_a_preview_does_not_know_is_found_at_any_depth() -> None:
    assert has_unknown({"a": [{"b": UNKNOWN}]})
    assert not has_unknown({"a": [{"b": "known"}]})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_what_the_server_has_as_it_was_said_stays_as_it_was_said(said: Any) -> None:
    assert overlaid(said, said) == said


def test_a_value_of_somebody_elses_is_taken_and_a_removed_one_is_left_out() -> None:
    said = {"spec": {"replicas": 2, "paused": False, "gone": "x"}, "stringData": {"a": "b"}}

    live = {"spec": {"replicas": 5, "more": 1}}
    assert overlaid(said, live) == {"spec": {"replicas": 5, "paused": False}, "stringData": {"a": "b"}}


def test_an_ignored_field_is_said_as_the_server_has_it() -> None:
    said = {"spec": {"replicas": 2, "other": 1}}

    assert with_live_values(said, {"spec": {"replicas": 5}}, ["spec.replicas"])["spec"] == {"replicas": 5, "other": 1}
    assert with_live_values(said, {}, ["spec.replicas"]) == said
    assert said["spec"]["replicas"] == 2


def test_a_provider_means_the_cluster_of_its_identifier_or_of_its_kubeconfig(tmp_path: Path) -> None:
    config = {
        "clusters": [{"name": "region"}],
        "contexts": [{"name": "c"}],
        "users": [{"name": "u", "user": {"exec": {"command": "token", "args": ["aws-eu-north-1"]}}}],
    }
    assert next(names({"clusterIdentifier": "gcp-x", "kubeconfig": json.dumps(config)})) == "gcp-x"
    assert "aws-eu-north-1" in list(names({"kubeconfig": json.dumps(config)}))
    assert list(names({"kubeconfig": ": no yaml ["})) == []
    with pytest.raises(NoSuchCluster, match="the lab has aws-eu-north-1: write a region's name as clusterIdentifier"):
        Clusters({"aws-eu-north-1": tmp_path}).of({"clusterIdentifier": "elsewhere"})
