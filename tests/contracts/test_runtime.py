"""Every runtime that is found passes the suite of its port."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest

from learndock.core import registry
from learndock.testing.runtime import RuntimeContract, Sample

RNG = np.random.default_rng(0)
ROWS = pd.DataFrame({"price": RNG.normal(size=120), "week": RNG.integers(1, 53, 120).astype(float)})
CLASS = np.where(ROWS["price"] > 0.3, "dear", np.where(ROWS["week"] > 26, "cheap", "fair"))
NUMBER = np.array(pd.factorize(CLASS, sort=True)[0])
VALUE = (ROWS["price"] + 0.1 * ROWS["week"]).to_numpy()
NAMES = ("cheap", "dear", "fair")


@pytest.fixture(autouse=True)
def _no_native_traces(monkeypatch):
    """XGBoost takes seconds to describe its stack with every error."""
    monkeypatch.setenv("DMLC_LOG_STACK_TRACE_DEPTH", "0")


def sklearn_classifier():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, CLASS)
    return Sample(model, ROWS, model.predict_proba(ROWS), NAMES)


def sklearn_regressor():
    from sklearn.ensemble import RandomForestRegressor

    model = RandomForestRegressor(5, random_state=0).fit(ROWS, VALUE)
    return Sample(model, ROWS, model.predict(ROWS))


def lightgbm_classifier():
    from lightgbm import LGBMClassifier

    model = LGBMClassifier(n_estimators=5, verbose=-1).fit(ROWS, CLASS)
    return Sample(model, ROWS, model.predict_proba(ROWS), NAMES)


def lightgbm_regressor():
    from lightgbm import LGBMRegressor

    model = LGBMRegressor(n_estimators=5, verbose=-1).fit(ROWS, VALUE)
    return Sample(model, ROWS, model.predict(ROWS))


def xgboost_classifier():
    from xgboost import XGBClassifier

    model = XGBClassifier(n_estimators=5).fit(ROWS, NUMBER)
    return Sample(model, ROWS, model.predict_proba(ROWS).astype(np.float64), (0, 1, 2))


def xgboost_regressor():
    from xgboost import XGBRegressor

    model = XGBRegressor(n_estimators=5).fit(ROWS, VALUE)
    return Sample(model, ROWS, model.predict(ROWS).astype(np.float64))


def onnx_classifier():
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    rows = ROWS.to_numpy(np.float32)
    model = LogisticRegression().fit(rows, CLASS)
    return Sample(to_onnx(model, rows[:1]), rows, model.predict_proba(rows), NAMES)


def onnx_regressor():
    from skl2onnx import to_onnx
    from sklearn.linear_model import LinearRegression

    rows = ROWS.to_numpy(np.float32)
    model = LinearRegression().fit(rows, VALUE)
    return Sample(to_onnx(model, rows[:1]), rows, model.predict(rows))


SAMPLES: dict[str, tuple[Callable[[], Sample], Callable[[], Sample]]] = {
    "lightgbm": (lightgbm_classifier, lightgbm_regressor),
    "onnx": (onnx_classifier, onnx_regressor),
    "sklearn": (sklearn_classifier, sklearn_regressor),
    "xgboost": (xgboost_classifier, xgboost_regressor),
}


@cache
def sample_of(name, number):
    return SAMPLES[name][number]()


def test_every_runtime_has_samples():
    missing = set(registry.names("runtimes")) - SAMPLES.keys()
    assert not missing, f"add a classifier and a regressor to SAMPLES for {missing}"


@pytest.mark.parametrize("name", registry.names("runtimes"))
class TestRuntime(RuntimeContract):
    @pytest.fixture
    def runtime(self, name):
        return registry.load("runtimes", name)

    @pytest.fixture(params=[0, 1], ids=["classifier", "regressor"])
    def sample(self, name, request):
        return sample_of(name, request.param)


@pytest.mark.parametrize("name", SAMPLES)
def test_one_runtime_alone_claims_a_model(name):
    for number in range(len(SAMPLES[name])):
        model = sample_of(name, number).model
        claiming = [
            other
            for other in registry.names("runtimes")
            if registry.load("runtimes", other).claims(model)
        ]
        assert claiming == [name]
