"""Kubernetes' rules of names, labels, annotations, quantities and ports, as its API server's validation has them."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from rehearsal.standins.refusals.values import Problem, known, shown

INVALID = "422 Invalid"
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SERVICE = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_PATH = re.compile(r"(?!\.{1,2}$)[^/%]+")
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_QUANTITY = re.compile(r"([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?")
_POWERS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_ANNOTATIONS = 262144
_AS_LABEL = {"Namespace"}
_AS_PATH = {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}


def name_problems(kind: str, metadata: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with an object's name, namespace, labels and annotations."""
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if isinstance(name, str) and known(name):
        pattern, what = _name_of(kind)
        if not pattern.fullmatch(name):
            yield Problem(
                "metadata.name", f"{INVALID}: {shown(name)} is no {what}: write lower-case letters, digits, '-'"
            )
    if isinstance(namespace, str) and known(namespace) and not _LABEL.fullmatch(namespace):
        yield Problem(
            "metadata.namespace", f"{INVALID}: {shown(namespace)} is no RFC 1123 label of up to 63 characters"
        )
    yield from label_problems(metadata.get("labels"), "metadata.labels")
    yield from _annotations(metadata.get("annotations"))


def label_problems(labels: Any, path: str) -> Iterator[Problem]:
    """Yield what is wrong with the keys and values of labels, or of a selector that names them."""
    for key, value in labels.items() if isinstance(labels, Mapping) else ():
        if not _key(key):
            why = "a name part of up to 63 characters, with a DNS subdomain and '/' before it or without"
            yield Problem(f"{path}.{key}", f"{INVALID}: no key of a label: write {why}")
        if isinstance(value, str) and known(value) and not _VALUE.fullmatch(value):
            why = "up to 63 letters, digits, '-', '_', '.', beginning and ending with a letter or digit"
            yield Problem(f"{path}.{key}", f"{INVALID}: {shown(value)} is no value of a label: write {why}")


def is_label(name: str) -> bool:
    """Tell whether a name is an RFC 1123 label, as containers and volumes have them."""
    return _LABEL.fullmatch(name) is not None


def is_port_name(name: str) -> bool:
    """Tell whether a name is that of a port: up to 15 characters, with a letter."""
    return len(name) <= 15 and _LABEL.fullmatch(name) is not None and re.search("[a-z]", name) is not None


def quantity(value: Any) -> Decimal | None:
    """Return an amount such as `500m`, `1Gi`, `8`; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    found = _QUANTITY.fullmatch(str(value))
    if not found:
        return None
    number: Decimal = Decimal(found[1])
    unit: str = found[2] or ""
    if unit.endswith("i"):
        return number * Decimal(1024) ** ("KMGTPE".index(unit[0]) + 1)
    if unit[:1] in "eE" and len(unit) > 1:
        return number * Decimal(10) ** int(unit[1:])
    return number * Decimal(10) ** _POWERS[unit]


def _name_of(kind: str) -> tuple[re.Pattern[str], str]:
    if kind in _AS_LABEL:
        return _LABEL, "RFC 1123 label of up to 63 characters"
    if kind == "Service":
        return _SERVICE, "RFC 1035 label: up to 63 characters, beginning with a letter"
    if kind in _AS_PATH:
        return _PATH, "path segment: no '/', no '%'"
    return _SUBDOMAIN, "RFC 1123 subdomain of up to 253 characters"


def _key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    return _QUALIFIED.fullmatch(name) is not None and (not slash or _SUBDOMAIN.fullmatch(prefix) is not None)


def _annotations(annotations: Any) -> Iterator[Problem]:
    if not isinstance(annotations, Mapping):
        return
    for key in annotations:
        if not _key(key.lower()):
            yield Problem(f"metadata.annotations.{key}", f"{INVALID}: no key of an annotation: write 'domain/name'")
    size = sum(len(key) + len(value) for key, value in annotations.items() if isinstance(value, str))
    if size > _ANNOTATIONS:
        yield Problem("metadata.annotations", f"{INVALID}: Too long: {size} bytes: write at most {_ANNOTATIONS}")
