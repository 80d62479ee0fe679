"""Which pieces of road hang together, against a walk from every node."""

import numpy as np
import pytest

from riskmap.rescue.roadengine.joined import joined


def walked(nodes: int, pairs: list[tuple[int, int]]) -> list[set[int]]:
    """Of each node those that are got to from it."""
    beside: list[set[int]] = [set() for _ in range(nodes)]
    for a, b in pairs:
        beside[a].add(b)
        beside[b].add(a)
    out = []
    for node in range(nodes):
        seen, look = {node}, [node]
        while look:
            new = beside[look.pop()] - seen
            seen |= new
            look += new
        out.append(seen)
    return out


@pytest.mark.parametrize("seed", range(40))
def test_nodes_have_one_number_where_a_walk_leads(seed: int) -> None:
    random = np.random.default_rng(seed)
    nodes = int(random.integers(1, 60))
    pairs = random.integers(0, nodes, size=(int(random.integers(0, 2 * nodes)), 2))
    found = joined(nodes, pairs[:, 0], pairs[:, 1])
    assert [set(np.flatnonzero(found == n).tolist()) for n in found] == walked(
        nodes, [(a, b) for a, b in pairs.tolist()]
    )


def test_a_long_road_is_one_piece_whichever_way_its_parts_are_given() -> None:
    order = np.random.default_rng(1).permutation(2000)
    head, tail = order[:-1], order[1:]
    swap = np.arange(1999) % 2 == 0
    assert len(set(joined(2000, np.where(swap, head, tail), np.where(swap, tail, head)).tolist())) == 1
