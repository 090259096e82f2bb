"""The estimator that an answer gives: methods, labels, and what it reports."""

import numpy as np
import pandas as pd
import pytest

import learndock as ld
from learndock.errors import BadData, Invalid, NotFound, SpaceMismatch, UnknownLabels

from .conftest import band, classifier, linear, regressor, rows

METHODS = ["single", "average", "stitch", "auto"]


@pytest.fixture
def classes(dock, space):
    """A dock with two classifiers of different labels: left or middle, middle or right."""
    for name, centers, labels in (
        ("left", (-4, 0), ("left", "middle")),
        ("right", (0, 4), ("middle", "right")),
    ):
        data = pd.concat([rows(center, seed=center + 30) for center in centers])
        truth = np.repeat(labels, 400)
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression().fit(data, truth)
        dock.submit(model, data, truth, name=name, license="MIT", space=space)
    return dock


def three(seed):
    data = pd.concat([rows(center, seed=seed + center) for center in (-4, 0, 4)])
    return data, np.repeat(["left", "middle", "right"], 400)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_works_without_labels(filled, method):
    predictor = filled.search(rows(0, seed=70)).reuse(method=method)
    assert predictor.predict(rows(0, seed=71)).shape == (400,)


def test_stitching_tells_classes_apart_that_no_member_knows_together(classes):
    data, truth = three(seed=80)
    answer = classes.search(data)
    assert np.mean(answer.reuse().predict(data) == truth) > 0.95
    assert np.mean(answer.reuse(method="single").predict(data) == truth) < 0.7


def test_probabilities_are_over_the_union_of_classes(classes):
    data, _ = three(seed=80)
    predictor = classes.search(data).reuse()
    assert list(predictor.classes_) == ["left", "middle", "right"]
    np.testing.assert_allclose(predictor.predict_proba(data).sum(axis=1), 1.0)


def test_labels_bring_a_shift_that_no_member_has(filled):
    data, new = rows(0, seed=70, count=60), rows(0, seed=71)
    answer = filled.search(data)
    told = answer.reuse(data, linear(data) + 3.0)
    untold = answer.reuse()
    error = np.abs(told.predict(new) - linear(new) - 3.0).mean()
    assert error < 0.5 * np.abs(untold.predict(new) - linear(new) - 3.0).mean()


def test_labels_that_no_member_knows_become_a_class(classes):
    data, truth = three(seed=80)
    rare = np.where(truth == "right", "far right", truth)
    predictor = classes.search(data).reuse(data, rare)
    assert "far right" in predictor.classes_
    assert np.mean(predictor.predict(data) == rare) > 0.9


def test_the_own_model_is_taken_where_members_are_wrong(filled):
    data = rows(0, seed=70)
    truth = np.random.default_rng(0).permutation(np.sign(data["a"]) * 50 + data["b"] ** 2)
    odd = np.asarray(np.sign(data["a"]) * 50 + np.sign(data["c"]) * 30)
    assert filled.search(data).reuse(data, odd).report_.method == "own"
    assert filled.search(data).reuse(data, truth).report_.why


def test_the_report_names_members_labels_and_what_stands_behind(filled):
    data = rows(0, seed=70, count=30)
    report = filled.search(rows(0, seed=70)).reuse(data, linear(data)).report_
    assert report.labels == 30
    assert "ada/at-4@1" in dict(report.members)
    assert report.rows_reused >= 300
    assert "labelled rows" in str(report)


def test_a_method_that_needs_labels_says_so(filled):
    with pytest.raises(Invalid, match="labels"):
        filled.search(rows(0, seed=70)).reuse(method="stack")


def test_an_unknown_method_names_those_there_are(filled):
    with pytest.raises(NotFound, match="stitch"):
        filled.search(rows(0, seed=70)).reuse(method="magic")


def test_labels_without_numbers_are_refused(filled):
    data = rows(0, seed=70, count=30)
    answer = filled.search(data)
    with pytest.raises(BadData, match="NaN"):
        answer.reuse(data, np.full(30, np.nan))
    with pytest.raises(BadData, match="no numbers"):
        answer.reuse(data, ["a"] * 30)
    with pytest.raises(BadData, match="shape"):
        answer.reuse(data, [1.0])


def test_missing_labels_of_classes_are_refused(classes):
    data, truth = three(seed=80)
    holes = truth.astype(object)
    holes[0] = np.nan
    with pytest.raises(BadData, match="label"):
        classes.search(data).reuse(data, holes)


def test_rows_of_other_columns_are_refused_by_name(filled):
    predictor = filled.search(rows(0, seed=70)).reuse()
    with pytest.raises(SpaceMismatch, match="'a'"):
        predictor.predict(rows(0, seed=71).drop(columns="a"))


def test_labels_of_one_class_only_are_no_trouble(classes):
    data, _ = three(seed=80)
    some = data.iloc[:10]
    predictor = classes.search(data).reuse(some, ["left"] * 10)
    assert predictor.predict(data).shape == (1200,)


def test_other_data_frames_give_the_same_predictions(filled):
    import polars as pl

    data = rows(0, seed=71)
    predictor = filled.search(data).reuse()
    there = predictor.predict(pl.from_pandas(data))
    np.testing.assert_allclose(there, predictor.predict(data))


def test_two_kinds_of_learnware_do_not_mix(filled, space):
    data = rows(0, seed=5)
    filled.submit(
        classifier(data), data, band(data), name="band", target="band", license="MIT", space=space
    )
    values = filled.search(data, task="regression")
    labels = filled.search(data, target="band")
    assert {hit.task for hit in values.hits} == {"regression"}
    assert [part.ref for part in labels.mixture.parts] == ["ada/band@1"]


def test_a_member_that_was_withdrawn_still_serves(filled):
    answer = filled.search(rows(0, seed=70))
    filled.withdraw("ada/at-4@1", reason="stale")
    assert answer.reuse().predict(rows(0, seed=71)).shape == (400,)


def test_regressors_agree_with_the_plain_model_where_only_one_is_there(dock, space):
    data = rows(0, seed=5)
    model = regressor(data)
    dock.submit(model, data, linear(data), name="only", license="MIT", space=space)
    new = rows(0, seed=6)
    np.testing.assert_allclose(dock.search(new).reuse().predict(new), model.predict(new))


def test_labels_none_of_which_a_member_knows_are_refused_by_name(classes):
    data, _ = three(seed=80)
    with pytest.raises(UnknownLabels, match="1, 2 against 'left', 'middle', 'right'"):
        classes.search(data).reuse(data.iloc[:4], [1, 2, 1, 2])


def test_an_estimator_goes_its_own_way_where_no_label_is_known(classes):
    data, truth = three(seed=80)
    numbers = np.searchsorted(["left", "middle", "right"], truth)
    estimator = ld.DockClassifier(dock=classes).fit(data, numbers)
    assert estimator.report_.method == "own"
    assert estimator.classes_.tolist() == [0, 1, 2]
    assert estimator.score(data, numbers) > 0.9


def test_labels_without_rows_are_refused(filled):
    with pytest.raises(Invalid, match="without rows"):
        filled.search(rows(0, seed=70)).reuse(y=[1.0])


def test_many_labels_are_no_trouble(filled):
    data = rows(0, seed=70, count=20_000)
    predictor = filled.search(data).reuse(data, linear(data) + 3.0, method="stack")
    assert np.abs(predictor.predict(data) - linear(data) - 3.0).mean() < 0.5


def test_ld_names_are_all_there():
    assert all(hasattr(ld, name) for name in ld.__all__)
