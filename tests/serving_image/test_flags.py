"""Settings become vLLM's arguments; every flag is one that the pinned version knows and that breaks no promise."""

import json
from pathlib import Path

import pytest
from meridian_server import flags
from meridian_server.settings import SettingsRefused

from tests.serving_image.helpers import raw_settings, settings

KNOWN = flags.known_flags("cpu")


def words(folder: Path, **extra: str | bool) -> list[str]:
    engine = raw_settings(folder)["engine"] | {"extra_args": {f"--{k.replace('_', '-')}": v for k, v in extra.items()}}
    return flags.arguments(settings(folder, engine=engine), known=KNOWN)


def refusal(folder: Path, flag: str, value: str | bool = True) -> str:
    engine = raw_settings(folder)["engine"] | {"extra_args": {flag: value}}
    with pytest.raises(SettingsRefused) as refused:
        flags.arguments(settings(folder, engine=engine), known=KNOWN)
    return str(refused.value)


def after(found: list[str], flag: str) -> str:
    return found[found.index(flag) + 1]


def test_every_flag_of_the_server_is_known_to_the_pinned_vllm(tmp_path: Path) -> None:
    assert {word for word in words(tmp_path) if word.startswith("--")} <= KNOWN


def test_the_sizes_of_the_engine_reach_vllm(tmp_path: Path) -> None:
    found = words(tmp_path)
    assert after(found, "--max-model-len") == "4096"
    assert after(found, "--kv-cache-memory-bytes") == "67108864"
    assert after(found, "--max-num-queued-reqs") == "64"


def test_prefix_caching_is_on_with_a_cryptographic_hash(tmp_path: Path) -> None:
    found = words(tmp_path)
    assert "--enable-prefix-caching" in found
    assert after(found, "--prefix-caching-hash-algo") == "sha256"


def test_nothing_that_logs_requests_is_on(tmp_path: Path) -> None:
    found = words(tmp_path)
    assert "--disable-uvicorn-access-log" in found
    assert not {"--enable-log-requests", "--enable-log-outputs", "--disable-log-stats"} & set(found)


def test_the_largest_lane_caps_what_a_request_gets_by_default(tmp_path: Path) -> None:
    assert json.loads(after(words(tmp_path), "--override-generation-config")) == {"max_new_tokens": 2048}


def test_tls_files_are_passed_on(tmp_path: Path) -> None:
    listen = raw_settings(tmp_path)["listen"] | {"certificate_file": "/c.pem", "key_file": "/k.pem"}
    found = flags.arguments(settings(tmp_path, listen=listen), known=KNOWN)
    assert after(found, "--ssl-certfile") == "/c.pem"
    assert after(found, "--ssl-keyfile") == "/k.pem"


def test_a_harmless_extra_flag_is_passed_with_its_value(tmp_path: Path) -> None:
    found = words(tmp_path, stream_interval="4", no_enable_log_deltas=True)
    assert after(found, "--stream-interval") == "4"
    assert "--no-enable-log-deltas" in found


def test_a_misspelt_flag_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    assert "--stream-interval" in refusal(tmp_path, "--stream-intervall", "4")


def test_a_flag_with_its_value_in_one_word_is_refused(tmp_path: Path) -> None:
    assert "--stream-interval" in refusal(tmp_path, "--stream-interval=4")


@pytest.mark.parametrize("flag", sorted(flags.OWNED))
def test_a_flag_with_a_setting_of_its_own_is_refused_with_that_setting(tmp_path: Path, flag: str) -> None:
    assert flags.OWNED[flag] in refusal(tmp_path, flag, "1")


@pytest.mark.parametrize("flag", sorted(flags.FORBIDDEN))
def test_a_forbidden_flag_is_refused_with_the_reason(tmp_path: Path, flag: str) -> None:
    assert flags.FORBIDDEN[flag] in refusal(tmp_path, flag)


@pytest.mark.parametrize(
    "flag",
    [
        "--trust-remote-code",
        "--worker-cls",
        "--worker-extension-cls",
        "--scheduler-cls",
        "--logits-processors",
        "--tool-parser-plugin",
        "--reasoning-parser-plugin",
    ],
)
def test_a_flag_that_runs_foreign_code_is_refused(tmp_path: Path, flag: str) -> None:
    assert flag in refusal(tmp_path, flag, "evil.module")


@pytest.mark.parametrize(
    "flag",
    [
        "--config",
        "--api-server-count",
        "--headless",
        "--grpc",
        "--data-parallel-size",
        "--no-enforce-eager",
        "--no-disable-uvicorn-access-log",
        "--log-config-file",
        "--logging-config",
    ],
)
def test_a_flag_that_undoes_what_the_server_sets_is_refused(tmp_path: Path, flag: str) -> None:
    assert flag in refusal(tmp_path, flag, "2")


@pytest.mark.parametrize(
    "flag",
    [
        "--enable-tokenizer-info-endpoint",
        "--enable-scale-out",
        "--tokens-only",
        "--enable-fault-tolerance",
        "--allowed-local-media-path",
        "--enable-prompt-embeds",
        "--trust-request-chat-template",
        "--trust-request-mm-kwargs",
        "--allowed-origins",
    ],
)
def test_a_flag_that_opens_more_to_clients_is_refused(tmp_path: Path, flag: str) -> None:
    assert flag in refusal(tmp_path, flag, "1")


def test_weights_that_can_hold_code_are_refused(tmp_path: Path) -> None:
    assert "--load-format" in refusal(tmp_path, "--load-format", "pt")


def test_a_flag_that_the_next_vllm_dropped_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="--scheduling-policy"):
        flags.arguments(settings(tmp_path), known=KNOWN - {"--scheduling-policy"})
