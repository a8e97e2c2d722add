"""A network and a cluster of somebody else: looked at as they are, refused with all that does not hold, then used."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import pulumi
import pulumi_aws as aws

from components.aws.endpoints_needed import INTERFACES, STORAGE
from components.aws.existing_traits import (
    ADDONS,
    ClusterSeen,
    NetworkSeen,
    SubnetSeen,
    cluster_faults,
    network_faults,
)
from components.ground_specs import ExistingNetwork, GroundSpec


class ExistingRefused(pulumi.RunError):
    """Something of somebody else that a region cannot be built on; tells every reason at once, without a traceback."""


def existing_network(spec: GroundSpec, existing: ExistingNetwork, opts: pulumi.InvokeOptions) -> NetworkSeen:
    """Look at a network; raises `ExistingRefused`."""
    seen = _network(spec, existing, opts)
    _refuse(f"the network {existing.network} of {spec.name}", network_faults(spec, existing, seen))
    return seen


def existing_cluster(spec: GroundSpec, name: str, opts: pulumi.InvokeOptions) -> Mapping[str, str]:
    """Look at a cluster; returns `endpoint`, `authority` and `security_group`. Raises `ExistingRefused`."""
    found = _asked(lambda: aws.eks.get_cluster(name=name, opts=opts))
    seen = _cluster(spec, name, found, opts) if found else None
    _refuse(f"the cluster {name} of {spec.name}", cluster_faults(spec, name, seen))
    return {
        "endpoint": str(found.endpoint),
        "authority": str(found.certificate_authorities[0].data),
        "security_group": str(found.vpc_config.cluster_security_group_id),
    }


def _refuse(what: str, faults: Iterator[str]) -> None:
    lines = list(faults)
    if lines:
        message = f"{what} cannot be used:\n" + "\n".join(f"- {line}" for line in lines)
        raise ExistingRefused(message)


def _asked(lookup: Callable[[], Any]) -> Any:
    """What a lookup finds; None where AWS has nothing of that name. Another error is told as it is."""
    try:
        return lookup()
    except Exception as error:
        if any(word in str(error) for word in _ABSENT):
            return None
        raise


_ABSENT = ("no matching", "couldn't find", "NotFound", "not found", "empty result", "ResourceNotFoundException")
"""How the provider says that there is none."""


def _network(spec: GroundSpec, existing: ExistingNetwork, opts: pulumi.InvokeOptions) -> NetworkSeen:
    found = _asked(lambda: aws.ec2.get_vpc(id=existing.network, opts=opts))
    if found is None:
        return NetworkSeen(None, False, {}, {}, None, frozenset())  # noqa: FBT003 nothing is there
    ids = dict.fromkeys((*existing.node_subnets, *existing.entry_subnets))
    subnets = {id: seen for id in ids if (seen := _subnet(id, opts)) is not None}
    ends = {service: _endpoint(service, spec, existing, opts) for service in (*INTERFACES, STORAGE)}
    storage = ends[STORAGE]
    return NetworkSeen(
        cidr=found.cidr_block,
        resolves=found.enable_dns_support and found.enable_dns_hostnames,
        subnets=subnets,
        endpoints={
            service: service == STORAGE or bool(end.private_dns_enabled) for service, end in ends.items() if end
        },
        storage_endpoint=storage.id if storage else None,
        storage_tables=frozenset(storage.route_table_ids if storage else ()),
    )


def _subnet(id: str, opts: pulumi.InvokeOptions) -> SubnetSeen | None:
    found = _asked(lambda: aws.ec2.get_subnet(id=id, opts=opts))
    if found is None:
        return None
    table = _asked(lambda: aws.ec2.get_route_table(subnet_id=id, opts=opts))
    return SubnetSeen(
        id=id,
        network=found.vpc_id,
        zone=found.availability_zone,
        gives_public_addresses=found.map_public_ip_on_launch,
        free=found.available_ip_address_count,
        table=table.id if table else None,
        leads_to=tuple(
            str(way)
            for route in (table.routes if table else ())
            for way in (route.gateway_id, route.nat_gateway_id, route.egress_only_gateway_id)
            if way
        ),
    )


def _endpoint(service: str, spec: GroundSpec, existing: ExistingNetwork, opts: pulumi.InvokeOptions) -> Any:
    name = f"com.amazonaws.{spec.location}.{service}"
    return _asked(
        lambda: aws.ec2.get_vpc_endpoint(vpc_id=existing.network, service_name=name, state="available", opts=opts)
    )


def _cluster(spec: GroundSpec, name: str, found: Any, opts: pulumi.InvokeOptions) -> ClusterSeen:
    network = found.vpc_config
    log = _asked(lambda: aws.cloudwatch.get_log_group(name=f"/aws/eks/{name}/cluster", opts=opts))
    addons = {
        addon: seen
        for addon in ADDONS
        if (seen := _asked(partial(aws.eks.get_addon, cluster_name=name, addon_name=addon, opts=opts)))
    }
    listed = tuple(network.public_access_cidrs or ["0.0.0.0/0"])
    return ClusterSeen(
        version=found.version,
        network=network.vpc_id,
        status=found.status,
        private=network.endpoint_private_access,
        open_to=listed if network.endpoint_public_access else (),
        logs=frozenset(found.enabled_cluster_log_types),
        mode=found.access_configs[0].authentication_mode if found.access_configs else "CONFIG_MAP",
        log_days=log.retention_in_days if log else None,
        log_key=bool(log and log.kms_key_id),
        addons=frozenset(addons),
        network_policies="vpc-cni" in addons and _enforces(addons["vpc-cni"].configuration_values),
        administrators=frozenset(
            who
            for who in spec.cluster.administrators
            if _asked(partial(aws.eks.get_access_entry, cluster_name=name, principal_arn=who, opts=opts))
        ),
    )


def _enforces(settings: str | None) -> bool:
    """Whether the settings of vpc-cni, JSON, turn network policies on."""
    said = json.loads(settings or "{}")
    return str(said.get("enableNetworkPolicy", "false")).lower() == "true"
