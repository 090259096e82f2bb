"""Matching columns of real tables after renaming, and moving sketches to other spaces.

A table's rows are split at random, or along one of its columns so that both halves differ; each
half loses a fifth of its columns, and the right half's columns are renamed. What is lost on one
side is a decoy on the other. A match is right if it joins a column with itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets

import learndock as ld
from learndock.core.names import words_of
from learndock.numerics.herding import pseudo_rows
from learndock.numerics.kernels import mmd
from learndock.numerics.reduced import reduce
from learndock.service.encoding import encoder_of
from learndock.service.matching import match
from learndock.service.rekeying import rekey
from learndock.service.spaces import revise

TARGETS = {"matching/sure_precision": (">=", 0.99), "matching/found": (">=", 0.9)}
REPEATS = 10
KEPT = 0.8
"""Share of the columns that each half keeps."""
SHORT = {
    "average": "avg", "acid": "ac", "amount": "amt", "area": "ar", "blood": "bld", "body": "bdy",
    "cholesterol": "chol", "compactness": "compact", "concave": "conc", "count": "cnt",
    "dimension": "dim", "distance": "dist", "error": "err", "fractal": "frac", "index": "idx",
    "intensity": "int", "length": "len", "magnesium": "mg", "maximum": "max", "mean": "avg",
    "month": "mon", "passenger": "pax", "payment": "pay", "perimeter": "perim", "petal": "pet",
    "phenols": "phen", "pressure": "press", "quantity": "qty", "radius": "rad", "ratio": "rt",
    "sepal": "sep", "smoothness": "smooth", "symmetry": "sym", "temperature": "temp",
    "texture": "tex", "total": "tot", "width": "wid", "worst": "max",
}  # fmt: skip


def run(seed: int) -> dict[str, object]:
    """Match and move, and count what is right."""
    found = tables(seed)
    return {"matching": matching(found, seed), "rekeying": rekeying(found)}


def tables(seed: int) -> dict[str, pd.DataFrame]:
    """Return four tables that scikit-learn brings along, and one of trips that is made up."""
    found = {
        name: getattr(datasets, f"load_{name}")(as_frame=True).data
        for name in ("wine", "breast_cancer", "iris")
    }
    codes = {
        "bmi": "body_mass_index", "bp": "blood_pressure", "s1": "total_cholesterol",
        "s2": "ldl_cholesterol", "s3": "hdl_cholesterol", "s4": "cholesterol_ratio",
        "s5": "log_triglycerides", "s6": "blood_sugar",
    }  # fmt: skip
    found["diabetes"] = datasets.load_diabetes(as_frame=True, scaled=False).data.rename(
        columns=codes
    )
    return found | {"trips": trips(np.random.default_rng(seed))}


def trips(rng: np.random.Generator, rows: int = 1_000) -> pd.DataFrame:
    """Return a table with every kind of column, and with columns that are nearly the same."""
    distance = rng.lognormal(1, 0.6, rows)
    fare = 2.5 + 2.5 * distance + rng.normal(0, 0.5, rows)
    boroughs = ["Manhattan", "Queens", "Bronx"]
    start = pd.Timestamp("2024-01-01")
    return pd.DataFrame(
        {
            "pickup_time": start + pd.to_timedelta(rng.uniform(0, 365 * 86_400, rows), "s"),
            "temperature": rng.normal(15, 8, rows),
            "wind_speed": rng.gamma(2, 2, rows),
            "passenger_count": rng.poisson(1.5, rows) + 1.0,
            "trip_distance": distance,
            "fare_amount": fare,
            "tip_amount": 0.15 * fare * rng.random(rows),
            "total_amount": 1.2 * fare + 1,
            "payment_type": rng.choice(["card", "cash", "other"], rows, p=[0.6, 0.35, 0.05]),
            "rate_code": rng.choice(["standard", "airport", "fixed"], rows, p=[0.9, 0.05, 0.05]),
            "pickup_borough": rng.choice(boroughs, rows, p=[0.7, 0.2, 0.1]),
            "dropoff_borough": rng.choice(boroughs, rows, p=[0.6, 0.25, 0.15]),
            "is_airport": rng.random(rows) < 0.1,
        }
    )


# ---------------------------------------------------------------- matching


@dataclass(frozen=True, eq=False)
class Case:
    """Two halves of one table, and the name on the right of each column that both have."""

    left: pd.DataFrame
    right: pd.DataFrame
    truth: Mapping[str, str]


def cases(frame: pd.DataFrame, seed: int) -> Iterator[Case]:
    """Yield halves of a table: at random, and in turn with a shift between them."""
    for repeat in range(REPEATS):
        rng = np.random.default_rng([seed, repeat])
        order = rng.normal(size=len(frame))
        if repeat % 2:
            column = rng.choice(frame.select_dtypes("number").columns)
            order += 2 * frame[column].rank(pct=True).to_numpy()
        halves = np.array_split(np.argsort(order), 2)
        left, right = (frame.iloc[rows][some_of([*map(str, frame)], rng)] for rows in halves)
        names = renamed([*map(str, right)], rng)
        truth = {name: new for name, new in names.items() if name in left}
        yield Case(left, right.rename(columns=names), truth)


def some_of(names: list[str], rng: np.random.Generator) -> list[str]:
    kept = rng.permutation(len(names))[: max(2, round(KEPT * len(names)))]
    return [names[i] for i in kept]


def renamed(names: list[str], rng: np.random.Generator) -> dict[str, str]:
    """Return another name for each column, all of them different."""
    out: dict[str, str] = {}
    for name in names:
        new = rename(name, rng)
        out[name] = name if new in out.values() else new
    return out


def rename(name: str, rng: np.random.Generator) -> str:
    """Return a name as another owner might write it."""
    words = list(words_of(name))
    one = int(rng.integers(len(words)))
    ways = {
        "as it is": name,
        "upper case": name.upper(),
        "camel case": words[0] + "".join(word.title() for word in words[1:]),
        "title": " ".join(word.title() for word in words),
        "all short": "_".join(SHORT.get(word, word) for word in words),
        "one short": "_".join(
            SHORT.get(word, word) if i == one else word for i, word in enumerate(words)
        ),
        "cut": "_".join(word[:4] for word in words),
        "other order": "_".join(words[::-1]),
        "unit": "_".join([*words, str(rng.choice(["cm", "kg", "usd"]))]),
        "plural": "_".join(words) + "s",
        "one more word": "_".join([*words, str(rng.choice(["value", "total", "raw"]))]),
    }
    return ways[str(rng.choice(list(ways)))]


def matching(found: Mapping[str, pd.DataFrame], seed: int) -> dict[str, Any]:
    """Return precision and recall of the sure matches, and of all that are listed."""
    counts = {"shared": 0, "sure": 0, "sure_right": 0, "listed": 0, "listed_right": 0}
    for frame in found.values():
        for case in cases(frame, seed):
            sides = (ld.sketch(rows, consent=True) for rows in (case.left, case.right))
            told = match(*sides)
            counts["shared"] += len(case.truth)
            for kind, matches in (("sure", told.sure), ("listed", told.matches)):
                counts[kind] += len(matches)
                right = [it for it in matches if case.truth.get(it.source) == it.target]
                counts[f"{kind}_right"] += len(right)
    return {
        **counts,
        "sure_precision": round(counts["sure_right"] / counts["sure"], 4),
        "sure_recall": round(counts["sure_right"] / counts["shared"], 3),
        "precision": round(counts["listed_right"] / counts["listed"], 3),
        "found": round(counts["listed_right"] / counts["shared"], 3),
    }


# ---------------------------------------------------------------- moving to another space


def rekeying(found: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Return how far moved sketches are from the rows, in multiples of what is stated.

    `refit` is the same for points fitted anew to pseudo-rows, in multiples of the moved ones.
    """
    stated, refit, direct = [], [], []
    for frame in found.values():
        old = ld.sketch(frame, consent=True)
        for space in changes(frame, old.space):
            moved = rekey(old, space)
            real = to_rows(moved.points, moved.weights, frame, space)
            stated.append(real / moved.mmd)
            refit.append(refitted(old, frame, space) / real)
            anew = ld.sketch(frame, space=space, consent=True)
            direct.append(real / to_rows(anew.points, anew.weights, frame, space))
    return {
        "cases": len(stated),
        "real_over_stated": spread(stated),
        "refit_over_moved": spread(refit),
        "moved_over_direct": spread(direct),
    }


def changes(frame: pd.DataFrame, old: ld.Space) -> list[ld.Space]:
    """Return other constants, fewer columns, both, and other kernels."""
    column = frame.select_dtypes("number").columns[0]
    half = frame.sort_values(column).iloc[: len(frame) // 2]
    return [
        revise(old, half),
        revise(old, frame.iloc[:, ::2]),
        revise(old, half.iloc[:, ::2]),
        *(old.model_copy(update={"gamma": factor * old.gamma}) for factor in (0.5, 2, 4)),
    ]


def to_rows(points: Any, weights: Any, frame: pd.DataFrame, space: ld.Space) -> float:
    """Return the distance of weighted points to rows."""
    rows = encoder_of(space).encode(frame, space)
    return mmd(rows, np.full(len(rows), 1 / len(rows)), points, weights, gammas=space.gammas)


def refitted(old: ld.Sketch, frame: pd.DataFrame, space: ld.Space) -> float:
    """Return the distance to the rows of points that are fitted to moved pseudo-rows."""
    encoder: Any = encoder_of(space)
    low, high = encoder.bounds(old.space)
    drawn, _ = pseudo_rows(old.points, old.weights, 1_000, gammas=old.space.gammas)
    pairs = {column.name: column.name for column in space.columns}
    moved = encoder.carry(np.clip(drawn, low, high), old.space, space, pairs)
    fitted = reduce(moved, len(old), gammas=space.gammas)
    return to_rows(fitted.points, fitted.weights, frame, space)


def spread(values: list[float]) -> dict[str, float]:
    return {
        "least": round(min(values), 2),
        "median": round(float(np.median(values)), 2),
        "most": round(max(values), 2),
    }
