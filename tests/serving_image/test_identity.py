"""A tenant is what a proved gateway says, never what a client says."""

import pytest
from meridian_server import identity
from meridian_server.errors import Refusal

from tests.serving_image.helpers import ENGINE_KEY, proved

KEY = ENGINE_KEY.encode()


def status(headers: list[tuple[bytes, bytes]], key: bytes = KEY) -> int:
    with pytest.raises(Refusal) as refused:
        identity.caller(headers, key)
    return refused.value.status


def test_a_proved_gateway_names_the_tenant_its_lanes_and_its_limit() -> None:
    found = identity.caller(proved("acme", x_meridian_lanes="batch, chat", x_meridian_tokens_per_minute="600"), KEY)
    assert (found.tenant, set(found.lanes), found.tokens_per_minute) == ("acme", {"chat", "batch"}, 600)


def test_without_stamps_there_is_the_chat_lane_and_no_limit() -> None:
    found = identity.caller(proved(), KEY)
    assert (found.lanes, found.tokens_per_minute) == (("chat",), None)


@pytest.mark.parametrize("limit", ["", "0", "-1", "1.5", "many", "1" * 13])
def test_a_limit_that_is_no_whole_number_is_refused(limit: str) -> None:
    assert status(proved(x_meridian_tokens_per_minute=limit)) == 400


def test_header_names_in_any_case_are_understood() -> None:
    assert identity.caller([(name.title(), value) for name, value in proved()], KEY).tenant == "acme"


def test_a_request_without_the_engine_key_is_refused_with_401() -> None:
    assert status([(b"x-meridian-tenant", b"acme")]) == 401


@pytest.mark.parametrize("guess", ["", "guess", ENGINE_KEY[:-1], ENGINE_KEY + "x", "\u00e9"])
def test_a_wrong_engine_key_is_refused_with_401(guess: str) -> None:
    assert status(proved(x_meridian_engine_key=guess)) == 401


def test_two_engine_keys_are_refused_even_if_one_is_right() -> None:
    assert status([*proved(), (b"x-meridian-engine-key", b"guess")]) == 401


def test_an_engine_without_a_key_trusts_nobody() -> None:
    assert status(proved(x_meridian_engine_key=""), key=b"") == 401


def test_a_request_without_a_tenant_is_refused_with_401() -> None:
    assert status([pair for pair in proved() if pair[0] != b"x-meridian-tenant"]) == 401


@pytest.mark.parametrize("tenant", ["", "ACME", "acme|other", "-acme", "a" * 64, "acme\n"])
def test_a_tenant_that_is_no_name_is_refused_with_401(tenant: str) -> None:
    assert status(proved(tenant)) == 401


def test_two_tenants_are_refused() -> None:
    assert status([*proved("acme"), (b"x-meridian-tenant", b"other")]) == 401


def test_an_unknown_lane_is_refused_with_the_lanes_there_are() -> None:
    with pytest.raises(Refusal, match="chat, batch"):
        identity.caller(proved(x_meridian_lanes="chat,express"), KEY)


def test_the_salt_depends_on_key_territory_and_tenant() -> None:
    salts = {
        identity.salt(b"k", "eu", "acme"),
        identity.salt(b"k", "eu", "other"),
        identity.salt(b"k", "us", "acme"),
        identity.salt(b"l", "eu", "acme"),
    }
    assert len(salts) == 4
    assert identity.salt(b"k", "eu", "acme") in salts


@pytest.mark.parametrize("name", ["X-Vllm-Priority", "x-data-parallel-rank", "X-Session-Id", "Authorization"])
def test_a_header_that_steers_vllm_or_holds_a_key_is_taken_out(name: str) -> None:
    assert identity.without_owned([(name.encode(), b"1")]) == []


def test_every_header_of_the_platform_is_taken_out_and_the_rest_stays() -> None:
    assert identity.without_owned([*proved(), (b"traceparent", b"00-1")]) == [
        (b"content-type", b"application/json"),
        (b"traceparent", b"00-1"),
    ]
