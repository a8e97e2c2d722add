"""What is wrong with the ground of a region, found before a cloud is asked for anything."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Literal, cast

from components.aws.addresses import LETTERS
from components.aws.versions import ADDONS
from stacks.config import Config
from stacks.plan import ground_existing, ground_limits
from stacks.plan.fleet_model import FleetPlan, RegionFleet
from stacks.plan.ground_facts import LEAST_ZONES
from stacks.plan.ground_zones import zones_of
from stacks.problems import Problem

Cloud = Literal["aws", "gcp", "azure"]

WIDEST_DOOR = 16
"""Prefix of the widest list that may knock: 65,536 addresses, more than any office or runner has; a choice of ours."""

_ACCOUNT = re.compile(r"\d{12}")
_ADMINISTRATOR = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]+")
_RESERVATION = re.compile(r"cr-[0-9a-f]{8,17}")


def cloud_of(region: RegionFleet) -> Cloud:
    """The cloud of a region, as the configuration names it."""
    return cast("Cloud", region.cloud)


def problems(region: RegionFleet, config: Config, plan: FleetPlan) -> list[Problem]:
    """Every problem at once."""
    if region.cloud != "aws":
        return [not_built(region)]
    return [
        *account_problems(config),
        *_zones(region, config),
        *_door(config),
        *_cluster(config),
        *_reservations(region, config, plan),
        *zone_problems(config),
        *ground_existing.problems(region, config),
        *ground_limits.problems(region, config, plan),
    ]


def not_built(region: RegionFleet) -> Problem:
    """Of a region on a cloud that nothing here makes yet."""
    return Problem(
        where=f"meridian:territories.{region.territory}.regions",
        what=f"{region.name} is planned and not yet built: gcp, azure",
        why="this version makes the ground of AWS regions alone, and half of an environment would look like all of it",
        fix="say `--only aws`, or write meridian:rollout.clouds: [aws]; the plan stays that of the whole environment",
    )


def account_problems(config: Config) -> Iterator[Problem]:
    """What is wrong with the account on AWS, which the DNS zone lies in too."""
    account = config.accounts.get("aws")
    if account is None or not _ACCOUNT.fullmatch(account):
        yield Problem(
            where="meridian:accounts.aws",
            what="is missing" if account is None else f"{account!r} is no account of AWS",
            why="a login to another account is refused by it, so that nothing is ever made in the wrong place",
            fix='write the 12 digits in quotes, e.g. {aws: "123456789012"}',
        )


def _zones(region: RegionFleet, config: Config) -> Iterator[Problem]:
    where, zones = f"meridian:network.zones.{region.name}", zones_of(region, config)
    location = region.name.partition("-")[2]
    right = [f"{location}{letter}" for letter in LETTERS]
    for zone in zones:
        if zone not in right:
            yield Problem(
                where=where,
                what=f"{zone!r} is no availability zone of {region.name}",
                why="a local zone may lie in another country, and a subnet must lie in a zone that exists",
                fix=f"write zones such as {', '.join(right[:3])}",
            )
    if len(set(zones)) < LEAST_ZONES or len(set(zones)) != len(zones):
        found = f"{len(set(zones))} zones are " + ("named" if region.name in config.network.zones else "known")
        yield Problem(
            where=where,
            what=found if len(set(zones)) == len(zones) else "a zone is named twice",
            why="a control plane and a load balancer need two zones, so that one may fail",
            fix=f"name at least {LEAST_ZONES} different zones of your account, e.g. [{right[0]}, {right[1]}]",
        )


def _door(config: Config) -> Iterator[Problem]:
    network = config.network
    listed = network.door == "allow-list"
    if listed and not network.allowed_cidrs:
        yield _door_problem("is missing", "without a list everybody could knock", "write your own addresses, never /0")
    if network.allowed_cidrs and not listed:
        yield _door_problem(
            f"is of no use with door: {network.door}",
            "the control plane has no public address that a list could narrow",
            "leave it out, or write door: allow-list",
        )
    if listed and config.environment == "prod":
        yield Problem(
            where="meridian:network.door",
            what="allow-list gives production's control planes a public address",
            why="a leaked credential could be used from there; through a tunnel it also needs the cloud's own login",
            fix="write tunnel, or direct for a runner inside the network",
        )
    for text in network.allowed_cidrs:
        try:
            parsed = IPv4Network(text)
        except ValueError as error:
            yield _door_problem(
                f"{text} is no network: {error}", "the cloud would refuse it", "write e.g. 203.0.113.7/32"
            )
            continue
        if parsed.prefixlen < WIDEST_DOOR or parsed.is_private:
            wide = "everybody" if parsed.prefixlen == 0 else f"wider than a /{WIDEST_DOOR}, more than an office has"
            yield _door_problem(
                f"{text} is {'a private network' if parsed.is_private else wide}",
                "the list says who may reach the control plane over the internet",
                "write the public addresses of your office or runner, e.g. 203.0.113.7/32",
            )


def _door_problem(what: str, why: str, fix: str) -> Problem:
    return Problem("meridian:network.allowedCidrs", what, why, fix)


def _cluster(config: Config) -> Iterator[Problem]:
    if config.cluster.version not in ADDONS:
        yield Problem(
            where="meridian:cluster.version",
            what=f"{config.cluster.version} has no pinned add-ons for AWS",
            why="add-ons of another version may not start, and then no node becomes ready",
            fix=f"write one of: {', '.join(sorted(ADDONS))}",
        )
    if not config.cluster.administrators:
        yield Problem(
            where="meridian:cluster.administrators",
            what="is missing",
            why="whoever makes the cluster gets no rights in it, so nobody could ever change an object",
            fix="write role ARNs, e.g. [arn:aws:iam::123456789012:role/platform]",
        )
    for name in config.cluster.administrators:
        if not _ADMINISTRATOR.fullmatch(name):
            yield Problem(
                where="meridian:cluster.administrators",
                what=f"{name!r} is no ARN of a role or user",
                why="an access entry names one principal exactly; EKS takes neither root nor a wildcard",
                fix="write e.g. arn:aws:iam::123456789012:role/platform",
            )


def _reservations(region: RegionFleet, config: Config, plan: FleetPlan) -> Iterator[Problem]:
    known = config.capacity.reservations if config.capacity else {}
    pools = [pool for fleet in plan.models for pool in fleet.pools if pool.region == region.name]
    for pool in pools:
        key = f"{pool.region}/{pool.machine}"
        if pool.capacity == "reserved" and key not in known:
            yield Problem(
                where="meridian:capacity.reservations",
                what=f"{pool.name} runs on {pool.nodes} reserved {pool.machine} and no id of a reservation is given",
                why="a reservation is a purchase, which nothing here makes",
                fix=f"buy it and write its id, e.g. {{{key}: cr-0123456789abcdef0}}",
            )
    for key, text in known.items():
        if key.startswith(f"{region.name}/") and not _RESERVATION.fullmatch(text):
            yield Problem(
                where=f"meridian:capacity.reservations.{key}",
                what=f"{text!r} is no id of a capacity reservation",
                why="machines would be started without what was bought",
                fix="write it as EC2 shows it, e.g. cr-0123456789abcdef0",
            )


def zone_problems(config: Config) -> Iterator[Problem]:
    """What is wrong with the zone that names are proved and answered in."""
    if config.steering is None or config.domain is None:
        return
    zone = config.steering.hosted_zone
    if config.steering.provider != "route53":
        yield Problem(
            where="meridian:steering.provider",
            what=f"{config.steering.provider} cannot prove the names of an entry on AWS yet",
            why="its certificate is issued once a record stands in the zone, which is written by Route 53 alone here",
            fix="write route53",
        )
    if config.domain != zone and not config.domain.endswith(f".{zone}"):
        yield Problem(
            where="meridian:steering.hostedZone",
            what=f"{config.domain} does not lie in the zone {zone}",
            why="records of the entries' names could not be written there",
            fix=f"write a zone that {config.domain} ends with",
        )
