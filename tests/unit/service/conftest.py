"""A small dock with real models, made once for all tests of the service."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import learndock as ld

ROWS = 400


def rows(center: float, seed: int, count: int = ROWS) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(center, 1.0, size=(count, 3)), columns=["a", "b", "c"])


def linear(data: pd.DataFrame) -> np.ndarray:
    return np.asarray(data @ [1.0, -2.0, 0.5])


def band(data: pd.DataFrame) -> np.ndarray:
    return np.where(data["a"] > data["b"], "over", "under")


def regressor(data: pd.DataFrame) -> LinearRegression:
    return LinearRegression().fit(data, linear(data))


def classifier(data: pd.DataFrame):
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(data, band(data))


@pytest.fixture(scope="session")
def space():
    return ld.space(pd.concat([rows(c, seed=c + 10) for c in (-4, 0, 4)]), name="plane")


@pytest.fixture
def dock(tmp_path):
    return ld.Dock(tmp_path / "models", owner="ada")


@pytest.fixture
def filled(dock, space):
    """A dock with three regressors, each good around another centre."""
    for center in (-4, 0, 4):
        data = rows(center, seed=center + 20)
        dock.submit(
            regressor(data), data, linear(data), name=f"at-{center + 4}", license="MIT", space=space
        )
    return dock
