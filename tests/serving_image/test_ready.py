"""Ready means: served a token, alive, and making progress."""

from dataclasses import dataclass

from meridian_server.ready import Readiness


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def fresh() -> tuple[Readiness, Clock]:
    clock = Clock()
    return Readiness(stall_seconds=60, probe_interval_seconds=30, clock=clock), clock


def reason(state: Readiness, *, alive: bool = True, draining: bool = False) -> str | None:
    return state.reason_against(alive=alive, draining=draining)


def test_a_server_that_served_no_token_is_not_ready_and_wants_to_prove_itself() -> None:
    state, _ = fresh()
    assert reason(state) == "no token served yet"
    assert state.wants_probe()


def test_one_token_makes_it_ready_for_good() -> None:
    state, clock = fresh()
    state.observe(1)
    clock.now += 1e6
    assert reason(state) is None


def test_a_draining_server_is_not_ready() -> None:
    state, _ = fresh()
    state.observe(1)
    assert reason(state, draining=True) == "draining"


def test_a_dead_engine_is_not_ready() -> None:
    state, _ = fresh()
    state.observe(1)
    assert reason(state, alive=False) == "the engine is dead"


def test_requests_without_a_token_for_too_long_make_it_not_ready_until_the_next_token() -> None:
    state, clock = fresh()
    state.observe(1)
    state.started()
    clock.now += 60
    assert reason(state) is None
    clock.now += 1
    assert "no token" in (reason(state) or "")
    state.observe(2)
    assert reason(state) is None


def test_an_idle_server_never_stalls() -> None:
    state, clock = fresh()
    state.observe(1)
    state.started()
    state.ended()
    clock.now += 1e6
    assert reason(state) is None


def test_waiting_time_is_counted_from_the_first_request_and_not_from_the_last_token() -> None:
    state, clock = fresh()
    state.observe(1)
    clock.now += 1e6
    state.started()
    assert reason(state) is None


def test_a_later_request_does_not_hide_a_stall() -> None:
    state, clock = fresh()
    state.observe(1)
    state.started()
    clock.now += 59
    state.started()
    clock.now += 2
    assert "no token" in (reason(state) or "")


def test_any_number_of_waiting_requests_is_ready_while_tokens_flow() -> None:
    state, clock = fresh()
    for _ in range(1000):
        state.started()
    for count in range(1, 10):
        clock.now += 59
        state.observe(count)
        assert reason(state) is None


def test_traffic_is_proof_and_a_probe_follows_only_when_idle_for_its_interval() -> None:
    state, clock = fresh()
    state.observe(1)
    clock.now += 29
    assert not state.wants_probe()
    clock.now += 1
    assert state.wants_probe()
    state.started()
    assert not state.wants_probe()


def test_a_counter_that_stands_still_is_no_proof() -> None:
    state, clock = fresh()
    state.observe(5)
    clock.now += 30
    state.observe(5)
    assert state.wants_probe()
