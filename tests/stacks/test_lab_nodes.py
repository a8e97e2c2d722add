"""A lab plays the nodes of the plan's pools."""

import dataclasses

from rehearsal.lab.nodes import node
from stacks.lab_nodes import region_nodes
from tests.components.contract.specs import ground

SPEC = ground()


def test_every_pool_has_the_nodes_it_is_created_with_each_with_the_pools_gpus_and_zones() -> None:
    played = region_nodes(SPEC)

    for pool in SPEC.pools:
        own = [each for each in played if each.labels["meridian.io/pool"] == pool.name]
        assert len(own) == max(pool.nodes, pool.min_nodes), pool.name
        assert {each.gpus for each in own} <= {pool.gpus_per_node}
        assert {each.zone for each in own} <= set(pool.zones)
        assert {each.capacity for each in own} <= {pool.capacity}
    assert len({each.name for each in played}) == len(played)


def test_network_cards_of_a_pool_are_offered_as_the_clouds_device_plugin_does() -> None:
    pools = [dataclasses.replace(pool, rdma_cards=32) for pool in SPEC.pools if pool.role == "gpu"]
    played = region_nodes(dataclasses.replace(SPEC, name="aws-eu-north-1", pools=tuple(pools)))

    assert played
    for each in played:
        assert node(each, "aws-eu-north-1")["status"]["capacity"]["vpc.amazonaws.com/efa"] == "32"
