"""What Kubernetes refuses in a pod's specification, wherever one stands: in workloads and in custom resources."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from rehearsal.standins.refusals.kubernetes_names import INVALID, is_label, is_port_name, label_problems, quantity
from rehearsal.standins.refusals.rules import number_of, value_of
from rehearsal.standins.refusals.values import UNKNOWN, Problem, known, listed, shown

_ENV = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
_ENUMS = {
    "imagePullPolicy": ("Always", "IfNotPresent", "Never"),
    "restartPolicy": ("Always", "OnFailure", "Never"),
    "dnsPolicy": ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    "whenUnsatisfiable": ("DoNotSchedule", "ScheduleAnyway"),
    "preemptionPolicy": ("PreemptLowerPriority", "Never"),
    "terminationMessagePolicy": ("File", "FallbackToLogsOnError"),
    "protocol": ("TCP", "UDP", "SCTP"),
}


def pod_problems(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with every pod specification within an object."""
    claims = _claims(inputs)
    for path, pod in _pods(inputs, ""):
        yield from _pod(pod, path, claims)


def _pods(value: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        containers = value.get("containers")
        if isinstance(containers, list) and containers and isinstance(containers[0], Mapping):
            yield path, value
        for name, item in value.items():
            yield from _pods(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _pods(item, f"{path}[{place}]")


def _pod(pod: Mapping[str, Any], path: str, claims: set[str]) -> Iterator[Problem]:
    names: set[str] = set()
    whole = path == "spec" or path.endswith("emplate.spec")  # else it may be a part that an operator completes
    volumes = claims | {str(one.get("name")) for one in listed(pod.get("volumes")) if isinstance(one, Mapping)}
    for group in ("initContainers", "containers"):
        for place, container in enumerate(listed(pod.get(group))):
            where = f"{path}.{group}[{place}]"
            if isinstance(container, Mapping):
                yield from _name(container.get("name"), where, names)
                yield from _container(container, where)
                yield from _mounts(container, where, volumes) if whole and UNKNOWN not in volumes else ()
    yield from label_problems(pod.get("nodeSelector"), f"{path}.nodeSelector")
    yield from _enums(pod, path)
    for place, toleration in enumerate(listed(pod.get("tolerations"))):
        yield from _toleration(toleration, f"{path}.tolerations[{place}]")
    grace = number_of(pod.get("terminationGracePeriodSeconds"))
    if grace is not None and grace < 0:
        yield Problem(
            f"{path}.terminationGracePeriodSeconds", f"{INVALID}: must be greater than or equal to 0: write seconds"
        )


def _name(name: Any, where: str, names: set[str]) -> Iterator[Problem]:
    if not isinstance(name, str) or not known(name):
        return
    if not is_label(name):
        yield Problem(f"{where}.name", f"{INVALID}: {shown(name)} is no RFC 1123 label: write lower case, digits, '-'")
    if name in names:
        yield Problem(f"{where}.name", f"{INVALID}: Duplicate value: {shown(name)}: write another name")
    names.add(name)


def _container(container: Mapping[str, Any], where: str) -> Iterator[Problem]:
    image = container.get("image")
    if image is not None and known(image) and str(image).strip() != image:
        yield Problem(f"{where}.image", f"{INVALID}: white space at its end: write it without")
    if image == "":
        yield Problem(f"{where}.image", f"{INVALID}: Required value: write an image with its digest")
    for place, port in enumerate(listed(container.get("ports"))):
        if isinstance(port, Mapping):
            yield from port_problems(port, f"{where}.ports[{place}]")
    for place, variable in enumerate(listed(container.get("env"))):
        name = variable.get("name") if isinstance(variable, Mapping) else None
        if isinstance(name, str) and known(name) and not _ENV.fullmatch(name):
            yield Problem(
                f"{where}.env[{place}].name", f"{INVALID}: {shown(name)}: write letters, digits, '_', '.', '-'"
            )
    yield from _enums(container, where)
    yield from _resources(container.get("resources"), f"{where}.resources")


def _mounts(container: Mapping[str, Any], where: str, volumes: set[str]) -> Iterator[Problem]:
    for place, mount in enumerate(listed(container.get("volumeMounts"))):
        name = mount.get("name") if isinstance(mount, Mapping) else None
        if isinstance(name, str) and known(name) and name not in volumes:
            there = ", ".join(sorted(volumes)) or "a volume first"
            yield Problem(f"{where}.volumeMounts[{place}].name", f"{INVALID}: Not found: {shown(name)}: write {there}")


def port_problems(port: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """Yield what is wrong with the numbers and the name of a port of a container or a service."""
    for key in ("containerPort", "hostPort", "port", "targetPort"):
        number = number_of(port.get(key)) if not isinstance(port.get(key), str) else None
        if number is not None and not 1 <= number <= 65535:
            yield Problem(f"{where}.{key}", f"{INVALID}: must be between 1 and 65535, inclusive: write a port")
    name = port.get("name")
    if isinstance(name, str) and known(name) and name and not is_port_name(name):
        yield Problem(f"{where}.name", f"{INVALID}: {shown(name)}: write up to 15 of a-z, 0-9, '-', with a letter")
    yield from _enums(port, where)


def _enums(said: Mapping[str, Any], where: str) -> Iterator[Problem]:
    for name, allowed in _ENUMS.items():
        value = said.get(name)
        if isinstance(value, str) and known(value) and value and value not in allowed:
            supported = ", ".join(allowed)
            yield Problem(f"{where}.{name}", f"{INVALID}: Unsupported value: {shown(value)}: write one of {supported}")


def _toleration(said: Any, where: str) -> Iterator[Problem]:
    if not isinstance(said, Mapping):
        return
    if said.get("operator") not in (None, "", "Exists", "Equal", "Lt", "Gt") and known(said.get("operator")):
        yield Problem(f"{where}.operator", f"{INVALID}: Unsupported value: write Exists or Equal")
    if said.get("operator") == "Exists" and said.get("value"):
        yield Problem(f"{where}.value", f"{INVALID}: value must be empty when `operator` is 'Exists': leave it out")
    if said.get("effect") not in (None, "", "NoSchedule", "PreferNoSchedule", "NoExecute") and known(said["effect"]):
        yield Problem(
            f"{where}.effect", f"{INVALID}: Unsupported value: write NoSchedule, PreferNoSchedule or NoExecute"
        )


def _resources(said: Any, where: str) -> Iterator[Problem]:
    if not isinstance(said, Mapping):
        return
    amounts: dict[tuple[str, str], Decimal | None] = {}
    for side in ("requests", "limits"):
        for name, value in _mapping(said.get(side)).items():
            amount = quantity(value) if known(value) else None
            if known(value) and amount is None:
                yield Problem(f"{where}.{side}.{name}", f"400 BadRequest: quantities have another form: write {_FORM}")
                continue
            amounts[side, name] = amount
            if amount is not None and "/" in name and amount != amount.to_integral_value():
                yield Problem(f"{where}.{side}.{name}", f"{INVALID}: must be an integer: write whole devices")
    for (side, name), asked in amounts.items():
        limit = amounts.get(("limits", name))
        if side == "requests" and asked is not None and limit is not None and asked > limit:
            yield Problem(
                f"{where}.requests.{name}", f"{INVALID}: must be less than or equal to the limit of {name}: write that"
            )
        if side == "requests" and "/" in name and ("limits", name) not in amounts:
            yield Problem(
                f"{where}.limits.{name}", f"{INVALID}: Limit must be set for non overcommitable resources: write it"
            )
        elif side == "requests" and "/" in name and asked is not None and limit is not None and asked < limit:
            yield Problem(f"{where}.requests.{name}", f"{INVALID}: must be equal to the limit of {name}: write that")


_FORM = "a number with m, k, M, G, Ki, Mi, Gi, … or nothing behind it, such as '500m' or '16Gi'"


def _mapping(said: Any) -> Mapping[str, Any]:
    return said if isinstance(said, Mapping) else {}


def _claims(inputs: Mapping[str, Any]) -> set[str]:
    """Return the names of a stateful set's claims, which are volumes of its pods."""
    spec = inputs.get("spec")
    claims = spec.get("volumeClaimTemplates") if isinstance(spec, Mapping) else None
    return {str(value_of(one, "metadata.name")) for one in listed(claims) if isinstance(one, Mapping)}
