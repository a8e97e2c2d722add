"""A territory's names: its zone, and the certificate that its entries show."""

from typing import Any

import pulumi
import pulumi_aws as aws

from rehearsal.example.settings import Settings

HOME = "us-east-1"
"""Route 53 is global; its provider needs a region all the same."""


def names(territory: str, settings: Settings) -> dict[str, Any]:
    """Make them; returns the zone's id and the territory's name."""
    domain = f"{territory}.{settings.domain}"
    opts = pulumi.ResourceOptions(provider=aws.Provider(f"{territory}-names", region=HOME))
    zone = aws.route53.Zone(f"{territory}-zone", name=domain, tags=settings.tags(territory), opts=opts)
    certificate = aws.acm.Certificate(
        f"{territory}-certificate",
        domain_name=domain,
        subject_alternative_names=[f"*.{domain}"],
        validation_method="DNS",
        tags=settings.tags(territory),
        opts=opts,
    )
    aws.route53.Record(
        f"{territory}-caa",
        zone_id=zone.zone_id,
        name=domain,
        type="CAA",
        ttl=300,
        records=['0 issue "amazon.com"', '0 issue "pki.goog"'],
        opts=opts,
    )
    return {"zone": zone.zone_id, "domain": domain, "certificate": certificate.arn}
