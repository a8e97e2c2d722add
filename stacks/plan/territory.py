"""From configuration and a fleet's plan to the names and the steering of a territory: pure."""

from collections.abc import Collection
from urllib.parse import parse_qs, urlsplit

from components.territory_specs import DnsSteeringSpec, MemberSpec, NamesSpec
from stacks.catalog.model import Catalogue
from stacks.config import Config
from stacks.plan import ground_facts as facts
from stacks.plan import territory_checks
from stacks.plan.fleet_model import FleetPlan
from stacks.plan.ground import secrets_of
from stacks.problems import ConfigurationRefused

ISSUERS: dict[str, tuple[str, ...]] = {
    "aws": ("amazon.com",),
    "gcp": ("pki.goog",),
    "azure": ("letsencrypt.org",),
}
"""Who certifies the entries of a cloud, by the name that CAA records have for it: ACM, Certificate Manager, and
cert-manager in the cluster where no managed certificate can be had."""

SINK = "192.0.2.1"
"""Of TEST-NET-1, which RFC 5737 gives to documentation: nobody has it and no network routes it."""

GLOBAL_HOME = "us-east-1"
"""Where Route 53 itself is controlled: for a territory without anything else on AWS, which keeps no data there."""


def names(territory: str, config: Config, plan: FleetPlan, catalogue: Catalogue) -> NamesSpec:
    """The names of one territory; raises `ConfigurationRefused` with every reason against them."""
    _refuse(territory, config, plan, catalogue)
    clouds = {each.cloud for each in plan.regions if each.territory == territory}
    return NamesSpec(
        territory=territory,
        environment=config.environment,
        name=name_of(territory, config),
        zone=config.steering.hosted_zone if config.steering else "",
        account=config.accounts["aws"],
        home=home(territory, config),
        issuers=tuple(sorted({issuer for cloud in clouds for issuer in ISSUERS[cloud]})),
        proves="aws" in clouds,
        secrets=secrets_of(territory, config),
        tags=_tags(territory, config),
    )


def steering(
    territory: str, regions: Collection[str], config: Config, plan: FleetPlan, catalogue: Catalogue
) -> DnsSteeringSpec:
    """The steering of one territory to those of its regions that are built; raises `ConfigurationRefused`."""
    _refuse(territory, config, plan, catalogue, regions)
    drained = territory_checks.drained(regions, config)
    wanted = config.steering
    assert wanted is not None, "the checks refuse an environment without steering"  # noqa: S101 - for the type checker
    name = name_of(territory, config)
    return DnsSteeringSpec(
        territory=territory,
        environment=config.environment,
        name=name,
        account=config.accounts["aws"],
        home=home(territory, config),
        members=tuple(_member(region, name, catalogue, drained) for region in sorted(regions)),
        sink=SINK,
        ttl_seconds=wanted.ttl_seconds,
        probed=config.network.entry != "private",
        probe_interval_seconds=wanted.probe_interval_seconds,
        failure_threshold=wanted.failure_threshold,
        probe_path=facts.PROBE_PATH,
        probe_body=facts.PROBE_BODY,
        tags=_tags(territory, config),
    )


def name_of(territory: str, config: Config) -> str:
    """The name that clients of a territory use."""
    return f"{territory}.{config.domain}"


def home(territory: str, config: Config) -> str:
    """The region of AWS that a territory's calls are made from: its state's own, which no change of regions moves.

    Where state lies on another cloud, the territory's first region on AWS as the configuration lists them.
    """
    if (told := state_home(territory, config)) is not None:
        return told
    listed = config.territories[territory].regions
    found = next((name for name in listed if name.startswith("aws-")), None)
    return found.partition("-")[2] if found else GLOBAL_HOME


def state_home(territory: str, config: Config) -> str | None:
    """The region of AWS that a territory's state names; None where it names none."""
    state = config.territories[territory].state
    if state is None:
        return None
    for scheme, address in (("awskms", state.secrets_provider), ("s3", state.backend)):
        parts = urlsplit(address)
        if parts.scheme == scheme and (named := parse_qs(parts.query).get("region")):
            return named[0]
    return None


def _refuse(
    territory: str, config: Config, plan: FleetPlan, catalogue: Catalogue, regions: Collection[str] = ()
) -> None:
    told = state_home(territory, config)
    problems = [
        *territory_checks.names_problems(territory, config, catalogue, told),
        *territory_checks.steering_problems(territory, regions, config, plan),
    ]
    if problems:
        raise ConfigurationRefused(problems)


def _member(region: str, territory_name: str, catalogue: Catalogue, drained: frozenset[str]) -> MemberSpec:
    known = catalogue.regions[region]
    return MemberSpec(
        region=region,
        name=f"{region}.{territory_name}",
        aws_region=known.own_name if known.cloud == "aws" else None,
        # Of other clouds once their grounds exist: the catalogue has no coordinates yet.
        coordinates=None,
        drained=region in drained,
    )


def _tags(territory: str, config: Config) -> tuple[tuple[str, str], ...]:
    """Ours win over yours: policies and bills are read by them."""
    ours = {
        "environment": config.environment,
        "jurisdiction": "+".join(sorted(config.territories[territory].jurisdictions)),
        "managed-by": "meridian",
        "territory": territory,
    }
    return tuple(sorted({**config.tags, **ours}.items()))
