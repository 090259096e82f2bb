"""Rows made up from a sketch, against the sketch and against draws from it."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from learndock.errors import Invalid
from learndock.numerics.herding import pseudo_rows
from learndock.numerics.kernels import median_gamma, mmd
from learndock.numerics.reduced import reduce


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(2_000, 3))
    return np.sin(hidden @ rng.normal(size=(3, 8))) + 0.1 * rng.normal(size=(2_000, 8))


@pytest.fixture(scope="module")
def gammas(rows):
    return [scale * median_gamma(rows) for scale in (0.25, 1.0, 4.0)]


@pytest.fixture(scope="module")
def sketch(rows, gammas):
    return reduce(rows, 50, gammas=gammas)


def even(count):
    return np.full(count, 1 / count)


def test_the_distance_is_that_to_the_sketch(sketch, gammas):
    found, apart = pseudo_rows(sketch.points, sketch.weights, 100, gammas=gammas)
    exact = mmd(found, even(100), sketch.points, sketch.weights, gammas=gammas)
    assert apart == pytest.approx(exact, abs=1e-9)


def test_the_distance_to_the_data_is_within_both_distances_together(rows, sketch, gammas):
    found, apart = pseudo_rows(sketch.points, sketch.weights, 300, gammas=gammas)
    real = mmd(found, even(300), rows, even(2_000), gammas=gammas)
    assert real <= apart + sketch.mmd + 1e-4


def test_the_distance_falls_faster_than_that_of_random_draws(sketch, gammas):
    few, many = (
        pseudo_rows(sketch.points, sketch.weights, count, gammas=gammas)[1] for count in (50, 800)
    )
    assert many < few / np.sqrt(800 / 50) / 1.5


@pytest.mark.parametrize("count", [20, 200])
def test_the_rows_are_nearer_than_draws_from_the_sketch(sketch, gammas, count):
    rng = np.random.default_rng(0)
    drawn = [
        mmd(
            sketch.points[rng.choice(len(sketch.points), count, p=sketch.weights)],
            even(count),
            sketch.points,
            sketch.weights,
            gammas=gammas,
        )
        for _ in range(10)
    ]
    assert pseudo_rows(sketch.points, sketch.weights, count, gammas=gammas)[1] < 0.6 * min(drawn)


def test_the_first_row_alone_is_the_best_single_place(sketch, gammas):
    found, _ = pseudo_rows(sketch.points, sketch.weights, 1, gammas=gammas)
    best = min(
        mmd(point[None], np.ones(1), sketch.points, sketch.weights, gammas=gammas)
        for point in sketch.points
    )
    assert mmd(found, np.ones(1), sketch.points, sketch.weights, gammas=gammas) <= best + 1e-3


def test_the_unit_of_the_points_does_not_matter(sketch, gammas):
    here, apart = pseudo_rows(sketch.points, sketch.weights, 40, gammas=gammas)
    there, same = pseudo_rows(
        1e3 * sketch.points, sketch.weights, 40, gammas=[g / 1e6 for g in gammas]
    )
    np.testing.assert_allclose(there / 1e3, here, atol=1e-3)
    assert same == pytest.approx(apart, abs=1e-3)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 8), count=st.integers(1, 30))
def test_rows_are_as_many_as_asked_finite_and_the_same_again(seed, size, count):
    rng = np.random.default_rng(seed)
    points, weights = rng.standard_cauchy(size=(size, 2)), rng.dirichlet(np.ones(size))
    found, apart = pseudo_rows(points, weights, count, gammas=[1.0], seed=seed)
    again, _ = pseudo_rows(points, weights, count, gammas=[1.0], seed=seed)
    assert found.shape == (count, 2)
    assert np.isfinite(found).all()
    assert 0 <= apart <= np.sqrt(2)
    np.testing.assert_array_equal(found, again)


def test_a_single_point_is_repeated():
    found, apart = pseudo_rows(np.array([[3.0]]), np.ones(1), 5, gammas=[1.0])
    np.testing.assert_allclose(found, 3)
    assert apart == pytest.approx(0, abs=1e-6)


def test_no_rows_are_refused():
    with pytest.raises(Invalid, match="0 rows were asked for"):
        pseudo_rows(np.zeros((1, 1)), np.ones(1), 0, gammas=[1.0])
