"""Two judges of WAF rules: AWS's own model of its API, and a reading of the rules' meaning."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.session import get_session
from botocore.validate import ParamValidator

from components.waf import COMMON, KNOWN_BAD, SQL


def _words(text: str) -> list[str]:
    return text.split()


GROUPS = {
    COMMON: _words(
        "NoUserAgent_HEADER UserAgent_BadBots_HEADER SizeRestrictions_QUERYSTRING SizeRestrictions_Cookie_HEADER "
        "SizeRestrictions_BODY SizeRestrictions_URIPATH EC2MetaDataSSRF_BODY EC2MetaDataSSRF_COOKIE "
        "EC2MetaDataSSRF_URIPATH EC2MetaDataSSRF_QUERYARGUMENTS GenericLFI_QUERYARGUMENTS GenericLFI_URIPATH "
        "GenericLFI_BODY RestrictedExtensions_URIPATH RestrictedExtensions_QUERYARGUMENTS GenericRFI_QUERYARGUMENTS "
        "GenericRFI_BODY GenericRFI_URIPATH CrossSiteScripting_COOKIE CrossSiteScripting_QUERYARGUMENTS "
        "CrossSiteScripting_BODY CrossSiteScripting_URIPATH"
    ),
    KNOWN_BAD: _words(
        "JavaDeserializationRCE_HEADER JavaDeserializationRCE_BODY JavaDeserializationRCE_URIPATH "
        "JavaDeserializationRCE_QUERYSTRING Host_localhost_HEADER PROPFIND_METHOD ExploitablePaths_URIPATH "
        "Log4JRCE_HEADER Log4JRCE_QUERYSTRING Log4JRCE_BODY Log4JRCE_URIPATH ReactJSRCE_BODY"
    ),
    SQL: _words(
        "SQLi_QUERYARGUMENTS SQLiExtendedPatterns_QUERYARGUMENTS SQLi_BODY SQLiExtendedPatterns_BODY SQLi_COOKIE "
        "SQLi_URIPATH"
    ),
}
"""Rules of AWS's groups, as public repositories and excerpts of the AWS WAF developer guide name them (2026-11)."""
HITS = [(group, rule) for group, rules in GROUPS.items() for rule in rules]
LABELS = {
    "SizeRestrictions_BODY": "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body",
    "EC2MetaDataSSRF_BODY": "awswaf:managed:aws:core-rule-set:EC2MetaDataSSRF_Body",
    "GenericLFI_BODY": "awswaf:managed:aws:core-rule-set:GenericLFI_Body",
    "GenericRFI_BODY": "awswaf:managed:aws:core-rule-set:GenericRFI_Body",
    "CrossSiteScripting_BODY": "awswaf:managed:aws:core-rule-set:CrossSiteScripting_Body",
    "JavaDeserializationRCE_BODY": "awswaf:managed:aws:known-bad-inputs:JavaDeserializationRCE_Body",
    "Log4JRCE_BODY": "awswaf:managed:aws:known-bad-inputs:Log4JRCE_Body",
    "ReactJSRCE_BODY": "awswaf:managed:aws:known-bad-inputs:ReactJSRCE_Body",
    "SQLi_BODY": "awswaf:managed:aws:sql-database:SQLi_Body",
    "SQLiExtendedPatterns_BODY": "awswaf:managed:aws:sql-database:SQLiExtendedPatterns_Body",
}
"""From the same pages; written out, so that a wrong one in the code is found."""


def as_api(value: Any) -> Any:
    """A value as Pulumi sends it, as AWS's API takes it: whole numbers, names with a capital."""
    if isinstance(value, Mapping):
        return {_api_name(name): as_api(each) for name, each in value.items()}
    if isinstance(value, list):
        return [as_api(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _api_name(name: str) -> str:
    return name[0].upper() + name[1:].replace("oudwatchM", "oudWatchM")


def api_faults(operation: str, values: Mapping[str, Any]) -> list[str]:
    """What AWS's published model of WAFv2 says against a call: names, kinds, ranges, and values of closed lists."""
    shape = get_session().get_service_model("wafv2").operation_model(operation).input_shape
    report = ParamValidator().validate(values, shape)
    return [*([report.generate_report()] if report.has_errors() else []), *_enums(values, shape, operation)]


def _enums(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        for name, each in value.items():
            if name in shape.members:
                yield from _enums(each, shape.members[name], f"{path}.{name}")
    elif isinstance(shape, ListShape):
        for each in value:
            yield from _enums(each, shape.member, path)
    elif not isinstance(shape, MapShape) and getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{path}: {value!r} is none of {shape.enum}"


@dataclass(frozen=True)
class Request:
    """A request as far as rules look at it."""

    path: str
    method: str = "POST"
    hits: tuple[tuple[str, str], ...] = ()
    """What AWS's managed groups find in it: group and rule."""
    labels: dict[str, str] = field(default_factory=dict)
    """Label of each of those rules, for the ones that have been counted."""
    above_rate: bool = False


def verdict(acl: Mapping[str, Any], request: Request) -> str:
    """Go through the rules by priority as AWS documents it; return `allow` or `block`, and by which rule."""
    labels: set[str] = set()
    for rule in sorted(acl["rules"], key=lambda each: each["priority"]):
        statement = rule["statement"]
        managed = statement.get("managedRuleGroupStatement")
        if managed is not None:
            if _managed_blocks(managed, request, labels) and rule["overrideAction"] == {"none": {}}:
                return f"block by {rule['name']}"
        elif _matches(statement, request, labels):
            (action,) = rule["action"]
            if action == "count":
                labels |= {label["name"] for label in rule["ruleLabels"]}
                continue
            return f"{action} by {rule['name']}"
    (action,) = acl["defaultAction"]
    return str(action)


def _managed_blocks(managed: Mapping[str, Any], request: Request, labels: set[str]) -> bool:
    counted = {each["name"] for each in managed["ruleActionOverrides"] if each["actionToUse"] == {"count": {}}}
    for group, rule in request.hits:
        if group == managed["name"] and rule in counted:
            labels.add(request.labels[rule])
        elif group == managed["name"]:
            return True
    return False


_TRANSFORMED: Mapping[str, Callable[[str], str]] = {"NONE": str, "LOWERCASE": str.lower, "URL_DECODE": unquote}
_FOUND: Mapping[str, Callable[[str, str], bool]] = {
    "EXACTLY": str.__eq__,
    "STARTS_WITH": str.startswith,
    "ENDS_WITH": str.endswith,
    "CONTAINS": str.__contains__,
}


def _matches(statement: Mapping[str, Any], request: Request, labels: set[str]) -> bool:
    ((kind, says),) = statement.items()
    match kind:
        case "andStatement":
            return all(_matches(each, request, labels) for each in says["statements"])
        case "orStatement":
            return any(_matches(each, request, labels) for each in says["statements"])
        case "notStatement":
            return not _matches(says["statement"], request, labels)
        case "labelMatchStatement":
            return says["key"] in labels
        case "rateBasedStatement":
            return request.above_rate
        case "byteMatchStatement":
            ((name, _),) = says["fieldToMatch"].items()
            value = {"uriPath": request.path, "method": request.method}[name]
            for each in sorted(says["textTransformations"], key=lambda each: each["priority"]):
                value = _TRANSFORMED[each["type"]](value)
            return _FOUND[says["positionalConstraint"]](value, says["searchString"])
    message = f"{kind} is not read here"
    raise NotImplementedError(message)
