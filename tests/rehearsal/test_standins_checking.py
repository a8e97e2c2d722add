"""What a program says of a resource is compared with the SDK's own classes."""

import enum
from collections.abc import Sequence
from typing import Any

import pulumi
import pytest

from rehearsal.standins.checking import SIGNATURE, UNKNOWN, faults
from rehearsal.standins.deriving import resource_shape

SECRET = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270"}


class Tier(enum.StrEnum):
    FAST = "Fast"
    SLOW = "Slow"


@pulumi.input_type
class RuleArgs:
    def __init__(self, *, from_port: pulumi.Input[int], inner: pulumi.Input["RuleArgs"] | None = None) -> None:
        pulumi.set(self, "from_port", from_port)

    @property
    @pulumi.getter(name="fromPort")
    def from_port(self) -> pulumi.Input[int]: ...

    @property
    @pulumi.getter
    def inner(self) -> pulumi.Input["RuleArgs"] | None: ...


@pulumi.input_type
class ThingArgs:
    def __init__(
        self,
        *,
        cidr_block: pulumi.Input[str],
        rules: Any = None,
        tier: Any = None,
        enabled: Any = None,
        tags: Any = None,
    ) -> None:
        pulumi.set(self, "cidr_block", cidr_block)

    @property
    @pulumi.getter(name="cidrBlock")
    def cidr_block(self) -> pulumi.Input[str]: ...

    @property
    @pulumi.getter
    def rules(self) -> pulumi.Input[Sequence[pulumi.Input["RuleArgs"]]] | None: ...

    @property
    @pulumi.getter
    def tier(self) -> pulumi.Input["Tier"] | None: ...

    @property
    @pulumi.getter
    def enabled(self) -> pulumi.Input[bool] | None: ...

    @property
    @pulumi.getter
    def tags(self) -> pulumi.Input[dict[str, pulumi.Input[str]]] | None: ...


class Thing(pulumi.CustomResource):
    def _internal_init(self) -> None:
        pulumi.ResourceOptions(additional_secret_outputs=["password"], replace_on_changes=["cidrBlock"])

    @property
    @pulumi.getter
    def password(self) -> pulumi.Output[str]: ...


GOOD = {"cidrBlock": "10.0.0.0/16", "rules": [{"fromPort": 1, "inner": {"fromPort": "2"}}], "tier": "Fast"}


def said(**changed: Any) -> list[tuple[str, str]]:
    return [(fault.path, fault.reason) for fault in faults({**GOOD, **changed}, resource_shape(Thing))]


def test_what_the_sdk_allows_passes() -> None:
    assert said(enabled="true", tags={"a": "b"}, __defaults=[]) == []


def test_secret_and_replacing_properties_are_read_from_the_class() -> None:
    shape = resource_shape(Thing)
    assert shape.secret_outputs == {"password"}
    assert shape.replace == {"cidrBlock"}
    assert shape.inputs.required == {"cidrBlock"}


@pytest.mark.parametrize(
    ("changed", "path", "advice"),
    [
        ({"cidrBlock": None}, "cidrBlock", "missing required property: write a string"),
        ({"cidrBlok": "x"}, "cidrBlok", "unknown property: write cidrBlock"),
        ({"tier": "Quick"}, "tier", "write one of Fast, Slow"),
        ({"enabled": "yes"}, "enabled", "write a boolean"),
        ({"rules": {"fromPort": 1}}, "rules", "write a list"),
        ({"rules": [{"fromPort": 1, "inner": {"fromPort": "x"}}]}, "rules[0].inner.fromPort", "write a number"),
        ({"rules": [{"fromPort": 1}, {}]}, "rules[1].fromPort", "missing required property"),
        ({"tags": {"a": ["b"]}}, "tags.a", "write a string"),
    ],
)
def test_a_wrong_value_is_refused_with_its_whole_path(changed: dict[str, Any], path: str, advice: str) -> None:
    [(where, reason)] = said(**changed)
    assert where == path
    assert advice in reason


def test_every_fault_is_told_at_once() -> None:
    assert {path for path, _ in said(cidrBlock=None, tier="Quick", enabled=3)} == {"cidrBlock", "tier", "enabled"}


def test_a_value_that_a_preview_cannot_know_passes() -> None:
    assert said(cidrBlock=UNKNOWN, rules=UNKNOWN, enabled={**SECRET, "value": UNKNOWN}) == []


def test_a_wrong_secret_is_refused_without_being_shown() -> None:
    [(path, reason)] = said(enabled={**SECRET, "value": "hunter2"})
    assert path == "enabled"
    assert "hunter2" not in reason


def test_a_class_that_is_no_generated_resource_is_refused() -> None:
    with pytest.raises(LookupError, match="no class of arguments"):
        resource_shape(pulumi.CustomResource)
