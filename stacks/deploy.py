"""The only loop over territories and regions: it connects, and decides nothing."""

from dataclasses import dataclass

import pulumi

from components.clouds import CLOUDS
from components.local.keys import KEY_PREFIX, RandomKey
from components.local.names import LocalNames
from components.local.steering import LocalSteering, SteeringInputs
from components.region import Machine, Region, RegionInputs
from components.specs import TerritorySpec
from stacks.config import Config
from stacks.plan import Plan


@dataclass(frozen=True)
class Territory:
    """What was made for one territory."""

    authority_file: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    name_server: pulumi.Output[str] | None
    """Where the endpoint's name is resolved, when the territory is steered by DNS."""
    regions: dict[str, Region]
    tenant_keys: dict[str, pulumi.Output[str]]


def deploy(plan: Plan, config: Config, machine: Machine) -> dict[str, Territory]:
    """Make everything that `plan` says; by territory."""
    return {spec.name: _territory(spec, config, machine) for spec in plan.territories}


def _territory(spec: TerritorySpec, config: Config, machine: Machine) -> Territory:
    names = LocalNames(spec.name, state=machine.state, steering_name=spec.steering.name)
    tenants = {tenant.name: tenant for region in spec.regions for tenant in region.tenants}
    keys = {name: _tenant_key(name, config) for name in tenants}
    inputs = RegionInputs(tenant_keys=keys, names=names.names, machine=machine)
    regions = {region.name: CLOUDS[region.cloud](region.name, region, inputs, None) for region in spec.regions}
    steering = LocalSteering(spec.name, spec, SteeringInputs(names=names.names, regions=regions, machine=machine))
    return Territory(
        authority_file=names.authority_file,
        endpoint=steering.endpoint,
        name_server=steering.name_server,
        regions=regions,
        tenant_keys=keys,
    )


def _tenant_key(name: str, config: Config) -> pulumi.Output[str]:
    given = config.tenants[name].key
    if given is not None:
        return pulumi.Output.secret(given.get_secret_value())
    return RandomKey(f"{name}-key", prefix=KEY_PREFIX, opts=pulumi.ResourceOptions()).value
