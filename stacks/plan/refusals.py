"""Refusals of a fleet that capacity or money stands against, with what would do."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from stacks.catalog.model import Catalogue
from stacks.config import Config
from stacks.config_fleet import Capacity
from stacks.plan.cost import cost_of
from stacks.plan.fleet_model import FleetPlan, Rejected
from stacks.problems import ConfigurationRefused, Problem

_ORDER = ("allowed GPUs", "availability in the region", "sold as baseline", "price")


def no_candidate(
    model: str,
    territory: str,
    regions: Sequence[str],
    rejected: Sequence[Rejected],
    catalogue: Catalogue,
    capacity: Capacity,
) -> list[Problem]:
    """One problem per region where nothing can run a model: the reasons that came nearest, and where to go."""
    return [
        Problem(
            where=f"meridian:models.{model}.demand.{territory}",
            what=f"nothing in {region} can serve {model}: {_nearest(region, rejected)}",
            why="a region that cannot carry its share breaks the survival of its territory",
            fix=_elsewhere(catalogue, capacity),
        )
        for region in regions
    ]


def _nearest(region: str, rejected: Sequence[Rejected]) -> str:
    here = [each for each in rejected if each.region == region]
    deepest = [each for each in here if each.why.constraint not in _ORDER] or [
        each for each in here if each.why.constraint != "allowed GPUs"
    ]
    if not deepest:
        return "no allowed GPU is sold by its cloud"
    counted = Counter(each.why.constraint for each in deepest).most_common(3)
    texts = []
    for constraint, _ in counted:
        alike = [each for each in deepest if each.why.constraint == constraint]
        best = _best(alike)
        texts.append(
            f"{best.gpus_per_replica} x {best.gpu} on {best.machine}: "
            f"{constraint} is {best.why.value}, must be {best.why.bound}"
        )
    return "; ".join(texts)


def _best(alike: Sequence[Rejected]) -> Rejected:
    """The one that came nearest: the smallest time, else the largest layout."""
    if alike[0].why.bound.startswith("at most"):
        return min(alike, key=lambda each: (float(each.why.value), each.machine))
    return max(alike, key=lambda each: (each.gpus_per_replica, each.machine))


def _elsewhere(catalogue: Catalogue, capacity: Capacity) -> str:
    offers = [
        f"{gpu} is offered in {', '.join(catalogue.offered_in(gpu)[:6]) or 'no known region'}" for gpu in capacity.gpus
    ]
    return (
        "relax the SLO, allow another GPU or precision, move the region, or vouch by capacity.assumeAvailable for what "
        f"is unknown; {'; '.join(offers) or 'every GPU is allowed'}"
    )


def absurd(model: str, territory: str, demand_rps: float) -> list[Problem]:
    """The demand is beyond any pool."""
    return [
        Problem(
            where=f"meridian:models.{model}.demand.{territory}.requestsPerSecond",
            what=f"{demand_rps:g} requests per second at peak need more machines than a pool can have",
            why="no cloud sells so many in one region",
            fix="write the true demand, or split it over more regions",
        )
    ]


def over_budget(plan: FleetPlan, config: Config, again: Callable[[Config], FleetPlan]) -> list[Problem]:
    """The plan costs more than allowed: refused with each single change that fits, what saves least first."""
    total = cost_of(plan).total
    if total <= plan.monthly_budget_usd:
        return []
    fitting = sorted(_fitting(config, plan.monthly_budget_usd, again), reverse=True)
    ways = "; or ".join(f"{text} (${usd:,.0f} a month)" for usd, text in fitting)
    fix = ways or f"no single change fits: write {total:,.0f} or more, serve less demand, or combine changes"
    return [
        Problem(
            where="meridian:capacity.monthlyBudgetUsd",
            what=f"the plan costs ${total:,.0f} a month, the budget is ${plan.monthly_budget_usd:,.0f}",
            why="nothing is built that was not agreed to be paid",
            fix=fix,
        )
    ]


def _fitting(config: Config, budget: float, again: Callable[[Config], FleetPlan]) -> Iterator[tuple[float, str]]:
    for text, changed in _changes(config):
        try:
            cost = cost_of(again(changed)).total
        except ConfigurationRefused:
            continue
        if cost <= budget:
            yield cost, text


def _changes(config: Config) -> Iterator[tuple[str, Config]]:
    """Single changes worth trying, without any budget."""
    if config.capacity is None:
        return
    unbounded = config.capacity.model_copy(update={"monthly_budget_usd": 1e10})

    def with_capacity(**change: object) -> Config:
        return config.model_copy(update={"capacity": unbounded.model_copy(update=change)})

    if unbounded.gpus:
        yield "allow every GPU (leave capacity.gpus out)", with_capacity(gpus=())
    if unbounded.spot_share < 1:
        yield "write capacity.spotShare: 1", with_capacity(spot_share=1.0)
    if unbounded.baseline is None:
        yield "write capacity.baseline: reserved", with_capacity(baseline="reserved")
    for event in unbounded.survive:
        rest = tuple(each for each in unbounded.survive if each != event)
        yield f"take `{event}` out of capacity.survive", with_capacity(survive=rest)
    if len(unbounded.survive) > 1:
        yield "survive nothing (capacity.survive: [])", with_capacity(survive=())
    for factor in (1.5, 2, 4):
        yield f"make ttftP95Ms and tpotP95Ms {factor:g} times as long", _slower(with_capacity(), factor)


def _slower(config: Config, factor: float) -> Config:
    models = {}
    for name, model in config.models.items():
        if model.slo is None:
            return config
        times = {"ttft_p95_ms": int(model.slo.ttft_p95_ms * factor), "tpot_p95_ms": model.slo.tpot_p95_ms * factor}
        models[name] = model.model_copy(update={"slo": model.slo.model_copy(update=times)})
    return config.model_copy(update={"models": models})
