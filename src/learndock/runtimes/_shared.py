"""What all runtimes have in common: labels, facts beside the model, and checked outputs."""

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from learndock.core.data import count_rows
from learndock.core.sketch import MAX_OUTCOMES, Float, Label
from learndock.core.space import Frozen
from learndock.errors import BadModel, Unavailable

FACTS = "model.json"
LONGEST_REASON = 500
FAILURES: tuple[type[Exception], ...] = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What libraries raise when a model meets rows, or a file, that it cannot read."""


class Facts(Frozen):
    """What a native format does not keep: the labels, in the order of the columns."""

    classes: tuple[Label, ...] = ()


AnyFacts = TypeVar("AnyFacts", bound=Facts)


@dataclass(eq=False)
class Loaded:
    """A loaded model: a function from rows to an array, whose every result is checked.

    A model that is `flat` takes one row of values for each picture.
    """

    predict: Callable[[Any], Any] = field(repr=False)
    classes: tuple[Label, ...] = ()
    failures: tuple[type[Exception], ...] = FAILURES
    flat: bool = True

    def outputs(self, data: Any) -> Float:
        """Return (n, C) class probabilities, or (n,) values.

        Raises
        ------
        BadModel
            If the model cannot read the rows, or answers in the wrong shape, with numbers that
            are not finite, or with numbers that are no probabilities.
        """
        if self.flat and isinstance(data, np.ndarray) and data.ndim > 2:
            data = data.reshape(len(data), -1)
        try:
            found = np.asarray(self.predict(data), dtype=np.float64)
        except self.failures as error:
            raise BadModel(
                f"the model cannot predict these rows: {reason_of(error)}",
                next="give rows in the form in which the model was trained",
            ) from error
        if len(self.classes) == 2 and found.ndim == 1:
            found = np.column_stack([1 - found, found])
        _check(found, count_rows(data), len(self.classes))
        return found


def _check(found: Float, rows: int, classes: int) -> None:
    wanted = (rows, classes) if classes else (rows,)
    if found.shape != wanted:
        raise BadModel(
            f"the model predicts an array of shape {found.shape}, and {wanted} is needed",
            next="give a model with one output: one label or one value a row",
            shape=list(found.shape),
        )
    if not np.isfinite(found).all():
        raise BadModel("the model predicts numbers that are not finite", next="train it again")
    if classes and not (
        found.min() >= -1e-6 and np.allclose(found.sum(axis=1), 1, rtol=0, atol=1e-3)
    ):
        raise BadModel(
            "the model predicts numbers that are no probabilities: they are negative or do not "
            "sum to one",
            next="train it with an objective that gives probabilities, or end it with a softmax",
        )


def labels(values: Iterable[Any]) -> tuple[Label, ...]:
    """Return labels as plain Python values.

    Raises
    ------
    BadModel
        If there are fewer than two, or more than a sketch can hold, or one is no text, number
        or truth value.

    Examples
    --------
    >>> labels(np.array([False, True]))
    (False, True)
    """
    found = tuple(v.item() if isinstance(v, np.generic) else v for v in values)
    for value in found:
        if not isinstance(value, str | int | float | bool):
            raise BadModel(
                f"a class is {type(value).__name__}; text, a number or a truth value is needed",
                next="give a model with one output, and labels of these types",
            )
    if not 2 <= len(found) <= MAX_OUTCOMES:
        raise BadModel(
            f"the model knows {len(found)} classes; 2 to {MAX_OUTCOMES} are needed",
            classes=len(found),
        )
    return found


def comes_from(model: Any, library: str) -> bool:
    """Say whether a model's type, or one that it extends, is of a library. Imports nothing."""
    return any(kind.__module__.partition(".")[0] == library for kind in type(model).__mro__)


def need(library: str, *, extra: str) -> Any:
    """Return a library of an extra.

    Raises
    ------
    Unavailable
        If it is not installed; says how to.
    """
    try:
        return importlib.import_module(library)
    except ModuleNotFoundError as error:
        raise Unavailable(
            f"such a model needs {error.name!r}, which is not installed",
            next=f'pip install "learndock[{extra}]"',
            missing=error.name,
        ) from error


def part(files: Mapping[str, bytes], name: str) -> bytes:
    """Return one file of a model.

    Raises
    ------
    BadModel
        If it is missing.
    """
    if name not in files:
        raise BadModel(f"the model has no file {name!r}; it has {sorted(files)}")
    return files[name]


def read_facts(files: Mapping[str, bytes], kind: type[AnyFacts]) -> AnyFacts:
    """Return the facts beside a model.

    Raises
    ------
    BadModel
        If they are missing or not valid.
    """
    try:
        facts = kind.model_validate_json(part(files, FACTS))
    except ValidationError as error:
        raise BadModel(f"{FACTS} is not valid: {error}") from error
    if facts.classes:
        labels(facts.classes)
    return facts


def as_categories(data: Any, columns: Iterable[Any]) -> Any:
    """Return a pandas data frame with these columns as categories; other data as it is.

    Rows that were read from a file have texts or numbers where the model saw categories.
    """
    if not comes_from(data, "pandas"):
        return data
    return data.astype({c: "category" for c in columns if data[c].dtype != "category"})


def reason_of(error: Exception) -> str:
    r"""Return what an error says on one line, without the stack traces of native libraries.

    Examples
    --------
    >>> reason_of(ValueError("no such column:\n- price\nStack trace:\n  [bt] (0) ..."))
    'no such column: - price'
    """
    said = " ".join(str(error).partition("Stack trace")[0].split())
    return said[:LONGEST_REASON] or type(error).__name__


def whole_numbers(count: int) -> NDArray[np.int64]:
    """Return the labels 0 to count - 1, for models that number their classes."""
    return np.arange(count, dtype=np.int64)
