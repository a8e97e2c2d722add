"""The serving layer of a region: its place among the layers, until it is built."""

import pulumi

from stacks.deploying.ground import Waist


def make(region: str, waist: Waist) -> None:  # noqa: ARG001 - what serving will be made on
    """Say that nothing is served there yet. In a stack of all layers the others are made all the same."""
    pulumi.log.warn(f"{region}: its serving layer is planned and not yet built, so no model is served there")
