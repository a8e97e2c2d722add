"""A fleet's plan as tables for people."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from stacks.plan.changes import changes
from stacks.plan.checking import Seen
from stacks.plan.cost import Cost, cost_of
from stacks.plan.fleet_model import FleetPlan, ModelFleet
from stacks.show import out

UNBOUNDED = 10_000
"""Columns, more than any table needs."""


def _print(*tables: Table) -> None:
    """Tables at the width that they need; a window that is too narrow folds their words and cuts none."""
    for table in tables:
        if out.is_terminal:
            for column in table.columns:
                column.overflow = "fold"
            out.print(table)
            continue
        wide = Console(file=out.file, width=UNBOUNDED)
        wide.print(table, width=Measurement.get(wide, wide.options, table).maximum)


def plan(fleet: FleetPlan) -> None:
    """The whole plan."""
    cost = cost_of(fleet)
    _print(_regions(fleet, cost), _pools(fleet), _survival(fleet), _drain(fleet), _costs(fleet, cost))
    over = fleet.failover
    out.print(
        f"fail-over by {over.provider}: {over.detection_seconds} s to see it + {over.ttl_seconds} s of cached answers "
        f"= {over.seconds} s (without what clients cache beyond that); a month may lose {over.budget_seconds:.0f} s\n",
        highlight=False,
    )
    use = "; ".join(f"{name}: {text}" for name, text in fleet.by_use)
    out.print(f"[dim]by use and in no total:[/dim] {escape(use)}", highlight=False)
    out.print(f"[dim]without a price here:[/dim] {escape('; '.join(fleet.unpriced))}\n", highlight=False)
    for warning in fleet.warnings:
        out.print(f"[yellow]note[/yellow] {escape(warning)}", highlight=False)


def _regions(fleet: FleetPlan, cost: Cost) -> Table:
    table = Table(title="regions", title_justify="left", box=None)
    for column in ("territory", "region", "country", "zones", "network", "wave"):
        table.add_column(column)
    table.add_column("USD a month", justify="right")
    money = dict(cost.by_region)
    for region in fleet.regions:
        wave = next((number for number, names in enumerate(fleet.waves, 1) if region.name in names), 0)
        zones = str(region.zones or "unknown")
        row = (
            region.territory,
            region.name,
            region.country,
            zones,
            region.cidr,
            str(wave),
            f"{money[region.name]:,.0f}",
        )
        table.add_row(*row)
    return table


def _pools(fleet: FleetPlan) -> Table:
    table = Table(title="pools", title_justify="left", box=None)
    for column in ("model", "pool", "machine", "GPUs of a replica", "bought"):
        table.add_column(column)
    for column in ("nodes (by zone)", "replicas", "requests/s", "USD a month"):
        table.add_column(column, justify="right")
    money = dict(cost_of(fleet).by_pool)
    for pool in (pool for model in fleet.models for pool in model.pools):
        spread = f" ({'+'.join(map(str, pool.nodes_by_zone))})" if pool.nodes_by_zone else ""
        table.add_row(
            pool.model,
            pool.name,
            pool.machine,
            _gpus(pool.gpus_per_replica, pool.gpu, pool.nodes_per_replica),
            pool.capacity,
            f"{pool.nodes}{spread}",
            str(pool.replicas),
            f"{pool.replicas * pool.replica_rps:.1f}",
            f"{money[pool.name]:,.0f}{'~' if pool.is_estimate else ''}",
        )
    return table


def _survival(fleet: FleetPlan) -> Table:
    table = Table(title="what is left, caches cold, while the worst wave rolls", title_justify="left", box=None)
    for column in ("territory", "model", "event"):
        table.add_column(column)
    for column in ("left, requests/s", "peak demand", "margin"):
        table.add_column(column, justify="right")
    for row in fleet.survival:
        colour = "green" if row.margin >= 0 else "red"
        margin = f"[{colour}]{row.margin:+.0%}[/{colour}]"
        left, asked = f"{row.remaining_rps:.1f}", f"{row.demand_rps:.1f}"
        table.add_row(row.territory, row.model, row.event, left, asked, margin)
    return table


def _drain(fleet: FleetPlan) -> Table:
    title = "who may be placed where: the longest answer against the time until a machine is gone"
    table = Table(title=title, title_justify="left", box=None)
    for column in ("model", "cloud", "bought", "lanes"):
        table.add_column(column)
    for column in ("needed, s", "time, s"):
        table.add_column(column, justify="right")
    for row in fleet.drain:
        cells = (row.model, row.cloud, row.capacity, ", ".join(row.lanes))
        table.add_row(*cells, f"{row.needed_seconds:.0f}", str(row.budget_seconds))
    return table


def _costs(fleet: FleetPlan, cost: Cost) -> Table:
    table = Table(title="cost of what has a price", title_justify="left", box=None)
    table.add_column("what")
    table.add_column("USD", justify="right")
    for model, usd in cost.by_model:
        table.add_row(f"{model}, a month", f"{usd:,.0f}")
    for name, usd in cost.per_million_tokens:
        table.add_row(f"{name}, per million output tokens", f"{usd:,.2f}")
    table.add_row("[bold]all, a month[/bold]", f"[bold]{cost.total:,.0f}[/bold]")
    table.add_row("budget", f"{fleet.monthly_budget_usd:,.0f}")
    return table


def _gpus(count: int, gpu: str, nodes: int) -> str:
    return f"{count} x {gpu}{f' on {nodes} machines' if nodes > 1 else ''}"


def explanation(model: ModelFleet) -> None:
    """Why a model runs on what it runs on: chosen, next best, rejected with constraint, value and bound."""
    table = Table(title=f"{model.model} in {model.territory}", title_justify="left", box=None)
    for column in ("region", "machine", "GPUs", "verdict", "value", "bound"):
        table.add_column(column)
    for each in (*model.chosen, *model.others):
        verdict = "[green]chosen[/green]" if each in model.chosen else "would do"
        value = f"{each.replica_rps:.2f} requests/s a replica, {each.replicas_per_unit} a unit"
        bought = f"{each.baseline}{f' for {each.commitment_years} years' if each.commitment_years else ''}"
        bound = f"${each.usd_per_hour:.2f}/h {bought}, ${each.unit_usd / each.unit_rps:.2f}/h per request/s"
        table.add_row(
            each.region,
            each.machine,
            _gpus(each.gpus_per_replica, each.gpu, each.nodes_per_replica),
            verdict,
            value,
            bound,
        )
    for no in model.rejected:
        gpus = _gpus(no.gpus_per_replica, no.gpu, no.nodes_per_replica)
        row = (no.region, no.machine, gpus, f"[red]{escape(no.why.constraint)}[/red]", no.why.value, no.why.bound)
        table.add_row(*row)
    _print(table)


def replayed(seen: Sequence[Seen]) -> None:
    """What clients saw in each replay, against the SLO."""
    title = "a replay, which checks the plan and does not decide it: times with margin, while the worst wave rolls"
    table = Table(title=title, title_justify="left", box=None)
    for column in ("model", "territory", "event", "arrivals"):
        table.add_column(column)
    for column in ("requests", "TTFT p50", "TTFT p95, ms", "SLO", "TPOT p50", "TPOT p95, ms", "SLO", ""):
        table.add_column(column, justify="right")
    for one in seen:
        verdict = "[green]kept[/green]" if one.kept else "[red]broken[/red]"
        first = (f"{one.ttft_p50_ms:.0f}", f"{one.ttft_p95_ms:.0f}", f"{one.slo_ttft_ms:.0f}")
        pace = (f"{one.tpot_p50_ms:.0f}", f"{one.tpot_p95_ms:.0f}", f"{one.slo_tpot_ms:.0f}")
        lines = (one.model, one.territory, one.event, one.arrivals, str(one.requests))
        table.add_row(*lines, *first, *pace, verdict)
    _print(table)
    broken = [one for one in seen if not one.kept]
    for one in broken:
        lost = f"; {one.unfinished} requests had no end" if one.unfinished else ""
        where = f"{one.model} in {one.territory}, {one.event}, {one.arrivals}"
        out.print(f"[red]the replay breaks the SLO[/red] of {escape(where)}{lost}", highlight=False)
    if not broken:
        out.print(f"all {len(seen)} replays keep the SLO", highlight=False)


def comparison(before: FleetPlan, after: FleetPlan, names: tuple[str, str]) -> None:
    """What differs between two plans: what is made, replaced and removed, and the cost pool by pool."""
    old, new = cost_of(before), cost_of(after)
    table = Table(title=f"{names[0]} -> {names[1]}", title_justify="left", box=None)
    for column in ("what", names[0], names[1], "difference"):
        table.add_column(column, justify="left" if column == "what" else "right")
    cuts = (
        ("pool", old.by_pool, new.by_pool),
        ("region", old.by_region, new.by_region),
        ("model", old.by_model, new.by_model),
        ("all", (("", old.total),), (("", new.total),)),
    )
    for kind, left, right in cuts:
        was, now = dict(left), dict(right)
        for name in sorted({*was, *now}):
            first, second = was.get(name, 0.0), now.get(name, 0.0)
            if first != second or kind == "all":
                table.add_row(f"{kind} {name}".strip(), f"{first:,.0f}", f"{second:,.0f}", f"{second - first:+,.0f}")
    for line in changes(before, after):
        out.print(f"· {escape(line)}", highlight=False)
    _print(table)
