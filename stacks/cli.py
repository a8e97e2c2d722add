"""`./meridian`: the command line. Each command is a few lines over `stacks.operations`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from drills.catalogue import DRILLS, DrillRefused
from drills.lab.catalogue import LAB_DRILLS
from drills.lab.faults import DrillFailed
from rehearsal.engine import EngineError
from rehearsal.lab import NotStarted
from rehearsal.standins.attach import NotServed
from stacks import door as door_command
from stacks import drilling, lab_drilling, operations, plan_command, show
from stacks import images as images_command
from stacks.bootstrap import SetupFailed
from stacks.door import DoorShut
from stacks.operations import Part
from stacks.preflight import command as preflight_command
from stacks.problems import ConfigurationRefused
from stacks.rolling.opening import NotLoggedIn
from stacks.session import EngineRefused

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Meridian: models as a service."
)

Stack = Annotated[str, typer.Argument(help="The stack: the NAME of Pulumi.NAME.yaml.")]
Machine = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Only = Annotated[
    list[str] | None, typer.Option(help="Build regions on this cloud alone, e.g. aws; the plan stays the whole one.")
]
Region = Annotated[str | None, typer.Option(help="The stacks of this region on a cloud alone, e.g. aws-eu-north-1.")]

REFUSED, FAILED = 2, 1
KNOWN = (
    *(SetupFailed, EngineError, EngineRefused, NotServed, NotLoggedIn),
    *(operations.NotUp, DrillRefused, DrillFailed, NotStarted, DoorShut),
)
"""What a command tells in a line, without a traceback."""


@app.command()
def setup(
    parts: Annotated[list[Part] | None, typer.Argument(help="All that `up` needs when left out.")] = None,
) -> None:
    """Install what a local stack needs: the engine, the serving environment; `dev` and `lab` are for tests."""
    operations.setup(parts or [Part.ENGINE, Part.SERVING])


@app.command()
def plan(
    stack: Stack,
    *,
    json: Machine = False,
    explain: Annotated[str | None, typer.Option(help="Show why this model runs on what it runs on.")] = None,
    compare: Annotated[str | None, typer.Option(help="Show the difference to this stack or git revision.")] = None,
    replay: Annotated[bool, typer.Option("--replay", help="Check the SLO by replaying bursts; takes seconds.")] = False,
) -> None:
    """Show what would exist, what survives which loss, and what it costs; touches no cloud."""
    plan_command.plan(stack, json=json, explain=explain, compare=compare, replay=replay)


@app.command()
def images(stack: Stack, *, json: Machine = False) -> None:
    """Show which images and charts must lie in which registries, and which version nobody has read yet."""
    found = images_command.images(stack)
    show.as_json(found) if json else images_command.table(found)


@app.command()
def preflight(
    stack: Stack,
    *,
    account: Annotated[str | None, typer.Option(help="The AWS account that this must be.")] = None,
    json: Machine = False,
) -> None:
    """Ask the real clouds, without changing anything, whether the plan can be carried out there."""
    raise typer.Exit(0 if preflight_command.preflight(stack, account=account, json=json) else FAILED)


@app.command()
def up(stack: Stack, *, only: Only = None, region: Region = None) -> None:
    """Make or change a stack until it serves; ends with how to call it."""
    raise typer.Exit(operations.up(stack, only or (), region))


@app.command()
def preview(stack: Stack, *, only: Only = None, region: Region = None) -> None:
    """Show what `up` would do."""
    raise typer.Exit(operations.preview(stack, only or (), region))


@app.command()
def refresh(stack: Stack, *, only: Only = None, region: Region = None) -> None:
    """Compare the stack with what is really there, and note the differences."""
    raise typer.Exit(operations.refresh(stack, only or (), region))


@app.command()
def down(stack: Stack, *, only: Only = None, region: Region = None) -> None:
    """Remove a stack with everything it made."""
    raise typer.Exit(operations.down(stack, only or (), region))


@app.command()
def status(stack: Annotated[str, typer.Argument()] = "local", *, json: Machine = False) -> None:
    """Show the processes of a local stack: ports, health, memory."""
    rows = operations.status(stack)
    if json:
        show.as_json([asdict(row) for row in rows])
    elif rows:
        show.processes(rows)
    else:
        show.say(f"{stack} is not up; `./meridian up {stack}` makes it")
    raise typer.Exit(0 if rows and all(row.health == "ready" for row in rows) else FAILED)


@app.command()
def outputs(
    stack: Stack,
    *,
    json: Machine = False,
    key: Annotated[str | None, typer.Option(help="Print this tenant's API key and nothing else.")] = None,
    only: Only = None,
) -> None:
    """Show endpoints and CA files; keys only with --key or --json."""
    territories = operations.outputs(stack, only or ())
    if key is not None:
        typer.echo(operations.key_of(key, territories))
    elif json:
        show.as_json(territories)
    else:
        show.how_to_call(stack, territories, operations.first_model(stack))


@app.command()
def drill(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(DRILLS)}.")],
    stack: Annotated[str, typer.Option(help="A local stack that is up.")] = "drill",
    *,
    lab: Annotated[bool, typer.Option("--lab", help=f"On real control planes: {', '.join(LAB_DRILLS)}.")] = False,
    json: Machine = False,
) -> None:
    """Make a failure on purpose under load, and measure what clients see of it; in the lab, what stays ready."""
    if lab:
        _drill_in_lab(name, as_json=json)
    found = drilling.run(name, stack)
    if json:
        show.as_json(drilling.as_values(found))
    else:
        show.drill(found)
    raise typer.Exit(0 if found.kept else FAILED)


def _drill_in_lab(name: str, *, as_json: bool) -> NoReturn:
    found = lab_drilling.run(name)
    if as_json:
        show.as_json(lab_drilling.as_values(found))
    else:
        show.lab_drill(found)
    raise typer.Exit(0 if found.kept else FAILED)


@app.command()
def rehearse(
    stack: Annotated[str, typer.Argument(help="The stack, or `example`: a small fleet of three clouds.")],
    *,
    layers: Annotated[bool, typer.Option("--layers", help="One stack for each layer of each region.")] = False,
    only: Only = None,
    failures: Annotated[Path | None, typer.Option(help="A file of failures that the stand-ins make.")] = None,
    lab: Annotated[bool, typer.Option("--lab", help="Real Kubernetes API servers, built with Go.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep state, logs and the stand-ins' world.")] = False,
    json: Machine = False,
) -> None:
    """Take a stack through its whole life, with the real engine and stand-ins for the clouds."""
    # Here, because no other command needs what stands in for clouds.
    from stacks import rehearse, rehearse_show

    made = rehearse.run(
        stack, layers=layers, only=only or (), failures=failures, keep=keep, lab=lab, shown=rehearse_show.step
    )
    show.as_json(rehearse.as_data(made)) if json else rehearse_show.report(made)
    raise typer.Exit(FAILED if made.problems else 0)


@app.command()
def door(
    stack: Stack,
    region: Annotated[str, typer.Argument(help="A region on AWS, e.g. aws-eu-north-1.")],
    *,
    port: Annotated[
        int | None, typer.Option(help="This machine's end of the tunnel; the region's own if left out.")
    ] = None,
) -> None:
    """Open a region's control plane to kubectl and to `up`, and print the path of its kubeconfig; Ctrl-C closes it."""
    raise typer.Exit(door_command.door(stack, region, port=port))


@app.command()
def env(stack: Stack) -> None:
    """Print what makes plain `pulumi` work on a local stack: eval "$(./meridian env local)"."""
    for line in operations.exports(stack):
        typer.echo(line)


def main() -> None:
    """Run a command; a user's mistake ends with its text and exit code 2, never with a traceback."""
    try:
        app(prog_name="./meridian")
    except ConfigurationRefused as refused:
        show.refusal(refused)
        raise SystemExit(REFUSED) from None
    except (*KNOWN, OSError) as problem:
        show.failure(str(problem))
        raise SystemExit(FAILED) from None


if __name__ == "__main__":
    main()
