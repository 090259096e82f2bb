"""Pictures from a model to a prediction: packed, found by a sketch, reused."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import learndock as ld
from learndock.errors import BadModel, SpaceMismatch

DIGITS = load_digits()
PICTURES = (DIGITS.images * 15.9).astype(np.uint8)
LABELS = DIGITS.target


def model_of(digits):
    known = np.isin(LABELS, digits)
    flat = PICTURES[known].reshape(known.sum(), -1)
    return LogisticRegression(max_iter=2_000).fit(flat, LABELS[known]), known


@pytest.fixture
def dock(tmp_path):
    dock = ld.Dock(tmp_path / "dock", owner="ada", create=True)
    for digits in ([0, 1, 2, 3], [4, 5, 6], [7, 8, 9]):
        model, known = model_of(digits)
        name = f"digits-{digits[0]}"
        dock.submit(model, PICTURES[known], LABELS[known], name=name, license="MIT")
    return dock


def test_a_model_of_pictures_is_found_by_pictures_and_predicts_them(dock):
    mine = np.isin(LABELS, [4, 5, 6])
    answer = dock.search(PICTURES[mine])
    assert answer.hits[0].ref.startswith("ada/digits-4")
    said = answer.reuse(method="single").predict(PICTURES[mine])
    assert np.mean(said == LABELS[mine]) > 0.95


def test_models_of_some_digits_together_read_them_all(dock):
    said = dock.search(PICTURES).reuse().predict(PICTURES)
    assert np.mean(said == LABELS) > 0.6


def test_pictures_of_another_shape_are_refused_by_the_model(dock):
    mine = np.isin(LABELS, [4, 5, 6])
    predictor = dock.search(PICTURES[mine]).reuse(method="single")
    with pytest.raises(SpaceMismatch, match=r"\(16, 16\), and the model takes \(8, 8\)"):
        predictor.predict(PICTURES[mine].repeat(2, axis=1).repeat(2, axis=2))


def test_a_model_of_other_pictures_is_not_packed():
    model, known = model_of([0, 1])
    with pytest.raises(BadModel, match="cannot predict these rows"):
        ld.pack(model, PICTURES[known][:, ::2], LABELS[known], name="x", license="MIT")
