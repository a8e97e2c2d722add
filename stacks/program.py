"""What `__main__.py` runs under the engine."""

import json
from typing import Any

import pulumi
from pulumi.runtime.config import get_config_env

from components.region import Machine
from stacks import deploy_cloud
from stacks.config import parse
from stacks.deploy import deploy
from stacks.deploying.held import held
from stacks.outputs import export
from stacks.plan import make_plan
from stacks.problems import ConfigurationRefused
from stacks.workspace import workspace

NAMESPACE = "meridian:"


def main() -> None:
    """Load, plan, deploy, export. A refused configuration ends the program with its text, without a traceback."""
    place = workspace()
    machine = Machine(root=place.root, state=place.state(pulumi.get_stack()), serving_python=place.serving_python)
    try:
        config = parse(values_of(get_config_env()))
        if config.environment != "local":
            return deploy_cloud.deploy(held(pulumi.get_stack(), config))
        plan = make_plan(config)
    except ConfigurationRefused as refused:
        raise pulumi.RunError(str(refused)) from None
    return export(deploy(plan, config, machine))


def values_of(settings: dict[str, Any]) -> dict[str, Any]:
    """The engine's flat settings as configuration values: objects arrive as JSON text.

    Empty ones are the defaults of Pulumi.yaml and mean that the key was left out.
    """
    found = {
        key.removeprefix(NAMESPACE): _decoded(value) for key, value in settings.items() if key.startswith(NAMESPACE)
    }
    return {key: value for key, value in found.items() if value not in ("", {})}


def _decoded(text: str) -> Any:
    if not text.startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
