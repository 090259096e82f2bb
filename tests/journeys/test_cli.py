"""The whole road as processes, as somebody would type it at a terminal."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import pytest

LEARNDOCK = Path(sys.executable).parent / "learndock"


def weeks(seed: int, *, price: float) -> pd.DataFrame:
    """Return what a shop sells: it follows from the price, which is the shop's, and the kind."""
    rng = np.random.default_rng(seed)
    rows = 600
    table = pd.DataFrame(
        {
            "price": rng.normal(price, 0.5, rows).round(3),
            "fish": rng.random(rows) < 0.3,
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 99, rows), "D"),
        }
    )
    noise = rng.normal(0, 0.1, rows)
    return table.assign(sales=(10 - table["price"] + 3 * table["fish"] + noise).round(4))


@pytest.fixture
def type_in(tmp_path, tmp_path_factory):
    """Type `learndock` and some words in a fresh folder; return the words on standard output."""
    surroundings = {
        **{key: value for key, value in os.environ.items() if not key.startswith("LEARNDOCK_")},
        "LEARNDOCK_CONFIG": str(tmp_path / "config.toml"),
        "OMP_NUM_THREADS": "1",
        # As where it is installed: modules are compiled once, not for every process.
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(tmp_path_factory.getbasetemp() / "compiled"),
    }
    (tmp_path / "config.toml").write_text('dock = "models"\nowner = "ada"\n')

    def call(*words: str, status: int = 0) -> str:
        done = subprocess.run(
            [str(LEARNDOCK), *words], cwd=tmp_path, env=surroundings, check=False,
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == status, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout

    return call


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_models_are_packed_submitted_found_reused_and_cared_for(type_in, tmp_path):
    for seed, (name, price) in enumerate({"cheap": 2.0, "dear": 6.0}.items()):
        shop = weeks(seed, price=price)
        shop.to_csv(tmp_path / f"{name}.csv", index=False)
        model = lightgbm.LGBMRegressor(n_estimators=60, verbose=-1)
        model.fit(shop[["price", "fish"]], shop["sales"])
        model.booster_.save_model(tmp_path / f"{name}.txt")
    mine = pd.concat([weeks(7, price=2.0), weeks(8, price=6.0)], ignore_index=True)
    mine.drop(columns="sales").to_csv(tmp_path / "mine.csv", index=False)
    mine.sample(50, random_state=0).to_csv(tmp_path / "few.csv", index=False)

    type_in("ls", status=1)
    type_in("init", "models")
    for name in ("cheap", "dear"):
        words = f"pack {name}.txt {name}.csv --label sales --drop day --license MIT"
        type_in(*words.split())
        assert type_in("submit", f"{name}.learnware", "-q") == f"ada/{name}@1\n"
    assert type_in("ls", "-q").split() == ["ada/cheap@1", "ada/dear@1"]

    type_in("sketch", "mine.csv", "-o", "mine.sketch")
    type_in("search", "mine.sketch", "-o", "sketched.answer.json")
    type_in("search", "mine.csv", "-o", "mine.answer.json")
    answer = json.loads((tmp_path / "mine.answer.json").read_text())["answer"]
    weights = {part["ref"]: part["weight"] for part in answer["mixture"]["parts"]}
    assert min(weights["ada/cheap@1"], weights["ada/dear@1"]) > 0.25
    assert "ada/cheap@1" in type_in("show", "mine.answer.json")

    for more in ((), ("--labels", "few.csv", "--label", "sales")):
        said = type_in("reuse", "mine.answer.json", "--predict", "mine.csv", *more)
        found = [float(row["prediction"]) for row in csv.DictReader(said.splitlines())]
        assert np.sqrt(np.mean((np.array(found) - mine["sales"]) ** 2)) < 0.8

    type_in("fetch", "ada/dear", "-o", "fetched")
    assert type_in("submit", "fetched/dear-1.learnware", "-q") == "ada/dear@1\n"
    type_in("withdraw", "ada/dear@1", "--reason", "the shop has closed")
    assert type_in("ls", "-q") == "ada/cheap@1\n"
    type_in("backup", "copy")
    for dock in ("models", "copy"):
        checked = json.loads(type_in("verify", "--dock", dock, "--json"))
        assert (checked["well"], checked["learnwares"]) == (True, 2)
