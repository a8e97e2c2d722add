"""The steering of a territory on Route 53: to the nearest healthy entry, and never out of the territory.

Route 53 answers as if all were healthy when nothing is. So health keeps nobody inside: what keeps clients inside is
that no record for the territory's name leads anywhere but to its own entries, or to the sink, which is nobody. A region
that is drained has no record among them.

    <territory>       PRIMARY: alias of lb.<territory>; SECONDARY: the sink
    lb.<territory>    one record per member, answered by distance
    <region>          the entry's own name, which health checkers ask
"""

from typing import Any

import pulumi
import pulumi_aws as aws

from components.region import Entry
from components.territory import Steering, SteeringInputs
from components.territory_specs import DnsSteeringSpec, MemberSpec

GROUP = "lb"
"""First label of the name that the members share."""
HTTPS = 443


class Route53Steering(Steering):
    """Failover over geoproximity. Raises ValueError when a member has no entry, or nobody would be answered."""

    def __init__(
        self, name: str, spec: DnsSteeringSpec, inputs: SteeringInputs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:route53:Steering", name, None, opts)
        _refuse(spec, inputs)
        provider = aws.Provider(
            name,
            region=spec.home,
            allowed_account_ids=[spec.account],
            default_tags={"tags": dict(spec.tags)},
            opts=pulumi.ResourceOptions(parent=self),
        )
        child = pulumi.ResourceOptions(parent=self, provider=provider)
        near = [record for member in spec.members if (record := _member(member, spec, inputs, child)) is not None]
        answers = _answers(name, spec, inputs.zone_id, near, child)
        urns = pulumi.Output.all(*(each.urn for each in answers))
        self.endpoint = urns.apply(lambda _: f"https://{spec.name}")
        self.register_outputs({})


def _refuse(spec: DnsSteeringSpec, inputs: SteeringInputs) -> None:
    missing = [member.region for member in spec.members if member.region not in inputs.entries]
    if missing:
        message = f"{spec.name}: no entry of {', '.join(missing)} is known, so its record would lead nowhere"
        raise ValueError(message)
    if all(member.drained for member in spec.members):
        message = f"{spec.name}: every region is drained, so nobody would be served"
        raise ValueError(message)


def _member(
    member: MemberSpec, spec: DnsSteeringSpec, inputs: SteeringInputs, opts: pulumi.ResourceOptions
) -> aws.route53.Record | None:
    """Make a region's own name and its health check, and unless it is drained its place among the answers."""
    entry = inputs.entries[member.region]
    target = _target(entry, spec)
    aws.route53.Record(f"{member.region}-name", zone_id=inputs.zone_id, name=member.name, type="A", **target, opts=opts)
    check = _check(member, spec, opts) if spec.probed else None
    if member.drained:
        return None
    return aws.route53.Record(
        f"{member.region}-near",
        zone_id=inputs.zone_id,
        name=f"{GROUP}.{spec.name}",
        type="A",
        set_identifier=member.region,
        geoproximity_routing_policy=_where(member),
        health_check_id=check.id if check else None,
        **target,
        opts=opts,
    )


def _target(entry: Entry, spec: DnsSteeringSpec) -> dict[str, Any]:
    """An alias where the cloud moves addresses, else the address itself."""
    if entry.zone_id is None:
        return {"ttl": spec.ttl_seconds, "records": [entry.address]}
    return {"aliases": [{"name": entry.address, "zone_id": entry.zone_id, "evaluate_target_health": True}]}


def _where(member: MemberSpec) -> aws.route53.RecordGeoproximityRoutingPolicyArgsDict:
    """Distances, not latencies: latency has one record per AWS region, and regions of two clouds may share one."""
    if member.aws_region is not None:
        return {"aws_region": member.aws_region}
    if member.coordinates is None:
        message = f"{member.region} is nowhere: give a region of AWS, or coordinates"
        raise ValueError(message)
    latitude, longitude = member.coordinates
    return {"coordinates": [{"latitude": latitude, "longitude": longitude}]}


def _check(member: MemberSpec, spec: DnsSteeringSpec, opts: pulumi.ResourceOptions) -> aws.route53.HealthCheck:
    """Healthy is who served a token lately, by the body: a page of an error may have status 200."""
    return aws.route53.HealthCheck(
        f"{member.region}-check",
        type="HTTPS_STR_MATCH",
        fqdn=member.name,
        port=HTTPS,
        enable_sni=True,
        resource_path=spec.probe_path,
        search_string=spec.probe_body,
        request_interval=spec.probe_interval_seconds,
        failure_threshold=spec.failure_threshold,
        tags={**dict(spec.tags), "Name": member.name},
        opts=opts,
    )


def _answers(
    name: str,
    spec: DnsSteeringSpec,
    zone_id: pulumi.Output[str],
    near: list[aws.route53.Record],
    opts: pulumi.ResourceOptions,
) -> list[aws.route53.Record]:
    """What the territory's name answers. An alias is refused until what it names stands."""
    after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=near))
    primary = aws.route53.Record(
        f"{name}-nearest",
        zone_id=zone_id,
        name=spec.name,
        type="A",
        set_identifier="nearest",
        failover_routing_policies=[{"type": "PRIMARY"}],
        aliases=[{"name": f"{GROUP}.{spec.name}", "zone_id": zone_id, "evaluate_target_health": True}],
        opts=after,
    )
    # Without a health check it is always healthy: the last answer there is.
    sink = aws.route53.Record(
        f"{name}-sink",
        zone_id=zone_id,
        name=spec.name,
        type="A",
        set_identifier="sink",
        failover_routing_policies=[{"type": "SECONDARY"}],
        ttl=spec.ttl_seconds,
        records=[spec.sink],
        opts=opts,
    )
    return [primary, sink]
