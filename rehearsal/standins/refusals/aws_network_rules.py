"""What EC2, ELB and EKS refuse in one resource that their models do not say: CIDRs, ports, pairs of properties."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from rehearsal.standins.refusals.rules import (
    Inputs,
    Rule,
    among,
    at_least,
    between,
    cidr,
    excludes,
    just_one,
    matching,
    needs,
    number_of,
    ordered,
    value_of,
)
from rehearsal.standins.refusals.values import Problem, at, known, text_at

_EC2, _ELB, _EKS = "InvalidParameterValue", "ValidationError", "InvalidParameterException"
_COMBINATION = "InvalidParameterCombination"
_GATEWAY = ("Gateway", None)


def _ports(path: str) -> Rule:
    """Refuse port ranges that run backwards or beyond 65535; ICMP has types and codes there instead."""

    def rule(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
        for where, entry in at(inputs, path) if path else [("", inputs)]:
            if not isinstance(entry, Mapping) or _protocol(entry) not in ("tcp", "udp", "6", "17"):
                continue
            yield from _range(entry, f"{where}." if where else "")

    return rule


def _protocol(entry: Mapping[str, Any]) -> str:
    return str(entry.get("protocol", entry.get("ipProtocol", ""))).lower()


def _range(entry: Mapping[str, Any], prefix: str) -> Iterator[Problem]:
    first, last = number_of(entry.get("fromPort")), number_of(entry.get("toPort"))
    for name, port in (("fromPort", first), ("toPort", last)):
        if port is not None and not 0 <= port <= 65535:
            yield Problem(f"{prefix}{name}", f"{_EC2}: {port:g} is no port: write 0 to 65535")
    if first is not None and last is not None and first > last:
        yield Problem(f"{prefix}fromPort", f"{_EC2}: Invalid TCP/UDP port range ({first:g}:{last:g}): write from <= to")


def _service_region(inputs: Inputs, provider: Inputs) -> Iterator[Problem]:
    """Refuse an endpoint to a service of another region."""
    region = inputs.get("region") or provider.get("region")
    if present_region := inputs.get("serviceRegion"):
        region = present_region
    for where, name in text_at(inputs, "serviceName"):
        parts = name.split(".")
        if name.startswith("com.amazonaws.") and known(region) and len(parts) > 3 and parts[2] not in (region, "vpce"):
            meant = ".".join([*parts[:2], str(region), *parts[3:]])
            yield Problem(where, f"InvalidServiceName: the service is not in region {region}: write {meant}")


def _user_data(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    for where, value in text_at(inputs, "userData"):
        try:
            size = len(base64.b64decode(value, validate=True))
        except (binascii.Error, ValueError):
            yield Problem(where, "InvalidUserData.Malformed: not BASE64: write it through base64.b64encode")
        else:
            if size > 16384:
                yield Problem(where, f"InvalidParameterValue: User data is limited to 16384 bytes, these are {size}")


def _secure_listener(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    protocol = inputs.get("protocol")
    if protocol in ("HTTPS", "TLS") and inputs.get("certificateArn") is None:
        why = f"A certificate must be specified for {protocol} listeners"
        yield Problem("certificateArn", f"CertificateNotFound: {why}: write certificateArn")
    if protocol in ("HTTP", "TCP", "UDP", "TCP_UDP") and inputs.get("sslPolicy") is not None:
        yield Problem("sslPolicy", f"{_ELB}: a {protocol} listener has no TLS: leave it out or write protocol HTTPS")


def _probe(inputs: Inputs, provider: Inputs) -> Iterator[Problem]:
    """Refuse probes that last longer than their pace; those of TCP may last as long."""
    probed = value_of(inputs, "healthCheck.protocol") or inputs.get("protocol")
    strict = probed in ("HTTP", "HTTPS")
    yield from ordered("healthCheck.timeout", "healthCheck.interval", _ELB, equal=not strict)(inputs, provider)


def _action_parts(path: str) -> Rule:
    """Refuse an action without the part that its type asks for."""
    parts = {"redirect": ("redirect",), "fixed-response": ("fixedResponse",), "forward": ("forward", "targetGroupArn")}

    def rule(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
        for where, action in at(inputs, path):
            wanted = parts.get(str(action.get("type"))) if isinstance(action, Mapping) else None
            if wanted and all(action.get(one) is None for one in wanted):
                yield Problem(
                    f"{where}.{wanted[0]}",
                    f"{_ELB}: An action of type {action['type']} needs it: write {' or '.join(wanted)}",
                )

    return rule


def _volumes(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    """Refuse a volume whose speed or size its type does not offer."""
    for where, ebs in at(inputs, "blockDeviceMappings.ebs"):
        if not isinstance(ebs, Mapping):
            continue
        kind, size, iops = ebs.get("volumeType"), number_of(ebs.get("volumeSize")), number_of(ebs.get("iops"))
        if kind == "gp3" and iops is not None and not 3000 <= iops <= 80000:
            yield Problem(f"{where}.iops", f"{_EC2}: gp3 gives 3000 to 80000 IOPS, {iops:g} are asked")
        if kind in ("io1", "io2") and iops is None:
            yield Problem(f"{where}.iops", f"MissingParameter: {kind} needs iops: write it or volumeType gp3")
        if kind in ("gp2", "st1", "sc1", "standard") and iops is not None:
            yield Problem(f"{where}.iops", f"{_COMBINATION}: {kind} has no iops: leave it out or write gp3")
        if size is not None and not 1 <= size <= 65536:
            yield Problem(f"{where}.volumeSize", f"{_EC2}: {size:g} GiB: write 1 to 65536")


def _closed_cluster(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    access = inputs.get("vpcConfig")
    if isinstance(access, Mapping) and access.get("endpointPublicAccess") is False:
        if access.get("endpointPrivateAccess") in (None, False):
            why = "Private and public endpoint access cannot be false"
            yield Problem("vpcConfig.endpointPrivateAccess", f"{_EKS}: {why}: write True for one of them")
        if access.get("publicAccessCidrs"):
            why = "publicAccessCidrs cannot be specified when public access is off"
            yield Problem("vpcConfig.publicAccessCidrs", f"{_EKS}: {why}: leave it out")


_SECURITY_GROUP_CIDRS = tuple(
    cidr(f"{side}.{name}", _EC2) for side in ("ingress", "egress") for name in ("cidrBlocks", "ipv6CidrBlocks")
)
_SOURCES = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
_RULE = (
    cidr("cidrIpv4", _EC2),
    cidr("cidrIpv6", _EC2),
    just_one("InvalidParameterCombination", *_SOURCES),
    _ports(""),
)
_DESTINATIONS = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")

RULES: Mapping[str, tuple[Rule, ...]] = {
    "aws:ec2/vpc:Vpc": (cidr("cidrBlock", "InvalidVpc.Range", 16, 28),),
    "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": (cidr("cidrBlock", "InvalidVpc.Range", 16, 28),),
    "aws:ec2/subnet:Subnet": (
        cidr("cidrBlock", "InvalidSubnet.Range", 16, 28),
        cidr("ipv6CidrBlock", "InvalidSubnet.Range", 44, 64),
        just_one(_COMBINATION, "availabilityZone", "availabilityZoneId", or_none=True),
    ),
    "aws:ec2/securityGroup:SecurityGroup": (
        *_SECURITY_GROUP_CIDRS,
        _ports("ingress"),
        _ports("egress"),
        matching("name", r"(?!sg-)[\w .:/()#,@\[\]+=&;{}!$*-]{1,255}", _EC2, "up to 255 characters, not 'sg-…'"),
        matching("description", r"[\w .:/()#,@\[\]+=&;{}!$*-]{0,255}", _EC2,
                 "up to 255 of letters, digits, ._-:/()#,@[]+=&;{}!$*"),
    ),
    "aws:ec2/securityGroupRule:SecurityGroupRule": (
        cidr("cidrBlocks", _EC2),
        cidr("ipv6CidrBlocks", _EC2),
        _ports(""),
        among("type", ("ingress", "egress"), _EC2),
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _RULE,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _RULE,
    "aws:ec2/route:Route": (
        just_one(_COMBINATION, *_DESTINATIONS),
        cidr("destinationCidrBlock", "InvalidParameterValue"),
        cidr("destinationIpv6CidrBlock", "InvalidParameterValue"),
    ),
    "aws:ec2/routeTable:RouteTable": (cidr("routes.cidrBlock", _EC2), cidr("routes.ipv6CidrBlock", _EC2)),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (
        _service_region,
        *(
            excludes("vpcEndpointType", _GATEWAY, name, "InvalidParameter", f"a Gateway endpoint has no {name}")
            for name in ("subnetIds", "securityGroupIds", "privateDnsEnabled")
        ),
        excludes("vpcEndpointType", ("Interface",), "routeTableIds", "InvalidParameter", "it has no route tables"),
    ),
    "aws:ec2/natGateway:NatGateway": (
        excludes("connectivityType", ("private",), "allocationId", _COMBINATION, "a private gateway has no address"),
    ),
    "aws:ec2/flowLog:FlowLog": (
        just_one(
            _COMBINATION, "vpcId", "subnetId", "eniId", "transitGatewayId", "transitGatewayAttachmentId",
            "regionalNatGatewayId",
        ),
        among("maxAggregationInterval", (60, 600), _EC2),
        needs("logDestinationType", ("cloud-watch-logs", None), "iamRoleArn", "MissingParameter",
              "CloudWatch Logs are written by a role"),
        excludes("logDestinationType", ("s3",), "iamRoleArn", "InvalidParameter", "S3 is written without a role"),
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": (
        _user_data,
        _volumes,
        between("metadataOptions.httpPutResponseHopLimit", 1, 64, _EC2),
        matching("name", r"[\w().\-/]{3,128}", "InvalidLaunchTemplateName.MalformedException",
                 "3 to 128 of a-zA-Z0-9().-/_"),
        excludes("vpcSecurityGroupIds", None, "networkInterfaces.securityGroups", _COMBINATION,
                 "groups belong to the interfaces or to the instance"),
    ),
    "aws:ec2/placementGroup:PlacementGroup": (
        excludes("strategy", ("cluster", "spread"), "partitionCount", _COMBINATION,
                 "only partition groups have partitions"),
        between("partitionCount", 1, 7, _EC2),
    ),
    "aws:ec2/capacityReservation:CapacityReservation": (
        between("instanceCount", 1, 1000, _EC2),
        needs("endDateType", ("limited",), "endDate", _COMBINATION, "a limited reservation has an end"),
    ),
    "aws:eks/cluster:Cluster": (
        _closed_cluster,
        at_least("vpcConfig.subnetIds", 2, _EKS, "Subnets specified must be in at least two different AZs"),
        cidr("kubernetesNetworkConfig.serviceIpv4Cidr", _EKS, 12, 24, private=True),
        cidr("vpcConfig.publicAccessCidrs", _EKS),
        matching("version", r"1\.\d{2}", _EKS, "a Kubernetes version such as '1.33'"),
        among("encryptionConfig.resources", ("secrets",), _EKS),
        needs("encryptionConfig", None, "encryptionConfig.resources", _EKS, "only secrets can be encrypted"),
    ),
    "aws:eks/nodeGroup:NodeGroup": (
        ordered("scalingConfig.minSize", "scalingConfig.maxSize", _EKS),
        ordered("scalingConfig.minSize", "scalingConfig.desiredSize", _EKS),
        ordered("scalingConfig.desiredSize", "scalingConfig.maxSize", _EKS),
        between("scalingConfig.maxSize", 1, 450 * 1000, _EKS),
        between("scalingConfig.minSize", 0, 450 * 1000, _EKS),
        just_one(_EKS, "launchTemplate.id", "launchTemplate.name", or_none=True),
        just_one(_EKS, "updateConfig.maxUnavailable", "updateConfig.maxUnavailablePercentage", or_none=True),
        excludes("launchTemplate", None, "diskSize", _EKS, "Disk size must be within the launch template"),
        excludes("launchTemplate", None, "remoteAccess", _EKS, "Remote access must be in the launch template"),
        matching("nodeGroupName", r"[0-9A-Za-z][A-Za-z0-9_-]{0,62}", _EKS, "up to 63 of letters, digits, '-' and '_'"),
    ),
    "aws:eks/accessEntry:AccessEntry": (
        excludes("type", ("EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX"), "kubernetesGroups",
                 _EKS, "entries of nodes have their groups from EKS"),
        excludes("type", ("EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX"), "userName",
                 _EKS, "entries of nodes have their user name from EKS"),
    ),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": (
        matching("policyArn", r"arn:aws[\w-]*:eks::aws:cluster-access-policy/\w+", _EKS,
                 "an access policy such as arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"),
        needs("accessScope.type", ("namespace",), "accessScope.namespaces", _EKS, "that scope is of namespaces"),
        excludes("accessScope.type", ("cluster",), "accessScope.namespaces", _EKS, "that scope is the whole cluster"),
    ),
    "aws:lb/loadBalancer:LoadBalancer": (
        matching("name", r"(?!internal-)(?!-)[a-zA-Z0-9-]{1,32}(?<!-)", _ELB,
                 "up to 32 letters, digits and '-', not at an end and not 'internal-…'"),
        just_one("ValidationError", "subnets", "subnetMappings", or_none=True),
        between("idleTimeout", 1, 4000, "InvalidConfigurationRequest"),
        between("clientKeepAlive", 60, 604800, "InvalidConfigurationRequest"),
        among("desyncMitigationMode", ("monitor", "defensive", "strictest"), "InvalidConfigurationRequest"),
        among("xffHeaderProcessingMode", ("append", "preserve", "remove"), "InvalidConfigurationRequest"),
    ),
    "aws:lb/listener:Listener": (_secure_listener, _action_parts("defaultActions"), between("port", 1, 65535, _ELB)),
    "aws:lb/listenerRule:ListenerRule": (_action_parts("actions"), between("priority", 1, 50000, _ELB)),
    "aws:lb/targetGroup:TargetGroup": (
        matching("name", r"(?!-)[a-zA-Z0-9-]{1,32}(?<!-)", _ELB, "up to 32 letters, digits and '-', not at an end"),
        _probe,
        between("deregistrationDelay", 0, 3600, "InvalidConfigurationRequest"),
        between("slowStart", 30, 900, "InvalidConfigurationRequest", or_zero=True),
        *(
            needs("targetType", ("instance", "ip", "alb", None), name, _ELB, "only Lambda targets have none")
            for name in ("vpcId", "port", "protocol")
        ),
        excludes("protocol", ("TCP", "TLS", "UDP", "TCP_UDP"), "protocolVersion", _ELB, "only HTTP and HTTPS have one"),
        matching("healthCheck.port", r"traffic-port|\d{1,5}", _ELB, "'traffic-port' or a port"),
    ),
}  # fmt: skip
"""Rules of one resource by its type; sources: the AWS API references of EC2, Elastic Load Balancing v2 and EKS."""
RULES = {**RULES, "aws:alb/loadBalancer:LoadBalancer": RULES["aws:lb/loadBalancer:LoadBalancer"]}
