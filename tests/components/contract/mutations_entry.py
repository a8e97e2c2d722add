"""Mistakes at the front door: TLS, what stands behind it, and the WAF."""

from tests.components.contract.mutation import LOGGED_ENTRIES, LOGS_KEPT, OURS, PROTECTED, Mutation

ASKED = "entries are those asked for"
ATTACKS = "attacks outside of prompts are blocked"
BACKEND = "gateways are spoken to by https"
CERTIFICATE = "certificates carry the territorys names"
CLOSED_PATHS = "no other path is open"
PLACE = "tls ends in the region"
PROBE = "probes pass by their exact path"
PROMPTS = "prompts pass whatever they hold"
RATE = "one address cannot ask without end"
TLS = "clients speak the newest tls alone"
WAF = "every entry has its waf"

_EDGE = '\n    aws.globalaccelerator.Accelerator(f"{name}-edge", opts=opts)'
_LOG = "log = waf_log(name, spec, acl, log_key, opts)"

ENTRY_MUTATIONS = (
    Mutation("entry", 'protocol="HTTPS",\n        ssl_policy', 'protocol="HTTP",\n        ssl_policy', TLS),
    Mutation("entry", '"ELBSecurityPolicy-TLS13-1-3-PQ-2025-09"', '"ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"', TLS),
    Mutation("entry", '"ELBSecurityPolicy-TLS13-1-3-PQ-2025-09"', '"ELBSecurityPolicy-FS-1-2-Res-2020-10"', TLS),
    Mutation("entry", "ssl_policy=TLS_POLICY,", "", TLS),
    Mutation("entry", 'port=HTTPS,\n        protocol="HTTPS"', 'port=8443,\n        protocol="HTTPS"', TLS),
    Mutation("entry", _LOG, _LOG + _EDGE, PLACE),
    Mutation("region", "region=spec.location", 'region="us-east-2"', PLACE),
    Mutation("entry", "certificate_arn=certificate_arn,", "certificate_arn=None,", CERTIFICATE),
    Mutation("certificate", "list(entry.names[1:])", "[*entry.names[1:], entry.zone]", CERTIFICATE),
    Mutation("certificate", "domain_name=entry.names[0]", 'domain_name=f"*.{entry.zone}"', CERTIFICATE),
    Mutation("certificate", "= issued.certificate_arn", "= asked.arn", CERTIFICATE),
    Mutation(
        "entry", 'protocol="HTTPS",\n        protocol_version', 'protocol="HTTP",\n        protocol_version', BACKEND
    ),
    Mutation("entry", 'protocol="HTTPS",\n            port=', 'protocol="HTTP",\n            port=', BACKEND),
    Mutation(
        "entry",
        'port=spec.entry.gateway_port,\n        protocol="HTTPS"',
        'port=80,\n        protocol="HTTPS"',
        BACKEND,
    ),
    Mutation("entry", "path=spec.entry.probe_path", 'path="/healthz"', BACKEND),
    Mutation("pools", 'in made if pool.role == "gateway"', 'in made if pool.role == "system"', BACKEND),
    Mutation("entry", "resource_arn=balancer.arn", "resource_arn=acl.arn", WAF),
    Mutation("entry", "enable_waf_fail_open=False", "enable_waf_fail_open=True", WAF),
    Mutation("entry", "depends_on=[guard, log, *rules]", "depends_on=[log, *rules]", WAF),
    Mutation("entry", "depends_on=[guard, log, *rules]", "depends_on=[guard, *rules]", WAF),
    Mutation("entry", "drop_invalid_header_fields=True", "drop_invalid_header_fields=False", WAF),
    Mutation("entry", '"strictest"', '"monitor"', WAF),
    Mutation("entry", "enable_deletion_protection=spec.protect", "enable_deletion_protection=False", PROTECTED),
    Mutation(
        "entry",
        "idle_timeout=spec.entry.idle_timeout_seconds",
        "idle_timeout=60",
        "streams may be silent as long as asked",
    ),
    Mutation("entry", 'internal=shown == "private"', "internal=False", ASKED, "private"),
    Mutation(
        "entry",
        'spec.network.cidr if shown == "private" else EVERYWHERE',
        "EVERYWHERE",
        ASKED,
        "private",
    ),
    Mutation("entry", "internal=True", "internal=False", ASKED, "both"),
    Mutation("entry", "clients=spec.network.cidr,\n    )", "clients=EVERYWHERE,\n    )", ASKED, "both"),
    Mutation("entry", 'shown != "both" or', 'shown == "both" or', ASKED, "both"),
    Mutation("entry", "guard=network.inner_security_group_id", "guard=network.entry_security_group_id", ASKED, "both"),
    Mutation("waf", "WebAclRuleOverrideActionArgs(none=_NONE)", '{"count": {}}', ATTACKS),
    Mutation("waf", '_managed(40, "common", COMMON),', "", ATTACKS),
    Mutation("waf", '_managed(50, "sql", SQL),', "", ATTACKS),
    Mutation("waf", '_managed(30, "known-bad", KNOWN_BAD),', "", ATTACKS),
    Mutation("waf", '_block(60, "bodies"', '_allow(60, "bodies"', ATTACKS),
    Mutation("waf", '_both([_method("POST"), _either([*map(_path, open_to.prompts)])])', "opened", ATTACKS),
    Mutation("waf", "_not(_label(PROMPT_LABEL))", "_label(PROMPT_LABEL)", PROMPTS),
    Mutation("waf", "rule_action_overrides=overrides", "rule_action_overrides=[]", PROMPTS),
    Mutation("waf", '_both([_method("POST"), _either(', '_both([_method("PUT"), _either(', PROMPTS),
    Mutation("waf", "allow=WebAclDefaultActionAllowArgs()", "block={}", PROMPTS),
    Mutation("waf", '_block(10, "rate"', '_labelled(10, "rate"', RATE),
    Mutation("waf", "limit=limit,", "limit=10_000_000,", RATE),
    Mutation("waf", "evaluation_window_sec=RATE_WINDOW_SECONDS", "evaluation_window_sec=60", RATE),
    Mutation("waf", '_both([_path(open_to.probe), _method("GET")])', "_path(open_to.probe)", PROBE),
    Mutation("waf", '_allow(0, "probe"', '_allow(11, "probe"', PROBE),
    Mutation("waf", '"EXACTLY"', '"STARTS_WITH"', PROBE),
    Mutation("waf", '"EXACTLY"', '"CONTAINS"', CLOSED_PATHS),
    Mutation("waf", 'type="NONE"', 'type="LOWERCASE"', CLOSED_PATHS),
    Mutation("waf", 'type="NONE"', 'type="URL_DECODE"', CLOSED_PATHS),
    Mutation("waf", '_block(70, "closed", _not(opened)),', "", CLOSED_PATHS),
    Mutation(
        "entry",
        "AccessLogsArgs(bucket=log_bucket, enabled=True)",
        "AccessLogsArgs(bucket=log_bucket, enabled=False)",
        LOGGED_ENTRIES,
    ),
    Mutation(
        "entry", "connection_logs=LoadBalancerConnectionLogsArgs(bucket=log_bucket, enabled=True),", "", LOGGED_ENTRIES
    ),
    Mutation(
        "waf",
        'f"{name}-waf", sampled_requests_enabled=False',
        'f"{name}-waf", sampled_requests_enabled=True',
        LOGGED_ENTRIES,
    ),
    Mutation("waf", "data_protection_config=_no_bodies(),", "", LOGGED_ENTRIES),
    Mutation("waf", '("BODY", []), ', "", LOGGED_ENTRIES),
    Mutation("waf", "exclude_rule_match_details=False", "exclude_rule_match_details=True", LOGGED_ENTRIES),
    Mutation("waf_logs", "redacted_fields=[*headers, query]", "redacted_fields=[query]", LOGGED_ENTRIES),
    Mutation("waf_logs", "log_destination_configs=[group.arn]", "log_destination_configs=[]", LOGGED_ENTRIES),
    Mutation("waf_logs", "resource_arn=acl.arn", "resource_arn=group.arn", LOGGED_ENTRIES),
    Mutation("waf_logs", "kms_key_id=log_key", "kms_key_id=None", OURS),
    Mutation("waf_logs", "retention(spec.audit.retention_days)", "7", LOGS_KEPT),
)
