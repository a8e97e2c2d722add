"""A drill's report for people."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from drills.runner import Report


def show(report: Report, console: Console) -> None:
    """Print the figures, then each promise and whether it was kept."""
    found = report.summary
    table = Table("", "", box=None, show_header=False)
    rows = {
        "requests sent": found.sent,
        "in flight at the fault": found.in_flight_at_fault,
        "complete": found.complete,
        "refused (429)": found.refused,
        "failed before the first token": found.failed_before_first_token,
        "broke off mid-stream": f"{found.told_mid_stream} by an error event, {found.cut_mid_stream} by the transport",
        "ended silently": found.silent,
        "first token, before": f"p50 {found.before.p50:.0f} ms, p99 {found.before.p99:.0f} ms",
        "first token, after": f"p50 {found.after.p50:.0f} ms, p99 {found.after.p99:.0f} ms",
        "added latency": f"p50 {found.added_p50_ms:+.0f} ms, p99 {found.after.p99 - found.before.p99:+.0f} ms",
        "served again after": f"{found.served_again_seconds:.2f} s",
        "who served after": ", ".join(f"{name} {count}" for name, count in found.regions_after.items()) or "nobody",
        **{name: f"{value:g}" for name, value in report.figures.items()},
        **{f"{name} (untouched)": f"{one.complete} of {one.sent} complete" for name, one in report.others.items()},
    }
    for name, value in rows.items():
        table.add_row(name, escape(str(value)))
    console.print(f"[bold]{report.drill}[/bold]")
    console.print(table)
    for line in report.failures:
        console.print(f"  [dim]{escape(line)}[/dim]", highlight=False)
    for promise in report.promises:
        mark = "[green]kept[/green]  " if promise.kept else "[bold red]broken[/bold red]"
        console.print(f"{mark} {escape(promise.text)}", highlight=False)
