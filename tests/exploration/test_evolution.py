"""How points of a space become others: always valid, by sites of two or by one site of one."""

from __future__ import annotations

import numpy as np

from pipeline.exploration.evolution import NeighbourMutation, SiteCrossover
from tests.exploration.toy import toy_space, wide_space


def test_each_pair_swaps_sites_of_its_own_and_both_children_share_out_their_parents() -> None:
    space, rng = wide_space(12), np.random.default_rng(0)
    parents = np.repeat(np.stack([np.zeros(12, np.int16), np.ones(12, np.int16)])[:, None], 30, axis=1)
    children = SiteCrossover(space)._do(None, parents, random_state=rng)
    assert (children.sum(axis=0) == 1).all(), "what one has of the other, that one has of it"
    assert len(np.unique(children[0], axis=0)) > 20
    mixed = space.sample_rows(60, rng).reshape(2, 30, 12)
    children = SiteCrossover(space)._do(None, mixed, random_state=rng)
    assert np.array_equal(np.sort(children, axis=0), np.sort(mixed, axis=0))


def test_children_and_mutants_are_valid_and_a_mutant_differs_in_one_site_at_most() -> None:
    space, rng = toy_space(), np.random.default_rng(0)
    parents = space.sample_rows(80, rng)
    for child in SiteCrossover(space)._do(None, parents.reshape(2, 40, -1), random_state=rng):
        assert space.contains_rows(child).all()
    mutated = NeighbourMutation(space)._do(None, parents, random_state=rng)
    changed = (mutated != parents).sum(axis=1)
    assert space.contains_rows(mutated).all() and changed.max() == 1 and 0 < changed.sum() < len(parents)
