"""The whole road as one plain estimator: search with the rows, reuse with the labels."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from learndock.core.data import count_rows, form_of
from learndock.core.sketch import Float
from learndock.errors import BadData, NotFound, SpaceMismatch, UnknownLabels
from learndock.service.dock import Dock
from learndock.service.predictor import (
    ClassifierPredictor,
    Predictor,
    RegressorPredictor,
)
from learndock.service.spaces import space as make_space

LEAST_SAMPLES = 5
"""Labelled rows without which no model of one's own is trained."""


class _DockEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Search a dock with the rows of `fit`, and combine what is found with its labels.

    Where nothing in the dock fits, a model of one's own is trained on the labels.
    """

    _task: str
    _kind: type[Predictor]

    def __init__(
        self,
        dock: str | Path | Dock = "models",
        target: str = "",
        method: str = "auto",
        members: int = 25,
        seed: int = 0,
    ) -> None:
        self.dock = dock
        self.target = target
        self.method = method
        self.members = members
        self.seed = seed

    def fit(self, X: Any, y: Any) -> "_DockEstimator":
        """Search with `X`, reuse with `X` and `y`; both stay here."""
        X, y = self._read(X, y)
        dock = self.dock if isinstance(self.dock, Dock) else Dock(self.dock, create=False)
        self.answer_ = None
        with suppress(NotFound, SpaceMismatch):  # nothing there is about such data
            self.answer_ = dock.search(
                X, task=self._task, target=self.target, members=self.members, seed=self.seed
            )
        self.predictor_ = self._reused(dock, X, y) or self._own(X, y)
        self.report_ = self.predictor_.report_
        return self

    def _reused(self, dock: Dock, X: Any, y: Any) -> Predictor | None:
        """Return what the dock gives; nothing where it does not fit or knows none of the labels."""
        if not self.answer_:
            return None
        with suppress(UnknownLabels):
            found: Predictor = dock.reuse(self.answer_, X, y, method=self.method, seed=self.seed)
            return found
        return None

    def _own(self, X: Any, y: Any) -> Predictor:
        _require_samples(X)
        return self._kind([], make_space(X), None, "own", self.seed).fit(X, y)

    def _read(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Check arrays as scikit-learn does; frames and texts are checked by their encoder."""
        if hasattr(X, "columns") or hasattr(X, "column_names") or _are_texts(X):
            return X, np.asarray(y)
        checked: tuple[Any, Any] = validate_data(self, X, y, ensure_all_finite="allow-nan")
        return checked

    def _seen(self, X: Any) -> Any:
        check_is_fitted(self, "predictor_")
        if hasattr(self, "n_features_in_"):
            return validate_data(self, X, reset=False, ensure_all_finite="allow-nan")
        return X

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class DockClassifier(ClassifierMixin, _DockEstimator):  # type: ignore[misc]
    """A classifier that reuses what a dock has: the same as search and reuse, for pipelines.

    Parameters
    ----------
    dock : str, Path or Dock
        Where to search.
    target : str
        What learnwares must predict; empty for any.
    method : str
        As in `Answer.reuse`.
    members : int
        Most members.
    seed : int
        For the sketch and for what cross-validates.

    Attributes
    ----------
    answer_ : Answer or None
        What the search found; None where the dock has nothing for such data.
    predictor_ : Predictor
        The combination, or a model of one's own where nothing fits.
    report_ : Report
        How it predicts, and why.
    classes_ : (C,) labels
        In the order of the columns of `predict_proba`.
    """

    _task = "classification"
    _kind = ClassifierPredictor

    def fit(self, X: Any, y: Any) -> "DockClassifier":
        """Search with `X`, reuse with `X` and `y`; both stay here."""
        super().fit(X, y)
        self.classes_ = self.predictor_.classes_
        return self

    def _read(self, X: Any, y: Any) -> tuple[Any, Any]:
        X, y = super()._read(X, y)
        check_classification_targets(y)
        return X, y

    def predict_proba(self, X: Any) -> Float:
        """Return (n, C) probabilities."""
        X = self._seen(X)
        said: Float = self.predictor_.predict_proba(X)
        return said

    def predict(self, X: Any) -> NDArray[Any]:
        """Return (n,) labels."""
        X = self._seen(X)
        said: NDArray[Any] = self.predictor_.predict(X)
        return said


class DockRegressor(RegressorMixin, _DockEstimator):  # type: ignore[misc]
    """A regressor that reuses what a dock has: the same as search and reuse, for pipelines.

    Parameters and attributes are those of `DockClassifier`, without classes.

    Examples
    --------
    >>> rng = np.random.default_rng(0); X = rng.normal(size=(200, 3)); y = X[:, 0]
    >>> from sklearn.linear_model import LinearRegression
    >>> dock = ld.Dock("models")
    >>> ref = dock.submit(LinearRegression().fit(X, y), X, y, name="first", license="MIT")
    >>> est = ld.DockRegressor(dock="models").fit(X[:40], y[:40])
    >>> round(est.score(X, y), 1)
    1.0
    """

    _task = "regression"
    _kind = RegressorPredictor

    def predict(self, X: Any) -> Float:
        """Return (n,) values."""
        X = self._seen(X)
        said: Float = self.predictor_.predict(X)
        return said


def _require_samples(X: Any) -> None:
    """Raise `BadData` if there is too little to train a model on."""
    if (samples := count_rows(X)) < LEAST_SAMPLES:
        raise BadData(
            f"nothing in the dock fits, and n_samples = {samples} is too few to train on; "
            f"{LEAST_SAMPLES} are needed",
            next="give more labelled rows",
        )


def _are_texts(X: Any) -> bool:
    return isinstance(X, list | tuple) and len(X) > 0 and form_of(X) == "texts"
