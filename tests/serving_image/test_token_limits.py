"""A tenant's tokens per minute hold, and nothing is kept of requests that are over."""

from hypothesis import given
from hypothesis import strategies as st
from meridian_server.token_limits import OverLimit, Reservation, TokenLimits

LIMIT = 600


class Clock:
    """A clock that is told the time."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def reserved(limits: TokenLimits, tokens: int, tenant: str = "acme") -> Reservation:
    found = limits.reserve(tenant, limit=LIMIT, tokens=tokens)
    assert isinstance(found, Reservation)
    return found


def test_what_does_not_fit_is_told_when_it_will() -> None:
    clock = Clock()
    limits = TokenLimits(clock)
    reserved(limits, 500)
    assert limits.reserve("acme", limit=LIMIT, tokens=200) == OverLimit(LIMIT, remaining=100, retry_after=10)
    clock.now = 9.9
    assert isinstance(limits.reserve("acme", limit=LIMIT, tokens=200), OverLimit)
    clock.now = 10
    reserved(limits, 200)


def test_tenants_do_not_share_a_limit() -> None:
    limits = TokenLimits(Clock())
    reserved(limits, LIMIT, "acme")
    reserved(limits, LIMIT, "other")


def test_a_request_larger_than_the_limit_starts_full_and_leaves_a_debt() -> None:
    clock = Clock()
    limits = TokenLimits(clock)
    limits.settle(reserved(limits, 2 * LIMIT), used=2 * LIMIT)
    found = limits.reserve("acme", limit=LIMIT, tokens=1)
    assert found == OverLimit(LIMIT, remaining=0, retry_after=61)


def test_settling_twice_gives_nothing_twice() -> None:
    limits = TokenLimits(Clock())
    reserved(limits, 300)
    second = reserved(limits, 300)
    limits.settle(second, used=200)
    limits.settle(second, used=200)
    found = limits.reserve("acme", limit=LIMIT, tokens=101)
    assert isinstance(found, OverLimit) and found.remaining == 100


def test_idle_tenants_are_forgotten_and_running_or_indebted_ones_are_not() -> None:
    clock = Clock()
    limits = TokenLimits(clock)
    limits.settle(reserved(limits, 9, "idle"), used=9)
    limits.settle(reserved(limits, 9 * LIMIT, "in-debt"), used=9 * LIMIT)
    reserved(limits, 9, "running")
    clock.now = 61
    reserved(limits, 9, "new")
    assert limits.tenants() == 3


STEPS = st.lists(st.tuples(st.floats(0, 90), st.integers(1, 900), st.integers(0, 1200), st.booleans()), max_size=60)


@given(steps=STEPS)
def test_no_minute_sees_more_than_burst_refill_and_one_request(steps: list[tuple[float, int, int, bool]]) -> None:
    clock = Clock()
    limits = TokenLimits(clock)
    used: list[tuple[float, int]] = []
    for pause, tokens, _, _ in steps:
        clock.now += pause
        found = limits.reserve("acme", limit=LIMIT, tokens=tokens)
        if isinstance(found, Reservation):
            limits.settle(found, used=tokens)
            used.append((clock.now, tokens))
    for start, _ in used:
        window = [tokens for at, tokens in used if start <= at < start + 60]
        assert sum(window) <= LIMIT + LIMIT + max(0, max(window) - LIMIT) + 1e-6


@given(steps=STEPS)
def test_once_all_is_settled_the_wait_leaves_a_full_bucket(steps: list[tuple[float, int, int, bool]]) -> None:
    clock = Clock()
    limits = TokenLimits(clock)
    running: list[tuple[Reservation, int]] = []
    for pause, tokens, real, ends in steps:
        clock.now += pause
        found = limits.reserve("acme", limit=LIMIT, tokens=tokens)
        if isinstance(found, Reservation):
            running.append((found, real))
        if ends and running:
            reservation, use = running.pop(0)
            limits.settle(reservation, used=use)
    for reservation, use in running:
        limits.settle(reservation, used=use)
    clock.now += 60 * (2 + sum(real for _, _, real, _ in steps) / LIMIT)
    reserved(limits, LIMIT, "other")
    assert limits.tenants() == 1
