"""Reads the entries of a recorded region on AWS. What is absent counts as the provider's default."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.components.aws_waf import HITS, LABELS, Request, verdict
from tests.components.contract.recorder import Registered, World
from tests.components.contract.view_entry import Asked, BackendSeen, EntrySeen, ListenerSeen, WafSeen

EDGES = (
    "aws:cloudfront/distribution:Distribution",
    "aws:globalaccelerator/accelerator:Accelerator",
    "aws:apigateway/domainName:DomainName",
)
"""What ends TLS, or takes connections, all over the world."""
WAF_GROUP = "aws-waf-logs-"


def edges(world: World) -> Iterator[str]:
    """What ends TLS outside of any region."""
    yield from (each.name for each in world.of(*EDGES))


def entries(world: World) -> Iterator[EntrySeen]:
    """The load balancers with all that belongs to them."""
    for balancer in world.of("aws:lb/loadBalancer:LoadBalancer"):
        said = balancer.inputs
        guards = frozenset(said.get("securityGroups", []))
        listeners = [
            each for each in world.of("aws:lb/listener:Listener") if each.inputs["loadBalancerArn"] == _arn(balancer)
        ]
        guard = next(
            (
                each
                for each in world.of("aws:wafv2/webAclAssociation:WebAclAssociation")
                if each.inputs["resourceArn"] == _arn(balancer)
            ),
            None,
        )
        yield EntrySeen(
            name=balancer.name,
            public=not said.get("internal", False),
            clients=tuple(_clients(guards, world)),
            guards=guards,
            listeners=tuple(_listener(each, guard, world) for each in listeners),
            backend=_backend(listeners, world),
            waf=_waf(guard, said, world),
            logged=all(said.get(log, {}).get("enabled", False) for log in ("accessLogs", "connectionLogs")),
            silence_seconds=said.get("idleTimeout", 60),
            strict=said.get("dropInvalidHeaderFields", False)
            and said.get("desyncMitigationMode", "defensive") == "strictest",
            protected=said.get("enableDeletionProtection", False),
        )


def _arn(each: Registered) -> str:
    return f"arn:aws:{each.type.rpartition(':')[2]}:::{each.name}"


def _named(arn: str | None, kind: str, world: World) -> Registered | None:
    return next((each for each in world.of(kind) if _arn(each) == arn), None)


def _clients(guards: frozenset[str], world: World) -> Iterator[str]:
    for rule in world.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"):
        cidr = rule.inputs.get("cidrIpv4") or rule.inputs.get("cidrIpv6")
        if rule.inputs["securityGroupId"] in guards and cidr:
            yield cidr


def _listener(listener: Registered, guard: Registered | None, world: World) -> ListenerSeen:
    said = listener.inputs
    asked = _named(said.get("certificateArn"), "aws:acm/certificate:Certificate", world)
    names = {asked.inputs["domainName"], *asked.inputs.get("subjectAlternativeNames", [])} if asked else set()
    waits = {
        kind: {each.urn for each in world.of(kind)} & listener.depends_on
        for kind in (
            "aws:acm/certificateValidation:CertificateValidation",
            "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
        )
    }
    provider = world.providers.get(listener.provider)
    issued, log = waits.values()
    return ListenerSeen(
        name=listener.name,
        port=said["port"],
        least_tls=_least(said.get("sslPolicy")) if said.get("protocol") == "HTTPS" else None,
        place=said.get("region") or (provider.inputs.get("region", "unsaid") if provider else "unsaid"),
        names=frozenset(names),
        issued=bool(issued),
        guarded=guard is not None and guard.urn in listener.depends_on and bool(log),
    )


def _least(policy: str | None) -> str:
    """The lowest version of a policy by its name; those without one, and no policy, speak 1.0 (`2016-08`)."""
    found = re.match(r"ELBSecurityPolicy-TLS13-1-(\d)-", policy or "") or re.match(
        r"ELBSecurityPolicy-(?:FS-1|TLS-1)-(\d)-", policy or ""
    )
    return f"1.{found.group(1)}" if found else "1.0"


def _backend(listeners: list[Registered], world: World) -> BackendSeen | None:
    targets = {action.get("targetGroupArn") for each in listeners for action in each.inputs["defaultActions"]}
    group = _named(next(iter(targets)), "aws:lb/targetGroup:TargetGroup", world) if len(targets) == 1 else None
    if group is None:
        return None
    pools = {f"eks-{each.name}": each.inputs["labels"] for each in world.of("aws:eks/nodeGroup:NodeGroup")}
    sent = [
        pools.get(each.inputs["autoscalingGroupName"], {}).get("meridian.io/pool", "unknown")
        for each in world.of("aws:autoscaling/attachment:Attachment")
        if each.inputs["lbTargetGroupArn"] == _arn(group)
    ]
    check = group.inputs.get("healthCheck", {})
    return BackendSeen(
        encrypted=group.inputs.get("protocol") == "HTTPS",
        port=group.inputs.get("port"),
        pools=frozenset(sent),
        probe_path=check.get("path", "/"),
        probe_encrypted=check.get("protocol", "HTTP") == "HTTPS",
    )


def _waf(guard: Registered | None, balancer: Mapping[str, Any], world: World) -> WafSeen | None:
    acl = _named(guard.inputs["webAclArn"], "aws:wafv2/webAcl:WebAcl", world) if guard else None
    if acl is None:
        return None
    log = next(
        (
            each
            for each in world.of("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration")
            if each.inputs["resourceArn"] == _arn(acl)
        ),
        None,
    )
    rates = [found for rule in acl.inputs["rules"] if (found := rule["statement"].get("rateBasedStatement"))]
    return WafSeen(
        verdicts=lambda asked: _verdicts(acl.inputs, asked),
        fails_closed=not balancer.get("enableWafFailOpen", False),
        rate=sum(each["limit"] for each in rates if each.get("evaluationWindowSec", 300) == 300) or None,
        logged=log is not None and _goes_to_a_log(log, world),
        told=frozenset(_told(acl.inputs, log)),
    )


def _verdicts(acl: Mapping[str, Any], asked: Asked) -> frozenset[bool]:
    """Each rule of AWS's groups alone stands for one attack."""
    tried: Mapping[str, list[tuple[tuple[str, str], ...]]] = {
        "none": [()],
        "body": [(hit,) for hit in HITS if hit[1].endswith("_BODY")],
        "beside": [(hit,) for hit in HITS if not hit[1].endswith("_BODY")],
    }
    found = (
        verdict(acl, Request(asked.path, asked.method, hits, LABELS, above_rate=asked.above_rate))
        for hits in tried[asked.attack]
    )
    return frozenset(each.startswith("allow") for each in found)


def _goes_to_a_log(log: Registered, world: World) -> bool:
    groups = {_arn(each) for each in world.of("aws:cloudwatch/logGroup:LogGroup") if WAF_GROUP in each.inputs["name"]}
    written = set(log.inputs["logDestinationConfigs"])
    return bool(written) and written <= groups and "loggingFilter" not in log.inputs


def _told(acl: Mapping[str, Any], log: Registered | None) -> Iterator[str]:
    redacted = [
        each.get("singleHeader", {}).get("name") for each in (log.inputs if log else {}).get("redactedFields", [])
    ]
    views = [acl["visibilityConfig"], *(rule["visibilityConfig"] for rule in acl["rules"])]
    sampled = any(each.get("sampledRequestsEnabled", True) for each in views)
    protected = {
        (each["field"]["fieldType"], key)
        for each in acl.get("dataProtectionConfig", {}).get("dataProtections", [])
        if each["action"] == "SUBSTITUTION" and not each.get("excludeRuleMatchDetails", False)
        for key in each["field"].get("fieldKeys") or [""]
    }
    if sampled or "authorization" not in redacted or ("SINGLE_HEADER", "authorization") not in protected:
        yield "keys"
    if ("BODY", "") not in protected:
        yield "prompts"
