"""Under the real engine: what others changed is seen and healed, replaced is not updated, dead names stay."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rehearsal.world import Resource, World
from tests.rehearsal.played import Player, Register, player

pytestmark = pytest.mark.real

QUEUE, NETWORK, RING = "aws:sqs/queue:Queue", "aws:ec2/vpc:Vpc", "gcp:kms/keyRing:KeyRing"


def program(*, cidr: str = "10.1.0.0/16", seconds: int = 30) -> Callable[[Register], None]:
    def play(register: Register) -> None:
        register(NETWORK, "network", {"cidrBlock": cidr})
        register(QUEUE, "queue", {"name": "work", "visibilityTimeoutSeconds": seconds})

    return play


@pytest.fixture
def playing(tmp_path: Path) -> Iterator[Player]:
    with player(tmp_path) as found:
        yield found


def held(playing: Player, token: str) -> Resource:
    (found,) = World(playing.place.world).resources(None, token)
    return found


def said(playing: Player, token: str) -> dict[str, object]:
    """What the engine's state says of the one resource of a type."""
    (found,) = (each for each in playing.place.state("played") if each["type"] == token)
    return dict(found["outputs"])


def test_what_somebody_edited_is_shown_by_refresh_and_healed_by_up(playing: Player) -> None:
    assert playing.play("up", program()).errors == ()
    World(playing.place.world).edit(held(playing, QUEUE), visibilityTimeoutSeconds=99)
    assert said(playing, QUEUE)["visibilityTimeoutSeconds"] == 30
    assert playing.play("refresh", program()).errors == ()
    assert said(playing, QUEUE)["visibilityTimeoutSeconds"] == 99
    assert playing.play("up", program()).counts["update"] == 1
    assert held(playing, QUEUE).outputs["visibilityTimeoutSeconds"] == 30


def test_what_somebody_deleted_is_missed_by_refresh_and_made_again_by_up(playing: Player) -> None:
    assert playing.play("up", program()).errors == ()
    World(playing.place.world).delete(held(playing, QUEUE))
    assert playing.play("refresh", program()).errors == ()
    assert QUEUE not in {token for token, _ in playing.place.resources("played")}
    assert playing.play("up", program()).counts["create"] == 1
    assert held(playing, QUEUE).inputs["name"] == "work"


def test_an_update_keeps_the_id_and_a_replacement_has_another_one(playing: Player) -> None:
    assert playing.play("up", program()).errors == ()
    queue, network = held(playing, QUEUE).id, held(playing, NETWORK).id
    changed = playing.play("up", program(cidr="10.9.0.0/16", seconds=60))
    assert changed.errors == ()
    assert (changed.counts["update"], changed.counts["replace"]) == (1, 1)
    assert held(playing, QUEUE).id == queue
    assert held(playing, NETWORK).id != network
    assert held(playing, NETWORK).inputs["cidrBlock"] == "10.9.0.0/16"


def test_the_name_of_a_key_ring_is_never_free_again_and_another_generation_is(playing: Player) -> None:
    def ring(name: str) -> Callable[[Register], None]:
        return lambda register: register(RING, "ring", {"name": name, "location": "europe-west4"}) and None

    assert playing.play("up", ring("models-1")).errors == ()
    assert playing.play("destroy", ring("models-1")).errors == ()
    assert [stone.token for stone in World(playing.place.world).tombstones()] == [RING]
    (error,) = playing.play("up", ring("models-1")).errors
    assert "never deleted" in error
    assert playing.play("up", ring("models-2")).errors == ()


def test_a_vault_that_was_deleted_keeps_its_name_for_its_days(playing: Player) -> None:
    def vault(register: Register) -> None:
        group = register("azure-native:resources:ResourceGroup", "g", {"resourceGroupName": "g", "location": "eastus2"})
        properties = {
            "tenantId": "00000000-0000-4000-8000-000000000002",
            "sku": {"family": "A", "name": "standard"},
            "softDeleteRetentionInDays": 7,
            "enableRbacAuthorization": True,
        }
        inputs = {"vaultName": "models-eu", "location": "eastus2", "resourceGroupName": group["name"]}
        register("azure-native:keyvault:Vault", "v", {**inputs, "properties": properties})

    assert playing.play("up", vault).errors == ()
    assert playing.play("destroy", vault).errors == ()
    (error,) = playing.play("up", vault).errors
    assert "7 days" in error
    World(playing.place.world).pass_days(8)
    assert playing.play("up", vault).errors == ()
