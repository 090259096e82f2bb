"""Quadratic programs on the simplex."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from learndock.errors import Invalid
from learndock.numerics.simplex import on_simplex


def program(seed, count, rank):
    rng = np.random.default_rng(seed)
    parts = rng.normal(size=(count, rank))
    return parts @ parts.T, parts @ rng.normal(size=rank)


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 30), rank=st.integers(1, 40))
def test_the_weights_meet_the_optimality_conditions(seed, count, rank):
    gram, linear = program(seed, count, rank)
    weights = on_simplex(gram, linear)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)
    slope = gram @ weights - linear
    # No part is steeper than those in use: weight cannot move to it with gain.
    assert weights @ slope - slope.min() <= 1e-5 * np.trace(gram)


def test_a_target_inside_the_simplex_is_met():
    wanted = np.array([0.2, 0.3, 0.5])
    gram, _ = program(0, 3, 10)
    np.testing.assert_allclose(on_simplex(gram, gram @ wanted), wanted, atol=1e-6)


def test_equal_parts_share_equally():
    np.testing.assert_allclose(on_simplex(np.ones((4, 4)), np.ones(4)), 0.25)


def test_parts_of_no_length_share_equally():
    np.testing.assert_allclose(on_simplex(np.zeros((2, 2)), np.zeros(2)), 0.5)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_the_unit_of_the_parts_does_not_matter(scale):
    gram, linear = program(3, 8, 20)
    np.testing.assert_allclose(
        on_simplex(scale * gram, scale * linear), on_simplex(gram, linear), atol=1e-8
    )


def test_values_that_are_not_finite_are_refused():
    with pytest.raises(Invalid, match="not finite"):
        on_simplex(np.array([[np.nan]]), np.ones(1))


def test_what_is_no_gram_matrix_is_refused():
    with pytest.raises(Invalid, match="not positive semidefinite"):
        on_simplex(np.array([[1.0, 3.0], [3.0, 1.0]]), np.zeros(2))
