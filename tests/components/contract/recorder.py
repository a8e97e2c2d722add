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

Lookups = Callable[[str, Mapping[str, Any]], dict[str, Any] | None]
"""(token, arguments) -> what a cloud tells of what is there already; None where it has nothing of the kind."""


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
    def __init__(self, answers: Answers, looked_up: Lookups | None) -> None:
        self.answers = answers
        self.looked_up = looked_up

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return f"{args.name}-id", {**args.inputs, **self.answers(args.typ, args.name, args.inputs)}

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        if self.looked_up is not None:
            found = self.looked_up(args.token, args.args)
            return (found, []) if found is not None else ({}, [("", f"no matching {args.token} found")])
        message = f"the program asks the cloud for {args.token}: it is to be told by the plan"
        raise AssertionError(message)


def record(program: Callable[[], object], answers: Answers, looked_up: Lookups | None = None) -> World:
    """Run a program against recorded registrations; what it raises is raised here, outputs included.

    Without `looked_up` a program that asks the cloud for anything is wrong.
    """
    monitor = _Monitor(_Mocks(answers, looked_up))
    # A loop of its own: another test may have closed the one that was there.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        set_mocks(monitor.mocks, project="meridian", stack="test", preview=False, monitor=monitor)
        pulumi.runtime.test(program)()
    finally:
        # What a refusal left unfinished.
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()
        asyncio.set_event_loop(None)
    return World(tuple(monitor.seen))
