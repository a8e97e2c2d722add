"""What the command line prints: for people with rich, for machines as JSON."""

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.local.status import ProcessStatus
from drills.lab.outcomes import LabReport
from drills.lab.show import show as show_lab_drill
from drills.runner import Report
from drills.show import show as show_drill
from stacks.problems import ConfigurationRefused

out = Console(soft_wrap=True)
err = Console(stderr=True, soft_wrap=True)


def say(line: str) -> None:
    """One line of progress, on standard error, so that `--json` output stays clean."""
    err.print(f"[dim]·[/dim] {escape(line)}", highlight=False)


def as_json(value: Any) -> None:
    """Print a value as JSON."""
    json.dump(value, sys.stdout, indent=2)
    sys.stdout.write("\n")


def refusal(refused: ConfigurationRefused) -> None:
    """Print every problem of a configuration."""
    count = len(refused.problems)
    err.print(f"[bold red]{count} problem{'s' if count > 1 else ''} in the configuration[/bold red]")
    for problem in refused.problems:
        err.print(f"\n[bold]{escape(problem.where)}[/bold]: {escape(problem.what)}", highlight=False)
        err.print(f"  [dim]why[/dim]  {escape(problem.why)}", highlight=False)
        err.print(f"  [dim]fix[/dim]  {escape(problem.fix)}", highlight=False)


def failure(message: str) -> None:
    """Print why a command could not do its work."""
    err.print(f"[bold red]failed[/bold red]  {escape(message)}", highlight=False)


def processes(rows: Sequence[ProcessStatus]) -> None:
    """The table of `status`."""
    table = Table("region", "process", "state", "pid", "port", "health", "memory", "up", box=None)
    for row in rows:
        colour = "green" if row.health == "ready" else "red"
        table.add_row(
            row.region,
            row.name,
            row.state,
            str(row.pid or "-"),
            str(row.port),
            f"[{colour}]{escape(row.health)}[/{colour}]",
            f"{row.memory_mib} MiB",
            f"{row.uptime_seconds} s",
        )
    out.print(table)


def drill(report: Report) -> None:
    """The report of a drill."""
    show_drill(report, out)


def lab_drill(report: LabReport) -> None:
    """The report of a drill in the lab."""
    show_lab_drill(report, out)


def how_to_call(stack: str, territories: Mapping[str, Any], model: str) -> None:
    """The end of `up`: what to type next. Prints no key; the lines fetch it themselves."""
    for name, territory in sorted(territories.items()):
        if "tenants" not in territory:
            out.print(f"[bold]{name}[/bold] is steered at [bold]{territory['endpoint']}/v1[/bold]", highlight=False)
            continue
        tenant = min(territory["tenants"])
        key = f"./meridian outputs {stack} --key {tenant}"
        out.print(f"\n[bold green]{name}[/bold green] serves at [bold]{territory['endpoint']}/v1[/bold]\n")
        if server := territory.get("nameServer"):
            out.print(f"its name is resolved by the name server at {server}, as a cloud's DNS would\n")
            continue
        out.print(_curl(territory, key, model), highlight=False, markup=False)
        out.print(_python(territory, key, model), highlight=False, markup=False)


def _curl(territory: Mapping[str, Any], key: str, model: str) -> str:
    body = json.dumps(
        {"model": model, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 16, "stream": True}
    )
    return (
        f'curl --no-buffer --cacert {shlex.quote(territory["caFile"])} -H "Authorization: Bearer $({key})" '
        f"-H 'Content-Type: application/json' -d '{body}' {territory['endpoint']}/v1/chat/completions\n"
    )


def _python(territory: Mapping[str, Any], key: str, model: str) -> str:
    """The same with the `openai` client, as one line whose variables last for it alone."""
    code = (
        f'import openai; print(openai.OpenAI().chat.completions.create(model="{model}", max_tokens=16, '
        'messages=[{"role": "user", "content": "Hello"}]).choices[0].message.content)'
    )
    return (
        f"SSL_CERT_FILE={shlex.quote(territory['caFile'])} OPENAI_BASE_URL={territory['endpoint']}/v1 "
        f"OPENAI_API_KEY=\"$({key})\" python3 -c '{code}'   # needs `pip install openai`\n"
    )
