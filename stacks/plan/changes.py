"""What a new plan makes, replaces and removes, compared with an older one: in words, for people who decide. Pure."""

from collections.abc import Iterator, Mapping

from stacks.plan.fleet_model import FleetPlan, Pool


def changes(before: FleetPlan, after: FleetPlan) -> tuple[str, ...]:
    """Every change of regions, models and pools, what is lost by it first."""
    return (*_regions(before, after), *_models(before, after), *_pools(before, after))


def _regions(before: FleetPlan, after: FleetPlan) -> Iterator[str]:
    old, new = {each.name for each in before.regions}, {each.name for each in after.regions}
    for name in sorted(old - new):
        yield (
            f"region {name} goes, with the data it holds: in production it is protected, and `up` refuses; write "
            f"meridian:rollout.retiring: [{name}] and run `up` first, which drains it and lifts its protection"
        )
    for name in sorted(new - old):
        yield f"region {name} is made; of the others only numbers of nodes below change, and steering's records"


def _models(before: FleetPlan, after: FleetPlan) -> Iterator[str]:
    old, new = {each.model for each in before.models}, {each.model for each in after.models}
    for name in sorted(old - new):
        yield f"model {name} goes: its nodes, identity and namespace are removed, and its name is answered no more"
    for name in sorted(new - old):
        yield f"model {name} is made, with nodes, identity and namespace of its own"
    if old - new and new - old:
        yield (
            "a renamed model is another model: nothing of the old one is kept, and both are paid for while `up` runs; "
            "to serve on meanwhile add the new name, run `up`, move the tenants, then take the old name out"
        )


def _pools(before: FleetPlan, after: FleetPlan) -> Iterator[str]:
    old, new = _by_name(before), _by_name(after)
    for name in sorted({*old} & {*new}):
        was, now = old[name], new[name]
        if (was.machine, was.capacity) != (now.machine, now.capacity):
            yield (
                f"pool {name} is replaced: {was.nodes} x {was.machine} ({was.capacity}) by {now.nodes} x {now.machine} "
                f"({now.capacity}); new nodes come before the old ones go"
            )
        elif was.nodes != now.nodes:
            yield f"pool {name} has {now.nodes} nodes instead of {was.nodes}; none is replaced"
    for name in sorted({*old} - {*new}):
        yield f"pool {name} goes, with {old[name].nodes} x {old[name].machine}"
    for name in sorted({*new} - {*old}):
        yield f"pool {name} is made, with {new[name].nodes} x {new[name].machine}"


def _by_name(plan: FleetPlan) -> Mapping[str, Pool]:
    return {pool.name: pool for fleet in plan.models for pool in fleet.pools}
