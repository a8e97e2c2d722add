"""Runs that stop half-way: whatever failed, the next `up` ends where a run without failures does, nothing doubled."""

import json
from collections.abc import Iterator

import pytest

from rehearsal.rehearsing import Run
from tests.rehearsal.played import Player, Register, player

pytestmark = pytest.mark.real

TWELVE = 12


def program(register: Register) -> None:
    """Twelve resources over four packages, each of a later half naming one of an earlier."""
    network = register("aws:ec2/vpc:Vpc", "network", {"cidrBlock": "10.1.0.0/16"})
    for number, zone in enumerate("ab"):
        place = {"cidrBlock": f"10.1.{number}.0/24", "availabilityZone": f"eu-north-1{zone}"}
        register("aws:ec2/subnet:Subnet", f"subnet-{zone}", {"vpcId": network["id"], **place})
    register("aws:cloudwatch/logGroup:LogGroup", "log", {"name": "/example/log", "retentionInDays": 400})
    wide = register("gcp:compute/network:Network", "wide", {"name": "wide", "autoCreateSubnetworks": False})
    nodes = {"name": "nodes", "network": wide["id"], "region": "europe-west4", "ipCidrRange": "10.2.0.0/20"}
    register("gcp:compute/subnetwork:Subnetwork", "nodes", nodes)
    register("gcp:compute/address:Address", "address", {"name": "entry", "region": "europe-west4"})
    group = {"resourceGroupName": "group", "location": "eastus2"}
    made = register("azure-native:resources:ResourceGroup", "group", group)
    inside = {"resourceGroupName": made["name"], "location": "eastus2"}
    space = {"virtualNetworkName": "hub", "addressSpace": {"addressPrefixes": ["10.3.0.0/16"]}}
    register("azure-native:network:VirtualNetwork", "hub", {**inside, **space})
    register("kubernetes:core/v1:Namespace", "models", {"metadata": {"name": "models"}})
    named = {"metadata": {"name": "settings", "namespace": "models"}, "data": {"a": "b"}}
    register("kubernetes:core/v1:ConfigMap", "settings", named)
    account = {"metadata": {"name": "engine", "namespace": "models"}}
    register("kubernetes:core/v1:ServiceAccount", "account", account)


@pytest.fixture(scope="module")
def playing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    with player(tmp_path_factory.mktemp("halves")) as found:
        yield found


@pytest.fixture
def empty(playing: Player) -> Iterator[Player]:
    """The player, with nothing in its world or state before and after."""
    assert playing.held() == []
    yield playing
    playing.failures.unlink(missing_ok=True)
    playing.play("refresh", program, "--clear-pending-creates")
    assert playing.play("destroy", program).errors == ()
    for file in (playing.place.world / "resources").glob("*.json"):
        file.unlink()


def names(playing: Player) -> list[tuple[str, str]]:
    """Type and name in the program of everything in the world, doubled ones twice."""
    from rehearsal.world import World

    return sorted((each.token, each.urn.rpartition("::")[2]) for each in World(playing.place.world).resources())


def fail(playing: Player, **failure: object) -> None:
    playing.failures.write_text(json.dumps([failure]))


def heal(playing: Player) -> Run:
    playing.failures.unlink()
    return playing.play("up", program)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """What a run without failures makes."""
    with player(tmp_path_factory.mktemp("whole")) as clean:
        assert clean.play("up", program).errors == ()
        return names(clean)


def test_the_program_makes_twelve_resources_of_four_clouds(whole: list[tuple[str, str]]) -> None:
    assert len(whole) == len(set(whole)) == TWELVE
    assert len({token.partition(":")[0] for token, _ in whole}) == 4


@pytest.mark.parametrize("failing", range(TWELVE))
def test_a_failed_create_is_told_and_the_next_up_makes_what_is_missing_and_nothing_twice(
    empty: Player, whole: list[tuple[str, str]], failing: int
) -> None:
    order = created_in_order(empty)
    token = order[failing]
    nth = order[: failing + 1].count(token)
    fail(empty, kind="fail", method="create", token=token, nth=nth)

    broken = empty.play("up", program)
    assert broken.code != 0
    assert any("failed inside the cloud" in error for error in broken.errors)
    assert len(names(empty)) == failing, "what came before was made"

    healed = heal(empty)
    assert healed.errors == ()
    assert names(empty) == whole
    assert sorted(empty.place.resources("played")) == whole


def created_in_order(playing: Player) -> list[str]:
    """The types of the program's resources, in the order in which it registers them."""
    order: list[str] = []

    def noting(kind: str, name: str, inputs: object, provider: object = None) -> dict[str, str]:
        order.append(kind)
        return {"id": "id", "name": "name"}

    program(noting)
    return order


@pytest.mark.parametrize(
    "token", ["aws:cloudwatch/logGroup:LogGroup", "gcp:compute/address:Address", "kubernetes:core/v1:Namespace"]
)
def test_a_create_whose_answer_is_lost_is_refused_the_next_time_as_the_cloud_refuses_it(
    empty: Player, whole: list[tuple[str, str]], token: str
) -> None:
    fail(empty, kind="lost-answer", method="create", token=token, nth=1)
    broken = empty.play("up", program)
    assert any("answer to the create" in error and "was lost" in error for error in broken.errors)
    assert token in {kind for kind, _ in names(empty)}, "the cloud made it all the same"
    assert token not in {kind for kind, _ in empty.place.resources("played")}, "and the engine does not know"

    again = heal(empty)

    (said,) = again.errors
    name = next(name for kind, name in whole if kind == token)
    assert said.startswith(f"{token} {name}: ")
    assert "exist" in said.lower()
    assert len(names(empty)) == len(set(names(empty))), "nothing is doubled"


def test_an_unnamed_resource_whose_answer_is_lost_is_left_behind_as_on_the_real_cloud(empty: Player) -> None:
    """A VPC has no name that is its own: the cloud makes a second one, and the first is an orphan."""
    fail(empty, kind="lost-answer", method="create", token="aws:ec2/vpc:Vpc", nth=1)
    assert empty.play("up", program).code != 0

    again = heal(empty)

    assert again.errors == ()
    assert [token for token, _ in names(empty)].count("aws:ec2/vpc:Vpc") == 2
    assert [token for token, _ in empty.place.resources("played")].count("aws:ec2/vpc:Vpc") == 1
