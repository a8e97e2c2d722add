"""The few forms that most refusals have: a number out of its bounds, two properties that exclude each other, …

A rule reads a resource's inputs (unwrapped) and its provider's configuration and yields what is wrong. What a preview
does not know yet is never refused.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from rehearsal.standins.refusals.values import UNKNOWN, Problem, at, known, shown, text_at

Inputs = Mapping[str, Any]
Rule = Callable[[Inputs, Inputs], Iterator[Problem]]
"""(inputs, provider's configuration) -> what is wrong."""
Network = IPv4Network | IPv6Network


def between(path: str, least: float, most: float, code: str, *, or_zero: bool = False) -> Rule:
    """Refuse a number under a path that is not in [least, most]; zero passes if the cloud reads it as "off"."""

    def rule(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
        for where, value in at(inputs, path):
            number = number_of(value)
            if number is None or (or_zero and number == 0) or least <= number <= most:
                continue
            zero = "0 or " if or_zero else ""
            yield Problem(where, f"{code}: {_plain(number)} is out of range: write {zero}{least} to {most}")

    return rule


def among(path: str, allowed: Collection[Any], code: str, why: str = "") -> Rule:
    """Refuse a value under a path that is not one of a few."""

    def rule(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
        texts = {str(one) for one in allowed}
        for where, value in at(inputs, path):
            number = number_of(value)
            if str(value) in texts or (number is not None and _plain(number) in texts):
                continue
            reason = f" ({why})" if why else ""
            yield Problem(where, f"{code}: no such value{reason}: write one of {', '.join(map(str, allowed))}")

    return rule


def matching(path: str, pattern: str, code: str, advice: str) -> Rule:
    """Refuse a text under a path that a pattern does not match as a whole."""
    compiled = re.compile(pattern, re.ASCII)

    def rule(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
        for where, value in text_at(inputs, path):
            if not compiled.fullmatch(value):
                yield Problem(where, f"{code}: {shown(value)} is not allowed: write {advice}")

    return rule


def just_one(code: str, *paths: str, or_none: bool = False) -> Rule:
    """Refuse two of these properties together, and none of them unless that is allowed."""

    def rule(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
        said = [path for path in paths if present(inputs, path)]
        if len(said) > 1:
            yield Problem(said[1], f"{code}: stands beside {said[0]}: write just one of {', '.join(paths)}")
        if not said and not or_none:
            yield Problem(paths[0], f"{code}: missing: write just one of {', '.join(paths)}")

    return rule


def needs(path: str, values: Collection[Any] | None, other: str, code: str, why: str) -> Rule:
    """Refuse a property (with one of these values, or any) without another one beside it."""

    def rule(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
        if _says(inputs, path, values) and not present(inputs, other):
            yield Problem(other, f"{code}: missing: {why}: write {other}")

    return rule


def excludes(path: str, values: Collection[Any] | None, other: str, code: str, why: str) -> Rule:
    """Refuse a property (with one of these values, or any) together with another one."""

    def rule(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
        if _says(inputs, path, values) and present(inputs, other):
            yield Problem(other, f"{code}: {why}: leave {other} out")

    return rule


def cidr(path: str, code: str, shortest: int = 0, longest: int = 128, *, private: bool = False) -> Rule:
    """Refuse what is no network, has bits set behind its prefix, or a prefix out of [shortest, longest]."""

    def rule(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
        for where, value in text_at(inputs, path):
            network = network_of(value)
            if network is None:
                yield Problem(where, f"{code}: {shown(value)} is no network: write {_meant(value)}")
            elif not shortest <= network.prefixlen <= longest:
                advice = f"a prefix of /{shortest} to /{longest}"
                yield Problem(where, f"{code}: /{network.prefixlen} is too large or too small: write {advice}")
            elif private and not _inside_private(network):
                advice = "one of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16"
                yield Problem(where, f"{code}: {shown(value)} is not private: write one inside {advice}")

    return rule


def distinct(path: str, code: str, what: str) -> Rule:
    """Refuse the same value twice under a path."""

    def rule(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
        seen: dict[Any, str] = {}
        for where, value in at(inputs, path):
            if not isinstance(value, str | int | float):
                continue
            if value in seen:
                yield Problem(where, f"{code}: the same {what} as {seen[value]}: write another one")
            seen.setdefault(value, where)

    return rule


def at_least(path: str, count: int, code: str, why: str) -> Rule:
    """Refuse a list that is too short."""

    def rule(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
        value = value_of(inputs, path)
        if isinstance(value, list) and len(value) < count:
            yield Problem(path, f"{code}: {len(value)} are too few: {why}: write at least {count}")

    return rule


def ordered(small: str, large: str, code: str, *, equal: bool = True) -> Rule:
    """Refuse a number that is larger than another one of the same object."""

    def rule(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
        first, second = number_of(value_of(inputs, small)), number_of(value_of(inputs, large))
        if first is not None and second is not None and (first > second or (first == second and not equal)):
            relation = "at most" if equal else "less than"
            yield Problem(
                small, f"{code}: {_plain(first)} is more than {large} allows: write {relation} {_plain(second)}"
            )

    return rule


def present(inputs: Inputs, path: str) -> bool:
    """Tell whether something is said under a path, known or not; nothing, empty and False are not said.

    False is what most providers take for "not set", and do not send.
    """
    value = value_of(inputs, path)
    return value is not None and value is not False and value not in ("", [], {})


def value_of(inputs: Inputs, path: str) -> Any:
    """Return what stands under a path; the unknown value if something on the way is unknown, None if it is absent."""
    value: Any = inputs
    for name in path.split("."):
        if value == UNKNOWN:
            return UNKNOWN
        if isinstance(value, list) and len(value) == 1:
            value = value[0]  # the provider writes a list of one as the one, and some SDKs do not
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def number_of(value: Any) -> float | None:
    """Return a number that is written as a number or as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _plain(number: float) -> str:
    return str(int(number)) if number.is_integer() else str(number)


def network_of(value: Any) -> Network | None:
    """Return a network; None for what is none or has bits set behind its prefix."""
    if not isinstance(value, str) or "/" not in value:
        return None
    try:
        return ip_network(value)
    except ValueError:
        return None


def _says(inputs: Inputs, path: str, values: Collection[Any] | None) -> bool:
    if values is None:
        return present(inputs, path)
    value = value_of(inputs, path)
    if value is None:
        return None in values
    return known(value) and value in values


def _meant(value: str) -> str:
    try:
        return str(ip_network(value, strict=False))
    except ValueError:
        return "such as 10.0.0.0/16"


_PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))


def _inside_private(network: Network) -> bool:
    return isinstance(network, IPv4Network) and any(
        isinstance(one, IPv4Network) and network.subnet_of(one) for one in _PRIVATE
    )
