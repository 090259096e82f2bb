"""Private sums: the noise that is needed, the bound that holds, and points that fit."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays
from scipy.integrate import quad
from scipy.stats import norm

from learndock.errors import BadData, Invalid
from learndock.numerics.features import random_features
from learndock.numerics.kernels import mmd
from learndock.numerics.release import (
    SENSITIVITY,
    UNIT,
    certain_shares,
    feature_sums,
    fit_sums,
    gaussian_delta,
    gaussian_scale,
    histogram_quantiles,
)
from learndock.numerics.rows import InMemory

GAMMAS = (0.05, 0.2, 0.8)
WAVES = random_features(3, 64, gammas=GAMMAS, seed=0)
COORDINATES = st.floats(-1e9, 1e9)
ROW = arrays(float, 3, elements=COORDINATES)


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 8.0])
@pytest.mark.parametrize("scale", [0.2, 1.0, 5.0])
def test_delta_is_the_mass_by_which_one_normal_law_exceeds_the_other(epsilon, scale):
    def excess(x):
        return max(norm.pdf(x, 1, scale) - np.exp(epsilon) * norm.pdf(x, 0, scale), 0.0)

    edge = 0.5 + epsilon * scale**2  # where the two are equal
    expected = quad(excess, edge, edge + 40 * scale)[0]
    found = gaussian_delta(epsilon, scale, sensitivity=1.0)
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-12)


@given(st.floats(0.01, 50), st.floats(-25, -0.1), st.floats(0.01, 100))
def test_scale_is_the_least_that_keeps_delta(epsilon, exponent, sensitivity):
    delta = 10**exponent
    scale = gaussian_scale(epsilon, delta, sensitivity=sensitivity)
    assert gaussian_delta(epsilon, scale, sensitivity=sensitivity) <= delta
    assert gaussian_delta(epsilon, 0.999 * scale, sensitivity=sensitivity) > delta


def test_scale_is_below_the_classical_bound():
    classical = np.sqrt(2 * np.log(1.25 / 1e-5)) / 0.9
    assert gaussian_scale(0.9, 1e-5, sensitivity=1.0) < classical


@pytest.mark.parametrize(
    ("epsilon", "delta"), [(0, 1e-6), (-1, 1e-6), (1, 0), (1, 1), (np.nan, 0.1)]
)
def test_a_budget_that_cannot_be_is_refused(epsilon, delta):
    with pytest.raises(Invalid, match="epsilon"):
        gaussian_scale(epsilon, delta, sensitivity=1.0)


@given(ROW, ROW, st.integers(0, 1), st.integers(0, 1))
def test_replacing_a_row_changes_the_sums_by_at_most_the_sensitivity(old, new, before, after):
    others = np.random.default_rng(0).normal(size=(5, 3))
    sums = [
        feature_sums(np.vstack([others, row]), WAVES, np.array([0, 0, 0, 1, 1, column]), classes=2)
        for row, column in ((old, before), (new, after))
    ]
    change = (sums[0] - sums[1]).astype(object)  # whole numbers of any size
    assert int((change * change).sum()) <= (SENSITIVITY * UNIT) ** 2


def test_a_change_of_class_reaches_the_bound_and_so_does_an_opposite_row():
    one = random_features(1, 2, gammas=[0.5], seed=0)
    opposite = np.pi / one.frequencies
    at = [
        feature_sums(x, one, np.array([column]), classes=2) / UNIT
        for x, column in ((np.zeros((1, 1)), 0), (np.zeros((1, 1)), 1), (opposite, 0))
    ]
    assert np.linalg.norm(at[0] - at[1]) == pytest.approx(SENSITIVITY, rel=1e-5)
    assert np.linalg.norm(at[0] - at[2]) == pytest.approx(SENSITIVITY, rel=1e-5)


def test_sums_are_the_mean_embeddings_of_the_classes_and_their_counts():
    rows = np.random.default_rng(0).normal(size=(2_000, 3))
    columns = np.arange(2_000) % 3
    sums = feature_sums(InMemory(rows, block=700), WAVES, columns, classes=3) / UNIT
    assert sums[:, -1].tolist() == [667, 667, 666]
    assert sums[1, :-1] == pytest.approx(WAVES.embed(rows[1::3], np.ones(667)), abs=2e-3)


def test_sums_are_the_same_on_any_number_of_threads(monkeypatch):
    rows = InMemory(np.random.default_rng(0).normal(size=(3_000, 3)), block=700)
    columns = np.arange(3_000) % 3
    found = []
    for threads in (1, 3):
        monkeypatch.setattr("learndock.numerics.rows._blas.enter", lambda: None)
        monkeypatch.setattr("learndock.numerics.rows._blas.leave", lambda: None)
        monkeypatch.setattr("learndock.numerics.rows._blas.threads", threads)
        found.append(feature_sums(rows, WAVES, columns, classes=3))
    assert (found[0] == found[1]).all()


def test_sums_do_not_depend_on_the_order_of_the_rows():
    rows = 1e3 * np.random.default_rng(0).normal(size=(3_000, 3))
    order = np.random.default_rng(1).permutation(3_000)
    zeros = np.zeros(3_000, dtype=int)
    first, second = (feature_sums(x, WAVES, zeros, classes=1) for x in (rows, rows[order]))
    assert (first == second).all()


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_a_row_that_would_not_be_bounded_is_refused(odd):
    with pytest.raises(BadData):
        feature_sums(np.full((1, 3), odd), WAVES, np.zeros(1, dtype=int), classes=1)


def fitted(rows, columns, classes, noise, size=20):
    waves = random_features(3, 1_024, gammas=GAMMAS, seed=0)
    sums = feature_sums(rows, waves, columns, classes=classes) / UNIT
    sums += noise * np.random.default_rng(7).normal(size=sums.shape)
    end = np.full(3, 4.0)
    return fit_sums(sums, waves, size, rows=len(rows), noise=noise, spread=1.0, low=-end, high=end)


def rows_of(count=4_000):
    rng = np.random.default_rng(0)
    return rng.normal(size=(count, 3)) * [0.3, 1.0, 0.6] + [1.0, 0.0, -1.0]


def distance(found, rows):
    share = np.full(len(rows), 1 / len(rows))
    return mmd(found.points, found.outcomes.sum(axis=1), rows, share, gammas=GAMMAS)


@pytest.mark.parametrize("noise", [0.0, 8.0])
def test_points_fit_the_rows_and_say_how_well(noise):
    rows = rows_of()
    found = fitted(rows, np.zeros(len(rows), dtype=int), 1, noise)
    assert distance(found, rows) < 0.06
    assert found.mmd == pytest.approx(distance(found, rows), abs=0.02)
    assert found.mmd > 0.5 * distance(found, rows)
    assert found.outcomes.sum() == pytest.approx(1)
    assert (found.outcomes >= 0).all()


def test_points_lie_within_the_bounds():
    rows = rows_of() + 9.0
    found = fitted(rows, np.zeros(len(rows), dtype=int), 1, 0.0)
    assert (np.abs(found.points) <= 4.0).all()


def test_each_class_is_fitted_and_one_that_noise_explains_has_no_points():
    rows = rows_of()
    columns = (rows[:, 1] > 0).astype(int)
    columns[0] = 2
    found = fitted(rows, columns, 3, 5.0)
    means = found.outcomes[:, :2].T @ found.points / found.outcomes[:, :2].sum(axis=0)[:, None]
    assert means[1, 1] - means[0, 1] == pytest.approx(1.6, abs=0.2)
    assert found.outcomes[:, 2].sum() == 0


def test_shares_are_on_the_simplex_even_where_all_is_noise():
    assert certain_shares(np.array([-3.0, 1.0]), noise=1.0).tolist() == [0.0, 1.0]


def test_quantiles_of_a_noisy_histogram_are_near_the_true_ones():
    rng = np.random.default_rng(0)
    values = rng.beta(5, 2, 20_000)
    edges = np.linspace(0, 1, 51)
    counts = np.histogram(values, edges)[0] + rng.normal(0, 20, 50)
    levels = [0.05, 0.25, 0.5, 0.9]
    found = histogram_quantiles(counts, edges, levels, noise=20.0)
    assert found == pytest.approx(np.quantile(values, levels), abs=0.03)


def test_a_flat_tail_counts_although_noise_may_explain_each_of_its_bins():
    counts = np.full(40, 15.0)
    counts[-1] = 3_000.0
    found = histogram_quantiles(
        counts + np.random.default_rng(0).normal(0, 10, 40), np.arange(41.0), [0.1], noise=10.0
    )
    assert found == pytest.approx(
        [np.quantile(np.repeat(np.arange(40), counts.astype(int)), 0.1)], abs=8
    )


@given(arrays(float, 12, elements=st.floats(-1e3, 1e3)), st.floats(0, 100))
def test_quantiles_never_fall_and_stay_within_the_edges(counts, noise):
    found = histogram_quantiles(counts, np.linspace(0, 1, 13), [0.1, 0.5, 0.9], noise=noise)
    assert (np.diff(found) >= 0).all()
    assert ((found >= 0) & (found <= 1)).all()
