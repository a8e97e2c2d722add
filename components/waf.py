"""What a WAF reads of a request and what it must not: one list for every cloud's rules, and for the test engine's.

A prompt may hold SQL, HTML, code, paths and exploits, for that is what people ask models about. So nothing judges the
bodies that are prompts by their content; everything else of such a request, and every other request, is judged.
"""

from dataclasses import dataclass

from components.gateway.behaviour import INFERENCE_PATHS
from components.ground_specs import EntrySpec

COMMON = "AWSManagedRulesCommonRuleSet"
KNOWN_BAD = "AWSManagedRulesKnownBadInputsRuleSet"
SQL = "AWSManagedRulesSQLiRuleSet"


@dataclass(frozen=True)
class AwsRule:
    """A rule of one of AWS's managed groups."""

    group: str
    name: str
    """As in the group, e.g. `SQLi_BODY`."""

    @property
    def label(self) -> str:
        """What the rule puts on a request that it matches, when it only counts."""
        return f"awswaf:managed:aws:{_NAMESPACES[self.group]}:{self.name.removesuffix('_BODY')}_Body"


_NAMESPACES = {COMMON: "core-rule-set", KNOWN_BAD: "known-bad-inputs", SQL: "sql-database"}


@dataclass(frozen=True)
class Exclusion:
    """A kind of rule that does not judge prompts."""

    kind: str
    aws: tuple[AwsRule, ...]
    """Every rule of the groups used that reads bodies, as public repositories and excerpts of the AWS WAF developer
    guide name them (2026-11; the guide's whole page was not read). A test holds that they are all of those known."""
    crs: tuple[str, ...]
    """Tags of the OWASP core rule set 4 that say the same kind of attack; empty where it has no such rule."""


EXCLUSIONS = (
    # The gateway sets the true limit, from the model's context.
    Exclusion("size", (AwsRule(COMMON, "SizeRestrictions_BODY"),), ()),
    Exclusion("local files", (AwsRule(COMMON, "GenericLFI_BODY"),), ("attack-lfi",)),
    Exclusion("remote files", (AwsRule(COMMON, "GenericRFI_BODY"),), ("attack-rfi",)),
    Exclusion("metadata services", (AwsRule(COMMON, "EC2MetaDataSSRF_BODY"),), ("attack-ssrf",)),
    Exclusion("scripts", (AwsRule(COMMON, "CrossSiteScripting_BODY"),), ("attack-xss",)),
    Exclusion("SQL", (AwsRule(SQL, "SQLi_BODY"), AwsRule(SQL, "SQLiExtendedPatterns_BODY")), ("attack-sqli",)),
    # The core rule set tags what is aimed at Java and JavaScript as execution too.
    Exclusion(
        "execution",
        tuple(AwsRule(KNOWN_BAD, f"{what}_BODY") for what in ("Log4JRCE", "JavaDeserializationRCE", "ReactJSRCE")),
        ("attack-rce", "attack-injection-java", "attack-injection-generic"),
    ),
    # AWS reads bodies for these only in groups that are not used here.
    Exclusion("PHP", (), ("attack-injection-php",)),
    Exclusion("protocols", (), ("attack-protocol",)),
)
"""All that is left out, and only for `Paths.prompts`."""


@dataclass(frozen=True)
class Paths:
    """What an entry lets through, all of it exact; every other path is blocked."""

    probe: str
    """GET alone; free of the rate rule, for checkers sit anywhere and ask often."""
    prompts: tuple[str, ...]
    """POST alone has a prompt in its body."""
    plain: tuple[str, ...]
    """Open as well; their bodies are judged like any other."""


def paths(spec: EntrySpec) -> Paths:
    """Return the paths of an entry: its own, and what the gateway answers by GET, such as the list of models."""
    plain = {path.path for path in INFERENCE_PATHS if path.method == "GET"} - set(spec.inference_paths)
    return Paths(probe=spec.probe_path, prompts=tuple(sorted(spec.inference_paths)), plain=tuple(sorted(plain)))
