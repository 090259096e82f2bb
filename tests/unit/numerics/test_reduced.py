"""The reduced set, against its start and against exact distances."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.cluster import KMeans

from learndock.errors import BadData, Invalid
from learndock.numerics import reduced
from learndock.numerics.kernels import Frame, gram, gram_times, median_gamma, mmd
from learndock.numerics.reduced import reduce
from learndock.numerics.rows import InMemory
from learndock.numerics.simplex import on_simplex


def curved(rows, width, seed=0, noise=0.1):
    """Rows on a curved surface of few dimensions, with noise."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(rows, 3))
    waves = np.sin(hidden @ rng.normal(size=(3, width)))
    return waves + noise * rng.normal(size=(rows, width))


def widths(rows):
    return [scale * median_gamma(rows) for scale in (0.25, 1.0, 4.0)]


def even(count):
    return np.full(count, 1 / count)


@pytest.fixture(scope="module")
def rows():
    return curved(2_000, 8)


@pytest.fixture(scope="module")
def labels(rows):
    return (rows[:, 0] > 0).astype(int) + (rows[:, 1] > 0.5)


@pytest.fixture(scope="module")
def found(rows, labels):
    return reduce(rows, 40, gammas=widths(rows), labels=labels, classes=3)


def unmoved(start, *_):
    return start


def test_the_points_come_much_nearer_than_their_start(rows, found, monkeypatch):
    monkeypatch.setattr(reduced, "_moved", unmoved)
    assert found.mmd < 0.7 * reduce(rows, 40, gammas=widths(rows)).mmd


def test_the_points_come_much_nearer_than_as_many_random_rows(rows, found):
    gammas = widths(rows)
    random = [
        mmd(rows[start : start + 40], even(40), rows, even(2_000), gammas=gammas)
        for start in range(0, 2_000, 200)
    ]
    assert found.mmd < 0.5 * min(random)


def test_the_points_come_nearer_than_centres_of_groups_with_the_best_weights(rows, found):
    gammas = widths(rows)
    centres = KMeans(40, n_init=1, random_state=0).fit(rows).cluster_centers_
    linear = gram_times(centres, rows, even(2_000), gammas=gammas)
    weights = on_simplex(gram(centres, centres, gammas=gammas), linear)
    assert found.mmd < 0.7 * mmd(centres, weights, rows, even(2_000), gammas=gammas)


def test_the_distance_is_exact_for_few_rows(rows, found):
    exact = mmd(found.points, found.weights, rows, even(2_000), gammas=widths(rows))
    assert found.mmd == pytest.approx(exact, rel=1e-3)


@pytest.mark.parametrize("size", [20, 100])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_the_distance_to_many_rows_is_estimated_well_however_small_it_is(size, noise):
    rows = curved(8_000, 5, noise=noise)
    gammas = widths(rows)
    found = reduce(rows, size, gammas=gammas)
    exact = mmd(found.points, found.weights, rows, even(8_000), gammas=gammas)
    assert found.mmd == pytest.approx(exact, rel=0.08)


def test_the_estimate_of_the_squared_distance_has_no_bias():
    rows = curved(400, 3)
    gammas = widths(rows)
    exact = reduce(rows, 4, gammas=gammas)
    frame = Frame.around(rows, gammas)
    fit = reduced._fitted(exact.points, InMemory(rows), frame)
    rng = np.random.default_rng(0)
    estimates = [
        reduced._distance(fit, 400, reduced._some(InMemory(rows), 60, rng), frame) ** 2
        for _ in range(400)
    ]
    assert np.mean(estimates) == pytest.approx(exact.mmd**2, rel=0.1)


@pytest.mark.parametrize("block", [1_000, 4_096, 5_999])
def test_rows_in_blocks_of_any_size_give_the_same(block):
    rows = curved(6_000, 8)
    labels = (rows[:, 0] > 0).astype(int)
    whole, parts = (
        reduce(given, 20, gammas=widths(rows), labels=labels, classes=2)
        for given in (rows, InMemory(rows, block=block))
    )
    np.testing.assert_array_equal(parts.points, whole.points)
    np.testing.assert_allclose(parts.outcomes, whole.outcomes, atol=1e-4)
    assert parts.mmd == pytest.approx(whole.mmd, rel=1e-4)


def test_rows_in_single_precision_give_nearly_the_same(rows):
    double, single = (
        reduce(given, 20, gammas=widths(rows)).mmd for given in (rows, rows.astype(np.float32))
    )
    assert single == pytest.approx(double, rel=0.02)


@pytest.mark.parametrize("unit", [1e-30, 1e30])
def test_the_unit_of_the_rows_does_not_matter(rows, unit):
    here = reduce(rows, 20, gammas=[1.0])
    there = reduce(rows * unit, 20, gammas=[1.0 / unit**2])
    np.testing.assert_allclose(there.points / unit, here.points, atol=1e-2)
    assert there.mmd == pytest.approx(here.mmd, rel=0.01)


def test_one_row_beyond_all_measure_does_no_harm(rows):
    far = np.vstack([rows, np.full((1, 8), 1e30)])
    assert reduce(far, 20, gammas=widths(rows)).mmd < 2 * reduce(rows, 20, gammas=widths(rows)).mmd


def test_more_points_come_nearer(rows):
    apart = [reduce(rows, size, gammas=widths(rows)).mmd for size in (5, 20, 80)]
    assert all(after < before for before, after in pairwise(apart))


def test_the_same_seed_gives_the_same_points_and_another_seed_others(rows):
    first, again, other = (reduce(rows, 10, gammas=[1.0], seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.points, again.points)
    np.testing.assert_array_equal(first.weights, again.weights)
    assert not np.array_equal(first.points, other.points)


def test_no_point_is_a_row(rows, found):
    apart = np.linalg.norm(found.points[:, None] - rows[None], axis=2)
    assert apart.min() > 1e-3


def test_outcomes_sum_to_the_weights_and_to_the_shares_of_the_labels(labels, found):
    assert found.outcomes.min() >= 0
    np.testing.assert_allclose(found.outcomes.sum(axis=1), found.weights)
    np.testing.assert_allclose(found.outcomes.sum(axis=0), np.bincount(labels) / 2_000)


def test_each_column_of_the_outcomes_sketches_the_rows_of_its_class(rows, labels, found):
    gammas = widths(rows)
    for label in range(3):
        share = (labels == label).mean()
        part = found.outcomes[:, label] / share
        own, other = (
            mmd(found.points, part, rows[keep], even(keep.sum()), gammas=gammas)
            for keep in (labels == label, labels != label)
        )
        assert own < 0.3 * other


def test_labels_cost_the_whole_sketch_next_to_nothing(rows, found):
    assert found.mmd < 1.1 * reduce(rows, 40, gammas=widths(rows)).mmd


def test_a_class_without_rows_has_an_empty_column(rows):
    labels = np.zeros(len(rows), dtype=int)
    found = reduce(rows, 10, gammas=[1.0], labels=labels, classes=3)
    np.testing.assert_allclose(found.outcomes[:, 0], found.weights)
    assert (found.outcomes[:, 1:] == 0).all()


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 60), size=st.integers(1, 60))
def test_points_stand_for_at_least_five_rows_where_there_are_enough(seed, count, size):
    rng = np.random.default_rng(seed)
    rows = rng.standard_cauchy(size=(count, 2))
    size = min(size, count)
    found = reduce(rows, size, gammas=widths(rows), seed=seed)
    assert 1 <= len(found.points) <= size
    assert found.weights.sum() == pytest.approx(1)
    assert found.weights.min() >= (5 / count - 1e-12 if 5 * size <= count else 0)


def test_a_lone_row_far_away_gets_no_point_of_its_own():
    rows = np.vstack([curved(500, 2), np.full((1, 2), 1e3)])
    found = reduce(rows, 50, gammas=[1.0])
    assert np.abs(found.points).max() < 10


def test_points_stay_within_public_bounds():
    rows = np.random.default_rng(0).normal(size=(1_000, 2))
    low, high = np.array([-0.5, -3.0]), np.array([0.5, 3.0])
    found = reduce(rows, 20, gammas=[1.0], low=low, high=high)
    assert (found.points >= low).all()
    assert (found.points <= high).all()


def test_points_that_moved_away_are_not_taken(rows, monkeypatch):
    monkeypatch.setattr(reduced, "_moved", unmoved)
    start = reduce(rows, 20, gammas=widths(rows))
    monkeypatch.setattr(reduced, "_moved", lambda start, *_: start + 100)
    found = reduce(rows, 20, gammas=widths(rows))
    np.testing.assert_array_equal(found.points, start.points)


def test_a_shift_of_all_rows_shifts_the_points(rows):
    here, there = (reduce(rows + offset, 20, gammas=[1.0]).mmd for offset in (0.0, 1_000.0))
    assert there == pytest.approx(here, rel=0.02)


def test_equal_rows_are_one_point_at_no_distance():
    found = reduce(np.ones((100, 3)), 4, gammas=[1.0])
    np.testing.assert_allclose(found.points, 1)
    assert found.mmd == pytest.approx(0, abs=1e-6)


def test_one_row_has_one_point():
    found = reduce(np.array([[1.0, 2.0]]), 1, gammas=[1.0])
    np.testing.assert_allclose(found.points, [[1.0, 2.0]])


@pytest.mark.parametrize("bad", [np.zeros((0, 2)), np.zeros(3), np.array([[np.nan]])])
def test_what_is_no_table_of_numbers_is_refused(bad):
    with pytest.raises(BadData):
        reduce(bad, 1, gammas=[1.0])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_one_bad_value_outside_of_the_sample_is_refused(value):
    rows = curved(8_000, 3)
    for place in range(0, 8_000, 2_000):
        bad = rows.copy()
        bad[place, 1] = value
        with pytest.raises(BadData, match="no finite numbers"):
            reduce(bad, 5, gammas=[1.0])


@pytest.mark.parametrize("size", [0, 11])
def test_an_impossible_number_of_points_is_refused(size):
    with pytest.raises(Invalid, match="10 rows allow 1 to 10"):
        reduce(np.zeros((10, 1)), size, gammas=[1.0])


@pytest.mark.parametrize("labels", [np.zeros(9, dtype=int), np.full(10, 2), np.full(10, -1)])
def test_labels_that_do_not_fit_are_refused(labels):
    with pytest.raises(Invalid, match="10 whole numbers from 0 to 1"):
        reduce(np.zeros((10, 1)), 2, gammas=[1.0], labels=labels, classes=2)
