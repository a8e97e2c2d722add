"""Prompts pass a real WAF that has our exclusions, and attacks do not.

The engine is Coraza with the OWASP core rule set 4 at its default paranoia, told the same paths and exclusions that the
WAF on AWS is made of. It is not AWS's: AWS publishes neither its engine nor the patterns of its managed rules, so this
shows that the list of exclusions covers what rule sets of this kind read in bodies, and that what is left still
blocks; not that AWS's own rules judge a given request alike. AWS reads the first 8 KB of a body; this engine all of it.
"""

import os
from pathlib import Path

import pytest

from components.waf import EXCLUSIONS, paths
from rehearsal.engine.errors import EngineError
from rehearsal.waf.building import ensure
from rehearsal.waf.judging import Request, Verdict, judge
from tests.components.aws_entry import ENTRY
from tests.rehearsal.waf.corpus import LONG_PROMPT_BYTES, PROMPTS, attacks, chat, prompts
from tests.rehearsal.waf.seclang import directives

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]
"""The first build alone takes about a minute."""

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def waf() -> Path:
    try:
        return ensure(ROOT, progress=print, env=os.environ)
    except EngineError as error:
        if error.what.startswith("There is no `go`"):
            pytest.skip(f"{error.what} The WAF is built from Go modules.")
        raise


def verdicts(waf: Path, requests: list[Request], left_out: str | None = None) -> tuple[Verdict, ...]:
    exclusions = [each for each in EXCLUSIONS if each.kind != left_out]
    return judge(waf, directives(paths(ENTRY), exclusions), requests)


def test_200_prompts_with_code_sql_html_addresses_and_paths_pass(waf: Path) -> None:
    asked = prompts()
    assert len({request.body for request in asked}) == PROMPTS
    assert max(len(request.body) for request in asked) > LONG_PROMPT_BYTES
    judged = verdicts(waf, asked)
    blocked = [
        (request.body[:200], verdict.rules) for request, verdict in zip(asked, judged, strict=True) if verdict.blocked
    ]
    assert blocked == []


def test_without_the_exclusions_most_of_them_would_be_blocked(waf: Path) -> None:
    judged = judge(waf, directives(paths(ENTRY), ()), prompts())
    blocked = sum(verdict.blocked for verdict in judged)
    print(f"without the exclusions {blocked} of {PROMPTS} prompts would be blocked")
    assert blocked > PROMPTS / 2


@pytest.mark.parametrize("kind", [each.kind for each in EXCLUSIONS])
def test_every_exclusion_is_needed_by_some_prompt(waf: Path, kind: str) -> None:
    assert any(verdict.blocked for verdict in verdicts(waf, prompts(), left_out=kind))


def test_a_plain_prompt_needs_no_exclusion(waf: Path) -> None:
    [verdict] = judge(waf, directives(paths(ENTRY), ()), [chat(["What is the capital of Sweden?"])])
    assert not verdict.blocked


def test_20_attacks_on_other_paths_queries_headers_and_bodies_are_blocked(waf: Path) -> None:
    named = list(attacks())
    assert len(named) == 20
    judged = verdicts(waf, [request for _, request in named])
    assert [name for (name, _), verdict in zip(named, judged, strict=True) if not verdict.blocked] == []


def test_the_open_paths_and_the_probe_answer_honest_requests(waf: Path) -> None:
    headers = prompts()[0].headers[:4]
    asked = [Request("GET", path, headers) for path in ("/v1/models", "/-/ready")]
    assert [verdict.blocked for verdict in verdicts(waf, asked)] == [False, False]


def test_a_rule_set_that_cannot_be_read_is_told(waf: Path) -> None:
    with pytest.raises(RuntimeError, match="the WAF ended with 1"):
        judge(waf, 'SecRule NOSUCH "@rx x" "id:1"', [])
