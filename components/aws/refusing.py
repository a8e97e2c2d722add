"""What AWS would refuse of an entry only when it is half made, refused before anything is."""

from collections.abc import Iterator

from components.ground_specs import EntrySpec, GroundSpec

LONGEST_IDLE_SECONDS = 4000
"""Application Load Balancer, attribute `idle_timeout.timeout_seconds`."""
LONGEST_COMMON_NAME = 64
"""ACM, `RequestCertificate`: bytes of the first name, RFC 5280."""
MOST_NAMES = 10
"""ACM, default quota of names per certificate."""
NODE_PORTS = range(30000, 32768)
"""Kubernetes, default `--service-node-port-range`, which EKS does not let anyone change."""
LEAST_RATE, MOST_RATE = 10, 2_000_000_000
"""AWS WAF, `RateLimit` of a rate-based rule."""
LONGEST_NAME = 18
"""Of a region's name, e.g. `aws-ap-northeast-1`: load balancers and target groups have 32 characters, `-entry` and the
engine's own suffix included."""


class EntryRefused(ValueError):
    """An entry that AWS cannot make, or that would not be safe; tells every reason at once."""


def refuse(name: str, spec: GroundSpec, groups: int) -> None:
    """Raise `EntryRefused` with all that is wrong; `groups` is the number of autoscaling groups behind the entry."""
    found = [*_names(name, spec.entry), *_paths(spec.entry), *_numbers(spec.entry)]
    if not groups:
        found.append("no gateway group: nothing would ever be healthy. Give it a pool with the role `gateway`")
    if found:
        message = f"The entry of {name} cannot be made:\n" + "\n".join(f"- {line}" for line in found)
        raise EntryRefused(message)


def _names(name: str, entry: EntrySpec) -> Iterator[str]:
    if len(name) > LONGEST_NAME:
        yield f"name {name!r} has {len(name)} characters: a load balancer leaves room for {LONGEST_NAME}. Shorten it"
    if not entry.names or len(set(entry.names)) != len(entry.names) or len(entry.names) > MOST_NAMES:
        yield f"names {entry.names}: a certificate has 1 to {MOST_NAMES} different names"
    for each in entry.names:
        if "*" in each:
            yield f"names: {each!r} would vouch for names of other regions and territories. Write each name out"
        elif each != entry.zone and not each.endswith(f".{entry.zone}"):
            yield f"names: {each!r} does not lie in zone {entry.zone!r}, so it cannot be proved there"
    if entry.names and len(entry.names[0].encode()) > LONGEST_COMMON_NAME:
        first = entry.names[0]
        yield f"names: the first, {first!r}, is longer than {LONGEST_COMMON_NAME} bytes. Use a shorter domain"


def _paths(entry: EntrySpec) -> Iterator[str]:
    if not entry.inference_paths:
        yield "inference_paths is empty: the WAF would block every request. Name the paths that the gateway serves"
    if entry.probe_path in entry.inference_paths:
        yield f"probe_path {entry.probe_path!r} is an inference path: it would be free of the rate rule. Use its own"
    for each in (entry.probe_path, *entry.inference_paths):
        if not each.startswith("/") or each == "/" or any(mark in each for mark in "*?#%") or "//" in each:
            yield f"path {each!r} is not exact: a pattern also opens its neighbours. Write the whole path, as sent"


def _numbers(entry: EntrySpec) -> Iterator[str]:
    if not 1 <= entry.idle_timeout_seconds <= LONGEST_IDLE_SECONDS:
        limit = f"an Application Load Balancer waits 1 to {LONGEST_IDLE_SECONDS} s"
        yield f"idle_timeout_seconds {entry.idle_timeout_seconds}: {limit}. Lower the longest queue or prompt"
    if entry.gateway_port not in NODE_PORTS:
        span = f"{NODE_PORTS.start} to {NODE_PORTS.stop - 1}"
        yield f"gateway_port {entry.gateway_port} is no NodePort: the gateway cannot listen there. Use {span}"
    if not LEAST_RATE <= entry.requests_per_five_minutes <= MOST_RATE:
        yield f"requests_per_five_minutes {entry.requests_per_five_minutes}: AWS WAF counts {LEAST_RATE} to {MOST_RATE}"
