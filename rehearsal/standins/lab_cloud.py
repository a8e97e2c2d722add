"""The stand-in for Kubernetes over real API servers: they judge, default and keep; it waits and translates."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from rehearsal.lab.api import Api, ApiRefused, TooLate
from rehearsal.standins import awaiting
from rehearsal.standins.checking import Fault
from rehearsal.standins.cloud import Cloud, Refused, Target, Values, lost
from rehearsal.standins.clusters import Clusters, NoSuchCluster
from rehearsal.standins.computed import Made
from rehearsal.standins.differing import Difference, differences
from rehearsal.standins.failures import Broken
from rehearsal.standins.identity import kubernetes_id
from rehearsal.standins.live import desired, has_unknown, outputs, overlaid, settled, with_live_values
from rehearsal.standins.refusals.values import plain
from rehearsal.standins.replacing import covers
from rehearsal.world import Resource

LONGEST_SECONDS = 60.0
"""What is waited for comes within seconds on nodes that are played; the real provider waits ten minutes."""

POLL_SECONDS = 0.2
FORCE = "pulumi.com/patchForce"
ADDRESS = "192.0.2.10"
"""Of every load balancer: no cloud is there to make one (TEST-NET-1, RFC 5737)."""


class NotReady(Exception):
    """An object was made, and did not become what was asked for."""

    def __init__(self, made: Made, said: Values, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.made, self.said, self.reasons = made, said, tuple(reasons)


@dataclass(frozen=True, kw_only=True)
class LabCloud(Cloud):
    """The stand-in of `kubernetes` over a lab."""

    clusters: Clusters

    def preview(self, target: Target, said: Values) -> dict[str, Any]:
        """Return what a preview knows; the server is asked too where it can judge. Raises Refused."""
        if not has_unknown(plain(said)):
            self._dry_run(self._api(target), target, _object(target, said))
        return super().preview(target, said)

    def create(self, target: Target, said: Values) -> Made:
        """Apply an object that may be there already, as the real provider does, and wait for it."""
        after = self._meet("create", target, said)
        new = self._applied(target, said, _object(target, said))
        if after:
            raise lost("create", new.id)
        return new

    def read(self, target: Target, id: str, said: Values) -> Resource | None:
        """Return an object as its API server has it; None if it is gone."""
        self._meet("read", target, said)
        if not said.get("kind"):
            return super().read(target, id, said)
        api, obj = self._api(target), _object(target, said)
        live = _live(api, obj)
        if live is None:
            return None
        new = Made(id, outputs(live))
        return self._resource(target, self._inputs(api, target, said, obj, live), new)

    def update(self, target: Target, id: str, before: Values, said: Values) -> Made:  # noqa: ARG002 - the server knows
        """Apply what changed, and wait for it."""
        after = self._meet("update", target, said)
        api, obj = self._api(target), _object(target, said)
        live = _live(api, obj)
        if live is None:
            raise Refused([Fault("", f"NotFound: {id} is gone: run `pulumi refresh`, then `up` makes it again")])
        new = self._applied(target, said, with_live_values(obj, live, target.ignored))
        if after:
            raise lost("update", id)
        return new

    def delete(self, target: Target, id: str, said: Values) -> None:
        """Delete an object and wait until it is gone."""
        after = self._meet("delete", target, said)
        obj = _object(target, said)
        metadata = obj["metadata"]
        seconds = min(target.seconds or LONGEST_SECONDS, LONGEST_SECONDS)
        try:
            self._api(target).delete(
                obj["apiVersion"], obj["kind"], metadata["name"], metadata.get("namespace"), wait_seconds=seconds
            )
        except ApiRefused as refused:
            if refused.code != httpx.codes.NOT_FOUND:  # its kind, too, may be gone
                raise Refused([Fault("", _text("deleted", obj, refused))]) from None
        except TooLate as late:
            message = f"timed out waiting for the deletion of {id}: something holds it back: {late}"
            raise Broken(message) from None
        if held := super().read(target, id, said):
            self.world.delete(held)
        if after:
            raise lost("delete", id)

    def seen(
        self, target: Target, new: Values, found: list[Difference], replacing: set[str]
    ) -> tuple[list[Difference], set[str]]:
        """What a dry run would change of what the server has now; where it cannot tell, what changed of the inputs."""
        if replacing or has_unknown(plain(new)):
            return found, replacing
        api, obj = self._api(target), _object(target, new)
        live = _live(api, obj)
        if live is None:
            return found, replacing
        try:
            then = self._dry_run(api, target, with_live_values(obj, live, target.ignored))
        except Refused as refused:
            if found and "immutable" in str(refused):
                return found, {one.path for one in found}
            raise
        if then is None:
            return found, replacing
        changed = differences(settled(live), settled(then))
        return [one for one in changed if not any(covers(rule, one.path) for rule in target.ignored)], replacing

    def _api(self, target: Target) -> Api:
        try:
            return self.clusters.of(target.provider)
        except NoSuchCluster as none:
            raise Refused([Fault("", str(none))]) from None

    def _inputs(self, api: Api, target: Target, said: Values, obj: dict[str, Any], live: Values) -> Values:
        """What was said, as long as saying it again would change nothing; else the values that somebody else gave."""
        try:
            then = self._dry_run(api, target, obj)
        except Refused:
            then = None
        if then is not None and settled(then) == settled(live):
            return said
        inputs: Values = overlaid(said, live)
        return inputs

    def _dry_run(self, api: Api, target: Target, obj: dict[str, Any]) -> dict[str, Any] | None:
        """What an object would become; None where its kind or namespace is not there yet. Raises Refused."""
        try:
            return api.apply(obj, manager=_manager(target), force=_force(obj), dry_run=True)
        except ApiRefused as refused:
            if refused.code == httpx.codes.NOT_FOUND:
                return None
            raise Refused([Fault("", _text("judged", obj, refused))]) from None

    def _applied(self, target: Target, said: Values, obj: dict[str, Any]) -> Made:
        api = self._api(target)
        try:
            live = api.apply(obj, manager=_manager(target), force=_force(obj))
        except ApiRefused as refused:
            raise Refused([Fault("", _text("created or changed", obj, refused))]) from None
        live, reasons = _awaited(api, live, target.seconds)
        id = kubernetes_id(target.token, obj, target.provider)
        new = Made(id, outputs(live))
        self.world.put(self._resource(target, said, new))
        if reasons:
            raise NotReady(new, said, reasons)
        return new


def _object(target: Target, said: Values) -> dict[str, Any]:
    obj = desired(said, str(target.provider.get("namespace") or ""))
    if not obj["metadata"].get("name"):
        raise Refused([Fault("metadata.generateName", "is not played over a lab: write metadata.name")])
    return obj


def _live(api: Api, obj: dict[str, Any]) -> dict[str, Any] | None:
    metadata = obj["metadata"]
    try:
        return api.get(obj["apiVersion"], obj["kind"], metadata["name"], metadata.get("namespace"))
    except ApiRefused as refused:
        if refused.code == httpx.codes.NOT_FOUND:
            return None
        raise


def _manager(target: Target) -> str:
    """Who owns a field: each resource is a manager of its own, so that two never fight unseen."""
    return f"pulumi-kubernetes-{hashlib.sha256(target.urn.encode()).hexdigest()[:8]}"


def _force(obj: dict[str, Any]) -> bool:
    return (obj["metadata"].get("annotations") or {}).get(FORCE) == "true"


def _text(what: str, obj: dict[str, Any], refused: ApiRefused) -> str:
    metadata = obj["metadata"]
    name = "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))
    hint = ""
    if refused.reason == "Conflict":
        hint = f" (another manager owns the field: leave it out, or ignore it, or annotate with {FORCE})"
    return f"resource {name} was not {what} by the Kubernetes API server: {refused.message}{hint}"


def _awaited(api: Api, live: dict[str, Any], asked: float) -> tuple[dict[str, Any], list[str]]:
    """An object as it is when it is what was asked for, or when time is up with the reasons why it is not."""
    if (live.get("spec") or {}).get("type") == "LoadBalancer" and live["kind"] == "Service":
        live = _balanced(api, live)
    if not awaiting.is_awaited(live):
        return live, []
    spec = live.get("spec") or {}
    # One replica after the other counts as ready only after so long.
    longest = LONGEST_SECONDS + spec.get("minReadySeconds", 0) * spec.get("replicas", 0)
    end = time.monotonic() + min(awaiting.patience(live) or asked or LONGEST_SECONDS, longest)
    while True:
        state = awaiting.judge(live, _endpoints(api, live))
        if state.done:
            return live, []
        if state.failed or time.monotonic() > end:
            return live, [state.reason, *_troubles(api, live)]
        time.sleep(POLL_SECONDS)
        found = _live(api, live)
        if found is None:
            return live, ["it was deleted while it was waited for"]
        live = found


def _balanced(api: Api, live: dict[str, Any]) -> dict[str, Any]:
    metadata = live["metadata"]
    change = {"status": {"loadBalancer": {"ingress": [{"ip": ADDRESS}]}}}
    return api.patch("v1", "Service", metadata["name"], change, metadata["namespace"], subresource="status")


def _endpoints(api: Api, live: dict[str, Any]) -> int:
    if live["kind"] != "Service":
        return 0
    metadata = live["metadata"]
    slices = api.list(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        metadata["namespace"],
        labels=f"kubernetes.io/service-name={metadata['name']}",
    )
    each = (one for found in slices for one in found.get("endpoints") or [])
    return sum(bool((one.get("conditions") or {}).get("ready")) for one in each)


def _troubles(api: Api, live: dict[str, Any]) -> list[str]:
    """What keeps the pods of an object from being ready, once for each reason."""
    selector = ((live.get("spec") or {}).get("selector") or {}).get("matchLabels")
    if not selector:
        return []
    labels = ",".join(f"{name}={value}" for name, value in selector.items())
    found: dict[str, None] = {}
    for pod in api.list("v1", "Pod", live["metadata"].get("namespace"), labels=labels):
        status = pod.get("status") or {}
        for each in status.get("conditions") or []:
            if each["status"] == "False" and each.get("message"):
                found[f"[Pod] {each.get('reason')}: {each['message']}"] = None
        for each in status.get("containerStatuses") or []:
            if waiting := (each.get("state") or {}).get("waiting"):
                found[f"[Pod] container {each['name']}: {waiting['reason']}: {waiting.get('message', '')}"] = None
    return list(found)
