"""Nearness of points to rows, against definitions written out."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from learndock.errors import BadData, SketchMismatch
from learndock.numerics.kernels import median_gamma
from learndock.numerics.privacy import expected_close, nearness
from learndock.numerics.reduced import reduce


def slow(points, rows):
    """Nearest and close by their definitions, for rows that all differ."""
    ratios = []
    for point in points:
        to_rows = np.linalg.norm(rows - point, axis=1)
        row = to_rows.argmin()
        own = np.delete(np.linalg.norm(rows - rows[row], axis=1), row).min()
        ratios.append(to_rows[row] / own)
    return np.median(ratios), np.mean(np.array(ratios) < 0.5)


@given(seed=st.integers(0, 2**32 - 1), width=st.integers(1, 10))
def test_nearness_is_as_defined(seed, width):
    rng = np.random.default_rng(seed)
    points, rows = rng.normal(size=(9, width)), rng.normal(size=(60, width))
    found = nearness(points, rows)
    nearest, close = slow(points, rows)
    assert found.nearest == pytest.approx(nearest)
    assert found.close == pytest.approx(close)
    assert found.copies == 0


@given(seed=st.integers(0, 2**32 - 1))
def test_the_seed_does_not_change_the_result(seed):
    rng = np.random.default_rng(0)
    points, rows = rng.normal(size=(9, 4)), rng.normal(size=(60, 4))
    points[0] = rows[3]
    assert nearness(points, rows, seed=seed) == nearness(points, rows)


@pytest.mark.parametrize("where", [0, 9_000, 19_999])
def test_one_copy_among_many_rows_is_found(where):
    rng = np.random.default_rng(0)
    rows = 1_000 + rng.normal(size=(20_000, 12))
    points = 1_000 + rng.normal(size=(50, 12))
    points[17] = rows[where]
    assert nearness(points, rows).copies == 1


def test_a_copy_in_single_precision_is_a_copy():
    rows = np.random.default_rng(0).normal(size=(100, 3))
    assert nearness(rows[:7].astype(np.float32).astype(float), rows).copies == 7


def test_zero_is_zero_whatever_its_sign():
    rows = np.array([[0.0], [1.0], [2.0]])
    assert nearness(np.array([[-0.0]]), rows).copies == 1


def test_rows_that_four_share_are_copies_and_rows_that_five_share_are_not():
    rows = np.repeat(np.arange(3.0)[:, None], [4, 5, 1], axis=0)
    found = nearness(np.arange(3.0)[:, None], rows)
    assert found.copies == 2
    assert found.close == pytest.approx(2 / 3)


def test_the_own_distance_of_a_row_with_duplicates_is_that_to_the_next_other_row():
    rows = np.array([[0.0], [0.0], [10.0]])
    assert nearness(np.array([[3.0]]), rows).nearest == pytest.approx(0.3)


@pytest.mark.parametrize("count", [1, 4])
def test_a_few_equal_rows_are_close_to_any_point(count):
    found = nearness(np.array([[5.0]]), np.zeros((count, 1)))
    assert (found.close, found.nearest) == (1.0, 0.0)


def test_points_on_a_crowd_give_no_one_away():
    rows = np.repeat(np.eye(4), 50, axis=0)
    found = nearness(np.eye(4), rows)
    assert (found.copies, found.close) == (0, 0.0)


@pytest.mark.parametrize("width", [1, 2, 5, 20])
def test_fresh_rows_pass_the_limit(width):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(1_000, width))
    for seed in range(5):
        fresh = nearness(rng.normal(size=(50, width)), rows).close
        assert fresh <= expected_close(rows, count=50, seed=seed)


@pytest.mark.parametrize("width", [3, 10, 30])
def test_rows_with_a_little_noise_fail_the_limit(width):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(1_000, width))
    noisy = rows[:50] + 1e-3 * rng.normal(size=(50, width))
    assert nearness(noisy, rows).close > 2 * expected_close(rows, count=50)


@pytest.mark.parametrize("width", [2, 5, 30])
def test_a_reduced_set_passes_the_limit(width):
    rows = np.random.default_rng(0).normal(size=(1_000, width))
    for seed in range(3):
        points = reduce(rows, 50, gammas=[median_gamma(rows)], seed=seed).points
        found = nearness(points, rows)
        assert found.copies == 0
        assert found.close <= expected_close(rows, count=50, seed=seed)


def test_the_limit_is_near_the_share_of_fresh_rows_that_are_close():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2_000, 2))
    fresh = nearness(rng.normal(size=(5_000, 2)), rows).close
    assert expected_close(rows, count=100_000) == pytest.approx(fresh, abs=0.06)


def test_few_points_are_allowed_more_than_many():
    rows = np.random.default_rng(0).normal(size=(500, 3))
    assert expected_close(rows, count=5) > expected_close(rows, count=500)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_limit_is_a_share_even_for_few_rows(count):
    assert 0 <= expected_close(np.arange(float(count))[:, None], count=5) <= 1


def test_no_rows_are_refused():
    with pytest.raises(BadData, match="0 rows"):
        nearness(np.zeros((1, 2)), np.zeros((0, 2)))


def test_points_of_another_width_are_refused():
    with pytest.raises(SketchMismatch, match="2 coordinates and rows 3"):
        nearness(np.zeros((1, 2)), np.zeros((4, 3)))
