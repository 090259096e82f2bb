"""Kernel, MMD and kernel width."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from learndock.errors import Invalid, SketchMismatch
from learndock.numerics.kernels import (
    Frame,
    gram,
    gram_times,
    median_gamma,
    mmd,
    radial,
    tiles,
)

ONE = np.ones(1)
SEEDS = st.integers(0, 2**32 - 1)


def points(seed, count, width=3):
    return np.random.default_rng(seed).normal(size=(count, width))


def slow_gram(x, y, gammas):
    squared = ((x[:, None] - y[None]) ** 2).sum(axis=2)
    return np.mean([np.exp(-g * squared) for g in gammas], axis=0)


@pytest.mark.parametrize(
    "gammas", [(0.7,), (0.25, 1.0, 4.0), (4.0, 0.25, 1.0), (0.1, 0.3), (1e-3, 2**9)]
)
def test_gram_is_the_mean_of_gaussians(gammas):
    x, y = points(0, 30), points(1, 20)
    np.testing.assert_allclose(gram(x, y, gammas=gammas), slow_gram(x, y, gammas), atol=1e-12)


def test_gram_over_several_tiles_is_the_gram_of_each_pair():
    x, y = points(0, 700, 2), points(1, 900, 2)
    assert len(list(tiles(700, 900))) > 1
    np.testing.assert_allclose(gram(x, y, gammas=(1.0,)), slow_gram(x, y, (1.0,)), atol=1e-12)


@given(rows=st.integers(0, 3_000), columns=st.integers(0, 600_000))
def test_tiles_cover_every_place_once(rows, columns):
    covered = 0
    for down, across in tiles(rows, columns):
        assert down.stop <= rows
        assert across.stop <= columns
        covered += (down.stop - down.start) * (across.stop - across.start)
    assert covered == rows * columns


@given(seed=SEEDS)
def test_gram_is_symmetric_with_ones_on_the_diagonal_and_has_no_negative_eigenvalue(seed):
    x = points(seed, 15)
    found = gram(x, x, gammas=(0.25, 1.0, 4.0))
    np.testing.assert_allclose(found, found.T, atol=1e-14)
    np.testing.assert_allclose(np.diag(found), 1, atol=1e-12)
    assert np.linalg.eigvalsh(found).min() > -1e-10


def test_single_precision_stays_single_and_is_near():
    squared = np.square(points(0, 50, 50))
    found = radial(squared.astype(np.float32), (0.25, 1.0), (0.5, 0.5))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, radial(squared, (0.25, 1.0), (0.5, 0.5)), atol=1e-6)


@pytest.mark.parametrize("shape", [(), (2,)])
@pytest.mark.parametrize(("rows", "columns"), [(5, 3_000), (3_000, 5), (1_000, 1_000)])
def test_gram_times_is_gram_times_the_values(rows, columns, shape):
    x, y = points(0, rows), points(1, columns)
    values = np.random.default_rng(2).normal(size=(columns, *shape))
    np.testing.assert_allclose(
        gram_times(x, y, values, gammas=(1.0, 4.0)), gram(x, y, gammas=(1.0, 4.0)) @ values
    )


@pytest.mark.parametrize("gap", [0.1, 1.0, 5.0])
def test_mmd_of_two_single_points_has_the_closed_form(gap):
    found = mmd(np.zeros((1, 1)), ONE, np.full((1, 1), gap), ONE, gammas=(0.5,))
    assert found == pytest.approx(np.sqrt(2 - 2 * np.exp(-(gap**2) / 2)))


@given(seed=SEEDS)
def test_mmd_is_a_distance(seed):
    sets = [points((seed, i), 6) for i in range(3)]
    weights = np.random.default_rng(seed).dirichlet(np.ones(6), size=3)

    def distance(i, j):
        return mmd(sets[i], weights[i], sets[j], weights[j], gammas=(0.5, 2.0))

    assert distance(0, 0) == pytest.approx(0, abs=1e-7)
    assert distance(0, 1) == pytest.approx(distance(1, 0))
    assert distance(0, 2) <= distance(0, 1) + distance(1, 2) + 1e-9


def test_the_median_width_is_one_over_the_median_squared_distance():
    x = points(0, 200)
    squared = ((x[:, None] - x[None]) ** 2).sum(axis=2)
    assert median_gamma(x) == pytest.approx(1 / np.median(squared[np.triu_indices(200, 1)]))


def test_the_median_width_of_a_sample_is_near_that_of_all_and_repeatable():
    x = points(0, 3_000)
    assert median_gamma(x, seed=1) == median_gamma(x, seed=1)
    assert median_gamma(x, seed=1) == pytest.approx(median_gamma(x[:1_000]), rel=0.1)


def test_the_median_width_passes_over_coinciding_rows_where_they_are_most():
    x = np.zeros((10, 2))
    x[0] = [3.0, 4.0]
    assert median_gamma(x) == pytest.approx(1 / 25)


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("where", [0.0, 1e6 + 0.1])
def test_the_median_width_of_equal_rows_is_one(count, where):
    assert median_gamma(np.full((count, 3), where)) == 1.0


def test_the_median_width_of_no_rows_is_refused():
    with pytest.raises(Invalid, match="0 rows"):
        median_gamma(np.zeros((0, 2)))


def test_sets_of_different_width_do_not_compare():
    with pytest.raises(SketchMismatch, match="2 and 3 coordinates"):
        mmd(np.zeros((1, 2)), ONE, np.zeros((1, 3)), ONE, gammas=(1.0,))


@pytest.mark.parametrize("gammas", [(), (0.0,), (-1.0,), (np.inf,), (np.nan,)])
def test_kernel_widths_must_be_positive_numbers(gammas):
    with pytest.raises(Invalid, match="positive numbers"):
        gram(np.zeros((1, 1)), np.zeros((1, 1)), gammas=gammas)


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_the_kernel_in_a_frame_is_the_kernel_in_single_precision(offset):
    x, y, gammas = points(0, 30) + offset, points(1, 20) + offset, (0.7, 2.8)
    found = Frame.around(x, gammas).gram(x, y)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, slow_gram(x, y, gammas), atol=1e-6)


def test_the_kernel_in_a_frame_is_in_double_precision_far_from_its_centre():
    x, far = points(0, 30), points(1, 20) + 1e4
    found = Frame.around(x, (1.0,)).gram(far, far)
    np.testing.assert_allclose(found, slow_gram(far, far, (1.0,)), atol=1e-6)


def test_a_frame_is_amid_the_points_whatever_lies_far_away():
    rows = np.vstack([points(0, 100), np.full((3, 3), 1e30)])
    assert np.abs(Frame.around(rows, (1.0,)).center).max() < 1


@given(seed=SEEDS, gamma=st.floats(1e-6, 1e6))
def test_points_come_back_out_of_a_frame(seed, gamma):
    x = points(seed, 9) / np.sqrt(gamma)
    frame = Frame.around(x, (gamma, gamma / 3))
    np.testing.assert_allclose(frame.back(frame.into(x)), x, atol=1e-6 * np.abs(x).max())
