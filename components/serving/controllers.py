"""Makes a cluster's third-party controllers: Helm charts from the territory's own registry, nothing else by Helm."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as kubernetes

from components.serving.charts import Chart
from components.serving.objects import register
from components.serving.words import meta
from components.serving_specs import ServingSpec

FOLDER = "charts"
"""Below the registry's prefix: where charts are mirrored to."""


def controllers(
    name: str,
    charts: Sequence[Chart],
    spec: ServingSpec,
    registry: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Make them in the order given, each after the one before: certificates before who needs them.

    The registry's tags cannot be overwritten, so that a version is what was mirrored by its digest. Charts are rendered
    by Helm and registered object by object: previews and policies see all of it.
    """
    made: list[pulumi.Resource] = []
    spaces: dict[str, pulumi.Resource] = {}
    for chart in charts:
        if chart.pod_security and chart.namespace not in spaces:
            spaces[chart.namespace] = register(name, _namespace(chart, spec), opts)
        before = [*spaces.values(), *made[-1:]]
        made.append(
            kubernetes.helm.v4.Chart(
                f"{name}-{chart.name}",
                chart=pulumi.Output.concat("oci://", registry, f"/{FOLDER}/{chart.name}"),
                version=chart.version,
                namespace=chart.namespace,
                opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=before)),
            )
        )
    return [*spaces.values(), *made]


def _namespace(chart: Chart, spec: ServingSpec) -> dict[str, object]:
    labels = {"pod-security.kubernetes.io/enforce": str(chart.pod_security)}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta(chart.namespace, None, spec, **labels)}
