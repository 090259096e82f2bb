"""Merged sketches, against the union and against the rows themselves."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from learndock.errors import Invalid
from learndock.numerics import merging
from learndock.numerics.kernels import median_gamma, mmd
from learndock.numerics.merging import merge
from learndock.numerics.reduced import reduce


def curved(rows, width, seed=0):
    """Rows on a curved surface of few dimensions, with noise."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(rows, 3))
    return np.sin(hidden @ rng.normal(size=(3, width))) + 0.1 * rng.normal(size=(rows, width))


def widths(rows):
    return [scale * median_gamma(rows) for scale in (0.25, 1.0, 4.0)]


def even(count):
    return np.full(count, 1 / count)


def union(parts, total):
    """Sketches of disjoint rows as one weighted set."""
    masses = [found.weights * (rows / total) for found, rows in parts]
    return np.vstack([found.points for found, _ in parts]), np.concatenate(masses)[:, None]


@pytest.fixture(scope="module", params=["random", "sorted", "uneven"])
def split(request):
    """Rows, and how they are split between two owners."""
    rows = curved(2_000, 8)
    if request.param == "sorted":
        rows = rows[np.argsort(rows[:, 0])]
    cut = 400 if request.param == "uneven" else 1_000
    return rows, cut


@pytest.fixture(scope="module")
def merged(split):
    rows, cut = split
    gammas = widths(rows)
    parts = [
        (reduce(part, size, gammas=gammas, seed=seed), len(part))
        for seed, (part, size) in enumerate([(rows[:cut], min(50, cut // 20)), (rows[cut:], 50)])
    ]
    points, masses = union(parts, len(rows))
    return parts, merge(points, masses, size=50, gammas=gammas)


def test_halves_that_merge_are_nearly_as_near_to_all_rows_as_their_direct_sketch(split, merged):
    rows, _ = split
    gammas = widths(rows)
    _, found = merged
    apart = mmd(found.points, found.weights, rows, even(len(rows)), gammas=gammas)
    assert apart < 1.3 * reduce(rows, 50, gammas=gammas).mmd


def test_the_distance_to_all_rows_is_within_the_bound(split, merged):
    rows, _ = split
    parts, found = merged
    apart = mmd(found.points, found.weights, rows, even(len(rows)), gammas=widths(rows))
    bound = found.mmd + sum(part.mmd * count / len(rows) for part, count in parts)
    assert apart <= bound + 1e-4


def test_the_distance_to_the_union_is_exact(split, merged):
    rows, _ = split
    parts, found = merged
    points, masses = union(parts, len(rows))
    exact = mmd(found.points, found.weights, points, masses[:, 0], gammas=widths(rows))
    assert found.mmd == pytest.approx(exact, abs=1e-6)


def test_a_sketch_merged_with_itself_is_itself():
    found = reduce(curved(1_000, 4), 20, gammas=[1.0])
    points, masses = union([(found, 1), (found, 1)], 2)
    again = merge(points, masses, size=20, gammas=[1.0])
    assert again.mmd == 0
    order = np.lexsort(found.points.T[::-1])
    np.testing.assert_allclose(again.points, found.points[order])
    np.testing.assert_allclose(again.weights, found.weights[order])


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 40),
    size=st.integers(1, 20),
    parts=st.integers(1, 4),
)
def test_masses_are_kept(seed, count, size, parts):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 3))
    masses = rng.dirichlet(np.full(count * parts, 0.3)).reshape(count, parts)
    found = merge(points, masses, size=size, gammas=[0.5])
    assert found.points.shape[0] <= size
    assert found.outcomes.min() >= 0
    np.testing.assert_allclose(found.outcomes.sum(axis=0), masses.sum(axis=0), atol=1e-9)
    np.testing.assert_allclose(found.outcomes.sum(axis=1), found.weights)
    assert found.weights.sum() == pytest.approx(1)


def test_each_column_comes_near_the_same_column_of_the_union():
    rng = np.random.default_rng(0)
    points = curved(80, 4)
    masses = rng.dirichlet(np.ones(80))[:, None] * np.eye(2)[(points[:, 0] > 0).astype(int)]
    found = merge(points, masses, size=30, gammas=[0.5])
    own = mmd(found.points, found.outcomes[:, 0], points, masses[:, 0], gammas=[0.5])
    other = mmd(found.points, found.outcomes[:, 0], points, masses[:, 1], gammas=[0.5])
    assert own < 0.1 * other


def test_the_order_of_the_sketches_does_not_matter():
    points, masses = curved(60, 3), np.full((60, 1), 1 / 60)
    first, second = (
        merge(given, masses, size=10, gammas=[1.0]) for given in (points, points[::-1])
    )
    np.testing.assert_array_equal(first.points, second.points)


def test_the_same_seed_gives_the_same_points_and_another_seed_others():
    points, masses = curved(60, 3), np.full((60, 1), 1 / 60)
    first, again, other = (
        merge(points, masses, size=10, gammas=[1.0], seed=seed) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.points, again.points)
    assert not np.array_equal(first.points, other.points)


def test_points_stay_within_public_bounds():
    points, masses = curved(60, 2), np.full((60, 1), 1 / 60)
    low, high = np.full(2, -0.3), np.full(2, 0.3)
    found = merge(points, masses, size=10, gammas=[1.0], low=low, high=high)
    assert (np.abs(found.points) <= 0.3).all()


def test_points_that_moved_away_are_not_taken(monkeypatch):
    points, masses = curved(60, 3), np.full((60, 1), 1 / 60)
    monkeypatch.setattr(merging, "descend", lambda start, *_, **__: start + 100)
    assert np.abs(merge(points, masses, size=10, gammas=[1.0]).points).max() < 3


@pytest.mark.parametrize(
    ("masses", "told"),
    [
        (np.full((2, 1), 0.4), "sum to 0.8"),
        (np.array([[1.5], [-0.5]]), "from -0.5"),
        (np.ones(2) / 2, r"\(2, C\) is needed"),
        (np.ones((3, 1)) / 3, r"\(2, C\) is needed"),
        (np.array([[np.nan], [1.0]]), "nonnegative"),
    ],
)
def test_masses_that_are_none_are_refused(masses, told):
    with pytest.raises(Invalid, match=told):
        merge(np.zeros((2, 1)), masses, size=1, gammas=[1.0])


def test_no_points_are_refused():
    with pytest.raises(Invalid, match="0 points were asked for"):
        merge(np.zeros((2, 1)), np.full((2, 1), 0.5), size=0, gammas=[1.0])


def test_every_point_has_weight():
    points = np.random.default_rng(1).normal(size=(60, 2))
    found = merge(points, even(60)[:, None], size=30, gammas=[0.5])
    assert (found.weights > 0).all()
    assert len(found.points) == len(found.outcomes) < 30
