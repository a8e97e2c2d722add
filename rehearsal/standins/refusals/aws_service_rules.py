"""What AWS's other services refuse in one resource that their models do not say; sources: their API references."""

import json
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address

from rehearsal.standins.refusals.rules import (
    Inputs,
    Rule,
    among,
    at_least,
    between,
    cidr,
    distinct,
    excludes,
    just_one,
    matching,
    needs,
    ordered,
    present,
)
from rehearsal.standins.refusals.values import UNKNOWN, Hidden, Problem, at, known, shown, text_at

_RETENTION = (
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
_BUCKET = r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*\.\.)(?!(\d{1,3}\.){3}\d{1,3}$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_BUCKET_ADVICE = "3 to 63 lower-case letters, digits, '.' and '-', beginning and ending with a letter or digit"
_POLICIES = (
    "weightedRoutingPolicies", "latencyRoutingPolicies", "failoverRoutingPolicies", "geolocationRoutingPolicies",
    "geoproximityRoutingPolicy", "multivalueAnswerRoutingPolicy", "cidrRoutingPolicy",
)  # fmt: skip
_R53, _WAF, _SQS = "InvalidChangeBatch", "WAFInvalidParameterException", "InvalidAttributeValue"


def _json(path: str, code: str) -> Rule:
    """Refuse a text that is not JSON."""

    def rule(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
        for where, value in text_at(inputs, path):
            try:
                json.loads(value)
            except ValueError as error:
                why = "" if isinstance(value, Hidden) else f" ({error})"
                yield Problem(where, f"{code}: not JSON{why}: write it by json.dumps")

    return rule


def _answers(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    """Refuse values of a record that its type cannot have."""
    kinds = {"A": IPv4Address, "AAAA": IPv6Address}
    kind = kinds.get(str(inputs.get("type")))
    for where, value in text_at(inputs, "records") if kind else ():
        try:
            fits = isinstance(ip_address(value), kind) if kind else True
        except ValueError:
            fits = False
        if not fits:
            yield Problem(
                where,
                f"{_R53}: ARRDATAIllegalIPv4Address: {shown(value)} is no value of {inputs['type']}: write an address",
            )
    records = inputs.get("records")
    if inputs.get("type") == "CNAME" and isinstance(records, list) and len(records) > 1:
        yield Problem("records", f"{_R53}: a CNAME has one value: write one, or several records with a routing policy")


def _routing(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    said = [name for name in _POLICIES if present(inputs, name) and inputs.get(name) is not False]
    if said and not present(inputs, "setIdentifier"):
        yield Problem("setIdentifier", f"InvalidInput: missing: {said[0]} needs it: write a name unique for this name")
    if not said and present(inputs, "setIdentifier"):
        yield Problem("setIdentifier", "InvalidInput: there is no routing policy: write one or leave setIdentifier out")
    if len(said) > 1:
        yield Problem(said[1], f"InvalidInput: stands beside {said[0]}: write one routing policy a record")
    if present(inputs, "aliases") and present(inputs, "ttl"):
        yield Problem("ttl", "InvalidInput: an alias takes the time of its target: leave ttl out")
    if present(inputs, "records") and not present(inputs, "ttl"):
        yield Problem("ttl", "InvalidInput: missing: values need a time to live: write ttl")


def _waf_rules(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    for where, rule in at(inputs, "rules"):
        statement = rule.get("statement") if isinstance(rule, Mapping) else None
        if not isinstance(statement, Mapping):
            continue
        group = "managedRuleGroupStatement" in statement or "ruleGroupReferenceStatement" in statement
        wanted, other = ("overrideAction", "action") if group else ("action", "overrideAction")
        if rule.get(wanted) is None:
            what = "a rule group" if group else "a rule of its own"
            yield Problem(f"{where}.{wanted}", f"{_WAF}: missing: {what} needs it: write {wanted}")
        if rule.get(other) is not None:
            yield Problem(f"{where}.{other}", f"{_WAF}: not allowed here: write {wanted} instead")
        if len([one for one in statement.values() if one is not None]) != 1:
            yield Problem(f"{where}.statement", f"{_WAF}: a rule has one statement: join them in andStatement")


def _waf_scope(inputs: Inputs, provider: Inputs) -> Iterator[Problem]:
    region = inputs.get("region") or provider.get("region")
    if inputs.get("scope") == "CLOUDFRONT" and known(region) and region != "us-east-1":
        yield Problem("scope", f"{_WAF}: CLOUDFRONT is kept in us-east-1, not {region}: write REGIONAL")


def _keys_of_table(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    indexes = ("globalSecondaryIndexes", "localSecondaryIndexes")
    said = [inputs.get(name) for name in ("attributes", "hashKey", "rangeKey", *indexes)]
    if not isinstance(said[0], list) or UNKNOWN in str(said):
        return
    attributes = {one for _, one in text_at(inputs, "attributes.name")}
    paths = ["hashKey", "rangeKey", *(f"{index}.{key}" for index in indexes for key in ("hashKey", "rangeKey"))]
    keys = [(where, key) for path in paths for where, key in text_at(inputs, path)]
    for where, key in keys:
        if key not in attributes:
            yield Problem(where, f"ValidationException: no such attribute: write {shown(key)} into attributes too")
            return
    for name in sorted(attributes - {key for _, key in keys}):
        if not any(present(inputs, index) for index in indexes):
            why = f"Number of parameters do not match: '{name}' is no key"
            yield Problem("attributes", f"ValidationException: {why}: leave it out")


def _validated(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    own = present(inputs, "domainName") and not present(inputs, "certificateAuthorityArn")
    if own and not present(inputs, "validationMethod"):
        yield Problem("validationMethod", "ValidationException: missing: a domain is validated: write 'DNS'")


_RECORD_RULES = (
    just_one("InvalidInput", "records", "aliases"),
    _routing,
    _answers,
    between("ttl", 0, 2147483647, "InvalidInput"),
    between("weightedRoutingPolicies.weight", 0, 255, "InvalidInput"),
    just_one(
        "InvalidInput",
        "geoproximityRoutingPolicy.awsRegion",
        "geoproximityRoutingPolicy.coordinates",
        "geoproximityRoutingPolicy.localZoneGroup",
        or_none=True,
    ),
)
_HEALTH_RULES = (
    among("requestInterval", (10, 30), "InvalidInput"),
    *(
        needs("type", (kind,), "searchString", "InvalidInput", "the answer's body is searched")
        for kind in ("HTTP_STR_MATCH", "HTTPS_STR_MATCH")
    ),
    excludes("type", ("HTTP", "HTTPS", "TCP"), "searchString", "InvalidInput", "only *_STR_MATCH searches"),
    excludes("type", ("TCP",), "resourcePath", "InvalidInput", "TCP has no path"),
    needs("type", ("CALCULATED",), "childHealthchecks", "InvalidInput", "it counts others"),
)
_BUCKET_NAME = matching("bucket", _BUCKET, "InvalidBucketName", _BUCKET_ADVICE)

RULES: Mapping[str, tuple[Rule, ...]] = {
    "aws:kms/key:Key": (
        between("deletionWindowInDays", 7, 30, "ValidationException"),
        between("rotationPeriodInDays", 90, 2560, "ValidationException"),
        excludes("enableKeyRotation", (False,), "rotationPeriodInDays", "ValidationException", "rotation is off"),
        excludes(
            "customerMasterKeySpec",
            ("RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "HMAC_256"),
            "rotationPeriodInDays",
            "UnsupportedOperationException",
            "only symmetric keys rotate",
        ),
    ),
    "aws:kms/alias:Alias": (
        matching("name", r"alias/(?!aws/)[a-zA-Z0-9/_-]{1,250}", "InvalidAliasNameException",
                 "'alias/…', not 'alias/aws/…'"),
    ),
    "aws:cloudwatch/logGroup:LogGroup": (among("retentionInDays", _RETENTION, "InvalidParameterException"),),
    "aws:s3/bucket:Bucket": (_BUCKET_NAME,),
    "aws:s3/bucketPolicy:BucketPolicy": (_BUCKET_NAME,),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        excludes(
            "rules.applyServerSideEncryptionByDefault.sseAlgorithm", ("AES256",),
            "rules.applyServerSideEncryptionByDefault.kmsMasterKeyId", "InvalidArgument", "AES256 has no key",
        ),
    ),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": (
        just_one("MalformedXML", "rule.defaultRetention.days", "rule.defaultRetention.years"),
        between("rule.defaultRetention.days", 1, 36500, "InvalidArgument"),
        between("rule.defaultRetention.years", 1, 100, "InvalidArgument"),
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        distinct("rules.id", "InvalidArgument", "rule"),
        between("rules.expiration.days", 1, 2147483647, "InvalidArgument", or_zero=True),
        between("rules.noncurrentVersionExpiration.noncurrentDays", 1, 2147483647, "InvalidArgument"),
    ),
    "aws:cloudtrail/trail:Trail": (
        matching("name", r"[a-zA-Z0-9](?!.*[._-]{2})[a-zA-Z0-9._-]{1,126}[a-zA-Z0-9]", "InvalidTrailNameException",
                 "3 to 128 letters, digits, '.', '_', '-', none of them twice in a row"),
        matching("cloudWatchLogsGroupArn", r"arn:.*:\*", "InvalidCloudWatchLogsLogGroupArnException",
                 "the ARN with ':*' at its end"),
        needs("cloudWatchLogsGroupArn", None, "cloudWatchLogsRoleArn", "InvalidCloudWatchLogsRoleArnException",
              "the group is written by a role"),
        just_one("InvalidEventSelectorsException", "eventSelectors", "advancedEventSelectors", or_none=True),
    ),
    "aws:route53/record:Record": _RECORD_RULES,
    "aws:route53/healthCheck:HealthCheck": _HEALTH_RULES,
    "aws:acm/certificate:Certificate": (
        matching("domainName", r"(\*\.)?([a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z0-9-]{2,63}\.?",
                 "ValidationException", "a domain's name such as 'eu.example.com'"),
        _validated,
    ),
    "aws:wafv2/webAcl:WebAcl": (
        _waf_scope,
        _waf_rules,
        just_one(_WAF, "defaultAction.allow", "defaultAction.block", or_none=True),
        distinct("rules.priority", "WAFInvalidParameterException", "priority"),
        distinct("rules.name", "WAFInvalidParameterException", "name"),
        between("rules.statement.rateBasedStatement.limit", 10, 2000000000, _WAF),
        among("rules.statement.rateBasedStatement.evaluationWindowSec", (60, 120, 300, 600), _WAF),
    ),
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": (
        matching("logDestinationConfigs", r"arn:.*[:/]aws-waf-logs-.*", "WAFLogDestinationPermissionIssueException",
                 "a destination whose name begins with 'aws-waf-logs-'"),
    ),
    "aws:wafv2/ipSet:IpSet": (_waf_scope, cidr("addresses", _WAF, 1)),
    "aws:secretsmanager/secret:Secret": (
        matching("name", r"[a-zA-Z0-9/_+=.@-]{1,512}", "ValidationException", "letters, digits and /_+=.@-"),
        between("recoveryWindowInDays", 7, 30, "InvalidParameterException", or_zero=True),
    ),
    "aws:sqs/queue:Queue": (
        matching("name", r"[a-zA-Z0-9_-]{1,80}|[a-zA-Z0-9_-]{1,75}\.fifo", "InvalidParameterValue",
                 "up to 80 of letters, digits, '-', '_'"),
        between("delaySeconds", 0, 900, _SQS),
        between("maxMessageSize", 1024, 1048576, _SQS),
        between("messageRetentionSeconds", 60, 1209600, _SQS),
        between("receiveWaitTimeSeconds", 0, 20, _SQS),
        between("visibilityTimeoutSeconds", 0, 43200, _SQS),
        between("kmsDataKeyReusePeriodSeconds", 60, 86400, _SQS),
        _json("redrivePolicy", _SQS),
        excludes("kmsMasterKeyId", None, "sqsManagedSseEnabled", _SQS, "the queue has a key already"),
    ),
    "aws:sns/topic:Topic": (
        matching("name", r"[a-zA-Z0-9_-]{1,256}|[a-zA-Z0-9_-]{1,251}\.fifo", "InvalidParameter",
                 "up to 256 of letters, digits, '-', '_'"),
    ),
    "aws:eks/addon:Addon": (_json("configurationValues", "InvalidParameterException"),),
    "aws:cloudwatch/eventRule:EventRule": (
        _json("eventPattern", "InvalidEventPatternException"),
        matching("scheduleExpression", r"(rate|cron)\(.+\)", "ValidationException", "'rate(…)' or 'cron(…)'"),
    ),
    "aws:dynamodb/table:Table": (
        _keys_of_table,
        *(
            needs("billingMode", ("PROVISIONED", None), name, "ValidationException", "provisioned tables have one")
            for name in ("readCapacity", "writeCapacity")
        ),
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": (
        matching("url", r"https://\S+", "InvalidInput", "a URL that begins with https://"),
        at_least("clientIdLists", 1, "InvalidInput", "tokens are made for someone"),
    ),
    "aws:autoscaling/group:Group": (
        ordered("minSize", "maxSize", "ValidationError"),
        ordered("desiredCapacity", "maxSize", "ValidationError"),
    ),
}  # fmt: skip
"""Rules of one resource by its type."""
