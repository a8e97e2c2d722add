"""Size of a model's engines on GPUs: from demand and the capacity model, never from a laptop's defaults."""

from collections.abc import Iterable, Iterator
from math import ceil

from components.serving_specs import GpuEngineSpec
from stacks.capacity.model import Layout, kv_tokens
from stacks.capacity.physics import BUDGET
from stacks.capacity.shapes import SHAPES
from stacks.config import Config, Model
from stacks.config_fleet import ModelDemand, Tokens
from stacks.plan.fleet_model import Candidate
from stacks.problems import Problem

P95, P999 = 1.6449, 3.0902
"""Quantiles of the normal distribution."""

CONTEXT_GRAIN = 1024

QUEUE_FACTOR = 2
"""Running plus waiting requests of a replica, in units of what it generates side by side: as many may wait as run.
Above it the engine refuses and the gateway asks another replica."""

DECIDED = ("max_num_seqs", "max_num_batched_tokens", "max_num_queued_reqs", "kv_cache_mib")
"""Sizes that the plan decides for GPUs: its proof of the SLO stands on them."""


def longest_prompt(tokens: Tokens) -> float:
    """Tokens that one prompt in a thousand exceeds: of the log-normal distribution through two percentiles."""
    return float(tokens.p50 * (tokens.p95 / tokens.p50) ** (P999 / P95))


def engine(
    model: Model, demand: ModelDemand, lanes: int, chosen: Candidate, others: Iterable[Candidate]
) -> GpuEngineSpec:
    """The engine of a model in a region; `lanes` is the longest answer that any lane allows, in tokens.

    The context is the configuration's `maxModelLen` where it is written; else it holds 999 of 1000 prompts and the
    longest answer, as far as the KV cache of every machine it may run on holds it.
    """
    return GpuEngineSpec(
        max_model_len=context(model, demand, lanes, (chosen, *others)),
        max_num_seqs=chosen.concurrency,
        max_num_batched_tokens=BUDGET,
        max_num_queued_reqs=QUEUE_FACTOR * chosen.concurrency,
        quantization="fp8" if model.precision == "fp8" else None,
        extra_args=tuple(sorted(model.engine.extra_args.items())),
    )


def context(model: Model, demand: ModelDemand, lanes: int, candidates: Iterable[Candidate]) -> int:
    """Tokens of prompt and output together that one request may have."""
    if "max_model_len" in model.engine.model_fields_set:
        return model.engine.max_model_len
    wanted = longest_prompt(demand.prompt_tokens) + max(lanes, demand.output_tokens.p95)
    held = min(_held(model, each) for each in candidates)
    return min(ceil(wanted / CONTEXT_GRAIN), held // CONTEXT_GRAIN) * CONTEXT_GRAIN


def _held(model: Model, candidate: Candidate) -> int:
    tensor = candidate.gpus_per_replica // candidate.nodes_per_replica
    layout = Layout(candidate.gpu, tensor, candidate.nodes_per_replica, model.precision)
    return kv_tokens(SHAPES[model.source], layout)


def problems(name: str, config: Config, size: GpuEngineSpec, candidates: Iterable[Candidate]) -> Iterator[Problem]:
    """What the configuration says of an engine that cannot be."""
    model = config.models[name]
    where = f"meridian:models.{name}.engine"
    for field in DECIDED:
        if field in model.engine.model_fields_set:
            yield Problem(
                where=where,
                what=f"{field} is set, which the plan decides for GPUs",
                why="the proof that the SLO is kept stands on the size that it chose",
                fix="leave it out; slo and demand decide it",
            )
    held = min(_held(model, each) for each in candidates)
    if size.max_model_len > held:
        yield Problem(
            where=f"{where}.maxModelLen",
            what=f"{size.max_model_len} tokens do not fit into the KV cache of the planned machines, {held} tokens",
            why="vLLM would refuse to start",
            fix=f"write {held // CONTEXT_GRAIN * CONTEXT_GRAIN} or less",
        )
    for lane, caps in sorted(config.lanes.items()):
        if caps.max_output_tokens >= size.max_model_len:
            yield Problem(
                where=f"meridian:lanes.{lane}.maxOutputTokens",
                what=f"{caps.max_output_tokens} output tokens leave no room for a prompt in {size.max_model_len}",
                why="the engine would refuse every request that does not name a smaller number",
                fix=f"write less, or raise {where}.maxModelLen",
            )
