"""Nearness of points to rows, against definitions written out."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import binom

from learndock.errors import BadData, SketchMismatch
from learndock.numerics.kernels import median_gamma
from learndock.numerics.privacy import (
    expected_close,
    gate,
    hidden,
    nearness,
    relative_distances,
)
from learndock.numerics.reduced import reduce
from learndock.numerics.rows import InMemory


def slow_ratios(points, rows):
    """Distance to the nearest row / that row's own distance, for rows that all differ."""
    ratios = []
    for point in points:
        to_rows = np.linalg.norm(rows - point, axis=1)
        row = to_rows.argmin()
        own = np.delete(np.linalg.norm(rows - rows[row], axis=1), row).min()
        ratios.append(to_rows[row] / own)
    return np.array(ratios)


def slow(points, rows):
    """Nearest and close by their definitions, for rows that all differ."""
    ratios = slow_ratios(points, rows)
    return np.median(ratios), (ratios < 0.5).mean()


@given(seed=st.integers(0, 2**32 - 1), width=st.integers(1, 10))
def test_nearness_is_as_defined(seed, width):
    rng = np.random.default_rng(seed)
    points, rows = rng.normal(size=(9, width)), rng.normal(size=(60, width))
    found = nearness(points, rows)
    nearest, close = slow(points, rows)
    assert found.nearest == pytest.approx(nearest)
    assert found.close == pytest.approx(close)
    assert found.copies == 0


def slow_gate(points, rows, out):
    """Nearness of points and the share of close rows left out, for rows of which some are equal."""

    def look(place, others):
        to_rows = np.linalg.norm(others - place, axis=1)
        row = others[to_rows.argmin()]
        alike = (others == row).all(axis=1)
        apart = np.linalg.norm(others[~alike] - row, axis=1)
        return to_rows.min(), apart.min(initial=np.inf), alike.sum(), (others == place).all(1).sum()

    found = np.array([look(point, rows) for point in points])
    left = np.array([look(rows[number], np.delete(rows, number, axis=0)) for number in out])
    close, hits = ((part[:, 0] < part[:, 1] / 2) & (part[:, 2] < 5) for part in (found, left))
    copies = ((found[:, 3] > 0) & (found[:, 3] < 5)).sum()
    return np.median(found[:, 0] / found[:, 1]), close.mean(), copies, hits.sum()


@settings(max_examples=50)
@given(
    seed=st.integers(0, 2**32 - 1),
    block=st.integers(1, 80),
    grid=st.booleans(),
    offset=st.sampled_from([0.0, 1e4, -1e7]),
    kind=st.sampled_from([np.float32, np.float64]),
)
def test_the_gate_is_as_defined_for_rows_in_blocks_of_any_size(seed, block, grid, offset, kind):
    rng = np.random.default_rng(seed)
    rows, points = rng.normal(size=(60, 3)), rng.normal(size=(12, 3))
    if grid:  # many equal rows
        rows, points = np.round(rows), np.round(points)
    rows, points = ((x + offset).astype(np.float32) for x in (rows, points))
    rows, points = rows.astype(kind), points.astype(np.float64)
    found, limit = gate(points, InMemory(rows, block=block), seed=seed)
    nearest, close, copies, hits = slow_gate(points, rows.astype(np.float64), np.arange(60))
    assert found.nearest == pytest.approx(nearest, rel=1e-9)
    assert (found.close, found.copies) == (close, copies)
    assert limit == _limit_of(hits, 60, 12)


def _limit_of(hits, probes, count):
    chance = (hits + 1) / (probes + 2)
    return next(k for k in range(count + 1) if binom.cdf(k, count, chance) >= 0.999) / count


@pytest.mark.parametrize("far", [1e3, 1e12, 1e100])
def test_rows_far_away_do_not_blur_the_others(far):
    rng = np.random.default_rng(0)
    rows, points = rng.normal(size=(3_000, 5)), rng.normal(size=(40, 5))
    rows[:7] *= far
    points[0] = rows[3] + rng.normal(size=5)
    nearest, close = slow(points, rows)
    found = nearness(points, rows)
    assert (found.nearest, found.close) == (pytest.approx(nearest), close)


def test_the_gate_is_both_measures_at_once():
    rng = np.random.default_rng(0)
    rows, points = rng.normal(size=(20_000, 6)), rng.normal(size=(30, 6))
    found, limit = gate(points, rows, seed=3)
    assert found == nearness(points, rows, seed=3)
    assert limit == expected_close(rows, count=30, seed=3)


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


@pytest.mark.parametrize("width", [1, 2, 5, 30])
@pytest.mark.parametrize("count", [120, 300, 1_000])
def test_a_reduced_set_of_heavy_tails_passes_the_limit_and_comes_near_no_row(width, count):
    # Lone rows far out, in a sharp kernel: each would draw a point into itself.
    rows = np.random.default_rng(0).standard_t(2, size=(count, width))
    gammas = [scale * median_gamma(rows) for scale in (0.25, 1, 4, 16)]
    points = reduce(rows, count // 20, gammas=gammas).points
    found, limit = gate(points, rows)
    assert found.copies == 0
    assert found.close <= limit
    ratios = slow_ratios(points, rows)
    assert ratios.min() > 0.01


def test_hiding_leaves_points_that_are_close_to_no_row():
    rng = np.random.default_rng(0)
    rows, points = rng.normal(size=(500, 20)), 0.3 * rng.normal(size=(30, 20))
    assert nearness(points, rows).close == 0
    np.testing.assert_array_equal(hidden(points, rows), points)


def test_hiding_takes_points_off_their_rows_and_stays_near():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 3))
    points = rows[:40].copy()
    moved = hidden(points, rows)
    assert nearness(moved, rows).close == 0
    np.testing.assert_array_equal(points, rows[:40])
    reach = np.sort(np.linalg.norm(rows[:40, None] - rows, axis=2), axis=1)[:, 15]
    assert (np.linalg.norm(moved - points, axis=1) < reach).all()


def test_hiding_leaves_points_on_a_crowd_of_equal_rows():
    rows = np.repeat(np.eye(4), [5, 6, 7, 50], axis=0)
    np.testing.assert_array_equal(hidden(np.eye(4), rows), np.eye(4))


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


@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_distances_of_points_agree_with_the_slow_version(shift):
    rng = np.random.default_rng(0)
    rows, points = rng.normal(size=(40, 3)) + shift, rng.normal(size=(6, 3)) + shift
    found, copies = relative_distances(points, rows)
    np.testing.assert_allclose(found, slow_ratios(points, rows))
    assert not copies.any()


def test_a_point_that_equals_a_row_is_a_copy_unless_five_rows_are_equal():
    rows = np.array([[0.0], *[[1.0]] * 4, *[[2.0]] * 5, [7.0]])
    relative, copies = relative_distances(np.array([[0.0], [1.0], [2.0]]), rows)
    assert copies.tolist() == [True, True, False]
    assert relative.tolist() == [0.0, 0.0, np.inf]


def test_where_all_rows_hide_one_another_none_is_near():
    relative, copies = relative_distances(np.zeros((2, 1)), np.zeros((9, 1)))
    assert np.isinf(relative).all()
    assert not copies.any()
