"""A territory's steering: one name whose every answer is an entry of the territory."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from rehearsal.example.names import HOME
from rehearsal.example.settings import Settings
from rehearsal.example.waist import Waist

WHERE = {
    "aws-eu-north-1": ("59.33", "18.06"),
    "gcp-europe-west4": ("53.45", "6.83"),
    "azure-eastus2": ("36.67", "-78.39"),
}
"""Latitude and longitude, in degrees."""
ELSEWHERE = ("0.0", "0.0")


def steering(territory: str, settings: Settings, zone: Any, waists: Mapping[str, Waist]) -> None:
    """Make a record and a health check for each entry."""
    domain = f"{territory}.{settings.domain}"
    opts = pulumi.ResourceOptions(provider=aws.Provider(f"{territory}-steering", region=HOME))
    for region, waist in waists.items():
        check = aws.route53.HealthCheck(
            f"{region}-check",
            type="HTTPS_STR_MATCH",
            fqdn=f"{region}.{domain}",
            port=443,
            resource_path="/-/ready",
            search_string="served:ok",
            enable_sni=True,
            request_interval=10,
            failure_threshold=2,
            tags=settings.tags(region),
            opts=opts,
        )
        _record(f"{region}-direct", f"{region}.{domain}", zone, waist, region, {}, opts)
        latitude, longitude = WHERE.get(region, ELSEWHERE)
        near = {"coordinates": [{"latitude": latitude, "longitude": longitude}]}
        routed = {
            "set_identifier": region,
            "geoproximity_routing_policy": near,
            "health_check_id": check.id,
        }
        _record(f"{region}-near", domain, zone, waist, region, routed, opts)


def _record(
    name: str, domain: str, zone: Any, waist: Waist, region: str, routed: dict[str, Any], opts: pulumi.ResourceOptions
) -> None:
    """An alias where the cloud moves addresses, an address elsewhere."""
    if region.startswith("aws-"):
        alias = {"name": waist.entry, "zone_id": waist.entry_zone, "evaluate_target_health": True}
        aws.route53.Record(name, zone_id=zone, name=domain, type="A", aliases=[alias], **routed, opts=opts)
    else:
        records = {"ttl": 60, "records": [waist.entry]}
        aws.route53.Record(name, zone_id=zone, name=domain, type="A", **records, **routed, opts=opts)
