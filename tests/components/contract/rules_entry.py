"""Rules on front doors: where TLS ends, what goes on behind it, and what the WAF lets through."""

from collections import Counter
from collections.abc import Iterator

from components.waf import paths
from tests.components.contract.rules import CLIENT_PORT, EVERYBODY, Region, rule
from tests.components.contract.view_entry import Asked, EntrySeen

LEAST_TLS = "1.3"


@rule
def entries_are_those_asked_for(region: Region) -> Iterator[str]:
    """One that clients on the internet reach, one that they do not, or both."""
    asked = region.spec.entry.visibility
    wanted = {"public": Counter([True]), "private": Counter([False]), "both": Counter([True, False])}[asked]
    seen = Counter(entry.public for entry in region.view.entries)
    if seen != wanted:
        yield f"asked for {asked}, made {[(entry.name, entry.public) for entry in region.view.entries]}"
    for entry in region.view.entries:
        clients = EVERYBODY if entry.public else region.spec.network.cidr
        if entry.clients != (clients,):
            yield f"{entry.name} is reached by {entry.clients}, not by {clients}"


@rule
def tls_ends_in_the_region(region: Region) -> Iterator[str]:
    yield from (f"{edge} ends TLS wherever the client is" for edge in region.view.edges)
    for entry in region.view.entries:
        for listener in entry.listeners:
            if listener.place != region.spec.location:
                yield f"{listener.name} ends TLS in {listener.place}"


@rule
def clients_speak_the_newest_tls_alone(region: Region) -> Iterator[str]:
    for entry in region.view.entries:
        if [listener.port for listener in entry.listeners] != [CLIENT_PORT]:
            yield f"{entry.name} listens on {[listener.port for listener in entry.listeners]}"
        for listener in entry.listeners:
            if listener.least_tls != LEAST_TLS:
                yield f"{listener.name} speaks {listener.least_tls or 'without TLS'}"


@rule
def certificates_carry_the_territorys_names(region: Region) -> Iterator[str]:
    """All of them, no other, each written out; and nothing is served before it is issued."""
    for entry in region.view.entries:
        for listener in entry.listeners:
            if listener.names != set(region.spec.entry.names):
                yield f"{listener.name} vouches for {sorted(listener.names)}"
            if not listener.issued:
                yield f"{listener.name} does not wait for its certificate"


@rule
def gateways_are_spoken_to_by_https(region: Region) -> Iterator[str]:
    gateways = {pool.name for pool in region.spec.pools if pool.role == "gateway"}
    for entry in region.view.entries:
        backend = entry.backend
        if backend is None or not backend.encrypted or not backend.probe_encrypted:
            yield f"{entry.name} speaks without TLS to what stands behind it"
        elif backend.port != region.spec.entry.gateway_port or backend.pools != gateways:
            yield f"{entry.name} sends to port {backend.port} of {sorted(backend.pools)}"
        if backend is not None and backend.probe_path != region.spec.entry.probe_path:
            yield f"{entry.name} probes {backend.probe_path}"


@rule
def every_entry_has_its_waf(region: Region) -> Iterator[str]:
    for entry in region.view.entries:
        if entry.waf is None:
            yield f"{entry.name} has no WAF"
        elif not entry.waf.fails_closed:
            yield f"{entry.name} lets all pass while its WAF is away"
        if not entry.strict:
            yield f"{entry.name} passes on what can be read in two ways"
        yield from (f"{each.name} listens before its WAF does" for each in entry.listeners if not each.guarded)


def _let(region: Region, asked: list[Asked], *, wanted: bool) -> Iterator[str]:
    """What entries do otherwise with requests than is wanted; entries without a WAF are another rule's."""
    for entry in region.view.entries:
        if entry.waf is not None:
            yield from (_otherwise(entry, each) for each in asked if entry.waf.verdicts(each) != {wanted})


def _otherwise(entry: EntrySeen, asked: Asked) -> str:
    return f"{entry.name} judges otherwise: {asked}"


@rule
def attacks_outside_of_prompts_are_blocked(region: Region) -> Iterator[str]:
    open_to = paths(region.spec.entry)
    beside = [Asked(path, attack="beside") for path in (*open_to.prompts, *open_to.plain)]
    beside += [Asked(path, "GET", attack="beside") for path in open_to.plain]
    bodies = [Asked(path, method, attack="body") for path in open_to.plain for method in ("GET", "POST")]
    bodies += [Asked(path, method, attack="body") for path in open_to.prompts for method in ("PUT", "GET")]
    yield from _let(region, [*beside, *bodies], wanted=False)


@rule
def prompts_pass_whatever_they_hold(region: Region) -> Iterator[str]:
    prompts = paths(region.spec.entry).prompts
    yield from _let(region, [Asked(path, attack="body") for path in prompts], wanted=True)
    yield from _let(region, [Asked(path) for path in prompts], wanted=True)


@rule
def one_address_cannot_ask_without_end(region: Region) -> Iterator[str]:
    open_to = paths(region.spec.entry)
    above = [Asked(path, above_rate=True) for path in (*open_to.prompts, *open_to.plain)]
    yield from _let(region, above, wanted=False)
    for entry in region.view.entries:
        if entry.waf is not None and entry.waf.rate != region.spec.entry.requests_per_five_minutes:
            yield f"{entry.name} lets one address ask {entry.waf.rate} times"


@rule
def probes_pass_by_their_exact_path(region: Region) -> Iterator[str]:
    """Checkers are never held back; nobody else gets round the rate by a path that looks like theirs."""
    path = region.spec.entry.probe_path
    yield from _let(region, [Asked(path, "GET"), Asked(path, "GET", above_rate=True)], wanted=True)
    near = [f"{path}/", f"{path}x", f"{path}/x", f"/x{path}", path.upper(), path.replace("-", "%2d", 1)]
    others = [Asked(each, "GET") for each in near]
    others += [Asked(path, method, above_rate=True) for method in ("POST", "HEAD")]
    yield from _let(region, others, wanted=False)


@rule
def no_other_path_is_open(region: Region) -> Iterator[str]:
    open_to = paths(region.spec.entry)
    known = (*open_to.prompts, *open_to.plain)
    near = [
        spelled for path in known for spelled in (f"{path}/", f"{path}x", path.upper(), path.replace("o", "%6f", 1))
    ]
    closed = ["/", "/metrics", "/invocations", "/v1/load_lora_adapter", "/docs", *near]
    yield from _let(
        region,
        [Asked(path, method) for path in closed if path not in known for method in ("GET", "POST")],
        wanted=False,
    )


@rule
def entries_are_logged(region: Region) -> Iterator[str]:
    for entry in region.view.entries:
        if not entry.logged:
            yield f"{entry.name} does not tell who came"
        if entry.waf is not None and not entry.waf.logged:
            yield f"{entry.name} does not tell what its WAF did"
        if entry.waf is not None and entry.waf.told:
            yield f"{entry.name} tells {sorted(entry.waf.told)}"


@rule
def streams_may_be_silent_as_long_as_asked(region: Region) -> Iterator[str]:
    for entry in region.view.entries:
        if entry.silence_seconds != region.spec.entry.idle_timeout_seconds:
            yield f"{entry.name} ends a stream after {entry.silence_seconds} silent seconds"
