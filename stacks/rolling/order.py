"""In which order the stacks of an environment are changed; pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from stacks.plan.survival import waves_of
from stacks.scope import OF_TERRITORIES, Layer, Part, Territories, parse

Waves = Sequence[Collection[str]]


@dataclass(frozen=True)
class Turn:
    """One stack in its turn."""

    title: str
    """What it belongs to, for people: `names`, `wave 1 of 3`, `steering`."""
    stack: str
    part: Part
    territory: str
    """Whose state it lies in."""
    refers_to: tuple[str, ...]
    """Stacks whose values it takes; they come before it."""


def order(environment: str, territories: Territories, waves: Waves, region: str | None = None) -> tuple[Turn, ...]:
    """The stacks in the order in which they are made: names, region by region in waves, steering last.

    Steering comes last, so that no client is sent to a region that is not made. With `region` its own stacks alone.
    Destroyed in reverse.
    """
    turns = (*_of_territories("names", Layer.NAMES, territories), *_waves(territories, waves))
    parts = (*turns, *_of_territories("steering", Layer.STEERING, territories))
    return tuple(_turn(title, part, environment, territories) for title, part in parts if region in (None, part.place))


def left(stacks: Collection[str], environment: str, known: Collection[Turn]) -> tuple[str, ...]:
    """Stacks of the environment that exist and that its configuration no longer has, sorted."""
    names = {turn.stack for turn in known}
    return tuple(sorted(name for name in stacks if name.startswith(f"{environment}.") and name not in names))


def _of_territories(title: str, layer: Layer, territories: Territories) -> tuple[tuple[str, Part], ...]:
    return tuple((title, Part(layer, name)) for name in sorted(territories))


def _waves(territories: Territories, waves: Waves) -> Iterator[tuple[str, Part]]:
    regions = {region for members in territories.values() for region in members}
    there = [[region for region in wave if region in regions] for wave in waves_of(regions, tuple(map(tuple, waves)))]
    found = [wave for wave in there if wave]
    for number, wave in enumerate(found, start=1):
        for region in wave:
            for layer in (each for each in Layer if each not in OF_TERRITORIES):
                yield f"wave {number} of {len(found)}", Part(layer, region)


def _turn(title: str, part: Part, environment: str, territories: Territories) -> Turn:
    stack = part.stack(environment)
    home = part.place
    if part.layer not in OF_TERRITORIES:
        home = next(name for name, regions in territories.items() if part.place in regions)
    return Turn(title, stack, part, home, parse(stack, territories).refers_to)
