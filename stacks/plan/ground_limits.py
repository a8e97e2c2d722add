"""What AWS or an auditor would refuse of a region that the plan allows: names, networks, keeping and buying."""

from collections import Counter
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from components.aws.names import RETENTIONS
from components.aws.refusing import LONGEST_COMMON_NAME, LONGEST_NAME
from stacks.config import Config
from stacks.plan.fleet_model import FleetPlan, RegionFleet
from stacks.problems import Problem, near

LARGEST_PREFIX = 16
"""VPC: a network is a /16 or smaller ("VPC CIDR blocks", EC2 user guide)."""

SERVICES = IPv4Network("172.20.0.0/16")
"""Addresses of services in every cluster; a test holds that the component uses the same."""

KEPT_DAYS: Mapping[str, int] = {"hipaa": 2190, "soc2": 365}
"""Least days of audit logs: HIPAA 164.316(b)(2)(i), six years of documentation; SOC 2 has no figure of its own, but an
audit looks back over twelve months (CKV_AWS_338 asks for the same). GDPR and ISO 27001 name no least."""

MOST_TAGS = 50
"""Of one resource on AWS."""
OWN_TAGS = 7
"""That components add: `Name`, and those of the plan."""


def problems(region: RegionFleet, config: Config, plan: FleetPlan) -> list[Problem]:
    """Every problem at once."""
    return [
        *_network(region),
        *_foreign_zones(config),
        *_administrators(config),
        *_names(region, config),
        *_kept(config),
        *_tags(config),
        *_bought(region, config, plan),
    ]


def _network(region: RegionFleet) -> Iterator[Problem]:
    where, network = f"meridian:network.fixedCidr.{region.name}", IPv4Network(region.cidr)
    usable = "10.20.0.0/16, or leave it out: the plan has a slot for every region"
    if network.prefixlen < LARGEST_PREFIX:
        yield Problem(
            where=where,
            what=f"{network} is larger than AWS makes a network: a /{LARGEST_PREFIX} at most",
            why="`up` would end at its first resource",
            fix=f"write e.g. {usable}",
        )
    if network.overlaps(SERVICES):
        yield Problem(
            where=where,
            what=f"{network} overlaps {SERVICES}, the addresses of services inside every cluster",
            why="pods would reach a service where a node or an endpoint was meant",
            fix=f"write e.g. {usable}",
        )
    if network.is_loopback or network.is_link_local:
        yield Problem(
            where=where,
            what=f"{network} never leaves a machine",
            why="AWS gives no network such addresses",
            fix=f"write e.g. {usable}",
        )


def _foreign_zones(config: Config) -> Iterator[Problem]:
    regions = sorted({name for territory in config.territories.values() for name in territory.regions})
    for name in sorted(set(config.network.zones) - set(regions)):
        yield Problem(
            where=f"meridian:network.zones.{name}",
            what=f"there is no region named {name!r} in any territory",
            why="zones that were chosen for nothing leave the region that was meant with its first three",
            fix=near(name, regions),
        )


def _administrators(config: Config) -> Iterator[Problem]:
    account, where = config.accounts.get("aws"), "meridian:cluster.administrators"
    for name, count in sorted(Counter(config.cluster.administrators).items()):
        if count > 1:
            yield Problem(
                where, f"{name} is named {count} times", "EKS makes one access entry of a principal", "name it once"
            )
        if account and name.count(":") >= 5 and name.split(":")[4] not in (account, ""):
            yield Problem(
                where=where,
                what=f"{name} is of account {name.split(':')[4]}, the clusters are of {account}",
                why="who is administrator would be decided in an account that this one does not see into",
                fix=f"write a role of {account} that people of the other account may take, e.g. by IAM Identity Center",
            )


def _names(region: RegionFleet, config: Config) -> Iterator[Problem]:
    first = f"{region.territory}.{config.domain}"
    if len(first.encode()) > LONGEST_COMMON_NAME:
        yield Problem(
            where="meridian:domain",
            what=f"{first!r} is longer than {LONGEST_COMMON_NAME} bytes",
            why="a certificate's first name is no longer (ACM, RFC 5280)",
            fix="use a shorter domain or a shorter name of the territory",
        )
    if len(region.name) > LONGEST_NAME:
        yield Problem(
            where=f"meridian:territories.{region.territory}.regions",
            what=f"{region.name} is longer than the {LONGEST_NAME} characters that a load balancer's name leaves",
            why="AWS would refuse the entry when everything else is made",
            fix="use another region",
        )


def _kept(config: Config) -> Iterator[Problem]:
    days, where = config.compliance.log_retention_days, "meridian:compliance.logRetentionDays"
    for framework in config.compliance.frameworks:
        least = KEPT_DAYS.get(framework, 0)
        if days < least:
            yield Problem(
                where=where,
                what=f"{days} days are fewer than {framework} asks: {least}",
                why="an auditor asks for logs that would be gone, and locked logs cannot be brought back",
                fix=f"write {least} or more (CloudWatch keeps {next(each for each in RETENTIONS if each >= least)})",
            )
    if config.compliance.prompt_log_retention_days > days:
        yield Problem(
            where="meridian:compliance.promptLogRetentionDays",
            what=f"prompts are kept {config.compliance.prompt_log_retention_days} days, longer than audit logs: {days}",
            why="the most personal data would outlive the proof of who read it",
            fix=f"write {days} or fewer, 0 to keep none",
        )


def _tags(config: Config) -> Iterator[Problem]:
    if len(config.tags) + OWN_TAGS > MOST_TAGS:
        yield Problem(
            where="meridian:tags",
            what=f"{len(config.tags)} tags of your own are more than fit beside ours: {MOST_TAGS - OWN_TAGS}",
            why=f"a resource on AWS has at most {MOST_TAGS}",
            fix="take some out",
        )
    for key in sorted(config.tags):
        if key.startswith("aws"):
            yield Problem(
                where=f"meridian:tags.{key}",
                what="begins with `aws`",
                why="AWS keeps `aws:` for itself, and bills and policies mix the two up",
                fix="give it another name",
            )


def _bought(region: RegionFleet, config: Config, plan: FleetPlan) -> Iterator[Problem]:
    """Reservations that no pool of the plan uses, or that two pools would use."""
    known = config.capacity.reservations if config.capacity else {}
    pools = [pool for fleet in plan.models for pool in fleet.pools]
    used = {f"{pool.region}/{pool.machine}" for pool in pools if pool.capacity == "reserved"}
    planned = sorted({f"{pool.region}/{pool.machine}" for pool in pools})
    named = {each.name for each in plan.regions}
    for key in sorted(known):
        of, _, machine = key.partition("/")
        if of not in (region.name, *(() if of in named else (of,))) or key in used:
            continue
        why = "it is paid for by the hour, used or not, and machines of other pools keep away from it"
        yield Problem(
            where=f"meridian:capacity.reservations.{key}",
            what=f"no pool of the plan runs on reserved {machine or 'machines'} in {of}",
            why=why,
            fix=f"{near(key, planned)} with meridian:capacity.baseline: reserved; or take it out",
        )
    for text, count in Counter(known.values()).items():
        if count > 1:
            keys = ", ".join(sorted(key for key, each in known.items() if each == text))
            yield Problem(
                where="meridian:capacity.reservations",
                what=f"{text} is named {count} times: {keys}",
                why="a reservation is of one region and one machine, and would be counted twice",
                fix="write the id of each",
            )
