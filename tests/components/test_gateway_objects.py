"""The gateway's Kubernetes objects as values: whole, secret-free, stable. What they do is shown on a real Envoy."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import mocks

from components.gateway.behaviour import Tenant
from components.gateway.kubernetes import gateway_objects
from components.gateway.kubernetes_parts import NAMESPACE
from components.gateway_objects import GatewayInputs, GatewayObjects
from components.serving_specs import ServingSpec
from tests.components.gateway import REGION, tenant
from tests.components.gateway_cluster import IMAGE, serving_spec

names = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)


def spec(*tenants: Tenant, models: tuple[str, ...] = ("llama",), nodes: int = 1) -> ServingSpec:
    return serving_spec(REGION, tenants, models=models, buffer_bytes=1 << 20, stream_idle_seconds=300, nodes=nodes)


def key(made: dict[str, Any]) -> tuple[str, str | None, str]:
    return made["kind"], made["metadata"].get("namespace"), made["metadata"]["name"]


def by_key(*tenants: Tenant, **differing: Any) -> dict[tuple[str, str | None, str], dict[str, Any]]:
    objects = gateway_objects(spec(*tenants, **differing), IMAGE)
    found = {key(one): one for one in objects}
    assert len(found) == len(objects), "two objects have the same name"
    return found


def walk(found: Any) -> Iterator[dict[str, Any]]:
    if isinstance(found, dict):
        yield found
        found = list(found.values())
    if isinstance(found, list):
        for one in found:
            yield from walk(one)


def test_what_objects_refer_to_exists() -> None:
    found = by_key(tenant("acme"), tenant("gone", suspended=True), models=("llama", "qwen"))
    kinds = {"Gateway", "HTTPRoute", "HTTPRouteFilter", "EnvoyProxy", "GatewayClass"}
    referred = {
        (one["kind"], one["name"])
        for made in found.values()
        for one in walk(made.get("spec", {}))
        if one.get("kind") in kinds and "name" in one
    }
    existing = {(kind, name) for kind, _, name in found}
    assert referred <= existing
    assert {"Gateway", "HTTPRoute", "HTTPRouteFilter", "EnvoyProxy"} <= {kind for kind, _ in referred}


def test_no_key_is_in_any_object() -> None:
    acme = tenant("acme")
    assert acme.key not in json.dumps(gateway_objects(spec(acme), IMAGE))


@given(first=names, second=names)
def test_a_new_tenant_changes_no_object_of_another_tenant(first: str, second: str) -> None:
    if first == second:
        return
    before, after = by_key(tenant(first)), by_key(tenant(first), tenant(second))
    own = {name: made for name, made in before.items() if name[2] == f"tenant-{first}"}
    assert len(own) == 2
    assert {name: after[name] for name in own} == own


@pytest.mark.parametrize(("nodes", "requests", "at_once"), [(1, 600, 20), (3, 200, 6), (1000, 1, 1)])
def test_a_tenants_limits_are_shared_out_by_the_gateways_pods(nodes: int, requests: int, at_once: int) -> None:
    found = by_key(tenant("acme", requests_per_minute=600, concurrent_requests=20), nodes=nodes)
    limits = found["BackendTrafficPolicy", NAMESPACE, "tenant-acme"]["spec"]
    assert limits["rateLimit"]["local"]["rules"][0]["limit"] == {"requests": requests, "unit": "Minute"}
    assert limits["circuitBreaker"]["maxParallelRequests"] == at_once


def test_a_suspended_tenant_has_a_known_key_and_no_route() -> None:
    found = by_key(tenant("gone", suspended=True))
    assert ("HTTPRoute", NAMESPACE, "tenant-gone") not in found
    keys = found["SecurityPolicy", NAMESPACE, "entry"]["spec"]["apiKeyAuth"]["credentialRefs"]
    assert [one["name"] for one in keys] == ["tenant-gone"]


def test_envoy_runs_by_digest_on_the_gateway_pool_behind_the_planned_port() -> None:
    proxy = by_key(tenant("acme"))["EnvoyProxy", NAMESPACE, "meridian"]["spec"]["provider"]["kubernetes"]
    assert "@sha256:" in proxy["envoyDaemonSet"]["container"]["image"]
    assert proxy["envoyDaemonSet"]["pod"]["nodeSelector"] == {"meridian.io/role": "gateway"}
    assert proxy["envoyDaemonSet"]["container"]["securityContext"]["readOnlyRootFilesystem"] is True
    (port,) = proxy["envoyService"]["patch"]["value"]["spec"]["ports"]
    assert (port["nodePort"], proxy["envoyService"]["externalTrafficPolicy"]) == (30443, "Local")


def test_the_component_registers_every_object_and_the_image_from_the_territorys_registry() -> None:
    made: list[pulumi.runtime.MockResourceArgs] = []

    class Recording(mocks.Mocks):
        def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
            made.append(args)
            return args.name, args.inputs

        def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
            raise AssertionError(args.token)

    # Whoever ran before may have closed the loop that Pulumi would take.
    asyncio.set_event_loop(asyncio.new_event_loop())
    mocks.set_mocks(Recording())
    wanted = spec(tenant("acme"))

    @pulumi.runtime.test
    def run() -> pulumi.Output[None]:
        inputs = GatewayInputs(registry=pulumi.Output.from_input("eu.registry.example"))
        return GatewayObjects("gateway", wanted, inputs).urn.apply(lambda _: None)

    run()
    registered = {(args.inputs["kind"], args.inputs["metadata"]["name"]) for args in made if "kind" in args.inputs}
    expected = {(kind, name) for kind, _, name in by_key(tenant("acme"))}
    assert expected - registered == set()
    (proxy,) = (args.inputs for args in made if args.inputs.get("kind") == "EnvoyProxy")
    image = proxy["spec"]["provider"]["kubernetes"]["envoyDaemonSet"]["container"]["image"]
    assert image == f"eu.registry.example/envoy@sha256:{'0' * 64}"
