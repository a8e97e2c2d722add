"""The WAF on AWS: prompts pass, everything else is judged or blocked, and AWS's own model accepts the rules."""

import copy
import itertools
from collections.abc import Mapping
from typing import Any

import pytest

from components.waf import EXCLUSIONS, paths
from tests.components.aws_entry import ENTRY, LOG_KEY, Recorder, ground, made
from tests.components.aws_waf import HITS, LABELS, Request, api_faults, as_api, verdict


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return made()


@pytest.fixture(scope="module")
def acl(recorder: Recorder) -> Mapping[str, Any]:
    return recorder.one("WebAcl")


def judged(acl: Mapping[str, Any], path: str, method: str = "POST", *hits: tuple[str, str], rate: bool = False) -> str:
    return verdict(acl, Request(path, method, hits, LABELS, above_rate=rate))


def test_every_rule_that_reads_bodies_is_excluded_and_no_other() -> None:
    excluded = {rule.name for exclusion in EXCLUSIONS for rule in exclusion.aws}
    assert excluded == {rule for _, rule in HITS if rule.endswith("_BODY")}
    assert {rule.name: rule.label for each in EXCLUSIONS for rule in each.aws} == LABELS


@pytest.mark.parametrize("path", ENTRY.inference_paths)
def test_a_prompt_passes_whatever_the_rules_find_in_its_body(acl: Mapping[str, Any], path: str) -> None:
    bodies = [hit for hit in HITS if hit[1].endswith("_BODY")]
    assert judged(acl, path) == "allow"
    assert judged(acl, path, "POST", *bodies) == "allow"


@pytest.mark.parametrize("hit", [hit for hit in HITS if not hit[1].endswith("_BODY")], ids=lambda hit: hit[1])
def test_an_attack_beside_the_body_is_blocked_even_with_a_prompt(acl: Mapping[str, Any], hit: tuple[str, str]) -> None:
    for path in (*ENTRY.inference_paths, "/v1/models"):
        assert judged(acl, path, "POST", hit).startswith("block by")


def test_an_address_with_a_bad_name_is_blocked_even_with_a_prompt(acl: Mapping[str, Any]) -> None:
    listed = ("AWSManagedRulesAmazonIpReputationList", "AWSManagedIPReputationList")
    assert judged(acl, "/v1/chat/completions", "POST", listed) == "block by reputation"


def test_the_rules_are_those_of_a_load_balancer(acl: Mapping[str, Any]) -> None:
    assert acl["scope"] == "REGIONAL"


@pytest.mark.parametrize("hit", [hit for hit in HITS if hit[1].endswith("_BODY")], ids=lambda hit: hit[1])
def test_an_attack_in_a_body_that_is_no_prompt_is_blocked(acl: Mapping[str, Any], hit: tuple[str, str]) -> None:
    assert judged(acl, "/v1/models", "GET", hit) == "block by bodies"
    assert judged(acl, "/v1/models", "POST", hit) == "block by bodies"
    assert judged(acl, "/v1/chat/completions", "PUT", hit) == "block by bodies"


@pytest.mark.parametrize(
    "path", ["/", "/v1/chat/completions/batch", "/v1/chat/completions/", "/V1/models", "/v1/%63ompletions", "/metrics"]
)
def test_every_other_path_is_blocked(acl: Mapping[str, Any], path: str) -> None:
    assert judged(acl, path) == "block by closed"


def test_the_list_of_models_is_open(acl: Mapping[str, Any]) -> None:
    assert judged(acl, "/v1/models", "GET") == "allow"


def test_a_client_above_its_rate_is_blocked_but_never_the_probe(acl: Mapping[str, Any]) -> None:
    assert judged(acl, "/v1/models", "GET", rate=True) == "block by rate"
    assert judged(acl, "/-/ready", "GET", rate=True) == "allow by probe"
    assert judged(acl, "/-/ready", "POST", rate=True) == "block by rate"
    assert judged(acl, "/-/ready/x", "GET") == "block by closed"


def test_the_rate_is_the_plans_in_the_plans_window(acl: Mapping[str, Any]) -> None:
    (rate,) = [rule["statement"]["rateBasedStatement"] for rule in acl["rules"] if rule["name"] == "rate"]
    assert rate == {"limit": 2000, "aggregateKeyType": "IP", "evaluationWindowSec": 300}


def test_awss_own_model_accepts_the_rules_and_their_log(recorder: Recorder, acl: Mapping[str, Any]) -> None:
    assert api_faults("CreateWebACL", call(acl)) == []
    log = {name: value for name, value in recorder.one("WebAclLoggingConfiguration").items()}
    assert api_faults("PutLoggingConfiguration", {"LoggingConfiguration": as_api(log)}) == []


def call(acl: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in acl.items() if name != "tags"}
    return as_api({"name": "entry", **said})


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (("rules", 1, "statement", "rateBasedStatement", "limit"), 9, "Limit"),
        (("rules", 1, "statement", "rateBasedStatement", "aggregateKeyType"), "ADDRESS", "AggregateKeyType"),
        (("scope",), "GLOBAL", "Scope"),
        (("dataProtectionConfig", "dataProtections", 0, "field", "fieldType"), "BODIES", "FieldType"),
    ],
)
def test_the_model_would_tell_a_wrong_value(acl: Mapping[str, Any], place: tuple, value: Any, told: str) -> None:
    wrong: Any = copy.deepcopy(dict(acl))
    at = wrong
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    assert any(told in fault for fault in api_faults("CreateWebACL", call(wrong)))


def test_priorities_and_names_are_unique(acl: Mapping[str, Any]) -> None:
    for key in ("priority", "name"):
        values = [rule[key] for rule in acl["rules"]]
        assert len(set(values)) == len(values)


def test_no_key_and_no_prompt_is_in_the_log_or_in_samples(recorder: Recorder, acl: Mapping[str, Any]) -> None:
    protected = {each["field"]["fieldType"]: each for each in acl["dataProtectionConfig"]["dataProtections"]}
    assert protected["BODY"]["excludeRuleMatchDetails"] is False
    assert "authorization" in protected["SINGLE_HEADER"]["field"]["fieldKeys"]
    redacted = recorder.one("WebAclLoggingConfiguration")["redactedFields"]
    assert {"singleHeader": {"name": "authorization"}} in redacted
    seen = [acl["visibilityConfig"], *(rule["visibilityConfig"] for rule in acl["rules"])]
    assert not any(each["sampledRequestsEnabled"] for each in seen)


def test_the_log_is_encrypted_kept_long_enough_and_named_as_aws_demands(recorder: Recorder) -> None:
    group = recorder.one("LogGroup")
    assert group["name"].startswith("aws-waf-logs-")
    assert group["kmsKeyId"] == LOG_KEY
    assert group["retentionInDays"] == 400
    policy = recorder.one("LogResourcePolicy")["policyDocument"]
    assert '"aws:SourceAccount": "123456789012"' in policy
    assert '"*"' not in policy


def test_one_inference_path_needs_no_or() -> None:
    acl = made(ground(inference_paths=("/v1/models",))).one("WebAcl")
    assert api_faults("CreateWebACL", call(acl)) == []
    assert judged(acl, "/v1/models", "GET") == "allow"


DEEPEST = 3
"""Statements within statements that the provider's schema of a web ACL has."""


def test_no_statement_lies_deeper_than_the_provider_takes(acl: Mapping[str, Any]) -> None:
    assert max(depth(rule["statement"]) for rule in acl["rules"]) <= DEEPEST


def depth(statement: Mapping[str, Any]) -> int:
    ((kind, says),) = statement.items()
    if kind not in ("andStatement", "orStatement", "notStatement"):
        return 0
    return 1 + max(depth(each) for each in says.get("statements") or [says["statement"]])


def test_no_statement_joins_fewer_than_two(acl: Mapping[str, Any]) -> None:
    for joined in itertools.chain(found(acl, "orStatement"), found(acl, "andStatement")):
        assert len(joined["statements"]) >= 2


def found(value: Any, name: str) -> list[Any]:
    if isinstance(value, list):
        return [hit for each in value for hit in found(each, name)]
    if not isinstance(value, Mapping):
        return []
    own = [value[name]] if name in value else []
    return own + [hit for each in value.values() for hit in found(each, name)]


def test_paths_are_told_apart() -> None:
    assert paths(ENTRY).plain == ("/v1/models",)
    assert "/v1/models" not in paths(ENTRY).prompts
