"""Choosing members: every class of the task is known by someone."""

from itertools import combinations

import numpy as np
from hypothesis import given, strategies as st

from learndock.numerics.shares import chosen


def value(picked, scores, priors, shares):
    return np.sqrt((scores[list(picked), None] * priors[list(picked)]).sum(axis=0)) @ shares


@given(st.integers(0, 10_000))
def test_the_greedy_choice_reaches_its_bound(seed):
    rng = np.random.default_rng(seed)
    scores, shares = rng.dirichlet(np.ones(7)), rng.dirichlet(np.ones(4))
    priors = rng.dirichlet(np.full(4, 0.3), size=7)
    best = max(value(s, scores, priors, shares) for s in combinations(range(7), 3))
    found = value(chosen(scores, priors, shares, size=3), scores, priors, shares)
    assert found >= (1 - 1 / np.e) * best


def test_a_class_that_only_a_light_member_knows_is_not_forgotten():
    scores = np.array([0.4, 0.3, 0.2, 0.1])
    priors = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert 3 in chosen(scores, priors, np.array([0.5, 0.5]), size=2)


def test_there_are_never_more_members_than_there_are():
    assert chosen(np.ones(2), np.ones((2, 1)), np.ones(1), size=5) == [0, 1]
