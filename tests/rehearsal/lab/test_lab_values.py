"""What of the lab is pure: the nodes it plays, what it pins, and how a set of programs is told from another."""

import dataclasses
import re
import stat
from pathlib import Path

import pytest
from cryptography import x509

from components.aws.pools import _labels, _taints
from components.ground_specs import PoolSpec
from rehearsal import go_programs
from rehearsal.engine.errors import EngineError
from rehearsal.lab import PodBehaviour, binaries, definitions, pool_nodes
from rehearsal.lab.certificates import Authority, write_key
from rehearsal.lab.nodes import node
from rehearsal.lab.stages import stages
from stacks.config_ground import Cluster

ROLES = {"role": "gpu", "capacity": "spot", "machines": ("p5.48xlarge",), "model": "llama-70b"}


def pool(**said: object) -> PoolSpec:
    blank = {field.name: None for field in dataclasses.fields(PoolSpec)}
    return PoolSpec(**{**blank, "name": "pool", **ROLES, **said})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "said",
    [
        {"role": "gpu", "capacity": "spot", "model": "llama-70b"},
        {"role": "gpu", "capacity": "on-demand", "model": None},
        {"role": "gateway", "capacity": "on-demand", "model": None},
        {"role": "system", "capacity": "on-demand", "model": None},
    ],
)
def test_a_played_node_has_the_labels_and_taints_of_the_pool_that_a_region_makes(said: dict[str, str]) -> None:
    played = pool_nodes("pool", zones=["a"], count=1, **said)  # type: ignore[arg-type]
    made = node(played[0], "aws-eu-north-1")
    real = pool(**said)

    labels = {name: value for name, value in made["metadata"]["labels"].items() if name.startswith("meridian.io/")}
    assert labels == _labels(real)
    taints = {(each["key"], each["value"], each["effect"]) for each in made["spec"]["taints"]}
    effects = {"NO_SCHEDULE": "NoSchedule"}
    assert taints == {(each["key"], each["value"], effects[str(each["effect"])]) for each in _taints(real)}


def test_the_nodes_of_a_pool_are_dealt_out_over_its_zones_and_have_the_labels_of_managed_clusters() -> None:
    played = pool_nodes("gpu", role="gpu", zones=["a", "b"], count=3, gpus=8, machine="p5.48xlarge")

    assert [each.zone for each in played] == ["a", "b", "a"]
    made = node(played[1], "aws-eu-north-1")
    labels = made["metadata"]["labels"]
    assert labels["topology.kubernetes.io/zone"] == "b"
    assert labels["topology.kubernetes.io/region"] == "aws-eu-north-1"
    assert labels["node.kubernetes.io/instance-type"] == "p5.48xlarge"
    assert made["status"]["allocatable"]["nvidia.com/gpu"] == "8"


def test_a_node_without_gpus_offers_none() -> None:
    (plain,) = pool_nodes("system", role="system", zones=["a"], count=1)

    assert "nvidia.com/gpu" not in node(plain, "r")["status"]["allocatable"]


def test_the_lab_runs_the_kubernetes_that_environments_run() -> None:
    said = Cluster.model_fields["version"].default

    assert binaries.kubernetes_version().rpartition(".")[0] == said


def test_every_module_of_definitions_is_pinned_with_its_checksum() -> None:
    sums = (definitions.FOLDER / "go.sum").read_text()

    assert definitions.versions().keys() == definitions.FILES.keys()
    for module, version in definitions.versions().items():
        assert re.search(rf"(?m)^{re.escape(module)} {re.escape(version)} h1:\S+$", sums), module


def test_a_changed_pin_source_or_option_is_another_set_of_programs(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module m\n")
    one = go_programs.GoPrograms("s", tmp_path, {"p": "."}, binaries.PRODUCT, takes="a moment")

    before = one.key
    assert before == dataclasses.replace(one, takes="long").key
    assert before != dataclasses.replace(one, tags="t").key
    (tmp_path / "go.sum").write_text("m v1 h1:x=\n")
    assert one.key != before


def test_without_go_it_is_said_what_cannot_be_done(tmp_path: Path, said: list[str]) -> None:
    with pytest.raises(EngineError) as refused:
        binaries.ensure(tmp_path, said.append, {"PATH": str(tmp_path)})

    assert "There is no `go` on PATH" in refused.value.what
    assert "The lab is built with it" in refused.value.why
    assert "pulumi" not in refused.value.fix


def test_keys_are_for_their_owner_alone_and_certificates_name_the_user_and_the_group(tmp_path: Path) -> None:
    certificate, key = Authority(tmp_path / "c").issue("admin", common_name="admin", group="system:masters")

    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    assert found.subject.rfc4514_string() == "O=system:masters,CN=admin"
    for file in (key, write_key(tmp_path / "accounts.key")):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_pods_wait_for_an_image_only_where_some_are_missing() -> None:
    names = [each["metadata"]["name"] for each in stages(PodBehaviour())]

    assert "pod-image-missing" in names
    assert "pod-image-missing" not in [each["metadata"]["name"] for each in stages(PodBehaviour(missing_digests=()))]
