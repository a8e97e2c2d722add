"""A lab drill's report for people."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from drills.lab.outcomes import LabReport


def show(report: LabReport, console: Console) -> None:
    """Print what was counted, then each promise and whether it was kept."""
    table = Table("", "", box=None, show_header=False)
    gap = f"{report.longest_gap_seconds:.1f} s apart at most"
    rows = {
        f"{report.counted_as} before": report.whole,
        "fewest during the drill": f"{report.minimum:g}",
        "promised": f"{report.promised}, by {report.promise}",
        "over after": f"{report.seconds:.1f} s",
        "samples": f"{report.samples}, {report.untold} without an answer, {gap}",
        **{name: f"{value:g}" for name, value in report.figures.items()},
    }
    for name, value in rows.items():
        table.add_row(name, escape(str(value)))
    console.print(f"[bold]{report.drill}[/bold]  {escape(report.what)}")
    console.print(table)
    for promise in report.promises:
        mark = "[green]kept[/green]  " if promise.kept else "[bold red]broken[/bold red]"
        console.print(f"{mark} {escape(promise.text)}", highlight=False)
