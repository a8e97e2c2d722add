"""What is watched of a model: its metrics, and alerts on what clients notice. Pure.

Every metric is one of the pinned engine, whose names a test compares with `image.json`.
"""

from components.serving.scaling import FLOOR_MINUTES, GROUP_LABEL
from components.serving.trust import server_name
from components.serving.words import ENGINE_TLS, GROUP, Manifest, answering, meta, of_role
from components.serving_specs import ServedModelSpec, ServingSpec

API = "monitoring.coreos.com/v1"
SILENT_MINUTES = 2
"""Requests without a token for so long are no long prefill."""
BURNS = (("1h", "5m", 14.4, "critical"), ("6h", "30m", 6.0, "critical"), ("3d", "6h", 1.0, "warning"))
"""Long window, short window, how many times too fast, severity: the usual ladder of the SRE workbook, chapter 5."""


def watched(model: ServedModelSpec, spec: ServingSpec) -> list[Manifest]:
    """What Prometheus reads, and the rules it judges by."""
    return [_monitor(model, spec), _rules(model, spec)]


def _monitor(model: ServedModelSpec, spec: ServingSpec) -> Manifest:
    endpoint = {
        "port": "api",
        "scheme": "https",
        "path": "/metrics",
        "interval": "15s",
        "tlsConfig": {
            "serverName": server_name(model),
            "ca": {"secret": {"name": ENGINE_TLS, "key": "ca.crt"}},
        },
    }
    return {
        "apiVersion": API,
        "kind": "PodMonitor",
        "metadata": meta("engine", model.name, spec),
        "spec": {
            "selector": {"matchLabels": answering(model)},
            "podTargetLabels": [GROUP],
            "podMetricsEndpoints": [endpoint],
        },
    }


def _rules(model: ServedModelSpec, spec: ServingSpec) -> Manifest:
    alerts = [*_floor(model), _silent(model), _late(model), _slow(model), *_burning(model)]
    return {
        "apiVersion": API,
        "kind": "PrometheusRule",
        "metadata": meta("engine", model.name, spec),
        "spec": {
            "groups": [
                {
                    "name": f"meridian-{model.name}",
                    "rules": [
                        {**alert, "labels": {**alert["labels"], "model": model.name, "region": spec.name}}
                        for alert in alerts
                    ],
                }
            ]
        },
    }


def _floor(model: ServedModelSpec) -> list[Manifest]:
    base = of_role(model, "base")
    if base is None:
        return []
    there = f'(count(vllm:num_requests_running{{namespace="{model.name}",{GROUP_LABEL}="base"}}) or vector(0))'
    return [
        _alert(
            "MeridianFloorUnmet",
            f"{there} < {base.replicas}",
            f"{FLOOR_MINUTES}m",
            "critical",
            f"fewer than {base.replicas} replicas of the baseline answer: the loss of a region would break the SLO",
        )
    ]


def _silent(model: ServedModelSpec) -> Manifest:
    waiting = f"(sum({_series(model, 'num_requests_running')}) + sum({_series(model, 'num_requests_waiting')}))"
    tokens = f"sum(rate({_series(model, 'generation_tokens_total')}[{SILENT_MINUTES}m]))"
    return _alert(
        "MeridianNoServedToken",
        f"({waiting} > 0 and {tokens} == 0) or absent({_series(model, 'num_requests_running')})",
        f"{SILENT_MINUTES}m",
        "critical",
        "requests wait and no token is generated, or no engine tells anything",
    )


def _late(model: ServedModelSpec) -> Manifest:
    return _alert(
        "MeridianFirstTokenLate",
        f"{_p95(model, 'time_to_first_token_seconds')} > {model.ttft_p95_ms / 1000:g}",
        "10m",
        "warning",
        f"the 95th percentile of time to first token is above the promised {model.ttft_p95_ms} ms",
    )


def _slow(model: ServedModelSpec) -> Manifest:
    return _alert(
        "MeridianTokensSlow",
        f"{_p95(model, 'request_time_per_output_token_seconds')} > {model.tpot_p95_ms / 1000:g}",
        "10m",
        "warning",
        f"the 95th percentile of time per token is above the promised {model.tpot_p95_ms:g} ms",
    )


def _burning(model: ServedModelSpec) -> list[Manifest]:
    """Requests that the engines aborted or did not admit, against what the availability lets fail."""
    budget = round(1 - model.availability / 100, 8)
    return [
        _alert(
            "MeridianBudgetBurns",
            f"({_failed(model, long)} > {factor * budget:g}) and ({_failed(model, short)} > {factor * budget:g})",
            "2m",
            severity,
            f"requests fail {factor:g} times as often as {model.availability:g} % lets them, over {long} and {short}",
        )
        for long, short, factor, severity in BURNS
    ]


def _failed(model: ServedModelSpec, window: str) -> str:
    ended = _series(model, "request_success_total")
    aborted = _series(model, "request_success_total", ',finished_reason="abort"')
    refused = f"(sum(rate({_series(model, 'admission_rejections_total')}[{window}])) or vector(0))"
    bad = f"((sum(rate({aborted}[{window}])) or vector(0)) + {refused})"
    return f"{bad} / clamp_min(sum(rate({ended}[{window}])) + {refused}, 1e-9)"


def _p95(model: ServedModelSpec, name: str) -> str:
    return f"histogram_quantile(0.95, sum by (le) (rate({_series(model, f'{name}_bucket')}[5m])))"


def _series(model: ServedModelSpec, name: str, more: str = "") -> str:
    return f'vllm:{name}{{namespace="{model.name}",model_name="{model.name}"{more}}}'


def _alert(name: str, query: str, lasting: str, severity: str, text: str) -> Manifest:
    return {
        "alert": name,
        "expr": query,
        "for": lasting,
        "labels": {"severity": severity},
        "annotations": {"summary": text},
    }
