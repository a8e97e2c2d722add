"""The gateway of a region as Gateway API objects for Envoy Gateway 1.8.3; pure.

One behaviour, two forms: the same tests pass on both. Where they differ:

| what | local form | this form | why |
|---|---|---|---|
| limits of a tenant | exact for the region | exact per gateway pod, each has an even share | Envoy counts alone |
| requests per minute | one count for a tenant | one for a tenant and model | Envoy counts per route |
| concurrency | one count for a tenant | one for a tenant and model; listing models has its own | counted per cluster |
| bounded load, ejection, retry budget | over all requests to a replica | over one tenant's requests to it | the same |
| retry budget used up | 503 `unavailable` | 429 `concurrency_limit_exceeded` | Envoy flags both alike |
| `Retry-After` of the rate limit | until the next token | a token's whole time | Envoy 1.38 has no such field |
| readiness of a replica | asked every second | the kubelet asks; by EndpointSlices | Envoy seldom asks idle clusters |
| several models | one is served | by the body's `model`; 404 for others | a local region has one |
| body of `/-/ready` | the replica's | `probe_body` of the spec, or `served:no` | checkers of clouds look for it |
| client's address | the connection's | one hop of x-forwarded-for is trusted | the entry is in front |
| access log | standard output | the same, flushed every ten seconds | Envoy Gateway opens it as a file |

Closed by patches: answers in OpenAI's form, small bursts, `Retry-After`, bounded load, attempts at finding another
replica, time for headers, the server's name.
"""

from typing import Any

from components.gateway.kubernetes_engines import engine_objects
from components.gateway.kubernetes_parts import Json
from components.gateway.kubernetes_patches import patch_objects
from components.gateway.kubernetes_policies import policy_objects
from components.gateway.kubernetes_proxy import proxy_objects
from components.gateway.kubernetes_routes import route_objects
from components.serving_specs import ServingSpec


def gateway_objects(spec: ServingSpec, image: Any) -> tuple[Json, ...]:
    """Every object of a region's gateway, each after those it refers to.

    `image` is Envoy's, by digest, from the territory's registry; whatever it is, it is passed on as it is, so that a
    stack can give one that it does not know yet. The Secrets that the objects name are not among them.
    """
    routes = (*route_objects(spec), *policy_objects(spec))
    made = (*proxy_objects(spec, image), *engine_objects(spec), *routes, *patch_objects(spec))
    return tuple({**each, "metadata": {**each["metadata"], "labels": dict(spec.labels)}} for each in made)
