"""The density read-out of a sketch."""

import numpy as np
from hypothesis import given, strategies as st

from learndock.numerics.density import density


def test_the_density_at_a_lone_point_is_its_weight_and_falls_as_a_gaussian():
    x = np.array([[0.0, 0.0], [3.0, 4.0]])
    found = density(x, np.zeros((1, 2)), np.array([0.5]), gamma=0.1)
    np.testing.assert_allclose(found, [0.5, 0.5 * np.exp(-2.5)])


@given(seed=st.integers(0, 2**32 - 1))
def test_the_density_is_at_most_one_and_linear_in_the_weights(seed):
    rng = np.random.default_rng(seed)
    x, points = rng.normal(size=(20, 3)), rng.normal(size=(7, 3))
    left, right = rng.dirichlet(np.ones(7), size=2)
    both = density(x, points, (left + right) / 2, gamma=2.0)
    assert both.min() >= 0
    assert both.max() <= 1
    np.testing.assert_allclose(
        2 * both, density(x, points, left, gamma=2.0) + density(x, points, right, gamma=2.0)
    )
