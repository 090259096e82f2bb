"""What is special about scikit-learn models: pipelines as they are used, and what is refused."""

import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, TweedieRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC

from learndock.errors import BadModel, UnsafeModel
from learndock.runtimes.sklearn import FILE, plugin

RNG = np.random.default_rng(0)
ROWS = 150
FRAME = pd.DataFrame(
    {
        "price": np.where(RNG.random(ROWS) < 0.1, np.nan, RNG.normal(size=ROWS)),
        "week": RNG.integers(1, 53, ROWS),
        "shop": RNG.choice(["north", "south"], ROWS),
    }
)
CLASS = np.where(FRAME["week"] + 20 * (FRAME["shop"] == "north") > 30, "busy", "quiet")
VALUE = FRAME["week"] + RNG.random(ROWS)
ARRAY = FRAME[["week"]].to_numpy(float)


def table(last):
    """Return the usual pipeline for a table of mixed columns."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = make_column_transformer(
        (numbers, ["price", "week"]),
        (
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            make_column_selector(dtype_exclude=np.number),
        ),
    )
    return make_pipeline(columns, last)


def stored(model):
    return plugin.load(plugin.dump(model))


CLASSIFIERS = [
    LogisticRegression(),
    RandomForestClassifier(3),
    HistGradientBoostingClassifier(max_iter=3),
    GradientBoostingClassifier(n_estimators=3),
    SVC(),
    KNeighborsClassifier(),
    MLPClassifier(max_iter=400, tol=0.1, n_iter_no_change=1),
    GaussianNB(),
    CalibratedClassifierCV(LinearSVC()),
    VotingClassifier([("a", GaussianNB()), ("b", LogisticRegression())], voting="soft"),
    StackingClassifier([("a", GaussianNB())]),
    GridSearchCV(LogisticRegression(), {"C": [1, 2]}, cv=2, scoring="f1_macro"),
]
REGRESSORS = [
    LinearRegression(),
    Ridge(),
    RandomForestRegressor(3),
    HistGradientBoostingRegressor(max_iter=3),
    SVR(),
    KNeighborsRegressor(),
    MLPRegressor(max_iter=400, tol=10, n_iter_no_change=1),
    TweedieRegressor(),
]


def kind(model):
    return type(model).__name__


@pytest.mark.parametrize("last", CLASSIFIERS[:-1], ids=kind)
def test_the_usual_classifiers_come_back_from_a_pipeline_over_a_frame(last):
    model = table(last).fit(FRAME, CLASS)
    found = stored(model)
    assert found.classes == ("busy", "quiet")
    said = np.array(found.classes)[found.outputs(FRAME).argmax(axis=1)]
    assert np.array_equal(said, model.predict(FRAME))


@pytest.mark.parametrize("last", REGRESSORS, ids=kind)
def test_the_usual_regressors_come_back_from_a_pipeline_over_a_frame(last):
    model = table(last).fit(FRAME, VALUE)
    assert np.array_equal(stored(model).outputs(FRAME), model.predict(FRAME))


@pytest.mark.parametrize("last", [*CLASSIFIERS, *REGRESSORS], ids=kind)
def test_predicting_in_between_does_not_change_the_bytes(last):
    model = last.fit(ARRAY, CLASS if last in CLASSIFIERS else VALUE)
    before = plugin.dump(model)
    model.predict(ARRAY)
    assert plugin.dump(model) == before


def test_a_text_pipeline_comes_back():
    texts = [f"{said} word {row}" for row, said in enumerate(CLASS)]
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, CLASS)
    assert np.array_equal(stored(model).outputs(texts), model.predict_proba(texts))


def test_words_that_look_like_fields_of_the_format_survive():
    texts = ["__id__ file", "content __loader__", "_stop_words_id schema"] * 10
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, [0, 1, 2] * 10)
    assert np.array_equal(stored(model).outputs(texts), model.predict_proba(texts))


def test_a_model_trained_in_another_process_has_the_same_bytes():
    code = (
        "import hashlib, sys\n"
        "from sklearn.pipeline import make_pipeline\n"
        "from sklearn.feature_extraction.text import TfidfVectorizer\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "from learndock.runtimes.sklearn import plugin\n"
        "model = make_pipeline(TfidfVectorizer(stop_words='english'), LogisticRegression())\n"
        "files = plugin.dump(model.fit(['red apple', 'green pear', 'red cherry'], [0, 1, 0]))\n"
        "print(hashlib.sha256(files['model.skops']).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_a_search_is_stored_as_its_best_estimator():
    model = GridSearchCV(LogisticRegression(), {"C": [1, 2]}, scoring="f1_macro", cv=2)
    model.fit(ARRAY, CLASS)
    assert plugin.dump(model) == plugin.dump(model.best_estimator_)


def test_without_probabilities_the_predicted_label_gets_all():
    model = LinearSVC().fit(ARRAY, CLASS)
    found = stored(model).outputs(ARRAY)
    assert set(found.ravel()) == {0.0, 1.0}
    assert np.array_equal(model.classes_[found.argmax(axis=1)], model.predict(ARRAY))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (np.array(["b", "a"]), ("a", "b")),
        (np.array(["b", "a"], dtype=object), ("a", "b")),
        (np.array([7, 3], dtype=np.int8), (3, 7)),
        (np.array([2.0, 1.0]), (1.0, 2.0)),
        (np.array([True, False]), (False, True)),
    ],
)
def test_labels_are_plain_python_values(given, wanted):
    found = stored(GaussianNB().fit(np.arange(20.0).reshape(-1, 1), np.tile(given, 10)))
    assert found.classes == wanted
    assert {type(label) for label in found.classes} == {type(wanted[0])}


def test_a_loaded_model_uses_one_job():
    model = make_pipeline(StandardScaler(), RandomForestClassifier(2, n_jobs=2)).fit(ARRAY, CLASS)
    from learndock.runtimes.sklearn import _construct, _use_one_job

    loaded = _construct(plugin.dump(model)[FILE])
    _use_one_job(loaded)
    assert loaded[-1].n_jobs == 1
    assert model[-1].n_jobs == 2


# ---------------------------------------------------------------- refused


def double(x):
    return 2 * x


class Own(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (make_pipeline(FunctionTransformer(lambda x: x), GaussianNB()), "<lambda>"),
        (make_pipeline(FunctionTransformer(double), GaussianNB()), "double"),
        (Own(), "Own"),
    ],
    ids=["lambda", "function", "class"],
)
def test_own_code_is_refused_by_name_with_the_way_out(model, named):
    with pytest.raises(UnsafeModel, match=named) as caught:
        plugin.dump(model.fit(ARRAY, CLASS))
    assert "ONNX" in caught.value.next


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_a_booster_in_a_pipeline_is_refused_with_the_way_out(library):
    module = pytest.importorskip(library)
    last = {"lightgbm": "LGBMRegressor", "xgboost": "XGBRegressor"}[library]
    model = make_pipeline(StandardScaler(), getattr(module, last)(n_estimators=2)).fit(ARRAY, VALUE)
    assert plugin.claims(model)
    with pytest.raises(UnsafeModel, match=last) as caught:
        plugin.dump(model)
    assert f"the {library} model by itself" in caught.value.next


def test_what_cannot_be_stored_at_all_is_refused():
    model = GaussianNB().fit(ARRAY, CLASS)
    model.remark = (letter for letter in "ab")
    with pytest.raises(UnsafeModel, match="GaussianNB"):
        plugin.dump(model)


def test_an_untrained_model_is_refused():
    with pytest.raises(BadModel, match="LogisticRegression is not trained"):
        plugin.dump(table(LogisticRegression()))


def test_what_is_neither_classifier_nor_regressor_is_refused():
    with pytest.raises(BadModel, match="KMeans is neither"):
        plugin.dump(KMeans(2, n_init=1).fit(ARRAY))


def test_a_model_without_predict_is_not_claimed():
    assert not plugin.claims(StandardScaler())
    assert not plugin.claims(make_pipeline(StandardScaler(), StandardScaler()))


def test_several_outputs_are_refused():
    two = np.column_stack([CLASS, CLASS])
    with pytest.raises(BadModel, match="one output"):
        plugin.dump(RandomForestClassifier(2).fit(ARRAY, two))
    regressor = LinearRegression().fit(ARRAY, np.column_stack([VALUE, VALUE]))
    with pytest.raises(BadModel, match=r"\(150, 2\)"):
        stored(regressor).outputs(ARRAY)


def test_one_class_is_too_few():
    with pytest.raises(BadModel, match="1 classes"):
        plugin.dump(GaussianNB().fit(ARRAY, np.zeros(ROWS)))


def test_labels_of_another_type_are_refused():
    days = np.array(["2024-01-01", "2024-01-02"] * 75, dtype="datetime64[D]")
    with pytest.raises(BadModel, match="a class is"):
        plugin.dump(GaussianNB().fit(ARRAY, days))


def test_outputs_that_are_not_finite_are_refused():
    model = LinearRegression().fit(ARRAY, VALUE)
    model.intercept_ = np.inf
    with pytest.raises(BadModel, match="not finite"):
        stored(model).outputs(ARRAY)


def test_rows_that_the_model_cannot_read_are_refused():
    model = stored(table(GaussianNB()).fit(FRAME, CLASS))
    with pytest.raises(BadModel, match="cannot predict these rows"):
        model.outputs(FRAME.drop(columns="shop"))


# ---------------------------------------------------------------- hostile


def forged(change):
    """Return the files of a model whose schema was changed by hand."""
    content = plugin.dump(GaussianNB().fit(ARRAY, CLASS))[FILE]
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(buffer, "w") as target,
    ):
        for name in source.namelist():
            body = source.read(name)
            if name == "schema.json":
                body = json.dumps(change(json.loads(body)))
            target.writestr(name, body)
    return {FILE: buffer.getvalue()}


@pytest.mark.parametrize(
    ("module", "name"), [("os", "system"), ("builtins", "eval"), ("subprocess", "Popen")]
)
def test_a_forged_type_is_refused_and_not_made(module, name):
    files = forged(lambda schema: {**schema, "__module__": module, "__class__": name})
    with pytest.raises(UnsafeModel, match=rf"{module}\.{name}"):
        plugin.load(files)


@pytest.mark.filterwarnings("ignore:Trying to unpickle")  # it has lost its version too
@pytest.mark.parametrize(
    "change",
    [
        lambda schema: {**schema, "__loader__": "NoSuchNode"},
        lambda schema: {**schema, "protocol": 10**6},
        lambda schema: {**schema, "content": None},
        lambda schema: {**schema, "content": {**schema["content"], "content": {}}},
        lambda schema: [],
        lambda schema: {},
    ],
)
def test_a_broken_schema_is_refused(change):
    with pytest.raises(BadModel):
        plugin.load(forged(change)).outputs(ARRAY)


def test_a_file_that_unpacks_to_far_more_is_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * (80 << 20))
    with pytest.raises(BadModel, match="unpacks to"):
        plugin.load({FILE: buffer.getvalue()})


def test_another_object_than_an_estimator_is_refused():
    import skops.io

    for thing in ({"a": 1}, [1, 2], "text", StandardScaler().fit(ARRAY)):
        with pytest.raises(BadModel):
            plugin.load({FILE: skops.io.dumps(thing)})
