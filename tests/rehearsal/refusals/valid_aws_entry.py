"""Entries of a production region on AWS that must pass."""

from typing import Any

from tests.rehearsal.refusals.aws_values import (
    ACL,
    CERTIFICATE,
    GROUP,
    LB,
    LOGS,
    REGION,
    SECURITY,
    SUBNETS,
    TAGS,
    VPC,
)

VISIBLE = {"cloudwatchMetricsEnabled": True, "metricName": "meridian-common", "sampledRequestsEnabled": False}
WAF_RULES = [
    {
        "name": "ready",
        "priority": 0,
        "action": {"allow": {}},
        "statement": {
            "byteMatchStatement": {
                "fieldToMatch": {"uriPath": {}},
                "positionalConstraint": "EXACTLY",
                "searchString": "/-/ready",
                "textTransformations": [{"priority": 0, "type": "NONE"}],
            }
        },
        "visibilityConfig": VISIBLE,
    },
    {
        "name": "common",
        "priority": 10,
        "overrideAction": {"none": {}},
        "statement": {
            "managedRuleGroupStatement": {
                "vendorName": "AWS",
                "name": "AWSManagedRulesCommonRuleSet",
                "ruleActionOverrides": [{"name": "SizeRestrictions_BODY", "actionToUse": {"count": {}}}],
            }
        },
        "visibilityConfig": VISIBLE,
    },
    {
        "name": "rate",
        "priority": 20,
        "action": {"block": {"customResponse": {"responseCode": 429}}},
        "statement": {
            "rateBasedStatement": {"limit": 2000, "aggregateKeyType": "IP", "evaluationWindowSec": 300},
        },
        "visibilityConfig": VISIBLE,
    },
]
HEALTH = {
    "type": "HTTPS_STR_MATCH",
    "fqdn": "aws-eu-north-1.eu.inference.example.com",
    "port": 443,
    "resourcePath": "/-/ready",
    "searchString": "served:ok",
    "enableSni": True,
    "requestInterval": 10,
    "failureThreshold": 2,
    "regions": ["eu-west-1", "us-east-1", "ap-southeast-1"],
}
GEO = {
    "zoneId": "Z0123456789ABCDEFGHIJ",
    "name": "lb.eu.inference.example.com",
    "type": "A",
    "setIdentifier": "aws-eu-north-1",
    "geoproximityRoutingPolicy": {"awsRegion": REGION, "bias": 0},
    "aliases": [
        {
            "name": "meridian-eu-123.eu-north-1.elb.amazonaws.com",
            "zoneId": "Z23TAZ6LKFMNIO",
            "evaluateTargetHealth": True,
        }
    ],
    "healthCheckId": "11111111-2222-3333-4444-555555555555",
}
TARGETS = {
    "name": "meridian-gateway",
    "port": 30443,
    "protocol": "HTTPS",
    "protocolVersion": "HTTP1",
    "targetType": "instance",
    "vpcId": VPC,
    "deregistrationDelay": 120,
    "slowStart": 0,
    "loadBalancingAlgorithmType": "least_outstanding_requests",
    "healthCheck": {
        "enabled": True,
        "path": "/-/ready",
        "protocol": "HTTPS",
        "port": "traffic-port",
        "interval": 10,
        "timeout": 5,
        "healthyThreshold": 2,
        "unhealthyThreshold": 2,
        "matcher": "200",
    },
    "tags": TAGS,
}


ENTRY: list[tuple[str, dict[str, Any]]] = [
    (
        "aws:lb/loadBalancer:LoadBalancer",
        {
            "name": "meridian-eu-north-1",
            "loadBalancerType": "application",
            "internal": False,
            "subnets": SUBNETS,
            "securityGroups": [SECURITY],
            "idleTimeout": 900,
            "dropInvalidHeaderFields": True,
            "desyncMitigationMode": "strictest",
            "enableDeletionProtection": True,
            "enableHttp2": True,
            "accessLogs": {"bucket": "meridian-access-eu-north-1", "enabled": True},
            "tags": TAGS,
        },
    ),
    (
        "aws:lb/listener:Listener",
        {
            "loadBalancerArn": LB,
            "port": 443,
            "protocol": "HTTPS",
            "sslPolicy": "ELBSecurityPolicy-TLS13-1-3-2021-06",
            "certificateArn": CERTIFICATE,
            "defaultActions": [
                {
                    "type": "fixed-response",
                    "fixedResponse": {"contentType": "text/plain", "messageBody": "no", "statusCode": "404"},
                }
            ],
        },
    ),
    (
        "aws:lb/listener:Listener",
        {
            "loadBalancerArn": LB,
            "port": 80,
            "protocol": "HTTP",
            "defaultActions": [
                {"type": "redirect", "redirect": {"port": "443", "protocol": "HTTPS", "statusCode": "HTTP_301"}}
            ],
        },
    ),
    ("aws:lb/targetGroup:TargetGroup", TARGETS),
    (
        "aws:lb/listenerRule:ListenerRule",
        {
            "listenerArn": LB.replace("loadbalancer", "listener") + "/f2f7dc8efc522ab2",
            "priority": 10,
            "actions": [{"type": "forward", "targetGroupArn": GROUP}],
            "conditions": [{"pathPattern": {"values": ["/v1/*", "/-/ready"]}}],
        },
    ),
    (
        "aws:wafv2/webAcl:WebAcl",
        {
            "name": "meridian",
            "scope": "REGIONAL",
            "defaultAction": {"allow": {}},
            "rules": WAF_RULES,
            "visibilityConfig": VISIBLE,
            "tags": TAGS,
        },
    ),
    ("aws:wafv2/webAclAssociation:WebAclAssociation", {"resourceArn": LB, "webAclArn": ACL}),
    (
        "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
        {
            "resourceArn": ACL,
            "logDestinationConfigs": [LOGS],
            "redactedFields": [{"singleHeader": {"name": "authorization"}}],
        },
    ),
    (
        "aws:wafv2/ipSet:IpSet",
        {"name": "offices", "scope": "REGIONAL", "ipAddressVersion": "IPV4", "addresses": ["192.0.2.0/24"]},
    ),
    (
        "aws:acm/certificate:Certificate",
        {
            "domainName": "eu.inference.example.com",
            "subjectAlternativeNames": ["aws-eu-north-1.eu.inference.example.com"],
            "validationMethod": "DNS",
            "keyAlgorithm": "EC_prime256v1",
        },
    ),
    ("aws:route53/zone:Zone", {"name": "inference.example.com", "comment": "Territories' names."}),
    ("aws:route53/healthCheck:HealthCheck", HEALTH),
    ("aws:route53/record:Record", GEO),
    (
        "aws:route53/record:Record",
        {
            "zoneId": "Z0123456789ABCDEFGHIJ",
            "name": "eu.inference.example.com",
            "type": "A",
            "setIdentifier": "sink",
            "failoverRoutingPolicies": [{"type": "SECONDARY"}],
            "records": ["192.0.2.1"],
            "ttl": 30,
        },
    ),
    (
        "aws:route53/record:Record",
        {
            "zoneId": "Z0123456789ABCDEFGHIJ",
            "name": "_acme.eu.inference.example.com",
            "type": "CNAME",
            "records": ["_x.acm-validations.aws."],
            "ttl": 300,
        },
    ),
]
