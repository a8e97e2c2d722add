"""Nothing runs that is not mirrored: images, and the charts that bring what our objects are made for."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from components.images import Mirrored, mirrored
from components.serving import controllers
from stacks.plan import serving
from tests.components.contract.building import region
from tests.components.contract.specs import ground

ROOT = Path(__file__).parents[2]
ROOMS = ("components", "stacks", "policies", "drills")
ELSEWHERE = re.compile(
    r"^(docker\.io|ghcr\.io|quay\.io|registry\.k8s\.io|public\.ecr\.aws|nvcr\.io|mcr\.[a-z.]+|gcr\.io)/"
)
GROUP = re.compile(r"^([a-z0-9-]+(?:\.[a-z0-9-]+)+)/v\d[a-z0-9]*$")
BUILT_IN = re.compile(
    r"^(networking|scheduling|storage|coordination|admissionregistration|rbac\.authorization|client\.authentication)\.k8s\.io$"
)
"""Groups that every API server has."""


def constants(source: str) -> set[str]:
    nodes = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return {value for value in nodes if isinstance(value, str)}


def repositories(source: str) -> set[str]:
    """What a source names as a repository, or as an image outright."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        pairs: list[tuple[object, ast.expr]] = []
        if isinstance(node, ast.Dict):
            keys = (key.value if isinstance(key, ast.Constant) else None for key in node.keys)
            pairs = list(zip(keys, node.values, strict=True))
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            pairs = [(node.targets[0].id.lower(), node.value)]
        elif isinstance(node, ast.keyword):
            pairs = [(node.arg, node.value)]
        for key, value in pairs:
            if key in ("repository", "image") and isinstance(value, ast.Constant) and isinstance(value.value, str):
                found.add(value.value)
    return found | {text for text in constants(source) if ELSEWHERE.match(text)}


def groups(source: str) -> set[str]:
    """API groups of custom resources that a source names."""
    named = (match[1] for text in constants(source) if (match := GROUP.match(text)))
    return {name for name in named if not BUILT_IN.match(name)}


def sources() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            yield str(file.relative_to(ROOT)), file.read_text()


def not_mirrored(source: str) -> set[str]:
    return repositories(source) - {each.name for each in mirrored()}


def without_a_chart(source: str) -> set[str]:
    return groups(source) - {group for each in mirrored() for group in each.gives}


def test_every_image_that_the_program_names_is_mirrored() -> None:
    assert {name for _, source in sources() for name in repositories(source)} >= {"serving"}, "finds nothing"
    assert {file: wrong for file, source in sources() if (wrong := not_mirrored(source))} == {}


def test_the_images_that_are_put_together_from_parts_are_mirrored() -> None:
    names = {each.name for each in mirrored()}
    assert {serving.ENVOY, serving.REPOSITORY} <= names


def test_every_image_that_an_environment_pins_is_mirrored() -> None:
    names = {each.name for each in mirrored()}
    for file in sorted(ROOT.glob("Pulumi.*.yaml")):
        image = yaml.safe_load(file.read_text()).get("config", {}).get("meridian:image", {})
        assert image.get("mirrored", {}).keys() <= names, file.name


def test_every_chart_that_a_cluster_gets_is_mirrored_in_the_version_that_is_pinned() -> None:
    listed = json.loads((ROOT / "components" / "serving" / "controllers.json").read_text())["charts"]
    known = {each.name: each.version for each in mirrored() if each.kind == "chart"}
    assert listed
    assert {f"{controllers.FOLDER}/{each['name']}" for each in listed} <= known.keys()
    pinned = {f"{controllers.FOLDER}/{each['name']}": each["version"] for each in listed if each["version"]}
    assert {name: known[name] for name in pinned} == pinned


def test_every_kind_of_object_that_is_no_part_of_kubernetes_comes_with_a_mirrored_chart() -> None:
    assert {name for _, source in sources() for name in groups(source)} >= {"keda.sh", "cert-manager.io"}, (
        "finds nothing"
    )
    assert {file: wrong for file, source in sources() if (wrong := without_a_chart(source))} == {}


@pytest.mark.parametrize(
    "planted",
    [
        'REPOSITORY = "envoi"',
        'pod = {"image": "docker.io/library/busybox:latest"}',
        'helm(repository="ghcr.io/somebody/charts")',
        'tool = run("quay.io/somebody/tool@sha256:0")',
    ],
)
def test_an_image_from_elsewhere_is_found_out(planted: str) -> None:
    assert not_mirrored(planted)


def test_an_object_that_nobody_brings_the_kind_of_is_found_out() -> None:
    assert without_a_chart('made = {"apiVersion": "ray.io/v1", "other": "networking.k8s.io/v1"}') == {"ray.io"}


def test_the_data_names_each_repository_once_and_images_of_charts_that_are_there() -> None:
    names = [each.name for each in mirrored()]
    assert len(names) == len(set(names))
    charts = {each.name for each in mirrored() if each.kind == "chart"}
    assert {each.of for each in mirrored() if each.of} <= charts
    assert all(name.startswith("charts/") for name in charts)


def test_a_digest_is_one_or_is_said_to_be_unread() -> None:
    """None is read yet, as no registry could be asked: the mirror's workflow reads them."""
    for each in mirrored():
        assert each.digest is None or re.fullmatch(r"sha256:[0-9a-f]{64}", each.digest)
        assert each.is_pinned == (each.digest is not None)
        assert each.version != "latest"
        assert each.digest is None or each.version is not None


def test_only_our_own_image_has_no_source() -> None:
    assert [each.name for each in mirrored() if each.source is None] == [serving.REPOSITORY]


@pytest.mark.slow
def test_a_region_on_aws_has_a_repository_for_each_and_for_nothing_else() -> None:
    made = region(ground()).world.of("aws:ecr/repository:Repository")
    assert sorted(each.inputs["name"].partition("/")[2] for each in made) == sorted(each.name for each in mirrored())


def test_a_name_is_one_that_every_registry_takes() -> None:
    assert all(re.fullmatch(r"[a-z0-9]+(?:[._/-][a-z0-9]+)*", each.name) for each in mirrored())


def test_a_row_is_closed() -> None:
    with pytest.raises(TypeError):
        Mirrored(name="a", kind="image", source=None, version=None, digest=None, tag="latest")  # type: ignore[call-arg]
