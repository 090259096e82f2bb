"""The process on residuals: closed forms, and agreement with a slow exact leave-one-out."""

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

from learndock.numerics.residual import NOISES, OFFSET, fit_residual


def rbf(x, z, length=1.0):
    return np.exp(-((x[:, None] - z) ** 2) / (2 * length**2))


def test_it_predicts_what_the_librarys_process_predicts_with_the_same_constants():
    x = np.linspace(0, 6, 30)
    y = np.sin(x)
    found = fit_residual([rbf(x, x)], y)
    unit = np.mean(y**2)
    new = np.linspace(0.1, 5.9, 7)
    candidates = []
    for noise in NOISES:
        kernel = found.strengths[0] * RBF(1.0, "fixed") + unit * OFFSET
        process = GaussianProcessRegressor(kernel, alpha=unit * noise, optimizer=None)
        candidates.append(process.fit(x[:, None], y).predict(new[:, None]))
    said = found.predict([rbf(new, x)])
    assert min(np.abs(said - other).max() for other in candidates) < 1e-8


def test_the_constants_are_those_under_which_left_out_rows_are_most_probable():
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 5, 25)
    y = np.sin(2 * x) + 0.1 * rng.normal(size=25)
    gram, unit = rbf(x, x, 0.5), np.mean(y**2)

    def slow(strength, noise):
        total = 0.0
        for i in range(len(x)):
            rest = np.arange(len(x)) != i
            prior = unit * (strength * gram + OFFSET)
            inverse = np.linalg.inv(prior[np.ix_(rest, rest)] + unit * noise * np.eye(rest.sum()))
            mean = prior[i, rest] @ inverse @ y[rest]
            variance = prior[i, i] + unit * noise - prior[i, rest] @ inverse @ prior[rest, i]
            total += -0.5 * np.log(variance) - 0.5 * (y[i] - mean) ** 2 / variance
        return total

    from learndock.numerics.residual import STRENGTHS

    best = max((slow(s, n), s) for s in STRENGTHS for n in NOISES)
    assert fit_residual([gram], y).strengths[0] == pytest.approx(unit * best[1])


def test_noise_that_no_kernel_explains_is_left_alone_more_often_than_not():
    strengths = []
    for seed in range(21):
        rng = np.random.default_rng(seed)
        x = rng.uniform(0, 5, 60)
        strengths.append(fit_residual([rbf(x, x, 0.2)], rng.normal(size=60)).strengths[0])
    assert np.median(strengths) == 0.0


def test_a_constant_error_is_shifted_away_but_for_the_doubt():
    x = np.linspace(0, 5, 200)
    found = fit_residual([rbf(x, x)], np.full(200, 2.0))
    assert found.predict([rbf(np.array([2.5]), x)])[0] == pytest.approx(2.0, abs=0.1)


def test_no_error_needs_no_correction():
    gram = np.eye(5)
    assert not fit_residual([gram], np.zeros(5)).predict([gram]).any()


def test_the_unit_of_the_target_does_not_matter():
    rng = np.random.default_rng(2)
    x = rng.uniform(0, 5, 40)
    gram, y = rbf(x, x), np.sin(x)
    small, large = fit_residual([gram], y), fit_residual([gram], 1000 * y)
    np.testing.assert_allclose(1000 * small.predict([gram]), large.predict([gram]))
