"""The hosted zone of an environment on Route 53, which somebody made and delegated before."""

import pulumi
import pulumi_aws as aws

from components.ground_specs import GroundSpec


def zone_id(spec: GroundSpec) -> pulumi.Output[str]:
    """Look the zone up by its name, in the account of the region; the login must be that account's."""
    provider = aws.Provider(f"{spec.name}-names", region=spec.location, allowed_account_ids=[spec.account])
    found = aws.route53.get_zone_output(
        name=spec.entry.zone, private_zone=False, opts=pulumi.InvokeOutputOptions(provider=provider)
    )
    return pulumi.Output.format("{0}", found.zone_id)
