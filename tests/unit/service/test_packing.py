"""Packing: what is taken, what is refused, and that rows stay where they are."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import learndock as ld
from learndock.core import registry
from learndock.errors import (
    BadData,
    BadManifest,
    BadModel,
    Invalid,
    ModelDisagrees,
    PrivacyGate,
    UnsafeModel,
)

from .conftest import band, classifier, linear, regressor, rows


def pack(model, data, y=None, **options):
    return ld.pack(model, data, y, **{"name": "m", "license": "MIT", **options})


def test_a_licence_has_to_be_given():
    data = rows(0, seed=0)
    with pytest.raises(BadManifest, match="licence"):
        ld.pack(regressor(data), data, linear(data), name="m")


def test_the_same_model_and_rows_give_the_same_learnware(space):
    data = rows(0, seed=0)
    first, second = (pack(regressor(data), data, linear(data), space=space) for _ in range(2))
    assert first.id == second.id


def test_outcomes_are_the_shares_of_the_models_own_predictions(space):
    data = rows(0, seed=0)
    packed = pack(classifier(data), data, band(data), space=space)
    said = classifier(data).predict(data)
    assert packed.sketch.classes == ("over", "under")
    assert packed.sketch.prior[0] == pytest.approx(np.mean(said == "over"), abs=0.05)


def test_accuracy_comes_from_held_out_rows_when_they_are_given(space):
    data, held = rows(0, seed=0), rows(0, seed=1)
    wrong = np.where(band(held) == "over", "under", "over")
    packed = pack(classifier(data), data, band(data), space=space, held_out=(held, wrong))
    assert max(packed.sketch.accuracy) < 0.1


def test_no_point_of_the_sketch_is_a_row(space):
    data = rows(0, seed=0)
    packed = pack(regressor(data), data, linear(data), space=space)
    assert packed.sketch.gate.copies == 0
    assert len(packed.sketch) <= len(data) / 20


def test_very_few_rows_need_consent(space):
    data = rows(0, seed=0, count=15)
    with pytest.raises(PrivacyGate, match="15"):
        pack(regressor(data), data, linear(data), space=space)
    packed = pack(regressor(data), data, linear(data), space=space, consent=True)
    assert packed.sketch.gate.consent


def test_of_few_rows_the_sketch_says_little_of_the_model(space):
    data = rows(0, seed=0, count=60)
    sketch = pack(regressor(data), data, linear(data), space=space).sketch
    assert (sketch.edges, sketch.density, sketch.accuracy) == ((), (), ())
    assert sketch.gate.membership is not None


@pytest.mark.parametrize("make", [regressor, classifier])
def test_a_private_learnware_states_its_accounting_and_has_all_figures(space, make):
    data = rows(0, seed=0, count=10_000)
    truth = linear(data) if make is regressor else band(data)
    packed = pack(make(data), data, truth, space=space, epsilon=4.0)
    assert packed.manifest.release == packed.sketch.release
    assert packed.sketch.release.epsilon == 4.0
    assert registry.load("checks", "gate").inspect(packed) == []
    assert packed.sketch.density
    exact = pack(make(data), data, truth, space=space).sketch
    assert packed.sketch.accuracy == pytest.approx(exact.accuracy, rel=0.5, abs=0.05)
    assert packed.sketch.prior.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("make", [regressor, classifier])
def test_rows_too_few_to_hold_some_out_are_in_no_figure_of_a_private_learnware(space, make):
    data = rows(0, seed=0, count=60)
    few = data.head(4)
    sketch = pack(make(data), few, space=space, epsilon=1.0, consent=True).sketch
    assert [part.what for part in sketch.release.parts] == ["points"]
    assert (sketch.edges, sketch.density, sketch.accuracy) == ((), (), ())


@pytest.mark.parametrize("few", [1, 4])
def test_a_class_of_few_held_out_rows_has_the_accuracy_of_all(space, few):
    data, held = rows(0, seed=0), rows(0, seed=1)
    held = held[band(held) == "under"].head(50 + few)
    truth = np.repeat(["over", "under"], [50, few])  # the model is mostly wrong, but for the few
    said = classifier(data).predict(held)
    packed = pack(classifier(data), data, space=space, held_out=(held, truth))
    assert packed.sketch.accuracy[1] == pytest.approx(np.mean(said == truth), abs=1e-3)
    assert packed.sketch.accuracy[1] < 0.5 < np.mean(said[50:] == "under")


def test_fewer_than_five_held_out_rows_have_no_figure(space):
    data, held = rows(0, seed=0), rows(0, seed=1, count=4)
    packed = pack(classifier(data), data, space=space, held_out=(held, band(held)))
    assert (packed.sketch.accuracy, packed.sketch.density) == ((), ())


def test_thresholds_of_few_held_out_rows_have_five_rows_below_them(space):
    data, held = rows(0, seed=0), rows(0, seed=1, count=50)
    sketch = pack(classifier(data), data, space=space, held_out=(held, band(held))).sketch
    said = classifier(data).predict_proba(held).max(axis=1)
    for threshold in sketch.confidence:
        assert np.sum(said < threshold + 1e-3) >= 5
    assert sketch.confidence[0] == sketch.confidence[1] == sketch.confidence[2]
    assert sketch.density[0] == sketch.density[1] == sketch.density[2]


def test_a_seed_below_zero_is_refused(space):
    data = rows(0, seed=0)
    with pytest.raises(Invalid, match="seed is -1"):
        pack(regressor(data), data, space=space, seed=-1)


def test_a_private_learnware_needs_a_public_space():
    data = rows(0, seed=0, count=6_000)
    with pytest.raises(Invalid, match="public space"):
        pack(regressor(data), data, linear(data), epsilon=4.0)


def test_labels_of_another_length_are_refused(space):
    data = rows(0, seed=0)
    with pytest.raises(BadData, match="400 rows and 3 labels"):
        pack(regressor(data), data, [1, 2, 3], space=space)


def test_a_model_without_predict_is_refused(space):
    with pytest.raises(BadModel, match="predict"):
        pack(object(), rows(0, seed=0), space=space)


def test_a_class_of_ones_own_is_refused_with_the_way_out(space):
    class Mine:
        def predict(self, data):
            return np.zeros(len(data))

    with pytest.raises(UnsafeModel, match="ONNX"):
        pack(Mine(), rows(0, seed=0), space=space)


def test_a_lambda_inside_a_pipeline_is_refused(space):
    data = rows(0, seed=0)
    model = make_pipeline(FunctionTransformer(lambda x: x), LinearRegression())
    with pytest.raises(UnsafeModel):
        pack(model.fit(data, linear(data)), data, space=space)


def test_a_model_that_is_not_fitted_is_refused(space):
    with pytest.raises(BadModel):
        pack(LinearRegression(), rows(0, seed=0), space=space)


def test_a_stored_model_that_predicts_something_else_is_refused(space):
    class Drifting(LinearRegression):
        """Looks like its parent when stored."""

        def predict(self, X):
            return super().predict(X) + 1.0

    Drifting.__module__, Drifting.__qualname__ = LinearRegression.__module__, "LinearRegression"
    data = rows(0, seed=0)
    model = Drifting().fit(data, linear(data))
    with pytest.raises((ModelDisagrees, UnsafeModel)):
        pack(model, data, space=space)


def lightgbm_that_lies(data):
    import lightgbm

    class Lying(lightgbm.Booster):
        def predict(self, data):
            return super().predict(data) + 1.0

    model = lightgbm.LGBMRegressor(n_estimators=5, verbose=-1).fit(data, linear(data))
    return Lying(model_str=model.booster_.model_to_string())


def xgboost_that_lies(data):
    import xgboost

    class Lying(xgboost.Booster):
        def predict(self, data, **options):
            return super().predict(data, **options) + 1.0

    made = Lying()
    made.load_model(
        xgboost.XGBRegressor(n_estimators=5).fit(data, linear(data)).get_booster().save_raw()
    )
    return made


@pytest.mark.parametrize("make", [lightgbm_that_lies, xgboost_that_lies])
def test_a_booster_that_predicts_otherwise_than_its_trees_is_refused(make, space):
    data = rows(0, seed=0)
    with pytest.raises(ModelDisagrees):
        pack(make(data), data, space=space)


def test_a_class_without_held_out_rows_has_the_accuracy_of_all(space):
    data, held = rows(0, seed=0), rows(0, seed=1)
    held = held[band(held) == "over"]
    said = classifier(data).predict(held)
    packed = pack(classifier(data), data, space=space, held_out=(held, band(held)))
    assert packed.sketch.accuracy == pytest.approx([np.mean(said == "over")] * 2, abs=1e-3)


def test_rows_of_another_space_are_refused_by_name(space):
    data = rows(0, seed=0).rename(columns={"a": "aa"})
    with pytest.raises(ld.DockError, match="'a' looks like 'aa'"):
        pack(regressor(data), data, space=space)


def test_numbers_as_classes_come_back_as_numbers(space):
    from sklearn.linear_model import LogisticRegression

    data = rows(0, seed=0)
    packed = pack(LogisticRegression().fit(data, (data["a"] > 0).astype(int)), data, space=space)
    assert packed.manifest.classes == (0, 1)


def test_a_bad_name_is_told_by_its_field():
    data = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 2)), columns=["a", "b"])
    model = LinearRegression().fit(data, data["a"])
    with pytest.raises(BadManifest, match="name"):
        pack(model, data, name="Not A Name")
