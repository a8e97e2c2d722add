"""A region's gateway as Kubernetes objects, translated by Envoy Gateway itself and run by the Envoy of its release.

What a cluster adds is played here: Secrets that a store would fill, the engines' Service, and the kubelet that takes
an endpoint out of its slice while its pod is not ready.
"""

import base64
import functools
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from components.gateway import kubernetes_parts as names
from components.gateway.behaviour import READY_PATH, Listener, Tenant
from components.gateway.kubernetes import gateway_objects
from components.gateway.kubernetes_parts import Json, manifest
from components.local.certificates import Pair
from components.serving_specs import GatewayPodsSpec, GpuEngineSpec, ImageSpec, ServedModelSpec, ServingSpec
from components.specs import TenantSpec
from rehearsal.gateway import building, running
from rehearsal.gateway.running import Place
from rehearsal.gateway.translating import Translation, Translator
from tests.components.conftest import MODEL, FakeEngine

ROOT = Path(__file__).parents[2]
IMAGE = "registry.example/envoyproxy/envoy@sha256:" + "0" * 64
PROBE_SECONDS = 0.3

Keeper = Callable[[list[Json]], list[Json]]
"""Takes the objects as they are written and gives them back as an API server keeps them."""


@functools.cache
def translator() -> Translator:
    """One for all tests; it ends when its standard input does."""
    return Translator(building.ensure(ROOT, progress=print, env=os.environ))


def serving_spec(
    region: str,
    tenants: Iterable[Tenant],
    *,
    models: tuple[str, ...],
    buffer_bytes: int,
    stream_idle_seconds: int,
    nodes: int = 1,
) -> ServingSpec:
    """A region as its plan would describe it; with one gateway pod a tenant's limits are whole."""
    return ServingSpec(
        name=region,
        environment="test",
        territory="eu",
        labels=(("meridian/environment", "test"),),
        zones=("a",),
        image=ImageSpec("meridian/serving", "sha256:" + "0" * 64),
        models=tuple(_model(name) for name in models),
        lanes=(),
        tenants=tuple(_tenant(one) for one in sorted(tenants, key=lambda one: one.name)),
        gateway=GatewayPodsSpec(
            image=ImageSpec("envoy", f"sha256:{'0' * 64}"),
            nodes=nodes,
            port=30443,
            buffer_bytes=buffer_bytes,
            stream_idle_seconds=stream_idle_seconds,
        ),
        probe_path=READY_PATH,
        probe_body="served:ok",
        entry_names=("eu.example.com",),
        stall_seconds=60,
        probe_interval_seconds=30,
    )


def _model(name: str) -> ServedModelSpec:
    engine = GpuEngineSpec(
        max_model_len=4096,
        max_num_seqs=8,
        max_num_batched_tokens=2048,
        max_num_queued_reqs=16,
        quantization=None,
        extra_args=(),
    )
    return ServedModelSpec(
        name=name,
        source="m",
        revision="r",
        precision="fp8",
        ttft_p95_ms=800,
        tpot_p95_ms=50.0,
        availability=99.9,
        engine=engine,
        groups=(),
    )


def _tenant(tenant: Tenant) -> TenantSpec:
    return TenantSpec(
        name=tenant.name,
        has_given_key=True,
        requests_per_minute=tenant.requests_per_minute,
        concurrent_requests=tenant.concurrent_requests,
        tokens_per_minute=tenant.tokens_per_minute_per_replica,
        suspended=tenant.suspended,
        lanes=tenant.lanes,
    )


class Cluster:
    """The objects of a gateway and those that a cluster would hold beside them."""

    def __init__(
        self,
        spec: ServingSpec,
        tenants: Iterable[Tenant],
        engine_key: str,
        engines: Mapping[str, tuple[FakeEngine, ...]],
        *,
        kept: Keeper = list,
    ) -> None:
        self.spec = spec
        self._tenants = tuple(tenants)
        self._engine_key = engine_key
        self._engines = engines
        self._kept = kept
        self.addresses = {
            _address(number): "127.0.0.1" for number, _ in enumerate(one for many in engines.values() for one in many)
        }

    def translate(self, authority: Pair, entry: tuple[str, str]) -> Translation:
        """What Envoy Gateway makes of it now."""
        objects = [*gateway_objects(self.spec, IMAGE), *self._secrets(entry), *self._models(authority)]
        return translator().translate(self._kept(objects))

    def _secrets(self, entry: tuple[str, str]) -> list[Json]:
        certificate, key = (Path(file).read_text() for file in entry)
        pair = _secret(names.ENTRY_CERTIFICATE, {"tls.crt": certificate, "tls.key": key})
        return [
            pair | {"type": "kubernetes.io/tls"},
            _secret(names.ENGINE_KEY, {"credential": self._engine_key}),
            *(_secret(names.tenant_object(one.name), {one.name: one.key}) for one in self._tenants),
        ]

    def _models(self, authority: Pair) -> list[Json]:
        made = []
        number = 0
        for model, engines in self._engines.items():
            ports = [{"name": "https", "port": names.ENGINE_PORT, "protocol": "TCP"}]
            service = {"spec": {"clusterIP": "10.96.0.9", "ports": ports}}
            made += [
                manifest("v1", "Service", names.ENGINE_SERVICE, service, namespace=model),
                manifest(
                    "v1",
                    "Secret",
                    names.ENGINE_TLS,
                    {"data": {"ca.crt": base64.b64encode(authority.certificate.encode()).decode()}},
                    namespace=model,
                ),
            ]
            for engine in engines:
                made.append(_slice(model, engine, number))
                number += 1
        return made

    def readiness(self) -> tuple[bool, ...]:
        """Of each engine."""
        return tuple(engine.ready for engines in self._engines.values() for engine in engines)


def _address(number: int) -> str:
    return f"10.1.0.{number + 1}"


def _slice(model: str, engine: FakeEngine, number: int) -> Json:
    content = {
        "addressType": "IPv4",
        "ports": [{"name": "https", "port": engine.port, "protocol": "TCP"}],
        "endpoints": [{"addresses": [_address(number)], "conditions": {"ready": engine.ready}}],
    }
    made = manifest(
        "discovery.k8s.io/v1", "EndpointSlice", f"{names.ENGINE_SERVICE}-{number}", content, namespace=model
    )
    made["metadata"]["labels"] = {"kubernetes.io/service-name": names.ENGINE_SERVICE}
    return made


def _secret(name: str, content: dict[str, str]) -> Json:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in content.items()}
    return manifest("v1", "Secret", name, {"type": "Opaque", "data": data}, namespace=names.NAMESPACE)


class Kubelet:
    """Keeps Envoy's configuration to what the engines' readiness is now."""

    def __init__(self, cluster: Cluster, authority: Pair, entry: tuple[str, str], listener: Listener, folder: Path):
        self._cluster, self._authority, self._entry = cluster, authority, entry
        self.place = Place(
            folder=folder,
            address=listener.address,
            port=listener.port,
            listener=f"{names.NAMESPACE}/{names.GATEWAY}/{names.LISTENER}",
            addresses=cluster.addresses,
        )
        self._seen = cluster.readiness()
        translation = cluster.translate(authority, entry)
        assert not translation.problems, "\n".join(translation.problems)
        running.write(translation, self.place)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def _keep(self) -> None:
        while not self._ended.wait(PROBE_SECONDS):
            ready = self._cluster.readiness()
            if ready != self._seen:
                running.write(self._cluster.translate(self._authority, self._entry), self.place)
                self._seen = ready

    def stop(self) -> None:
        self._ended.set()
        self._thread.join(timeout=10)


__all__ = ["MODEL", "Cluster", "Kubelet", "serving_spec", "translator"]
