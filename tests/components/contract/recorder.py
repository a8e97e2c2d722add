"""Records what a program registers: every resource with its inputs, provider, protection and what it ignores."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks, set_mocks

Answers = Callable[[str, str, Mapping[str, Any]], dict[str, Any]]
"""(type, name, inputs) -> what a cloud would add to the inputs."""


@dataclass(frozen=True)
class Registered:
    """One resource as the engine would be told of it."""

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any]
    custom: bool
    provider: str
    parent: str
    protect: bool
    ignored: tuple[str, ...]
    depends_on: frozenset[str]
    """URNs, whether said or found in the inputs."""


@dataclass(frozen=True)
class World:
    """Everything one program registered, in order."""

    all: tuple[Registered, ...]

    @property
    def resources(self) -> tuple[Registered, ...]:
        """What lies on a cloud."""
        return tuple(each for each in self.all if each.custom and not each.type.startswith("pulumi:"))

    @property
    def providers(self) -> Mapping[str, Registered]:
        """Explicit providers by URN."""
        return {each.urn: each for each in self.all if each.type.startswith("pulumi:providers:")}

    def of(self, *types: str) -> tuple[Registered, ...]:
        """Resources of some types."""
        return tuple(each for each in self.resources if each.type in types)


class _Monitor(MockMonitor):
    def __init__(self, mocks: Mocks) -> None:
        super().__init__(mocks)
        self.seen: list[Registered] = []

    def RegisterResource(self, request: Any) -> Any:
        answer = super().RegisterResource(request)
        if request.type == "pulumi:pulumi:Stack":
            return answer
        needed = {urn for said in request.propertyDependencies.values() for urn in said.urns}
        self.seen.append(
            Registered(
                urn=answer.urn,
                type=request.type,
                name=request.name,
                inputs=_inputs(request),
                custom=request.custom,
                provider=request.provider.rpartition("::")[0],
                parent=request.parent,
                protect=request.protect,
                ignored=tuple(request.ignoreChanges),
                depends_on=frozenset(needed | set(request.dependencies)),
            )
        )
        return answer


def _inputs(request: Any) -> Mapping[str, Any]:
    """Inputs as values; a provider's are JSON on the wire."""
    found = rpc.deserialize_properties(request.object)
    if not request.type.startswith("pulumi:providers:"):
        return found  # type: ignore[no-any-return]
    return {key: json.loads(value) if value[:1] in "[{" else value for key, value in found.items()}


class _Mocks(Mocks):
    def __init__(self, answers: Answers, lookups: Mapping[str, Mapping[str, Any]]) -> None:
        self.answers, self.lookups = answers, lookups

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return f"{args.name}-id", {**args.inputs, **self.answers(args.typ, args.name, args.inputs)}

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        if args.token in self.lookups:
            return {**args.args, **self.lookups[args.token]}, []
        message = f"the program asks the cloud for {args.token}: it is to be told by the plan"
        raise AssertionError(message)


def record(
    program: Callable[[], object], answers: Answers, lookups: Mapping[str, Mapping[str, Any]] | None = None
) -> World:
    """Run a program against recorded registrations; what it raises is raised here, outputs included.

    `lookups` are answers by token; the program may ask the cloud for nothing else.
    """
    # Whoever ran before may have closed the loop that Pulumi would take.
    asyncio.set_event_loop(asyncio.new_event_loop())
    monitor = _Monitor(_Mocks(answers, lookups or {}))
    set_mocks(monitor.mocks, project="meridian", stack="test", preview=False, monitor=monitor)

    @pulumi.runtime.test
    def run() -> None:
        program()

    run()
    return World(tuple(monitor.seen))
