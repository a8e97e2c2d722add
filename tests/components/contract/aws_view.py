"""Reads a recorded region on AWS into the view that rules judge. What is absent counts as the provider's default."""

import fnmatch
import json
import re
from collections.abc import Iterator, Mapping

from tests.components.contract.aws_entry_view import edges, entries
from tests.components.contract.recorder import Registered, World
from tests.components.contract.view import KeySeen, LogSeen, Opening, PlaneSeen, PoolSeen, Said, StoreSeen, View

POLICIES = {
    "aws:kms/key:Key": ("policy", "key"),
    "aws:s3/bucketPolicy:BucketPolicy": ("policy", "bucket"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": ("policy", "endpoint"),
    "aws:iam/role:Role": ("assumeRolePolicy", "trust"),
    "aws:iam/rolePolicy:RolePolicy": ("policy", "identity"),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": ("policy", "repository"),
}
LOG_TYPES = {"api", "audit", "authenticator", "controllerManager", "scheduler"}
REGION = re.compile(r"\b(?:us|eu|ap|ca|sa|me|af|il|mx)-(?:north|south|east|west|central|northeast|southeast)+-\d")


def view(world: World, location: str) -> View:
    """The region as rules see it."""
    said = tuple(_statements(world))
    return View(
        planes=tuple(_plane(each) for each in world.of("aws:eks/cluster:Cluster")),
        pools=tuple(_pools(world)),
        stores=(*_buckets(world, said), *_repositories(world)),
        logs=tuple(_log(each, said) for each in world.of("aws:cloudwatch/logGroup:LogGroup")),
        keys=tuple(_key(each, world) for each in world.of("aws:kms/key:Key")),
        statements=said,
        openings=tuple(
            _opening(each) for each in world.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        ),
        internet_routes=tuple(_internet(world)),
        node_subnets=tuple(
            subnet for group in world.of("aws:eks/nodeGroup:NodeGroup") for subnet in group.inputs["subnetIds"]
        ),
        public_subnets=tuple(
            each.name for each in world.of("aws:ec2/subnet:Subnet") if each.inputs.get("mapPublicIpOnLaunch", False)
        ),
        flow_logged=any(
            each.inputs.get("trafficType") == "ALL" and each.inputs.get("vpcId")
            for each in world.of("aws:ec2/flowLog:FlowLog")
        ),
        trail=next((_trail(each, world) for each in world.of("aws:cloudtrail/trail:Trail")), {}),
        strangers=tuple(_strangers(world, location)),
        private_services=frozenset(_services(world, location)),
        entries=tuple(entries(world)),
        edges=tuple(edges(world)),
    )


def _plane(plane: Registered) -> PlaneSeen:
    said = plane.inputs
    network = said["vpcConfig"]
    public = network.get("endpointPublicAccess", True)
    access = said.get("accessConfig", {})
    return PlaneSeen(
        name=plane.name,
        private=network.get("endpointPrivateAccess", False),
        open_to=tuple(network.get("publicAccessCidrs") or ["0.0.0.0/0"]) if public else (),
        secrets_key=said.get("encryptionConfig", {}).get("provider", {}).get("keyArn"),
        all_logs=set(said.get("enabledClusterLogTypes", [])) == LOG_TYPES,
        implicit_admin=access.get("bootstrapClusterCreatorAdminPermissions", True)
        or access.get("authenticationMode") != "API",
        deletion_protected=said.get("deletionProtection", False) and plane.protect,
    )


def _pools(world: World) -> Iterator[PoolSeen]:
    templates = {f"{each.name}-id": each.inputs for each in world.of("aws:ec2/launchTemplate:LaunchTemplate")}
    for group in world.of("aws:eks/nodeGroup:NodeGroup"):
        said = group.inputs
        machine = templates[said["launchTemplate"]["id"]]
        cards = machine.get("networkInterfaces", [])
        disk = machine["blockDeviceMappings"][0]["ebs"]
        metadata = machine.get("metadataOptions", {})
        reservation = machine.get("capacityReservationSpecification") or {}
        tagged = [set(each["tags"].items()) for each in machine.get("tagSpecifications", [])]
        yield PoolSeen(
            name=group.name,
            labels=said.get("labels", {}),
            spot=said.get("capacityType") == "SPOT",
            zones=len(said["subnetIds"]),
            machines=tuple(said["instanceTypes"]),
            public_address=any(card.get("associatePublicIpAddress") != "false" for card in cards) or not cards,
            disk_key=disk.get("kmsKeyId") if str(disk.get("encrypted")).lower() == "true" else None,
            metadata_closed=metadata.get("httpTokens") == "required" and metadata.get("httpPutResponseHopLimit") == 1,
            autoscaled=said["scalingConfig"]["minSize"] < said["scalingConfig"]["maxSize"],
            size_ignored="scalingConfig.desiredSize" in group.ignored,
            taints=tuple(f"{each['key']}:{each['effect']}" for each in said.get("taints", [])),
            reservation=(reservation.get("capacityReservationTarget") or {}).get("capacityReservationId"),
            rdma_cards=sum(card.get("interfaceType") == "efa" for card in cards),
            placed_close=bool(machine.get("placement")),
            tags=dict(set.intersection(*tagged)) if tagged else {},
        )


def _buckets(world: World, said: tuple[Said, ...]) -> Iterator[StoreSeen]:
    parts = {kind: {each.inputs["bucket"]: each.inputs for each in world.of(kind)} for kind in _BUCKET_PARTS}
    for bucket in world.of("aws:s3/bucket:Bucket"):
        key = f"{bucket.name}-id"
        crypt, closed, versions, life, lock, logging = (parts[kind].get(key) for kind in _BUCKET_PARTS)
        rule = lock["rule"]["defaultRetention"] if lock else {}
        default = crypt["rules"][0]["applyServerSideEncryptionByDefault"] if crypt else {}
        kept = [each["expiration"]["days"] for each in (life or {}).get("rules", []) if "expiration" in each]
        yield StoreSeen(
            name=bucket.name,
            purpose=bucket.name.rpartition("-")[2],
            key=default.get("kmsMasterKeyId") or ("SSE-S3" if default.get("sseAlgorithm") == "AES256" else None),
            public=not (closed and all(closed.get(each) is True for each in _CLOSED)),
            versioned=bool(versions) and versions["versioningConfiguration"]["status"] == "Enabled",
            tls_only=any(_is_tls_only(each) for each in said if each.owner == bucket.name and each.kind == "bucket"),
            protected=bucket.protect,
            erasable=bucket.inputs.get("forceDestroy", False),
            immutable=None,
            scanned=None,
            locked_days=rule.get("days"),
            locked_mode=rule.get("mode"),
            access_logged=logging is not None,
            kept_days=min(kept) if kept else None,
        )


_CLOSED = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_BUCKET_PARTS = tuple(
    f"aws:s3/{each[0].lower()}{each[1:]}:{each}"
    for each in (
        "BucketServerSideEncryptionConfiguration",
        "BucketPublicAccessBlock",
        "BucketVersioning",
        "BucketLifecycleConfiguration",
        "BucketObjectLockConfiguration",
        "BucketLogging",
    )
)


def _is_tls_only(said: Said) -> bool:
    return (
        said.effect == "Deny"
        and said.principals == ("*",)
        and said.actions == ("s3:*",)
        and len(said.resources) == 2
        and said.conditions == {"Bool": {"aws:SecureTransport": "false"}}
    )


def _repositories(world: World) -> Iterator[StoreSeen]:
    for each in world.of("aws:ecr/repository:Repository"):
        crypt = (each.inputs.get("encryptionConfigurations") or [{}])[0]
        yield StoreSeen(
            name=each.name,
            purpose="registry",
            key=crypt.get("kmsKey") if crypt.get("encryptionType") == "KMS" else None,
            public=False,
            versioned=None,
            tls_only=None,
            protected=each.protect,
            erasable=each.inputs.get("forceDelete", False),
            immutable=each.inputs.get("imageTagMutability") == "IMMUTABLE",
            scanned=each.inputs.get("imageScanningConfiguration", {}).get("scanOnPush", False),
            locked_days=None,
            locked_mode=None,
            access_logged=None,
            kept_days=None,
        )


def _log(group: Registered, said: tuple[Said, ...]) -> LogSeen:
    name, key = group.inputs["name"], group.inputs.get("kmsKeyId")
    lets = any(
        fnmatch.fnmatch(name, pattern.partition(":log-group:")[2])
        for each in said
        if each.kind == "key" and f"arn:aws:Key:::{each.owner}" == key
        for pattern in each.conditions.get("ArnLike", {}).get("kms:EncryptionContext:aws:logs:arn", [])
    )
    return LogSeen(name=name, key=key, days=group.inputs.get("retentionInDays", 0), key_lets_it=lets)


def _key(key: Registered, world: World) -> KeySeen:
    return KeySeen(
        id=f"arn:aws:Key:::{key.name}",
        rotated=key.inputs.get("enableKeyRotation", False),
        window_days=key.inputs.get("deletionWindowInDays", 0),
        protected=key.protect,
        leaves_region=key.inputs.get("multiRegion", False),
        named=any(each.inputs["targetKeyId"] == f"{key.name}-key-id" for each in world.of("aws:kms/alias:Alias")),
    )


def _statements(world: World) -> Iterator[Said]:
    for each in world.resources:
        if each.type not in POLICIES:
            continue
        where, kind = POLICIES[each.type]
        for said in json.loads(each.inputs.get(where) or '{"Statement": []}')["Statement"]:
            principals = said.get("Principal", {})
            named = (
                [principals]
                if isinstance(principals, str)
                else [name for value in principals.values() for name in _listed(value)]
            )
            yield Said(
                owner=each.name,
                kind=kind,
                effect=said["Effect"],
                principals=tuple(named),
                actions=tuple(_listed(said.get("Action", []))),
                resources=tuple(_listed(said.get("Resource", []))),
                conditions=said.get("Condition", {}),
            )


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _opening(rule: Registered) -> Opening:
    return Opening(
        name=rule.name,
        owner=rule.inputs["securityGroupId"],
        cidr=rule.inputs.get("cidrIpv4") or rule.inputs.get("cidrIpv6"),
        port=rule.inputs.get("toPort"),
        protocol=rule.inputs["ipProtocol"],
    )


def _internet(world: World) -> Iterator[str]:
    out = {
        each.inputs["routeTableId"]
        for each in world.of("aws:ec2/route:Route")
        if each.inputs.get("gatewayId") or each.inputs.get("natGatewayId")
    }
    for each in world.of("aws:ec2/routeTableAssociation:RouteTableAssociation"):
        if each.inputs["routeTableId"] in out:
            yield each.inputs["subnetId"]


def _trail(trail: Registered, world: World) -> Mapping[str, bool]:
    said = trail.inputs
    everything = [
        each
        for each in said.get("advancedEventSelectors", [])
        if [(field["field"], field.get("equals")) for field in each["fieldSelectors"]]
        == [("eventCategory", ["Management"])]
    ]
    return {
        "encrypted with a key": bool(said.get("kmsKeyId")),
        "validated": said.get("enableLogFileValidation", False),
        "running": said.get("enableLogging", True),
        "kept in the region": not said.get("isMultiRegionTrail", False),
        "sent to a log group": bool(said.get("cloudWatchLogsGroupArn")),
        "told of every call": bool(everything),
    }


def _strangers(world: World, location: str) -> Iterator[str]:
    for provider in world.providers.values():
        if provider.inputs.get("region") != location:
            yield f"{provider.name}: {provider.inputs.get('region')}"
    for each in world.resources:
        for place in sorted(set(REGION.findall(json.dumps(each.inputs, default=str))) - {location}):
            yield f"{each.type} {each.name}: {place}"


def _services(world: World, location: str) -> Iterator[str]:
    for each in world.of("aws:ec2/vpcEndpoint:VpcEndpoint"):
        closed = each.inputs["vpcEndpointType"] == "Gateway" or each.inputs.get("privateDnsEnabled")
        if closed:
            yield each.inputs["serviceName"].removeprefix(f"com.amazonaws.{location}.")
