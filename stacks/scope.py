"""What one stack of an environment holds: read from its name; pure.

`<env>` holds everything. `<env>.<territory>.names`, `<env>.<region>.ground`, `<env>.<region>.serving` and
`<env>.<territory>.steering` hold one part each. A part takes values from the parts that it `needs`, and from no
other: they lie in the same territory, and no region needs another, so a lost region blocks no other one.
"""

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from stacks.problems import ConfigurationRefused, Problem

Territories = Mapping[str, Collection[str]]
"""The regions of each territory, as the plan names them."""

_ENVIRONMENT = re.compile(r"[a-z][a-z0-9-]*")


class Layer(StrEnum):
    """The layers, in the order in which they are made."""

    NAMES = "names"
    GROUND = "ground"
    SERVING = "serving"
    STEERING = "steering"


OF_TERRITORIES = frozenset({Layer.NAMES, Layer.STEERING})
"""Layers that exist once per territory; the others exist once per region."""


@dataclass(frozen=True, order=True)
class Part:
    """One layer of one territory or region."""

    layer: Layer
    place: str
    """The name of a territory for `names` and `steering`, of a region for the others."""

    def stack(self, environment: str) -> str:
        """The stack that holds this part alone."""
        return f"{environment}.{self.place}.{self.layer}"


@dataclass(frozen=True)
class Scope:
    """What one stack holds."""

    stack: str
    environment: str
    parts: tuple[Part, ...]
    """In the order in which they are made."""
    refers_to: tuple[str, ...]
    """Stacks whose outputs it reads: those that hold what its parts need and it does not hold itself."""

    def holds(self, layer: Layer, place: str) -> bool:
        """Whether a layer of a territory or region is in this stack."""
        return Part(layer, place) in self.parts


def all_parts(territories: Territories) -> tuple[Part, ...]:
    """Every part of an environment, in the order in which they are made; the order of keys does not matter."""
    regions = sorted(region for members in territories.values() for region in members)
    return tuple(
        Part(layer, place) for layer in Layer for place in (sorted(territories) if layer in OF_TERRITORIES else regions)
    )


def needs(part: Part, territories: Territories) -> tuple[Part, ...]:
    """The parts whose values a part takes."""
    match part.layer:
        case Layer.NAMES:
            return ()
        case Layer.GROUND:
            return (Part(Layer.NAMES, _territory_of(part.place, territories)),)
        case Layer.SERVING:
            return (Part(Layer.GROUND, part.place),)
        case Layer.STEERING:
            grounds = (Part(Layer.GROUND, region) for region in sorted(territories[part.place]))
            return (Part(Layer.NAMES, part.place), *grounds)


def parse(stack: str, territories: Territories) -> Scope:
    """The scope of a stack, by its name; raises `ConfigurationRefused` for a name that stands for nothing."""
    environment, *rest = stack.split(".")
    everything = all_parts(territories)
    if not _ENVIRONMENT.fullmatch(environment) or len(rest) not in (0, 2):
        raise _refused(stack, "it is not the name of a stack", environment, everything)
    parts = tuple(part for part in everything if not rest or part.stack(environment) == stack)
    if not parts:
        raise _refused(stack, _why_none(rest[0], rest[1], territories), environment, everything)
    needed = {need for part in parts for need in needs(part, territories)} - set(parts)
    return Scope(stack, environment, parts, tuple(part.stack(environment) for part in sorted(needed, key=_place_in)))


def stages(environment: str, territories: Territories) -> tuple[tuple[str, ...], ...]:
    """The stacks of an environment that is split by layer: each stage needs the ones before it, and the stacks of one
    stage need nothing of one another. Destroyed in reverse."""
    everything = all_parts(territories)
    return tuple(tuple(part.stack(environment) for part in everything if part.layer == layer) for layer in Layer)


def _place_in(part: Part) -> tuple[int, str]:
    return list(Layer).index(part.layer), part.place


def _territory_of(region: str, territories: Territories) -> str:
    return next(name for name, regions in territories.items() if region in regions)


def _why_none(place: str, layer: str, territories: Territories) -> str:
    if layer not in list(Layer):
        return f"there is no layer named {layer!r}: a stack holds {', '.join(Layer)}"
    kind, known = _places(Layer(layer), territories)
    if place not in known and place in _places(_OTHER[kind], territories)[1]:
        return f"{place} is no {kind}, and {layer} exists once per {kind}"
    return f"the plan has no {kind} named {place!r}"


_OTHER = {"territory": Layer.GROUND, "region": Layer.NAMES}


def _places(layer: Layer, territories: Territories) -> tuple[str, tuple[str, ...]]:
    if layer in OF_TERRITORIES:
        return "territory", tuple(territories)
    return "region", tuple(region for members in territories.values() for region in members)


def _refused(stack: str, what: str, environment: str, everything: tuple[Part, ...]) -> ConfigurationRefused:
    environment = environment if _ENVIRONMENT.fullmatch(environment) else "prod"
    known = [environment, *(part.stack(environment) for part in everything)]
    near = difflib.get_close_matches(stack, known, n=3)
    fix = f"did you mean {' or '.join(near)}?" if near else f"write one of: {', '.join(known)}"
    why = "a stack's name says which part of the environment it holds; a wrong one would hold nothing, or another part"
    return ConfigurationRefused([Problem(f"stack {stack}", what, why, fix)])
