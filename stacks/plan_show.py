"""A fleet's plan as tables for people."""

from rich.markup import escape
from rich.table import Table

from stacks.plan.cost import Cost, cost_of
from stacks.plan.fleet_model import FleetPlan, ModelFleet
from stacks.show import out


def plan(fleet: FleetPlan) -> None:
    """The whole plan."""
    cost = cost_of(fleet)
    out.print(_regions(fleet, cost), _pools(fleet), _survival(fleet), _costs(fleet, cost), sep="\n")
    over = fleet.failover
    out.print(
        f"fail-over by {over.provider}: {over.detection_seconds} s to see it + {over.ttl_seconds} s of cached answers "
        f"= {over.seconds} s (without what clients cache beyond that); a month may lose {over.budget_seconds:.0f} s\n",
        highlight=False,
    )
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
    for column in ("nodes", "replicas", "requests/s", "USD a month"):
        table.add_column(column, justify="right")
    money = dict(cost_of(fleet).by_pool)
    for pool in (pool for model in fleet.models for pool in model.pools):
        table.add_row(
            pool.model,
            pool.name,
            pool.machine,
            f"{pool.gpus_per_replica} x {pool.gpu}",
            pool.capacity,
            str(pool.nodes),
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


def explanation(model: ModelFleet) -> None:
    """Why a model runs on what it runs on: chosen, next best, rejected with constraint, value and bound."""
    table = Table(title=f"{model.model} in {model.territory}", title_justify="left", box=None)
    for column in ("region", "machine", "GPUs", "verdict", "value", "bound"):
        table.add_column(column)
    for each in (*model.chosen, *model.others):
        verdict = "[green]chosen[/green]" if each in model.chosen else "would do"
        value = f"{each.replica_rps:.2f} requests/s a replica, {each.replicas_per_unit} a unit"
        bound = f"${each.usd_per_hour:.2f}/h {each.baseline}, ${each.unit_usd / each.unit_rps:.2f}/h per request/s"
        table.add_row(each.region, each.machine, f"{each.gpus_per_replica} x {each.gpu}", verdict, value, bound)
    for no in model.rejected:
        gpus = f"{no.gpus_per_replica} x {no.gpu}"
        row = (no.region, no.machine, gpus, f"[red]{escape(no.why.constraint)}[/red]", no.why.value, no.why.bound)
        table.add_row(*row)
    out.print(table)


def comparison(before: FleetPlan, after: FleetPlan, names: tuple[str, str]) -> None:
    """What differs between two plans, pool by pool, with the cost."""
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
    out.print(table)
