"""Drain budgets: where chat may be placed, by cloud and capacity type."""

from dataclasses import replace
from typing import get_args

from stacks.catalog.model import CapacityType, Catalogue
from stacks.config import Config
from stacks.plan.fleet_model import Drain

DRAIN_DELAY_SECONDS = 15
"""Seconds a pod still takes requests after it says not ready: `preStop` on Kubernetes."""


def rows(config: Config, catalogue: Catalogue) -> tuple[Drain, ...]:
    """One row per model, cloud and capacity type."""
    clouds = sorted({catalogue.regions[name].cloud for each in config.territories.values() for name in each.regions})
    return tuple(
        _row(config, catalogue, model, cloud, capacity)
        for model in sorted(config.models)
        for cloud in clouds
        for capacity in get_args(CapacityType)
    )


def _row(config: Config, catalogue: Catalogue, model: str, cloud: str, capacity: CapacityType) -> Drain:
    slo = config.models[model].slo
    own = config.drain.timeout_seconds + DRAIN_DELAY_SECONDS
    row = Drain(
        model=model,
        cloud=cloud,
        capacity=capacity,
        budget_seconds=catalogue.spot_notice[cloud][0] if capacity == "spot" else own,
        delay_seconds=DRAIN_DELAY_SECONDS,
        ttft_ms=slo.ttft_p95_ms if slo else 0.0,
        tpot_ms=slo.tpot_p95_ms if slo else 0.0,
        output_tokens=config.lanes["chat"].max_output_tokens if "chat" in config.lanes else 0,
        lanes=("batch",),
    )
    fits = ("batch", "chat") if row.needed_seconds <= row.budget_seconds else row.lanes
    return replace(row, lanes=tuple(lane for lane in fits if lane in config.lanes))


def chat_fits_spot(config: Config, catalogue: Catalogue, model: str, cloud: str) -> bool:
    """Whether the longest answer of chat ends within the notice of a spot machine; batch alone fits any notice."""
    return "chat" not in config.lanes or "chat" in _row(config, catalogue, model, cloud, "spot").lanes
