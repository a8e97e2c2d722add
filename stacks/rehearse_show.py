"""How a rehearsal is shown to people."""

from collections import Counter

from rich.markup import escape
from rich.table import Column, Table

from rehearsal.rehearsing import Report, Result
from rehearsal.rehearsing.model import Step
from stacks import show

SHOWN = ("create", "update", "replace", "delete", "same")
"""Operations with a column of their own."""

WIDTH = 110
"""Columns of the table."""


def step(result: Result) -> None:
    """One step as it ends, on standard error."""
    took = f"{result.run.seconds:.1f} s" if result.run else "not run"
    show.say(f"{result.step} of {result.stack}: {'done' if result.kept else 'FAILED'}, {took}")


def report(made: Report) -> None:
    """The table of steps, and every problem below it."""
    table = Table(Column("step", no_wrap=True), "stacks", *SHOWN, "seconds", "result", box=None)
    for each in Step:
        results = [result for result in made.results if result.step is each]
        counts: Counter[str] = Counter()
        for result in results:
            counts.update(result.run.counts if result.run else {})
        bad = sum(not result.kept for result in results)
        table.add_row(
            str(each),
            str(len(results)),
            *(str(counts.get(operation) or "-") for operation in SHOWN),
            f"{sum(result.run.seconds for result in results if result.run):.1f}",
            f"[red]{bad} failed[/red]" if bad else "[green]ok[/green]",
        )
    # A pipe has no width; rich would take 80 columns and break words.
    show.out.print(table, highlight=False, width=max(show.out.width, WIDTH))
    show.out.print("policies: judged by policies/" if made.policies else "policies: no policy pack", highlight=False)
    show.out.print(
        f"{len(made.first)} resources after the first up, {len(made.again)} after the last; stacks and providers are "
        "counted in the table and not here",
        highlight=False,
    )
    for problem in made.problems:
        show.out.print(f"[red]·[/red] {escape(problem)}", highlight=False)
