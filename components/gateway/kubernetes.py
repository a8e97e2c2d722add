"""The gateway of a region as Gateway API objects for Envoy Gateway; pure."""

from typing import Any

from components.gateway.kubernetes_engines import engine_objects
from components.gateway.kubernetes_parts import Json
from components.gateway.kubernetes_patches import patch_objects
from components.gateway.kubernetes_proxy import proxy_objects
from components.gateway.kubernetes_routes import route_objects
from components.serving_specs import ServingSpec


def gateway_objects(spec: ServingSpec, image: Any) -> tuple[Json, ...]:
    """Every object of a region's gateway, each after those it refers to."""
    made = (*proxy_objects(spec, image), *engine_objects(spec), *route_objects(spec), *patch_objects(spec))
    return tuple({**each, "metadata": {**each["metadata"], "labels": dict(spec.labels)}} for each in made)
