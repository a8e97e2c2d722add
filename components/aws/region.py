"""The ground of a region on AWS: connects its parts, and decides nothing."""

import pulumi
import pulumi_aws as aws

from components.aws.audit import audit
from components.aws.cluster import addons_on_nodes, cluster
from components.aws.entry import entry
from components.aws.identities import roles, workload
from components.aws.keys import keys
from components.aws.names import registry as registry_address
from components.aws.names import repository_prefix
from components.aws.network import network
from components.aws.pools import pools
from components.aws.registry import registry, weights
from components.aws.secrets import secrets
from components.cluster import Cluster, Traits
from components.ground_specs import GroundSpec
from components.region import Ground, GroundInputs

TRAITS = Traits(private=True, backend_identity="encrypted-only", encrypted_with="own-key")
"""An Application Load Balancer encrypts to the gateway and never looks at its certificate."""


class AwsGround(Ground):
    """Network, keys, cluster, pools, entry, audit and registry of one region, in one account."""

    def __init__(
        self, name: str, spec: GroundSpec, inputs: GroundInputs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:aws:Ground", name, None, opts)
        provider = aws.Provider(
            name,
            region=spec.location,
            allowed_account_ids=[spec.account],
            default_tags={"tags": dict(spec.tags)},
            opts=pulumi.ResourceOptions(parent=self),
        )
        child = pulumi.ResourceOptions(parent=self, provider=provider)
        own_keys = keys(name, spec, child)
        kept = audit(name, spec, own_keys, child)
        net = network(name, spec, own_keys, child)
        who = roles(name, spec, own_keys, child)
        plane = cluster(name, spec, net, own_keys, who, child)
        nodes = pools(name, spec, net, own_keys, who, plane, child)
        addons_on_nodes(name, spec, plane, nodes.system, child)
        registry(name, spec, own_keys, child)
        secrets(name, spec, inputs.secrets, own_keys, child)
        self.cluster = Cluster(
            name=plane.name,
            endpoint=plane.endpoint,
            authority=plane.authority,
            registry=pulumi.Output.from_input(f"{registry_address(spec)}/{repository_prefix(spec)}"),
            weights=weights(name, spec, net, own_keys, kept, child),
            identities={each.name: workload(name, each, spec, own_keys, plane.name, child) for each in spec.identities},
            traits=TRAITS,
        )
        entries = entry(
            name,
            spec,
            net,
            nodes.gateway_group_names,
            kept.access_logs.name,
            inputs.zone_id,
            child,
            log_key=own_keys["logs"],
        )
        self.entry, self.inner_entry = entries.first, entries.inner
        self.register_outputs({})
