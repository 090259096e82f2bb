"""Bad input gets its own clear error, or works where it sensibly can; the dock stays as it was."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

import learndock as ld
from learndock.errors import (
    BadData,
    BadModel,
    PrivacyGate,
    SpaceMismatch,
    UnsafeModel,
)

ROWS = 300


def table(seed=0, rows=ROWS):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "price": rng.lognormal(size=rows),
            "weight": rng.normal(50.0, 9.0, size=rows),
            "colour": rng.choice(["red", "blue", "green"], size=rows),
        }
    )


NUMBERS = ["price", "weight"]
ALL = [*NUMBERS, "colour"]


def train(data):
    return LinearRegression().fit(data[NUMBERS], data["price"])


def sizes(data):
    return np.where(data["weight"] > 50.0, "large", "small")


@pytest.fixture(scope="module")
def dock(tmp_path_factory):
    """One dock for all tests: bad input may not change it."""
    made = ld.Dock(tmp_path_factory.mktemp("bad") / "models", owner="ada")
    data = table()
    made.submit(
        train(data), data[NUMBERS], data["price"], name="price", license="MIT",
        space=ld.space(data[NUMBERS], name="goods"),
    )  # fmt: skip
    numbers = make_column_transformer(("passthrough", NUMBERS))
    made.submit(
        make_pipeline(numbers, LogisticRegression()).fit(data[ALL], sizes(data)), data[ALL],
        sizes(data), name="size", license="MIT", space=ld.space(data[ALL], name="colours"),
    )  # fmt: skip
    return made


@pytest.fixture(autouse=True)
def _the_dock_stays_as_it_was(dock):
    before = [entry.ref for entry in dock.ls(withdrawn=True)]
    yield
    assert [entry.ref for entry in dock.ls(withdrawn=True)] == before
    health = dock.verify()
    assert health, health
    assert not health.unused


class WrongLength(RegressorMixin, BaseEstimator):
    """A model that predicts one value, whatever it is given."""

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return np.zeros(1)


def replaced(column, value, rows=slice(None)):
    data = table()
    data[column] = data[column].astype(object) if isinstance(value, str) else data[column]
    data.loc[data.index[rows], column] = value
    return data


# What is given, which error comes, and what it has to say.
REFUSED_SEARCHES = {
    "an empty table": (table().iloc[:0], BadData, "no rows"),
    "no columns": (table()[[]], (BadData, SpaceMismatch), "column"),
    "an infinite value": (replaced("price", np.inf, slice(3, 4)), BadData, "infinite"),
    "another name": (table().rename(columns={"price": "Price "}), SpaceMismatch, "looks like"),
    "a missing column": (table().drop(columns="weight"), SpaceMismatch, "'weight'"),
    "a type that changed": (replaced("weight", "heavy"), SpaceMismatch, "weight"),
    "a scalar": (3, BadData, "int"),
    "nothing": (None, BadData, "NoneType"),
    "texts": (["a", "b"], SpaceMismatch, "texts"),
    "an array of another width": (np.zeros((ROWS, 5)), SpaceMismatch, "x0|price"),
    "pictures": (np.zeros((2, 2, 2)), SpaceMismatch, "pictures"),
    "five dimensions": (np.zeros((2, 2, 2, 2, 2)), BadData, "shape"),
    "two columns of one name": (
        pd.concat([table(), table()[["price"]]], axis=1), BadData, "price",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED_SEARCHES)
def test_a_search_is_refused_with_a_reason_for(case, dock):
    data, error, told = REFUSED_SEARCHES[case]
    with pytest.raises(error, match=told):
        dock.search(data)


WORKING_SEARCHES = {
    "a constant column": replaced("weight", 50.0),
    "some missing values": replaced("weight", np.nan, slice(0, 30)),
    "an all-missing column": replaced("weight", np.nan),
    "more columns than needed": table().assign(more=1),
    "whole numbers": table().astype({"weight": int}),
}


@pytest.mark.parametrize("case", WORKING_SEARCHES)
def test_a_search_works_with(case, dock):
    answer = dock.search(WORKING_SEARCHES[case])
    assert answer.hits[0].ref == "ada/price@1"
    assert 0 <= answer.coverage.share <= 1


def test_one_row_is_judged_by_where_it_lies(dock):
    row = table(rows=1)
    assert not dock.search(row).coverage.foreign
    assert dock.search(row.assign(price=1e9, weight=-1e9)).coverage.foreign


def test_strings_of_a_megabyte_are_categories_that_no_one_knows(dock):
    colours = dock.spaces()[1]
    known = dock.search(table(), space=colours).coverage.share
    long = dock.search(replaced("colour", "x" * 2**20, slice(0, 100)), space=colours)
    assert long.coverage.share < known


def wide(columns):
    rng = np.random.default_rng(0)
    return pd.DataFrame(rng.normal(size=(ROWS, columns)), columns=[f"c{i}" for i in range(columns)])


def submit(dock, model, data, y=None, **options):
    return dock.submit(model, data, y, name="bad", license="MIT", **options)


def test_ten_thousand_columns_are_refused_with_the_limit(dock):
    data = wide(10_000)
    with pytest.raises(BadData, match="10,000 columns"):
        submit(dock, LinearRegression().fit(data, data["c0"]), data)


def test_ten_thousand_columns_are_searched_by_those_that_a_space_has(dock):
    assert dock.search(wide(10_000).assign(**table())).hits[0].ref == "ada/price@1"
    with pytest.raises(SpaceMismatch, match="'price', 'weight'"):
        dock.search(wide(10_000))


REFUSED_SUBMITS = {
    "one row": (table(rows=1), PrivacyGate, "1 rows"),
    "an empty table": (table().iloc[:0], BadData, "no rows"),
    "NaN where the model takes none": (replaced("price", np.nan, slice(0, 9)), BadModel, "NaN"),
    "an infinite value": (replaced("price", np.inf, slice(0, 9)), (BadData, BadModel), "infin"),
    "another name": (table().rename(columns={"price": "cost"}), BadModel, "price"),
    "a type that changed": (replaced("weight", "heavy"), BadModel, "heavy"),
}


@pytest.mark.parametrize("case", REFUSED_SUBMITS)
def test_a_submit_is_refused_with_a_reason_for(case, dock):
    data, error, told = REFUSED_SUBMITS[case]
    columns = [column for column in data.columns if column != "colour"]
    with pytest.raises(error, match=told):
        submit(dock, train(table()), data[columns])


def test_a_model_without_predict_is_refused(dock):
    with pytest.raises(BadModel, match="predict"):
        submit(dock, object(), table())


def test_predictions_of_the_wrong_length_are_refused(dock):
    data = table()[NUMBERS]
    with pytest.raises((BadModel, UnsafeModel)):
        submit(dock, WrongLength().fit(data, data["price"]), data)


def test_labels_that_the_model_does_not_know_are_refused(dock):
    data = table()
    model = LogisticRegression().fit(data[["weight"]], data["colour"])
    with pytest.raises(BadData, match="purple"):
        submit(dock, model, data[["weight"]], ["purple"] * ROWS)


def test_labels_unknown_to_the_dock_are_taken_along(dock):
    few = table(seed=1, rows=60)
    truth = np.where(few["price"] > 2, "dear", sizes(few))
    predictor = dock.search(few, space=dock.spaces()[1]).reuse(few, truth)
    assert list(predictor.classes_) == ["dear", "large", "small"]
    assert "dear" in predictor.predict(few)
