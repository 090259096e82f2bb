"""A command line run in this process, and a dock to run it on."""

import json
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

import learndock as ld
from learndock.cli import main


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Standard output, which must be one JSON document."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """Standard error, which must be one JSON document."""
        return json.loads(self.err)


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Run `learndock` with some words, in a fresh folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def call(*words: object) -> Done:
        capsys.readouterr()
        status = main([os.fspath(w) if isinstance(w, Path) else str(w) for w in words])
        return Done(status, *capsys.readouterr())

    return call


def sales(seed: int, rows: int = 400) -> pd.DataFrame:
    """Return a table of a number, a category and a value that follows from them."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {"week": rng.uniform(0, 52, rows).round(2), "price": rng.lognormal(size=rows).round(3)}
    )
    table["sales"] = (2 * table["week"] - table["price"] + rng.normal(size=rows) / 9).round(4)
    table["up"] = np.where(table["price"] > 1, "yes", "no")
    return table


@pytest.fixture(scope="session")
def _dock(tmp_path_factory):
    """A dock with a regressor and two versions of a classifier, one of them called stable."""
    folder = tmp_path_factory.mktemp("docks") / "models"
    dock = ld.Dock(folder, owner="ada")
    table = sales(0)
    X = table[["week", "price"]]
    dock.submit(
        LinearRegression().fit(X, table["sales"]), X, table["sales"],
        name="sales", license="MIT", target="sales", description="weekly sales of fish",
    )  # fmt: skip
    for strength, alias in ((1.0, "stable"), (0.5, "")):
        model = LogisticRegression(C=strength).fit(X, table["up"])
        dock.submit(model, X, table["up"], name="up", license="CC0-1.0", target="up", alias=alias)
    return folder


@pytest.fixture
def dock(_dock, monkeypatch):
    """The dock's folder, and the dock that is meant; tests only read it."""
    monkeypatch.setenv("LEARNDOCK_DOCK", str(_dock))
    return _dock


def files_of(folder: Path) -> dict[Path, bytes]:
    """Return the content of every file below a folder, apart from what readers of SQLite leave."""
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


@pytest.fixture
def unchanged(dock):
    """The dock is afterwards what it was before."""
    before = files_of(dock)
    yield
    assert files_of(dock) == before


@pytest.fixture
def rows(tmp_path):
    """A CSV file of rows like those that the dock's learnwares know, with labels."""
    path = tmp_path / "mine.csv"
    sales(1).to_csv(path, index=False)
    return path


@pytest.fixture
def foreign(tmp_path):
    """A CSV file of rows with the same columns, unlike anything in the dock."""
    path = tmp_path / "foreign.csv"
    rng = np.random.default_rng(2)
    pd.DataFrame({"week": rng.normal(1e6, 1, 300), "price": rng.normal(-1e6, 1, 300)}).to_csv(
        path, index=False
    )
    return path


@pytest.fixture
def model(tmp_path):
    """A skops file of a model trained on the table's two columns."""
    import skops.io

    table = sales(3)
    path = tmp_path / "store-12.skops"
    fitted = LinearRegression().fit(table[["week", "price"]], table["sales"])
    path.write_bytes(skops.io.dumps(fitted))
    return path


@pytest.fixture
def learnware():
    """Make a learnware with some fields of its manifest."""
    table = sales(5)
    X = table[["week", "price"]]
    fitted = LogisticRegression().fit(X, table["up"])
    return partial(ld.pack, fitted, X, name="up", license="MIT")
