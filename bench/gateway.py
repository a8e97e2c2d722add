"""What middleware, TLS, gateway and steering add to a short stream: `python -m bench.gateway [--rounds N]`.

Every variant is asked in turn within each round, so that whatever slows the machine hits all alike; what a variant adds
is compared within rounds. `bare` is asked twice per round: the difference of the two is what noise alone looks like.
"""

import argparse
import contextlib
import json
import os
import platform
import random
import signal
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import psutil
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.chain import Variant, chain
from bench.client import Client, Sample
from bench.spread import SEED, Added, Rounds, added, percentile

RESULTS = Path(__file__).parent / "results" / "gateway.json"
TARGET_MS = 3.0
"""DESIGN: p50 that gateway and middleware together may add."""
TOKENS = 16
WARM_UP_REQUESTS = 20
CLIENTS = (1, 8)
SHARES = {"p50": 0.5, "p99": 0.99}
METRICS = ("first_ms", "total_ms")
AUDITED = ("middleware", "middleware-tls")
"""Folders of the servers that keep an audit trail."""
BASE, AGAIN, TARGETED = "bare", "bare, again", "gateway"


@dataclass
class Load:
    """All samples of one number of clients, by variant and round."""

    clients: int
    rounds: dict[str, list[list[Sample]]] = field(default_factory=dict)

    def of(self, variant: str, metric: str) -> Rounds:
        """One figure of a variant's samples, round by round."""
        return [[getattr(sample, metric) for sample in samples] for samples in self.rounds[variant]]


def measured(variants: list[Variant], clients: int, *, rounds: int, each: int, prompts: Iterator[str]) -> Load:
    """Ask every variant in every round, in an order drawn anew; every client sends `each` requests that count.

    One before them does not count: a process that slept while others were asked answers its first request about 2 ms
    later, and variants that share an engine with their neighbour would be spared that.
    """
    chance = random.Random(SEED)  # noqa: S311 - an order, no secret
    load = Load(clients, {variant.name: [] for variant in variants})
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(clients) as pool:
        connected = {
            variant.name: [stack.enter_context(Client(variant, TOKENS)) for _ in range(clients)] for variant in variants
        }
        for group in connected.values():
            _together(pool, group, -(-WARM_UP_REQUESTS // clients), prompts)
        for _ in track(range(rounds), description=f"{clients} clients"):
            for variant in chance.sample(variants, len(variants)):
                _together(pool, connected[variant.name], 1, prompts)
                load.rounds[variant.name].append(_together(pool, connected[variant.name], each, prompts))
    return load


def _together(pool: ThreadPoolExecutor, group: list[Client], each: int, prompts: Iterator[str]) -> list[Sample]:
    barrier = Barrier(len(group))
    given = [[next(prompts) for _ in range(each)] for _ in group]

    def work(client: Client, own: list[str]) -> list[Sample]:
        barrier.wait()
        return [client.ask(prompt) for prompt in own]

    return [sample for samples in pool.map(work, group, given) for sample in samples]


def distinct_prompts() -> Iterator[str]:
    """Prompts of one shape that share no block of the prefix cache: each begins with a number of its own."""
    number = int.from_bytes(os.urandom(4), "big") << 24
    while True:
        number += 1
        yield f"{number:020d}: how does a heron stand still for so long, and what does it wait for?"


def compared(load: Load) -> list[dict[str, object]]:
    """One row per variant, metric and share: the figure, what it adds to `bare` and to the variant before it."""
    rows: list[dict[str, object]] = []
    names = list(load.rounds)
    for metric in METRICS:
        for share, fraction in SHARES.items():
            for before, name in zip([None, *names], names, strict=False):
                own = load.of(name, metric)
                flat = [value for values in own for value in values]
                over = {"over_bare": BASE, "over_previous": BASE if name == AGAIN else before}
                rows.append(
                    {"clients": load.clients, "variant": name, "metric": metric, "share": share, "requests": len(flat)}
                    | {"ms": round(percentile(sorted(flat), fraction), 2)}
                    | {
                        key: asdict(added(own, load.of(other, metric), fraction))
                        for key, other in over.items()
                        if other is not None and name != BASE
                    }
                )
    return rows


def show(rows: list[dict[str, object]], console: Console) -> None:
    """One table per metric; figures in milliseconds, in brackets the 95 % interval of the bootstrap over rounds."""
    for metric, title in (("first_ms", "time to first token"), ("total_ms", "whole stream")):
        table = Table("clients", "variant", box=None, title=f"{title}, ms [95 % interval]", title_justify="left")
        for share in SHARES:
            for head in (share, f"{share} over bare", f"{share} over the line above"):
                table.add_column(head, justify="right")
        chosen = [row for row in rows if row["metric"] == metric]
        for first in (row for row in chosen if row["share"] == "p50"):
            last = next(
                row
                for row in chosen
                if row["share"] == "p99" and all(row[k] == first[k] for k in ("clients", "variant"))
            )
            cells = [cell for row in (first, last) for cell in (f"{row['ms']:.1f}", *_differences(row))]
            table.add_row(str(first["clients"]), str(first["variant"]), *cells)
        console.print(table)


def inside(audit: Path) -> dict[str, float]:
    """Medians that the server's own audit trail says, in ms: what a client sees beyond them is not the middleware."""
    records = [json.loads(line) for line in audit.read_text().splitlines()]
    times = {"first_ms": "seconds_to_first_token", "total_ms": "seconds"}
    return {
        name: round(1000 * percentile(sorted(record[key] for record in records if record[key] is not None), 0.5), 2)
        for name, key in times.items()
    }


def _differences(row: dict[str, object]) -> tuple[str, str]:
    return (_difference(row.get("over_bare")), _difference(row.get("over_previous")))


def _difference(value: object) -> str:
    return Added(**value).text() if isinstance(value, dict) else ""


def verdict(rows: list[dict[str, object]], clients: int) -> str:
    """Whether the target is met, with this many clients; undecided when the interval holds the target."""
    row = next(
        row
        for row in rows
        if (row["clients"], row["variant"], row["metric"], row["share"]) == (clients, TARGETED, "first_ms", "p50")
    )
    found = row["over_bare"]
    assert isinstance(found, dict)
    one = Added(**found)
    word = "met" if one.high < TARGET_MS else "missed" if one.low > TARGET_MS else "undecided: within the noise"
    return f"{clients} client(s): gateway + middleware add {one.text()} ms p50; target under {TARGET_MS:g} ms: {word}"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=400, help="rounds with one client; a tenth with eight")
    rounds = parser.parse_args().rounds
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that no engine is left
    console, prompts = Console(width=max(150, Console().width)), distinct_prompts()
    with tempfile.TemporaryDirectory(prefix="mb-") as folder, chain(Path(folder)) as variants:
        loads = [measured(variants, 1, rounds=rounds, each=1, prompts=prompts)]
        within = {name: inside(Path(folder) / name / "audit.jsonl") for name in AUDITED}
        loads.append(measured(variants, 8, rounds=max(13, rounds // 15), each=2, prompts=prompts))
    rows = [row for load in loads for row in compared(load)]
    show(rows, console)
    verdicts = [verdict(rows, clients) for clients in CLIENTS]
    console.print(*verdicts, sep="\n")
    console.print(f"medians inside the server, one client, from its audit trail: {within}")
    RESULTS.parent.mkdir(exist_ok=True)
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "machine": platform.machine(),
        "tokens": TOKENS,
        "load_average_at_the_end": os.getloadavg(),
        "verdicts": verdicts,
        "inside_the_server": within,
        "rows": rows,
    }
    RESULTS.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
