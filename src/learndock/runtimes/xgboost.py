"""XGBoost models (`XGBClassifier`, `XGBRegressor`, `Booster`), as XGBoost's own binary JSON.

Categories of pandas columns are kept: rows may have them as texts or numbers later. Of an
estimator that stopped early, the best rounds predict; a `Booster` predicts with all its rounds,
as in XGBoost itself. Classes are 0, 1, ... as in XGBoost. An estimator with an objective of its
own (a Python function) is refused, since the function cannot be stored, and a ranker too, since
it has no values.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import Field
from scipy.special import softmax

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

UBJSON = "model.ubj"


class Rounds(Facts):
    """Labels, and how many of the rounds predict; 0 is all."""

    rounds: int = Field(default=0, ge=0)


class XGBoost:
    """Stores trees as UBJSON."""

    suffixes = (".ubj", ".json")

    def claims(self, model: Any) -> bool:
        """Say whether it is an estimator or booster of XGBoost."""
        return comes_from(model, "xgboost") and hasattr(model, "predict")

    def open(self, content: bytes) -> Any:
        """Return the booster of a file in UBJSON or JSON."""
        return _parse(content)

    def dump(self, model: Any) -> dict[str, bytes]:
        """Return the trees as UBJSON, and the labels beside them."""
        booster = _booster(model)
        facts = Rounds(classes=_classes(model, booster), rounds=_rounds(model, booster))
        return {UBJSON: bytes(booster.save_raw("ubj")), FACTS: canonical(facts)}

    def load(self, files: Mapping[str, bytes]) -> Model:
        """Return the model of a file; it predicts on one thread."""
        facts = read_facts(files, Rounds)
        booster = _parse(part(files, UBJSON))
        try:
            booster.set_param({"nthread": 1})
            predict = _predictor(booster, facts.rounds)
        except FAILURES as error:
            raise BadModel(f"{UBJSON} is no XGBoost model: {reason_of(error)}") from error
        return Loaded(predict, facts.classes)

    def original(self, model: Any) -> Model | None:
        """Return the estimator or booster itself."""
        booster = _booster(model)
        classes = _classes(model, booster)
        if model is booster:
            return Loaded(_predictor(booster, rounds=0), classes)
        return Loaded(model.predict_proba if classes else model.predict, classes)

    def requires(self) -> dict[str, str]:
        """Return the version of XGBoost."""
        return {"xgboost": need("xgboost", extra="xgboost").__version__}


def _parse(content: bytes) -> Any:
    """Return the booster of a file."""
    whole = _whole(content)
    booster = need("xgboost", extra="xgboost").Booster()
    try:
        booster.load_model(bytearray(whole))
    except FAILURES as error:
        raise BadModel(f"{UBJSON} is no XGBoost model: {reason_of(error)}") from error
    return booster


def _whole(content: bytes) -> bytes:
    """Return a file that begins and ends as one; XGBoost ends the process over an empty one."""
    if not (content.startswith(b"{") and content.endswith(b"}")):
        raise BadModel(f"{UBJSON} is no XGBoost model, or is cut short")
    return content


def _booster(model: Any) -> Any:
    library = need("xgboost", extra="xgboost")
    if isinstance(model, library.Booster):
        return model
    if callable(model.objective):
        raise UnsafeModel(
            "the XGBoost model has an objective of its own, a Python function that cannot be "
            "stored without code",
            next="train with one of XGBoost's objectives, or export the model to ONNX",
        )
    try:
        return model.get_booster()
    except ValueError as error:  # scikit-learn's NotFittedError
        raise BadModel("the XGBoost model is not trained", next="call `fit` first") from error


def _objective(booster: Any) -> tuple[str, int]:
    """Return the objective's name and the number of classes it has, 0 if it says none."""
    learner = json.loads(booster.save_config())["learner"]
    return learner["objective"]["name"], int(learner["learner_model_param"]["num_class"])


def _classes(model: Any, booster: Any) -> tuple[Label, ...]:
    """Return the labels, or none for a regressor; refuse what gives neither label nor value."""
    objective, count = _objective(booster)
    family = objective.partition(":")[0]
    if family == "rank":
        raise BadModel(
            f"an XGBoost model with objective {objective!r} gives ranks, no labels or values",
            next="give a classifier or a regressor",
        )
    if family in {"binary", "multi"}:
        return labels(getattr(model, "classes_", whole_numbers(max(count, 2))))
    return ()


def _predictor(booster: Any, rounds: int) -> Callable[[Any], Any]:
    """Return a function from rows to probabilities or values."""
    library = need("xgboost", extra="xgboost")
    margin = _objective(booster)[0] == "multi:softmax"
    kinds = zip(booster.feature_names or (), booster.feature_types or (), strict=False)
    columns = [name for name, kind in kinds if kind == "c"]
    width = booster.num_features()

    def predict(data: Any) -> Any:
        rows = library.DMatrix(as_categories(data, columns), enable_categorical=True, nthread=1)
        if rows.num_col() != width:  # XGBoost takes too few columns for missing values
            raise ValueError(f"they have {rows.num_col()} columns, and {width} are needed")
        found = booster.predict(rows, output_margin=margin, iteration_range=(0, rounds))
        return softmax(found, axis=1) if margin else found

    return predict


def _rounds(model: Any, booster: Any) -> int:
    """Return how many rounds an estimator that stopped early predicts with; 0 is all."""
    best = booster.attr("best_iteration")
    return 0 if model is booster or best is None else int(best) + 1


plugin: Runtime = XGBoost()
