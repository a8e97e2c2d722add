"""What `./meridian images` shows: which image must lie in which registry, and what is still open."""

from dataclasses import asdict
from typing import Any

from rich.table import Table

from components.aws import names
from components.images import mirrored
from stacks import configfile, show
from stacks.config import Config, parse
from stacks.problems import ConfigurationRefused, Problem
from stacks.workspace import workspace


def images(stack: str) -> dict[str, Any]:
    """Per territory its regions' registries, and what each must hold; raises `ConfigurationRefused`."""
    config = parse(configfile.read(workspace().root / f"Pulumi.{stack}.yaml"))
    if config.environment == "local":
        what = f"{stack} runs on this machine: it pulls no image"
        raise ConfigurationRefused([Problem("the stack", what, "there is no registry", "name a stack on clouds")])
    return of_config(config)


def table(found: dict[str, Any]) -> None:
    """Print the same for people."""
    rows = Table("repository", "version", "digest", "from", box=None)
    for each in found["images"]:
        pinned = found["serving"] if each["name"] == "serving" else each["digest"]
        rows.add_row(each["name"], each["version"] or "?", pinned or "not read yet", each["source"] or "built here")
    show.out.print(rows)
    where = ", ".join(f"{one['region']} ({one['territory']})" for one in found["registries"])
    show.out.print(f"each of these lies in the registries of {where}", highlight=False)
    if found["open"]:
        show.say(f"no version is chosen yet for {', '.join(found['open'])}: write one into components/images.json")


def of_config(config: Config) -> dict[str, Any]:
    """The same for a configuration that is read already."""
    needed = [asdict(each) for each in mirrored()]
    return {
        "environment": config.environment,
        "serving": config.image.digest if config.image else None,
        "registries": [
            {"territory": name, "region": region, **_place(region, config)}
            for name, territory in sorted(config.territories.items())
            for region in territory.regions
        ],
        "images": needed,
        "open": [each.name for each in mirrored() if each.source and each.version is None],
    }


def _place(region: str, config: Config) -> dict[str, Any]:
    """Cloud, account and the address below which every repository lies; None where that cloud's is not built yet."""
    cloud, _, location = region.partition("-")
    account = next((known for name, known in config.accounts.items() if name == cloud), None)
    address = None
    if cloud == "aws" and account is not None:
        address = f"{names.registry_of(account, location)}/{names.repository_prefix_of(config.environment)}"
    return {"cloud": cloud, "location": location, "account": account, "address": address}
