"""What is special about XGBoost: categories, early stopping, objectives."""

import json

import numpy as np
import pandas as pd
import pytest
import xgboost

from learndock.errors import BadModel, UnsafeModel
from learndock.runtimes._shared import FACTS
from learndock.runtimes.xgboost import UBJSON, plugin

RNG = np.random.default_rng(0)
ROWS = 200
FRAME = pd.DataFrame(
    {
        "price": RNG.normal(size=ROWS),
        "shop": pd.Categorical(RNG.choice(["north", "south", "east"], ROWS)),
    }
)
NUMBER = np.where(FRAME["shop"] == "north", 0, np.where(FRAME["price"] > 0, 1, 2))
VALUE = FRAME["price"].to_numpy() + (FRAME["shop"] == "south")
ARRAY = FRAME[["price"]].to_numpy()
SMALL = {"n_estimators": 4, "max_depth": 3}


@pytest.fixture(autouse=True)
def _no_native_traces(monkeypatch):
    """XGBoost takes seconds to describe its stack with every error."""
    monkeypatch.setenv("DMLC_LOG_STACK_TRACE_DEPTH", "0")


def stored(model):
    return plugin.load(plugin.dump(model))


def test_categories_may_come_as_texts_in_any_order():
    model = xgboost.XGBClassifier(enable_categorical=True, **SMALL).fit(FRAME, NUMBER)
    read_from_a_file = FRAME.astype({"shop": str})
    expected = model.predict_proba(FRAME)
    assert np.allclose(stored(model).outputs(read_from_a_file), expected, atol=1e-7)
    assert np.allclose(stored(model).outputs(read_from_a_file[::-1]), expected[::-1], atol=1e-7)


def test_two_classes_have_two_columns():
    model = xgboost.XGBClassifier(**SMALL).fit(ARRAY, NUMBER == 1)
    found = stored(model)
    assert found.classes == (0, 1)
    assert np.allclose(found.outputs(ARRAY), model.predict_proba(ARRAY), atol=1e-6)


@pytest.mark.parametrize(
    ("objective", "labels", "classes"),
    [
        ({"objective": "binary:logistic"}, NUMBER == 1, (0, 1)),
        ({"objective": "binary:hinge"}, NUMBER == 1, (0, 1)),
        ({"objective": "multi:softprob", "num_class": 3}, NUMBER, (0, 1, 2)),
        ({"objective": "reg:squarederror"}, VALUE, ()),
        ({"objective": "count:poisson"}, np.abs(VALUE), ()),
    ],
)
def test_a_booster_is_what_its_objective_says(objective, labels, classes):
    data = xgboost.DMatrix(ARRAY, label=labels)
    booster = xgboost.train(objective, data, num_boost_round=3)
    found = stored(booster)
    assert found.classes == classes
    expected = booster.predict(data)
    outputs = found.outputs(ARRAY)
    assert np.allclose(outputs[:, 1] if len(classes) == 2 else outputs, expected, atol=1e-6)


def test_a_model_trained_to_answer_labels_gives_probabilities():
    model = xgboost.XGBClassifier(objective="multi:softmax", **SMALL).fit(ARRAY, NUMBER)
    found = stored(model).outputs(ARRAY)
    assert np.allclose(found.sum(axis=1), 1)
    assert np.array_equal(found.argmax(axis=1), model.predict(ARRAY))


def test_a_model_that_stopped_early_predicts_with_its_best_rounds():
    noise = RNG.normal(size=ROWS)
    model = xgboost.XGBRegressor(n_estimators=100, learning_rate=1.0, early_stopping_rounds=3)
    model.fit(ARRAY[:100], noise[:100], eval_set=[(ARRAY[100:], noise[100:])], verbose=False)
    booster = model.get_booster()
    assert model.best_iteration + 1 < booster.num_boosted_rounds()
    assert np.allclose(stored(model).outputs(ARRAY), model.predict(ARRAY), atol=1e-6)
    everything = booster.predict(xgboost.DMatrix(ARRAY))
    assert np.allclose(stored(booster).outputs(ARRAY), everything, atol=1e-6)


def own_objective(truth, said):
    return said - truth, np.ones_like(said)


def test_an_objective_of_ones_own_is_refused():
    model = xgboost.XGBRegressor(objective=own_objective, **SMALL).fit(ARRAY, VALUE)
    with pytest.raises(UnsafeModel, match="objective of its own") as caught:
        plugin.dump(model)
    assert "ONNX" in caught.value.next


def test_a_ranker_is_refused():
    model = xgboost.XGBRanker(**SMALL).fit(ARRAY, NUMBER, qid=np.repeat([0, 1], 100))
    with pytest.raises(BadModel, match="rank:"):
        plugin.dump(model)


def test_an_untrained_model_is_refused():
    with pytest.raises(BadModel, match="not trained"):
        plugin.dump(xgboost.XGBRegressor())


def test_raw_scores_are_refused():
    model = xgboost.XGBClassifier(objective="binary:logitraw", **SMALL).fit(ARRAY, NUMBER == 1)
    with pytest.raises(BadModel, match="no probabilities"):
        stored(model).outputs(ARRAY)


def test_several_values_a_row_are_refused():
    model = xgboost.XGBRegressor(**SMALL).fit(ARRAY, np.column_stack([VALUE, VALUE]))
    with pytest.raises(BadModel, match=r"\(200, 2\)"):
        stored(model).outputs(ARRAY)


def test_too_few_columns_are_refused_and_not_taken_for_missing():
    model = stored(xgboost.XGBRegressor(**SMALL).fit(np.tile(ARRAY, 3), VALUE))
    with pytest.raises(BadModel, match="2 columns, and 3"):
        model.outputs(np.tile(ARRAY, 2))


@pytest.mark.parametrize("facts", [b"[]", b'{"rounds": -1}', b'{"classes": ["one"]}', b'{"x": 1}'])
def test_other_facts_than_are_known_are_refused(facts):
    files = plugin.dump(xgboost.XGBRegressor(**SMALL).fit(ARRAY, VALUE))
    with pytest.raises(BadModel):
        plugin.load({**files, FACTS: facts})


def test_a_booster_saved_as_json_opens():
    booster = xgboost.XGBRegressor(**SMALL).fit(ARRAY, VALUE).get_booster()
    text = bytes(booster.save_raw("json"))
    assert json.loads(text)
    opened = plugin.open(text)
    expected = booster.predict(xgboost.DMatrix(ARRAY))
    assert np.allclose(stored(opened).outputs(ARRAY), expected, atol=1e-6)


def test_an_empty_file_is_refused_and_does_not_end_the_process():
    files = plugin.dump(xgboost.XGBRegressor(**SMALL).fit(ARRAY, VALUE))
    with pytest.raises(BadModel, match="cut short"):
        plugin.load({**files, UBJSON: b""})
