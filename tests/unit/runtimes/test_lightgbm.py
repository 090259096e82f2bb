"""What is special about LightGBM: categories, early stopping, objectives."""

import lightgbm
import numpy as np
import pandas as pd
import pytest

from learndock.errors import BadModel, UnsafeModel
from learndock.runtimes.lightgbm import TEXT, plugin

RNG = np.random.default_rng(0)
ROWS = 200
FRAME = pd.DataFrame(
    {
        "price": RNG.normal(size=ROWS),
        "shop": pd.Categorical(RNG.choice(["north", "south", "east"], ROWS)),
        "size": pd.Categorical(RNG.choice([3, 5], ROWS)),
    }
)
CLASS = np.where(FRAME["shop"] == "north", "busy", np.where(FRAME["price"] > 0, "fair", "quiet"))
VALUE = FRAME["price"].to_numpy() + (FRAME["shop"] == "south")
ARRAY = FRAME[["price"]].to_numpy()
QUIET = {"n_estimators": 4, "verbose": -1, "min_child_samples": 5}


def stored(model):
    return plugin.load(plugin.dump(model))


def test_categories_may_come_as_texts_and_numbers():
    model = lightgbm.LGBMClassifier(**QUIET).fit(FRAME, CLASS)
    read_from_a_file = FRAME.astype({"shop": str, "size": int})
    found = stored(model).outputs(read_from_a_file)
    assert np.array_equal(found, model.predict_proba(FRAME))


def test_categories_not_seen_in_training_are_answered():
    model = stored(lightgbm.LGBMClassifier(**QUIET).fit(FRAME, CLASS))
    strange = FRAME.assign(shop="moon")
    assert model.outputs(strange).shape == (ROWS, 3)


def test_rows_are_left_as_they_were():
    rows = FRAME.astype({"shop": str, "size": int})
    before = rows.copy()
    stored(lightgbm.LGBMClassifier(**QUIET).fit(FRAME, CLASS)).outputs(rows)
    pd.testing.assert_frame_equal(rows, before)


def test_two_classes_have_two_columns():
    model = lightgbm.LGBMClassifier(**QUIET).fit(ARRAY, CLASS == "busy")
    found = stored(model)
    assert found.classes == (False, True)
    assert np.allclose(found.outputs(ARRAY), model.predict_proba(ARRAY), atol=1e-12)


@pytest.mark.parametrize(
    ("objective", "labels", "classes"),
    [
        ({"objective": "binary"}, VALUE > 0, (0, 1)),
        ({"objective": "multiclass", "num_class": 3}, np.arange(ROWS) % 3, (0, 1, 2)),
        ({"objective": "regression"}, VALUE, ()),
        ({"objective": "poisson"}, np.abs(VALUE), ()),
        ({"objective": "cross_entropy"}, RNG.random(ROWS), ()),
    ],
)
def test_a_booster_is_what_its_objective_says(objective, labels, classes):
    data = lightgbm.Dataset(ARRAY, label=labels)
    booster = lightgbm.train({**objective, "verbose": -1}, data, num_boost_round=3)
    found = stored(booster)
    assert found.classes == classes
    expected = booster.predict(ARRAY)
    outputs = found.outputs(ARRAY)
    assert np.allclose(outputs[:, 1] if len(classes) == 2 else outputs, expected, atol=1e-12)


@pytest.mark.filterwarnings("ignore:The argument 'eval_set' is deprecated")
def test_a_model_that_stopped_early_predicts_with_its_best_rounds():
    model = lightgbm.LGBMRegressor(n_estimators=200, learning_rate=1.0, verbose=-1)
    noise = RNG.normal(size=ROWS)
    model.fit(
        ARRAY[:100],
        noise[:100],
        eval_set=[(ARRAY[100:], noise[100:])],
        callbacks=[lightgbm.early_stopping(3, verbose=False)],
    )
    assert model.best_iteration_ < 200
    assert np.array_equal(stored(model).outputs(ARRAY), model.predict(ARRAY))


def own_objective(truth, said):
    return said - truth, np.ones_like(said)


def test_an_objective_of_ones_own_is_refused():
    model = lightgbm.LGBMRegressor(objective=own_objective, **QUIET).fit(ARRAY, VALUE)
    for given in (model, model.booster_):
        with pytest.raises(UnsafeModel, match="objective of its own") as caught:
            plugin.dump(given)
        assert "ONNX" in caught.value.next


def test_a_ranker_is_refused():
    model = lightgbm.LGBMRanker(**QUIET).fit(ARRAY, np.arange(ROWS) % 3, group=[100, 100])
    with pytest.raises(BadModel, match="lambdarank"):
        plugin.dump(model)


def test_an_untrained_model_is_refused():
    with pytest.raises(BadModel, match="not trained"):
        plugin.dump(lightgbm.LGBMRegressor())


def test_scores_that_are_no_probabilities_are_refused():
    model = lightgbm.LGBMClassifier(objective="multiclassova", **QUIET).fit(FRAME, CLASS)
    with pytest.raises(BadModel, match="no probabilities"):
        stored(model).outputs(FRAME)


def test_missing_columns_are_refused():
    model = stored(lightgbm.LGBMClassifier(**QUIET).fit(FRAME, CLASS))
    with pytest.raises(BadModel, match="cannot predict these rows"):
        model.outputs(FRAME[["price"]])


@pytest.mark.parametrize("cut", ["Tree=1", "end of trees", "end of parameters"])
def test_a_text_cut_anywhere_is_refused_before_lightgbm_reads_past_its_end(cut):
    files = plugin.dump(lightgbm.LGBMRegressor(**QUIET).fit(ARRAY, VALUE))
    short = files[TEXT][: files[TEXT].index(cut.encode())]
    with pytest.raises(BadModel):
        plugin.load({**files, TEXT: short})


def test_a_text_with_sizes_of_thousands_of_digits_is_refused():
    files = plugin.dump(lightgbm.LGBMRegressor(**QUIET).fit(ARRAY, VALUE))
    endless = b"tree_sizes=" + b"9" * 5_000
    with pytest.raises(BadModel, match="no LightGBM model"):
        plugin.load({**files, TEXT: files[TEXT].replace(b"tree_sizes=", endless)})


def test_a_model_that_asks_for_too_much_memory_is_refused(monkeypatch):
    model = stored(lightgbm.LGBMRegressor(**QUIET).fit(ARRAY, VALUE))

    def exhausted(*_, **__):
        raise MemoryError

    monkeypatch.setattr(lightgbm.Booster, "predict", exhausted)
    with pytest.raises(BadModel, match="MemoryError"):
        model.outputs(ARRAY)


def test_a_text_with_lying_sizes_is_refused():
    files = plugin.dump(lightgbm.LGBMRegressor(**QUIET).fit(ARRAY, VALUE))
    with pytest.raises(BadModel, match=r"not where it should be|cut short"):
        plugin.load({**files, TEXT: files[TEXT].replace(b"tree_sizes=", b"tree_sizes=9")})
