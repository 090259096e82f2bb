"""The road as one plain estimator: scikit-learn's own checks, and a dock that helps."""

import pickle

import numpy as np
import pytest
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import check_estimator

import learndock as ld
from learndock.errors import BadData

from .conftest import band, linear, rows

ESTIMATORS = [ld.DockClassifier, ld.DockRegressor]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # scikit-learn's checks provoke warnings on purpose
@pytest.mark.parametrize("kind", ESTIMATORS)
def test_scikit_learns_own_checks_pass_on_an_empty_dock(kind, dock):
    found = check_estimator(kind(dock=dock.folder), on_fail=None)
    failed = {one["check_name"]: one["exception"] for one in found if one["status"] == "failed"}
    assert failed == {}


def test_the_dock_serves_where_labels_are_few(filled):
    data, new = rows(4, seed=50, count=30), rows(4, seed=51)
    estimator = ld.DockRegressor(dock=filled).fit(data, linear(data))
    assert estimator.answer_
    assert r2_score(linear(new), estimator.predict(new)) > 0.95


def test_a_model_of_ones_own_serves_where_nothing_fits(filled):
    data, new = rows(60, seed=50, count=300), rows(60, seed=51)
    estimator = ld.DockClassifier(dock=filled).fit(data, band(data))
    assert not estimator.answer_
    assert estimator.report_.method == "own"
    assert np.mean(estimator.predict(new) == band(new)) > 0.9


def test_it_goes_into_cross_validation(filled):
    data = rows(0, seed=50, count=120)
    scores = cross_val_score(ld.DockRegressor(dock=filled.folder), data, linear(data), cv=3)
    assert scores.min() > 0.9


def test_a_fitted_one_can_be_pickled(filled):
    data = rows(0, seed=50, count=60)
    estimator = ld.DockRegressor(dock=filled.folder).fit(data, linear(data))
    again = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(again.predict(data), estimator.predict(data))


def test_too_few_rows_and_nothing_that_fits_is_said(dock):
    with pytest.raises(BadData, match="n_samples = 2"):
        ld.DockRegressor(dock=dock).fit(np.ones((2, 3)), [1.0, 2.0])
