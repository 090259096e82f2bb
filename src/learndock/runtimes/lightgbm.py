"""LightGBM models (`LGBMClassifier`, `LGBMRegressor`, `Booster`), as LightGBM's own text.

Categories of pandas columns are kept: rows may have them as texts or numbers later. Of a model
that stopped early, the best rounds are stored. A `Booster` has no names for its classes; they
are 0, 1, ... as in its training labels. A model with an objective of its own (a Python function)
is refused, since the function cannot be stored, and a ranker too, since it has no values.
"""

import re
from collections.abc import Mapping
from typing import Any

from learndock.core.identity import canonical
from learndock.core.ports import Model, Runtime
from learndock.core.sketch import Label
from learndock.errors import BadModel, UnsafeModel
from learndock.runtimes._shared import (
    FACTS,
    FAILURES,
    Facts,
    Loaded,
    as_categories,
    comes_from,
    labels,
    need,
    part,
    read_facts,
    reason_of,
    whole_numbers,
)

TEXT = "model.txt"
_OBJECTIVE = re.compile(r"^objective=(\w+)(?:.* num_class:(\d+))?", re.MULTILINE)
_SIZES = re.compile(rb"^tree_sizes=([\d ]*)\n+", re.MULTILINE)
_CATEGORICAL = re.compile(r"^\[categorical_feature: ([\d,]+)\]$", re.MULTILINE)


class LightGBM:
    """Stores trees as text."""

    suffixes = (".txt",)

    def claims(self, model: Any) -> bool:
        """Say whether it is an estimator or booster of LightGBM."""
        return comes_from(model, "lightgbm") and hasattr(model, "predict")

    def open(self, content: bytes) -> Any:
        """Return the booster of a text."""
        return _parse(content)[0]

    def dump(self, model: Any) -> dict[str, bytes]:
        """Return the trees as text, and the labels beside them."""
        booster = _booster(model)
        text = booster.model_to_string()
        facts = Facts(classes=_classes(model, text))
        return {TEXT: text.encode(), FACTS: canonical(facts)}

    def load(self, files: Mapping[str, bytes]) -> Model:
        """Return the model of a text; it predicts on one thread."""
        facts = read_facts(files, Facts)
        booster, text = _parse(part(files, TEXT))
        columns = _categorical(booster, text)

        def predict(data: Any) -> Any:
            return booster.predict(as_categories(data, columns), num_threads=1)

        return Loaded(predict, facts.classes, _failures())

    def original(self, model: Any) -> Model | None:
        """Return the estimator or booster itself."""
        booster = _booster(model)
        text = booster.model_to_string()
        classes = _classes(model, text)
        columns = _categorical(booster, text)

        def predict(data: Any) -> Any:
            if model is booster:
                return booster.predict(as_categories(data, columns))
            return model.predict_proba(data) if classes else model.predict(data)

        return Loaded(predict, classes, _failures())

    def requires(self) -> dict[str, str]:
        """Return the version of LightGBM."""
        return {"lightgbm": need("lightgbm", extra="lightgbm").__version__}


def _failures() -> tuple[type[Exception], ...]:
    return (*FAILURES, need("lightgbm", extra="lightgbm").basic.LightGBMError)


def _parse(content: bytes) -> tuple[Any, str]:
    """Return the booster of a text, and the text."""
    try:
        text = _whole(content).decode()
        return need("lightgbm", extra="lightgbm").Booster(model_str=text), text
    except _failures() as error:
        raise BadModel(f"{TEXT} is no LightGBM model: {reason_of(error)}") from error


def _whole(content: bytes) -> bytes:
    """Return a text whose trees are where it says; LightGBM reads past the end of others."""
    stated = _SIZES.search(content)
    if stated is None:
        raise BadModel(f"{TEXT} is no LightGBM model: it does not state the sizes of its trees")
    start = stated.end()
    for size in map(int, stated[1].split()):
        if not content.startswith(b"Tree=", start):
            raise BadModel(f"{TEXT} is no LightGBM model: a tree is not where it should be")
        start += size
    rest = content[start:]
    if not rest.startswith(b"end of trees") or b"\nend of parameters\n" not in rest:
        raise BadModel(f"{TEXT} is no LightGBM model: it is cut short")
    return content


def _booster(model: Any) -> Any:
    library = need("lightgbm", extra="lightgbm")
    if isinstance(model, library.Booster):
        return model
    try:
        return model.booster_
    except ValueError as error:  # LightGBM's own NotFittedError
        raise BadModel("the LightGBM model is not trained", next="call `fit` first") from error


def _classes(model: Any, text: str) -> tuple[Label, ...]:
    """Return the labels, or none for a regressor; refuse what gives neither label nor value."""
    found = _OBJECTIVE.search(text)
    if found is None:
        raise UnsafeModel(
            "the LightGBM model has an objective of its own, a Python function that cannot be "
            "stored without code",
            next="train with one of LightGBM's objectives, or export the model to ONNX",
        )
    objective, count = found.groups()
    if objective in {"lambdarank", "rank_xendcg"}:
        raise BadModel(
            f"a LightGBM model with objective {objective!r} gives ranks, no labels or values",
            next="give a classifier or a regressor",
        )
    if objective in {"binary", "multiclass", "multiclassova"}:
        return labels(getattr(model, "classes_", whole_numbers(int(count or 2))))
    return ()


def _categorical(booster: Any, text: str) -> list[str]:
    """Return the columns that were pandas categories in training."""
    listed = _CATEGORICAL.search(text)
    columns = [int(number) for number in listed[1].split(",")] if listed else []
    if len(columns) != len(booster.pandas_categorical or ()):
        return []
    names = booster.feature_name()
    return [names[column] for column in columns]


plugin: Runtime = LightGBM()
