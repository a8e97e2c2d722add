"""The names of a territory on Route 53: the zone is looked up, the territory's name proved once, issuers are listed."""

import pulumi
import pulumi_aws as aws

from components.aws.certificate import prove
from components.territory import Names
from components.territory_specs import NamesSpec

ISSUERS_TTL_SECONDS = 3600
"""Authorities ask for themselves each time they issue; a change of issuers waits for nobody."""
NO_WILDCARD = '0 issuewild ";"'
"""Every name has a certificate of its own: one for all names would be one key for all regions."""


class Route53Names(Names):
    """Looks the zone up rather than making it: a parent zone delegates to it, which nothing here can do."""

    def __init__(self, name: str, spec: NamesSpec, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:route53:Names", name, None, opts)
        provider = aws.Provider(
            name,
            region=spec.home,
            allowed_account_ids=[spec.account],
            default_tags={"tags": dict(spec.tags)},
            opts=pulumi.ResourceOptions(parent=self),
        )
        child = pulumi.ResourceOptions(parent=self, provider=provider)
        found = aws.route53.get_zone_output(
            name=spec.zone, private_zone=False, opts=pulumi.InvokeOutputOptions(provider=provider)
        )
        self.zone_id = pulumi.Output.format("{0}", found.zone_id)
        # Of the territory's name and all below it: an authority looks upwards until it finds such a record.
        aws.route53.Record(
            f"{name}-issuers",
            zone_id=self.zone_id,
            name=spec.name,
            type="CAA",
            ttl=ISSUERS_TTL_SECONDS,
            records=[*(f'0 issue "{issuer}"' for issuer in spec.issuers), NO_WILDCARD],
            opts=child,
        )
        if spec.proves:
            prove(name, spec.name, self.zone_id, dict(spec.tags), child)
        self.register_outputs({})
