"""The replay: one request alone sees the model's own estimate, overload shows, and the same seed says the same."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stacks.capacity.arrivals import Arrival, Lengths, arrivals, bursts, like_trace, trace_names
from stacks.capacity.model import Layout, Request, estimate
from stacks.capacity.replay import BOUND, Kind, replay
from stacks.capacity.shapes import SHAPES
from stacks.config import parse
from stacks.plan.checking import Seen, replays
from stacks.plan_show import replayed
from tests.stacks.fleets import DEV, PROD, planned, unbudgeted

SHAPE = SHAPES["meta-llama/Llama-3.1-8B-Instruct"]
LAYOUT = Layout("h100", 1, 1, "fp8")
KIND = Kind(SHAPE, LAYOUT, concurrency=16, margin=1.0)
PROMPT, OUTPUT = Lengths(600, 2000, 6000), Lengths(150, 500, 1024)


def test_a_request_alone_sees_what_the_model_estimates() -> None:
    [seen] = replay([KIND], [Arrival(1.0, 1024, 256)], seed=1)
    alone = estimate(SHAPE, LAYOUT, batch=1, request=Request(1024, 256))
    assert seen.ttft * 1e3 == pytest.approx(alone.ttft_ms, rel=0.02)
    assert seen.tpot is not None
    assert seen.tpot * 1e3 == pytest.approx(alone.tpot_ms, rel=0.02)


def test_a_margin_lengthens_every_time() -> None:
    # One at a time: in company, a slower replica batches others and may happen to serve one of them sooner.
    drawn = arrivals(bursts(3, 1), PROMPT, OUTPUT, seed=3)[:100]
    asked = [replace(one, second=100.0 * place) for place, one in enumerate(drawn)]
    plain, wide = (replay([replace(KIND, margin=factor)], asked, seed=1) for factor in (1.0, 1.5))
    for short, long in zip(*(sorted(done, key=lambda one: one.arrival.second) for done in (plain, wide)), strict=True):
        assert long.ttft > short.ttft


@settings(max_examples=5, deadline=None)
@given(rps=st.floats(3, 6), seed=st.integers(0, 99), replicas=st.integers(1, 3), share=st.floats(0, 1))
def test_every_request_is_served_once_and_the_same_seed_says_the_same(
    rps: float, seed: int, replicas: int, share: float
) -> None:
    asked = arrivals(bursts(rps, 1.5), PROMPT, OUTPUT, seed=seed, batch_share=share)[:250]
    first, second = (replay([KIND] * replicas, asked, seed=seed) for _ in range(2))
    assert first == second
    assert sorted(one.arrival.second for one in first) == [one.second for one in asked]
    assert all(one.ttft > 0 for one in first)


def test_never_more_than_its_places_are_filled() -> None:
    """With one place answers follow each other: the next one's first token comes after the last of the one before."""
    done = replay([replace(KIND, concurrency=1)], [Arrival(0.0, 64, 100), Arrival(0.0, 64, 100)], seed=1)
    pace = [one.tpot or 0.0 for one in done]
    assert done[1].ttft >= done[0].ttft + 99 * pace[0]


def p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * len(values))]


@pytest.mark.slow
def test_more_than_replicas_can_carry_shows_in_the_first_token() -> None:
    calm, flood = (
        p95([one.ttft for one in replay([KIND], arrivals(bursts(rps, 2), PROMPT, OUTPUT, seed=5), seed=5)])
        for rps in (0.5, 8)
    )
    assert flood > 5 * calm


def test_batch_waits_for_chat() -> None:
    asked = arrivals(bursts(6, 2), PROMPT, OUTPUT, seed=5, batch_share=0.5)
    done = replay([KIND], asked, seed=5)
    chat, batch = (p95([one.ttft for one in done if one.arrival.lane == lane]) for lane in ("chat", "batch"))
    assert chat < batch / 2


def test_no_replica_has_more_than_its_share_when_a_burst_comes_at_once() -> None:
    crowd = [Arrival(0.0, 64, 50) for _ in range(40)]
    done = replay([replace(KIND, concurrency=1)] * 4, crowd, seed=2)
    rounds = sorted(one.ttft for one in done)
    alone = rounds[0]
    longest = max(1, int(40 / 4 * BOUND))
    assert rounds[-1] <= (longest + 1) * (alone + 50 * (done[0].tpot or 0.0))


@pytest.mark.parametrize("name", trace_names())
def test_the_shape_of_a_trace_has_its_busiest_minute_at_the_peak_and_no_more(name: str) -> None:
    shape = like_trace(name, 50.0, 2.0)
    assert shape.seconds == 240
    minute = round(60 / shape.span_seconds)
    sums = [sum(shape.rates[at : at + minute]) / minute for at in range(len(shape.rates) - minute + 1)]
    assert max(sums) == pytest.approx(100.0)


def test_a_rate_of_few_requests_is_replayed_long_enough_for_a_percentile() -> None:
    for rps in (0.1, 1, 20):
        for shape in (bursts(rps, 2), like_trace("azure-code", rps, 2)):
            assert len(arrivals(shape, PROMPT, OUTPUT, seed=1)) > 500


def test_lengths_go_through_both_percentiles() -> None:
    asked = arrivals(bursts(200, 1), PROMPT, OUTPUT, seed=9)
    prompts = sorted(one.prompt_tokens for one in asked)
    assert prompts[len(prompts) // 2] == pytest.approx(600, rel=0.05)
    assert prompts[int(0.95 * len(prompts))] == pytest.approx(2000, rel=0.05)


def seen_of(values: dict[str, Any]) -> list[Seen]:
    return list(replays(planned(values), parse(values)))


@pytest.mark.slow
def test_the_replay_of_dev_tells_each_event_and_keeps_the_slo(capsys: pytest.CaptureFixture[str]) -> None:
    found = seen_of(DEV)
    assert {(one.event, one.arrivals) for one in found} == {
        ("rollout alone", shape) for shape in ("bursts", *trace_names())
    }
    assert all(one.kept for one in found)
    replayed(found)
    said = capsys.readouterr().out
    assert "a replay, which checks the plan" in said and "keep the SLO" in said


@pytest.mark.slow
def test_a_replay_that_breaks_the_slo_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """The same machines, asked thirty times what they were bought for."""
    values = parse(DEV)
    model = values.models["llama-8b"]
    more = model.demand["eu"].model_copy(update={"requests_per_second": 3.0})
    crowded = values.model_copy(update={"models": {"llama-8b": model.model_copy(update={"demand": {"eu": more}})}})
    found = list(replays(planned(DEV), crowded))
    assert not all(one.kept for one in found)
    replayed(found)
    assert "the replay breaks the SLO of llama-8b in eu" in " ".join(capsys.readouterr().out.split())


@pytest.mark.slow
def test_the_replay_of_prod_tells_every_event_of_both_territories_and_keeps_the_slo() -> None:
    plan, found = planned(PROD), seen_of(unbudgeted(PROD))
    assert {(one.territory, one.event) for one in found} == {(row.territory, row.event) for row in plan.survival}
    assert all(one.requests > 1000 and one.kept for one in found)
