"""Distance of distributions, and the assignment with dustbins."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import wasserstein_distance

from learndock.numerics.matching import assign, quantiles, wasserstein

# ---------------------------------------------------------------- values


@given(seed=st.integers(0, 2**32 - 1))
def test_the_distance_of_quantiles_is_near_the_exact_wasserstein_distance(seed):
    rng = np.random.default_rng(seed)
    values, weights = rng.normal([[0], [1]], [[1], [2]], (2, 500)), rng.random((2, 500))
    left, right = (quantiles(v, w)[None] for v, w in zip(values, weights, strict=True))
    one = np.ones(1)
    exact = wasserstein_distance(*values, *weights)
    assert wasserstein(left, right, one, one)[0, 0] == pytest.approx(exact, rel=0.15)


def test_the_distance_has_no_unit():
    left, right = np.random.default_rng(0).normal(size=(2, 4, 32))
    scales = np.array([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_allclose(
        wasserstein(1000 * left, 1000 * right, 1000 * scales, 1000 * scales),
        wasserstein(left, right, scales, scales),
    )


def test_equal_distributions_are_at_distance_0_however_they_are_weighted():
    once = quantiles(np.array([1.0, 2.0]), np.array([0.5, 0.5]))
    twice = quantiles(np.array([1.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0]))
    np.testing.assert_array_equal(once, twice)


# ---------------------------------------------------------------- assignment


@given(
    cost=st.lists(
        st.lists(st.floats(0, 2) | st.just(np.inf), min_size=3, max_size=3), min_size=1, max_size=4
    )
)
def test_no_other_assignment_costs_less(cost):
    matrix = np.array(cost)
    found = assign(matrix, dustbin=1.0)
    spent = sum(matrix[pair] for pair in found) + len(matrix) - len(found)
    columns = [0, 1, 2, *[None] * len(matrix)]
    best = min(
        sum(1.0 if column is None else matrix[row, column] for row, column in enumerate(chosen))
        for chosen in set(permutations(columns, len(matrix)))
    )
    assert spent == pytest.approx(best)


def test_what_costs_more_than_the_dustbin_stays_apart():
    assert assign(np.array([[0.4, 1.1], [0.9, 1.2]]), dustbin=1.0) == [(0, 0)]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_nothing_is_assigned_to_nothing(shape):
    assert assign(np.zeros(shape), dustbin=1.0) == []
