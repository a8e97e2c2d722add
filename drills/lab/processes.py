"""Drills of what runs beside the replicas: controllers, gateway pods, the API server."""

import time
from collections.abc import Callable

from drills.lab import faults
from drills.lab.outcomes import Kept
from drills.lab.runner import Found, LabDrill, gateways
from drills.lab.site import Counter, LabRegion, LabSite, pods
from rehearsal.lab import ApiRefused

CONTROLLERS_STAY = ("etcd", "kube-apiserver")
"""Not controllers: their loss is a drill of its own."""
AWAY_SECONDS = 2.0
OBJECTS = 12
"""Objects of the change in whose middle the API server goes away."""


def controllers_killed(site: LabSite, _: Counter) -> Found:
    """Each controller of the first region is killed in turn and stays away for a moment."""
    region = site.first
    names = [name for name in region.plane.commands if name not in CONTROLLERS_STAY]
    before = _uids(region)
    for name in names:
        faults.kill(region, name)
        time.sleep(AWAY_SECONDS)
        region.plane.restart(name)
    untouched = Kept("no replica was replaced", _uids(region) == before)
    return Found((untouched,), {"controllers killed": len(names)})


def gateways_killed(site: LabSite, _: Counter) -> Found:
    """Each gateway pod of the first region is killed, the next one once the last is back."""
    region = site.first
    victims = pods(region, region.gateway)
    for pod in victims:
        faults.delete_pod(region, pod)
        faults.until(lambda: faults.ready_now(region, region.gateway) == len(victims), "the gateway is whole")
    return Found(figures={"gateway pods killed": len(victims)})


def api_away(site: LabSite, _: Counter) -> Found:
    """The first region's API server is killed in the middle of a change of many objects."""
    region = site.first
    before, applied = _uids(region), 0
    failed = ""
    for number in range(OBJECTS):
        if number == OBJECTS // 2:
            faults.kill(region, "kube-apiserver")
        try:
            region.plane.client.apply(_object(region, number))
            applied += 1
        except OSError as error:
            failed = type(error).__name__
            break
        except Exception as error:
            failed = type(error).__name__
            break
    time.sleep(AWAY_SECONDS)
    region.plane.restart("kube-apiserver")
    faults.until(region.plane.client.ready, "the API server is back")
    half = _there(region)
    for number in range(OBJECTS):
        faults.until(_applies(region, number), "the change can be made again")
    kept = (
        Kept("the change stops with an error, half made", failed != "" and half == applied == OBJECTS // 2),
        Kept("made again it is whole", _there(region) == OBJECTS),
        Kept("no replica was replaced", _uids(region) == before),
    )
    return Found(kept, {"objects of the change made before": half})


def _applies(region: LabRegion, number: int) -> Callable[[], bool]:
    """An API server that is just back may refuse for a moment what it will take."""

    def done() -> bool:
        try:
            region.plane.client.apply(_object(region, number))
        except ApiRefused:
            return False
        return True

    return done


def _object(region: LabRegion, number: int) -> dict[str, object]:
    metadata = {"name": f"drill-{number}", "namespace": region.base.namespace, "labels": {"drill": "api-away"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"number": str(number)}}


def _there(region: LabRegion) -> int:
    return len(region.plane.client.list("v1", "ConfigMap", region.base.namespace, labels="drill=api-away"))


def _uids(region: LabRegion) -> set[str]:
    return {pod["metadata"]["uid"] for workload in region.engines for pod in pods(region, workload)}


def _objects_gone(site: LabSite) -> None:
    region = site.first
    for number in range(OBJECTS):
        region.plane.client.delete("v1", "ConfigMap", f"drill-{number}", region.base.namespace)


def _replaced_again(site: LabSite) -> None:
    """Controllers that came back must still do their work: a replica that is deleted is replaced."""
    region = site.first
    faults.delete_pod(region, pods(region, region.base)[0])


PROCESS_DRILLS: dict[str, LabDrill] = {
    "controllers-killed": LabDrill(
        "each controller killed in turn",
        controllers_killed,
        _replaced_again,
        lambda _, whole: whole,
        "what runs needs no controller",
    ),
    "gateways-killed": LabDrill(
        "each gateway pod killed in turn",
        gateways_killed,
        lambda _: None,
        lambda _, whole: whole - 1,
        "a gateway pod on every gateway node",
        choose=gateways,
        counted_as="ready gateway pods",
    ),
    "api-away": LabDrill(
        "the API server killed in the middle of a change",
        api_away,
        _objects_gone,
        lambda _, whole: whole,
        "what runs needs no API server",
    ),
}
