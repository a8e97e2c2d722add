"""What `./meridian images` shows: which image must lie in which registry, and what is still open."""

from dataclasses import asdict
from typing import Any

from rich.table import Table

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
            {"territory": name, "region": region, **_place(region), "account": config.accounts.get(_cloud(region))}
            for name, territory in sorted(config.territories.items())
            for region in territory.regions
        ],
        "images": needed,
        "open": [each.name for each in mirrored() if each.source and each.version is None],
    }


def _cloud(region: str) -> Any:
    return region.partition("-")[0]


def _place(region: str) -> dict[str, str]:
    cloud, _, location = region.partition("-")
    return {"cloud": cloud, "location": location}
