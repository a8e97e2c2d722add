"""The WAF of an entry: what `components.waf` says, in rules of AWS WAF.

| rule | what it does |
|---|---|
| 0 `probe` | allows GET of the probe path, before the rate is counted |
| 10 `rate` | blocks a client address above its rate |
| 15 `prompt` | labels POST of an exact inference path: its body is a prompt |
| 20 `reputation` | AWS's list of addresses with a bad name |
| 30 `known-bad`, 40 `common`, 50 `sql` | AWS's groups: headers, paths, queries and cookies block, on every path; rules that read bodies count, and leave a label |
| 60 `bodies` | blocks what such a label says, unless the request has the label of a prompt |
| 70 `closed` | blocks every path that is not open |

What is left is allowed. No rule of ours reads a body, so what lies beyond the 8 KB that AWS WAF reads of a body behind
a load balancer decides nothing (AWS's own rules judge what they read and go on). Anonymous-address lists are left out:
clients of an inference service sit in clouds and behind VPNs, and every request needs a key anyway.

The groups' versions are not pinned: AWS moves them. A body rule that AWS adds blocks prompts that match it until it is
in `components.waf.EXCLUSIONS`; it shows as a rise of what rules 30 to 50 block.
"""  # noqa: E501 a table's row is one line

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws
from pulumi_aws.wafv2 import (
    WebAclDataProtectionConfigArgs,
    WebAclDataProtectionConfigDataProtectionArgs,
    WebAclDataProtectionConfigDataProtectionFieldArgs,
    WebAclDefaultActionAllowArgs,
    WebAclDefaultActionArgs,
    WebAclRuleActionAllowArgs,
    WebAclRuleActionArgs,
    WebAclRuleActionBlockArgs,
    WebAclRuleActionCountArgs,
    WebAclRuleArgs,
    WebAclRuleOverrideActionArgs,
    WebAclRuleOverrideActionNoneArgs,
    WebAclRuleRuleLabelArgs,
    WebAclRuleStatementAndStatementArgs,
    WebAclRuleStatementArgs,
    WebAclRuleStatementByteMatchStatementArgs,
    WebAclRuleStatementByteMatchStatementFieldToMatchArgs,
    WebAclRuleStatementByteMatchStatementFieldToMatchMethodArgs,
    WebAclRuleStatementByteMatchStatementFieldToMatchUriPathArgs,
    WebAclRuleStatementByteMatchStatementTextTransformationArgs,
    WebAclRuleStatementLabelMatchStatementArgs,
    WebAclRuleStatementManagedRuleGroupStatementArgs,
    WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseArgs,
    WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseCountArgs,
    WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs,
    WebAclRuleStatementNotStatementArgs,
    WebAclRuleStatementOrStatementArgs,
    WebAclRuleStatementRateBasedStatementArgs,
    WebAclRuleVisibilityConfigArgs,
    WebAclVisibilityConfigArgs,
)

from components.ground_specs import EntrySpec
from components.waf import COMMON, EXCLUSIONS, KNOWN_BAD, SQL, paths

REPUTATION = "AWSManagedRulesAmazonIpReputationList"
RATE_WINDOW_SECONDS = 300
PROMPT = "prompt"
PROMPT_LABEL = "meridian:prompt"
"""A rule of its own, for the provider takes statements within statements three deep and no deeper."""

_COUNT = WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseArgs(
    count=WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseCountArgs()
)

# The SDK gives no types to arguments without fields.
_NONE = WebAclRuleOverrideActionNoneArgs()
_METHOD = WebAclRuleStatementByteMatchStatementFieldToMatchMethodArgs()
_URI_PATH = WebAclRuleStatementByteMatchStatementFieldToMatchUriPathArgs()


def web_acl(name: str, entry: EntrySpec, tags: Mapping[str, str], opts: pulumi.ResourceOptions) -> aws.wafv2.WebAcl:
    """Make the rules; nothing is guarded until they are associated with a load balancer."""
    return aws.wafv2.WebAcl(
        f"{name}-waf",
        scope="REGIONAL",
        default_action=WebAclDefaultActionArgs(allow=WebAclDefaultActionAllowArgs()),
        rules=rules(entry),
        data_protection_config=_no_bodies(),
        visibility_config=WebAclVisibilityConfigArgs(
            cloudwatch_metrics_enabled=True, metric_name=f"{name}-waf", sampled_requests_enabled=False
        ),
        tags=tags,
        opts=opts,
    )


def rules(entry: EntrySpec) -> list[WebAclRuleArgs]:
    """Return the rules in the order of this module's table."""
    open_to = paths(entry)
    opened = _either([*map(_path, (*open_to.prompts, *open_to.plain))])
    return [
        _allow(0, "probe", _both([_path(open_to.probe), _method("GET")])),
        _block(10, "rate", _rate(entry.requests_per_five_minutes)),
        _labelled(15, PROMPT, _both([_method("POST"), _either([*map(_path, open_to.prompts)])])),
        _managed(20, "reputation", REPUTATION),
        _managed(30, "known-bad", KNOWN_BAD),
        _managed(40, "common", COMMON),
        _managed(50, "sql", SQL),
        _block(60, "bodies", _both([_attack_in_body(), _not(_label(PROMPT_LABEL))])),
        _block(70, "closed", _not(opened)),
    ]


def _attack_in_body() -> WebAclRuleStatementArgs:
    return _either([_label(rule.label) for exclusion in EXCLUSIONS for rule in exclusion.aws])


def _label(key: str) -> WebAclRuleStatementArgs:
    match = WebAclRuleStatementLabelMatchStatementArgs(scope="LABEL", key=key)
    return WebAclRuleStatementArgs(label_match_statement=match)


def _managed(priority: int, name: str, group: str) -> WebAclRuleArgs:
    counted = [rule.name for exclusion in EXCLUSIONS for rule in exclusion.aws if rule.group == group]
    overrides = [
        WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs(name=rule, action_to_use=_COUNT)
        for rule in counted
    ]
    statement = WebAclRuleStatementManagedRuleGroupStatementArgs(
        vendor_name="AWS", name=group, rule_action_overrides=overrides
    )
    return WebAclRuleArgs(
        name=name,
        priority=priority,
        statement=WebAclRuleStatementArgs(managed_rule_group_statement=statement),
        # "none" leaves every rule of the group its own action; "count" would switch the whole group off.
        override_action=WebAclRuleOverrideActionArgs(none=_NONE),
        visibility_config=_visibility(name),
    )


def _allow(priority: int, name: str, statement: WebAclRuleStatementArgs) -> WebAclRuleArgs:
    action = WebAclRuleActionArgs(allow=WebAclRuleActionAllowArgs())
    return _rule(priority, name, statement, action)


def _block(priority: int, name: str, statement: WebAclRuleStatementArgs) -> WebAclRuleArgs:
    action = WebAclRuleActionArgs(block=WebAclRuleActionBlockArgs())
    return _rule(priority, name, statement, action)


def _labelled(priority: int, name: str, statement: WebAclRuleStatementArgs) -> WebAclRuleArgs:
    """Put the label of a prompt on what matches, and go on."""
    return WebAclRuleArgs(
        name=name,
        priority=priority,
        statement=statement,
        action=WebAclRuleActionArgs(count=WebAclRuleActionCountArgs()),
        rule_labels=[WebAclRuleRuleLabelArgs(name=PROMPT_LABEL)],
        visibility_config=_visibility(name),
    )


def _rule(priority: int, name: str, statement: WebAclRuleStatementArgs, action: WebAclRuleActionArgs) -> WebAclRuleArgs:
    return WebAclRuleArgs(
        name=name, priority=priority, statement=statement, action=action, visibility_config=_visibility(name)
    )


def _visibility(name: str) -> WebAclRuleVisibilityConfigArgs:
    # Samples hold headers, keys among them, for everybody who may look at the console.
    return WebAclRuleVisibilityConfigArgs(
        cloudwatch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )


def _rate(limit: int) -> WebAclRuleStatementArgs:
    return WebAclRuleStatementArgs(
        rate_based_statement=WebAclRuleStatementRateBasedStatementArgs(
            limit=limit, aggregate_key_type="IP", evaluation_window_sec=RATE_WINDOW_SECONDS
        )
    )


def _path(path: str) -> WebAclRuleStatementArgs:
    """Match the path as it was sent: no decoding, so that no other spelling of it is let through."""
    field = WebAclRuleStatementByteMatchStatementFieldToMatchArgs(uri_path=_URI_PATH)
    return _exactly(path, field)


def _method(method: str) -> WebAclRuleStatementArgs:
    field = WebAclRuleStatementByteMatchStatementFieldToMatchArgs(method=_METHOD)
    return _exactly(method, field)


def _exactly(value: str, field: WebAclRuleStatementByteMatchStatementFieldToMatchArgs) -> WebAclRuleStatementArgs:
    plain = WebAclRuleStatementByteMatchStatementTextTransformationArgs(priority=0, type="NONE")
    return WebAclRuleStatementArgs(
        byte_match_statement=WebAclRuleStatementByteMatchStatementArgs(
            positional_constraint="EXACTLY", search_string=value, field_to_match=field, text_transformations=[plain]
        )
    )


def _not(statement: WebAclRuleStatementArgs) -> WebAclRuleStatementArgs:
    return WebAclRuleStatementArgs(not_statement=WebAclRuleStatementNotStatementArgs(statement=statement))


def _both(statements: Sequence[WebAclRuleStatementArgs]) -> WebAclRuleStatementArgs:
    return WebAclRuleStatementArgs(and_statement=WebAclRuleStatementAndStatementArgs(statements=statements))


def _either(statements: Sequence[WebAclRuleStatementArgs]) -> WebAclRuleStatementArgs:
    """Match any of them; AWS refuses an `or` of one."""
    if len(statements) == 1:
        return statements[0]
    return WebAclRuleStatementArgs(or_statement=WebAclRuleStatementOrStatementArgs(statements=statements))


def _no_bodies() -> WebAclDataProtectionConfigArgs:
    """Keep prompts and keys out of logs: what a rule matched of a body would be told in them otherwise."""
    secret = [("BODY", []), ("QUERY_STRING", []), ("SINGLE_HEADER", ["authorization", "x-api-key", "cookie"])]
    return WebAclDataProtectionConfigArgs(
        data_protections=[
            WebAclDataProtectionConfigDataProtectionArgs(
                action="SUBSTITUTION",
                field=WebAclDataProtectionConfigDataProtectionFieldArgs(field_type=kind, field_keys=keys or None),
                exclude_rule_match_details=False,
                exclude_rate_based_details=False,
            )
            for kind, keys in secret
        ]
    )
