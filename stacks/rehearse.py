"""What `./meridian rehearse` does: which program, stacks and configuration a name stands for."""

import contextlib
import itertools
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from components.images import mirrored
from components.serving.words import CONTROLLERS
from rehearsal.engine import ensure
from rehearsal.lab import Lab, NodeSpec
from rehearsal.rehearsing import Place, Report, Result, StackOf, Subject, rehearse
from rehearsal.standins.attach import attached
from stacks import configfile, show
from stacks.config import Config
from stacks.config import parse as parse_config
from stacks.deploying.held import held, territories_of
from stacks.lab_nodes import region_nodes
from stacks.operations import Part, setup
from stacks.problems import ConfigurationRefused, Problem
from stacks.scope import Territories, parse, stages
from stacks.workspace import Workspace, workspace

EXAMPLE = "example"
"""The program of `rehearsal/example`, which rehearses what no region's component can yet."""

EXAMPLE_NODES = tuple(
    NodeSpec(f"gpu-{zone}", zone, gpus=1, machine="g6e.xlarge", cpu=4, memory_gib=32) for zone in "abc"
)
"""Of every region of the example in a lab: one more than its replicas, which a rollout takes."""

PACKAGES = ("aws", "gcp", "azure-native", "kubernetes")

Shown = Callable[[Result], None]


def run(
    stack: str,
    *,
    layers: bool,
    failures: Path | None,
    keep: bool,
    shown: Shown,
    only: Sequence[str] = (),
    lab: bool = False,
) -> Report:
    """Rehearse a stack; raises `ConfigurationRefused` before anything is installed or made.

    With `lab` the objects of Kubernetes go to a real control plane for each region, whose nodes are played.
    """
    place = workspace()
    subject = subject_of(place, stack, layers=layers, only=only)
    _refuse_no_file(failures)
    setup([Part.ENGINE, Part.REHEARSAL])
    engine = ensure(place.root, progress=show.say, env=os.environ)
    folder = place.states / "rehearsals" / stack
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        shapes = place.home / "cache" / "shapes"
        with (
            _laboratory(place, folder / "lab", nodes_of(place, stack, only) if lab else {}) as planes,
            attached(
                folder / "world",
                cache=shapes,
                packages=subject.packages,
                failures=failures,
                lab=planes,
                before=subject.before,
            ) as standins,
        ):
            return rehearse(Place(folder, subject, engine, standins), say=show.say, shown=shown)
    finally:
        if keep:
            show.say(f"state, logs and the stand-ins' world are in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def subject_of(place: Workspace, stack: str, *, layers: bool, only: Sequence[str] = ()) -> Subject:
    """The program that a stack's name stands for, and its regions on the clouds of `only` where some are named.

    Raises `ConfigurationRefused` for what cannot be built.
    """
    if stack == EXAMPLE:
        return _example(place, layers=layers)
    file = place.root / f"Pulumi.{stack}.yaml"
    config = parse_config(configfile.narrowed(configfile.read(file), only))
    if config.environment != "local":
        return _environment(place, stack, config, only, layers=layers)
    raise ConfigurationRefused(
        [
            Problem(
                where=f"Pulumi.{stack}.yaml",
                what=f"{stack} runs on this machine, without a cloud's provider to stand in for",
                why="a rehearsal of it would be the real thing",
                fix=f"bring it up with `./meridian up {stack}`, or rehearse `{EXAMPLE}`",
            )
        ]
    )


def nodes_of(place: Workspace, stack: str, only: Sequence[str] = ()) -> Mapping[str, Sequence[NodeSpec]]:
    """The nodes of each region that a rehearsal in a lab plays: those of the plan's pools."""
    if stack == EXAMPLE:
        config = yaml.safe_load((place.root / "rehearsal" / "example" / "Pulumi.example.yaml").read_text())["config"]
        return {name: EXAMPLE_NODES for regions in config["example:territories"].values() for name in regions}
    said = configfile.narrowed(configfile.read(place.root / f"Pulumi.{stack}.yaml"), only)
    return {name: region_nodes(spec) for name, spec in held(stack, parse_config(said)).grounds.items()}


@contextlib.contextmanager
def _laboratory(
    place: Workspace, folder: Path, regions: Mapping[str, Sequence[NodeSpec]]
) -> Iterator[Mapping[str, Path] | None]:
    if not regions:
        yield None
        return
    with Lab(regions, folder=folder, root=place.root, progress=show.say) as running:
        for plane, name in itertools.product(running.planes.values(), CONTROLLERS):
            plane.client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        yield running.kubeconfigs


def stacks_of(environment: str, territories: Territories, *, layers: bool) -> tuple[StackOf, ...]:
    """The stacks of an environment in the order in which they are made: one, or one for each layer."""
    names = [name for stage in stages(environment, territories) for name in stage] if layers else [environment]
    return tuple(StackOf(name, parse(name, territories).refers_to) for name in names)


def as_data(report: Report) -> dict[str, Any]:
    """A report as JSON."""
    return {
        "ok": not report.problems,
        "problems": list(report.problems),
        "policies": "policies" if report.policies else "no policy pack",
        "resources": {"first": len(report.first), "again": len(report.again)},
        "steps": [{**asdict(each), "kept": each.kept} for each in report.results],
    }


def _example(place: Workspace, *, layers: bool) -> Subject:
    program = place.root / "rehearsal" / "example"
    config = yaml.safe_load((program / "Pulumi.example.yaml").read_text())["config"]
    policies = place.root / "policies"
    return Subject(
        project="example",
        program=program,
        stacks=stacks_of(EXAMPLE, config["example:territories"], layers=layers),
        config=config,
        # One property of everything that has tags, and one that replaces a log in every region.
        change={"example:owner": "research", "example:logGeneration": 2},
        again={"example:generation": 2},
        packages=PACKAGES,
        search_path=place.root,
        policies=policies if policies.is_dir() else None,
    )


def _environment(place: Workspace, stack: str, config: Config, only: Sequence[str], *, layers: bool) -> Subject:
    """An environment in one stack, or in one for each layer that is built."""
    held(stack, config)
    territories = territories_of(config)
    stacks = stacks_of(stack, territories, layers=layers)
    said = configfile.narrowed(yaml.safe_load((place.root / f"Pulumi.{stack}.yaml").read_text())["config"], only)
    policies = place.root / "policies"
    # What is protected cannot be destroyed: as on the real clouds, its protection is lifted first.
    leaving = sorted(region for regions in territories.values() for region in regions)
    retiring = {"meridian:rollout": {**said.get("meridian:rollout", {}), "retiring": leaving}}
    return Subject(
        project="meridian",
        program=place.root,
        stacks=stacks,
        config=said,
        # Of what clouds tag, and of what gateways let through: no replica starts anew, which would take minutes each.
        change={
            "meridian:tags": {"owner": "research"},
            "meridian:tenants": {
                name: {**each, "requestsPerMinute": 300} for name, each in said["meridian:tenants"].items()
            },
            **(retiring if config.environment == "prod" else {}),
        },
        again={"meridian:cluster": {**said["meridian:cluster"], "generation": 2}},
        packages=PACKAGES,
        search_path=place.root,
        policies=policies if policies.is_dir() else None,
        before=controllers(),
    )


def controllers() -> tuple[str, ...]:
    """What controllers bring to a cluster: Helm renders their charts, and there is no stand-in for Helm."""
    groups = {group for each in mirrored() for group in each.gives}
    return tuple(sorted({*groups, *CONTROLLERS}))


def _refuse_no_file(failures: Path | None) -> None:
    if failures is None or failures.is_file():
        return
    raise ConfigurationRefused(
        [
            Problem(
                where="--failures",
                what=f"there is no file at {failures}",
                why="a rehearsal without its failures would look like one that survived them",
                fix="write the path of a file of failures, or leave the option out",
            )
        ]
    )
