"""What is wrong with a network or cluster of somebody else as the configuration names it, before the cloud is asked."""

import re
from collections import Counter
from collections.abc import Iterator

from stacks.config import Config
from stacks.plan.fleet_model import RegionFleet
from stacks.plan.ground_zones import zones_of
from stacks.problems import Problem, near

_NETWORK = re.compile(r"vpc-[0-9a-f]{8,17}")
_SUBNET = re.compile(r"subnet-[0-9a-f]{8,17}")
_CLUSTER = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}")


def problems(region: RegionFleet, config: Config) -> list[Problem]:
    """Every problem at once."""
    return [*_regions(config), *_network(region, config), *_cluster(region, config)]


def _regions(config: Config) -> Iterator[Problem]:
    regions = sorted({name for territory in config.territories.values() for name in territory.regions})
    for key, named in (("network", config.network.existing), ("cluster", config.cluster.existing)):
        for name in sorted(set(named) - set(regions)):
            yield Problem(
                where=f"meridian:{key}.existing.{name}",
                what=f"there is no region named {name!r} in any territory",
                why=f"the region that was meant would get a {key} of its own beside yours",
                fix=near(name, regions),
            )


def _network(region: RegionFleet, config: Config) -> Iterator[Problem]:
    said, where = config.network.existing.get(region.name), f"meridian:network.existing.{region.name}"
    if said is None:
        return
    if not _NETWORK.fullmatch(said.network):
        yield _no_id(f"{where}.network", said.network, "VPC", "vpc-0123456789abcdef0")
    zones = zones_of(region, config)
    for key, subnets in (("nodeSubnets", said.node_subnets), ("entrySubnets", said.entry_subnets)):
        for each, count in sorted(Counter(subnets).items()):
            if not _SUBNET.fullmatch(each):
                yield _no_id(f"{where}.{key}", each, "subnet", "subnet-0123456789abcdef0")
            if count > 1:
                yield Problem(
                    f"{where}.{key}", f"{each} is named {count} times", "one per zone is used", "name it once"
                )
        if len(subnets) != len(zones):
            yield Problem(
                where=f"{where}.{key}",
                what=f"{len(subnets)} subnets are named for the {len(zones)} zones {', '.join(zones)}",
                why="pools are spread over zones, and each zone takes its addresses from its own subnet",
                fix=f"name one in each zone, or choose zones by meridian:network.zones.{region.name}",
            )
    shared = sorted(set(said.node_subnets) & set(said.entry_subnets))
    if shared and config.network.entry != "private":
        yield Problem(
            where=f"{where}.entrySubnets",
            what=f"{', '.join(shared)} would hold nodes too, and the entry is {config.network.entry}",
            why="subnets of a public entry have a way to the internet, which nodes must not have",
            fix="name subnets of the entry alone, or write meridian:network.entry: private",
        )
    if region.name not in config.network.fixed_cidr:
        yield Problem(
            where=f"meridian:network.fixedCidr.{region.name}",
            what=f"is missing beside network.existing.{region.name}",
            why="the plan keeps regions' networks apart and cannot look at yours",
            fix=f"write the addresses of {said.network}, e.g. {{{region.name}: 10.20.0.0/16}}",
        )


def _cluster(region: RegionFleet, config: Config) -> Iterator[Problem]:
    name, where = config.cluster.existing.get(region.name), f"meridian:cluster.existing.{region.name}"
    if name is None:
        return
    if not _CLUSTER.fullmatch(name):
        yield Problem(
            where=where,
            what=f"{name!r} is no name of an EKS cluster",
            why="roles of workloads trust the cluster by its name",
            fix="write its name, without the ARN around it",
        )
    if region.name not in config.network.existing:
        yield Problem(
            where=where,
            what=f"{name} lies in a network that is not named",
            why="nodes and entry would be made in another network than the cluster's, and reach nothing",
            fix=f"add meridian:network.existing.{region.name}",
        )


def _no_id(where: str, said: str, kind: str, example: str) -> Problem:
    return Problem(where, f"{said!r} is no id of a {kind}", "AWS knows it by its id alone", f"write e.g. {example}")
