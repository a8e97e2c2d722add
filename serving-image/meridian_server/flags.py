"""Typed settings -> vLLM's command line; pure. Every flag is checked against the pinned version."""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from meridian_server.settings import Settings, SettingsRefused

CONTRACT = Path(__file__).parent.parent / "image.json"

MIDDLEWARE = "meridian_server.middleware.Meridian"

ENGINE_STOP_SECONDS = 5
"""What vLLM may take to end requests that are left when the parent stops it: none should be."""

OWNED = {
    "--model": "model.path",
    "--served-model-name": "model.name",
    "--host": "listen.host",
    "--port": "listen.port",
    "--uds": "listen.host",
    "--ssl-certfile": "listen.certificate_file",
    "--ssl-keyfile": "listen.key_file",
    "--max-model-len": "engine.max_model_len",
    "--max-num-seqs": "engine.max_num_seqs",
    "--max-num-batched-tokens": "engine.max_num_batched_tokens",
    "--kv-cache-memory-bytes": "engine.kv_cache_memory_bytes",
    "--tensor-parallel-size": "engine.gpu.tensor_parallel",
    "--pipeline-parallel-size": "engine.gpu.nodes",
    "--gpu-memory-utilization": "engine.gpu.memory_utilisation",
    "--quantization": "engine.gpu.quantization",
    **dict.fromkeys(("--nnodes", "--node-rank", "--master-addr", "--master-port"), "engine.gpu.nodes"),
    "--max-num-queued-reqs": "engine.max_num_queued_reqs",
    "--enforce-eager": "engine.enforce_eager",
    "--override-generation-config": "lanes.*.max_output_tokens",
    "--shutdown-timeout": "drain.timeout_seconds",
}
"""Flags that have a typed setting."""

FORBIDDEN = {
    "--trust-remote-code": "it runs code that comes with a model",
    "--api-server-count": "more than one API process closes its sockets at once on shutdown, and drain needs the one",
    "--middleware": "the server's own middleware is what separates tenants",
    "--api-key": "the gateway proves itself by the engine key, which is in no argument list",
    "--enable-log-requests": "it writes prompts to the log",
    "--enable-log-outputs": "it writes answers to the log",
    "--log-error-stack": "stacks may hold prompts",
    "--enable-tokenizer-info-endpoint": "it shows the chat template and tokenizer to clients",
    "--enable-per-request-metrics": "it tells a client what another tenant's prompts left in the cache",
    "--enable-prompt-tokens-details": "cached-token counts tell a client about the cache",
    "--profiler-config": "it opens endpoints that anyone may call",
    "--tool-server": "it lets the engine call out",
    "--enable-prefix-caching": "it is always on, with a salt per tenant, and the sizes are planned for it",
    "--prefix-caching-hash-algo": "only a cryptographic hash keeps tenants apart",
    "--scheduling-policy": "lanes need priority scheduling",
    "--disable-log-stats": "readiness and scaling read the engine's statistics",
    "--distributed-executor-backend": "the build decides it",
    "--load-format": "only safetensors are loaded: other formats can hold code",
    "--allowed-origins": "browsers have no business with an engine",
    "--disable-uvicorn-access-log": "requests are in the gateway's log and the audit trail",
    "--allowed-local-media-path": "it lets a request read files",
    "--enable-prompt-embeds": "it unpickles what a client sends",
    "--trust-request-chat-template": "it runs a client's template",
    "--trust-request-mm-kwargs": "it lets a client steer the model's processor",
    "--enable-fault-tolerance": "restarts are the supervisor's",
    "--hf-token": "a token in an argument list is readable by everyone on the machine",
    **dict.fromkeys(("--config", "--log-config-file", "--logging-config"), "a file could bring back any flag or log"),
    **dict.fromkeys(
        (
            "--worker-cls",
            "--worker-extension-cls",
            "--scheduler-cls",
            "--logits-processors",
            "--tool-parser-plugin",
            "--reasoning-parser-plugin",
        ),
        "it loads code that is not in the image",
    ),
    **dict.fromkeys(
        ("--enable-scale-out", "--tokens-only", "--grpc", "--headless", "--data-parallel-size"),
        "it opens endpoints or processes that drain and tenant isolation do not know",
    ),
}
"""Flags that would break a promise, with the promise; its other names (`_same`) are refused too."""


@cache
def known_flags(build: str) -> frozenset[str]:
    """The flags of the pinned vLLM of a build (`cpu`, `gpu`); raises `SettingsRefused` for one without a contract."""
    builds = json.loads(CONTRACT.read_text())["builds"]
    if build not in builds:
        message = f"image.json says nothing of the build {build!r}, so no flag of it is known: {', '.join(builds)}"
        raise SettingsRefused(message)
    return frozenset(builds[build]["flags"])


@dataclass(frozen=True)
class Node:
    """Which machine of a replica this is."""

    rank: int
    """0 leads and answers; the others only compute."""
    leader: str
    """Address of the leader."""


ALONE = Node(0, "")
LEADER_PORT = 29500
"""Where the machines of one replica meet; vLLM's own default."""


def node_of(variables: Mapping[str, str]) -> Node:
    """The machine that the environment tells of; raises `SettingsRefused` for a rank that is no number."""
    rank = variables.get("MERIDIAN_NODE") or "0"
    if not rank.isdecimal():
        message = f"MERIDIAN_NODE is {rank!r}: give the machine's number in its group, 0 for the leader"
        raise SettingsRefused(message)
    return Node(int(rank), variables.get("MERIDIAN_LEADER", ""))


def arguments(settings: Settings, *, known: frozenset[str], node: Node = ALONE) -> list[str]:
    """vLLM's arguments; raises `SettingsRefused` for every flag that must not be there."""
    _refuse(settings.engine.extra_args, known)
    words = [*_owned(settings), *_build(settings, node), *_given(settings.engine.extra_args)]
    if drifted := sorted(word for word in words if word.startswith("--") and word not in known):
        message = f"this vLLM no longer has {', '.join(drifted)}: image.json and flags.py disagree"
        raise SettingsRefused(message)
    return words


def _owned(settings: Settings) -> list[str]:
    engine, listen = settings.engine, settings.listen
    cap = max(lane.max_output_tokens for lane in settings.lanes.values())
    words = [
        *("--model", str(settings.model.path), "--served-model-name", settings.model.name),
        *("--host", listen.host, "--port", str(listen.port)),
        *("--max-model-len", str(engine.max_model_len), "--max-num-seqs", str(engine.max_num_seqs)),
        *("--max-num-batched-tokens", str(engine.max_num_batched_tokens)),
        *("--max-num-queued-reqs", str(engine.max_num_queued_reqs)),
        *("--enable-prefix-caching", "--prefix-caching-hash-algo", "sha256"),
        *("--scheduling-policy", "priority", "--middleware", MIDDLEWARE),
        *("--shutdown-timeout", str(ENGINE_STOP_SECONDS)),
        *("--override-generation-config", json.dumps({"max_new_tokens": cap})),
        *("--allowed-origins", "[]"),
        "--disable-uvicorn-access-log",
    ]
    if engine.enforce_eager:
        words.append("--enforce-eager")
    if listen.certificate_file and listen.key_file:
        words += ["--ssl-certfile", str(listen.certificate_file), "--ssl-keyfile", str(listen.key_file)]
    return words


def _build(settings: Settings, node: Node) -> list[str]:
    """What differs between CPU and GPUs: memory, where weights are read from, and how an engine is spread."""
    gpu = settings.engine.gpu
    if gpu is None:
        size = str(settings.engine.kv_cache_memory_bytes)
        return [
            *("--kv-cache-memory-bytes", size),
            *("--distributed-executor-backend", "uni", "--load-format", "safetensors"),
        ]
    several = gpu.tensor_parallel * gpu.nodes > 1
    return [
        *("--tensor-parallel-size", str(gpu.tensor_parallel), "--pipeline-parallel-size", str(gpu.nodes)),
        *("--gpu-memory-utilization", str(gpu.memory_utilisation)),
        *(("--quantization", gpu.quantization) if gpu.quantization else ()),
        *("--distributed-executor-backend", "mp" if several else "uni"),
        *("--load-format", "runai_streamer" if "://" in str(settings.model.path) else "safetensors"),
        *(_spread(gpu.nodes, node) if gpu.nodes > 1 else ()),
    ]


def _spread(nodes: int, node: Node) -> list[str]:
    if not node.leader or node.rank >= nodes:
        message = (
            f"a replica of {nodes} machines needs MERIDIAN_NODE from 0 to {nodes - 1} and MERIDIAN_LEADER; "
            f"this one has {node.rank} and {node.leader!r}"
        )
        raise SettingsRefused(message)
    meeting = ["--nnodes", str(nodes), "--node-rank", str(node.rank), "--master-addr", node.leader]
    return [*meeting, "--master-port", str(LEADER_PORT), *(["--headless"] if node.rank else [])]


def _given(extra: Mapping[str, str | bool]) -> Sequence[str]:
    words: list[str] = []
    for flag, value in sorted(extra.items()):
        if value is True:
            words.append(flag)
        elif value is not False:
            words += [flag, str(value)]
    return words


def _refuse(extra: Mapping[str, str | bool], known: frozenset[str]) -> None:
    problems = [problem for flag in sorted(extra) if (problem := _problem(flag, known))]
    if problems:
        raise SettingsRefused("extra_args: " + "; ".join(problems))


def _same(flag: str) -> tuple[str, ...]:
    """Every name of a switch: vLLM 0.33 takes `--disable-x` and `--no-enable-x` for the opposite of `--enable-x`."""
    plain = flag.removeprefix("--").removeprefix("no-")
    bare = plain.removeprefix("enable-").removeprefix("disable-")
    return tuple(f"--{name}" for name in (plain, f"enable-{bare}", f"disable-{bare}"))


def _problem(flag: str, known: frozenset[str]) -> str | None:
    plain = flag.partition("=")[0]
    if plain != flag:
        return f"write {plain!r} as the name and its value beside it, not {flag!r}"
    same = _same(flag)
    if owner := next((OWNED[name] for name in same if name in OWNED), None):
        return f"{flag} is set by `{owner}`"
    if reason := next((FORBIDDEN[name] for name in same if name in FORBIDDEN), None):
        return f"{flag} is not allowed: {reason}"
    if flag not in known:
        near = difflib.get_close_matches(flag, known, n=1)
        return f"this vLLM has no flag {flag!r}" + (f"; did you mean {near[0]}?" if near else "")
    return None
