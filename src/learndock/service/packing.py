"""Making a learnware of a model: stored safely, compared with the original, sketched."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from learndock.core import registry
from learndock.core.data import as_input, count_rows, describe_input, form_of
from learndock.core.learnware import Learnware, list_files
from learndock.core.manifest import Input, Manifest
from learndock.core.ports import Model, Runtime
from learndock.core.sketch import Float, Label, Sketch
from learndock.core.space import Space
from learndock.errors import (
    BadData,
    BadManifest,
    BadModel,
    ModelDisagrees,
    Unavailable,
    UnsafeModel,
)
from learndock.numerics.rounding import significant
from learndock.service.encoding import encoder_of
from learndock.service.fitting import CROWD, Outcomes, sketch_coords
from learndock.service.releasing import HeldOut, private_edges, release_coords
from learndock.service.sizing import require_rows, require_seed
from learndock.service.spaces import public_space, space as make_space

HELD_OUT = 0.2
BINS = 10
EDGES_COST = 0.25
"""Share of a private budget that goes to the edges of these bins."""
TOLERANCE = 1e-5
"""How far, relative to the outputs' spread, a stored model may differ from the original."""


def pack(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    name: str,
    license: str = "",
    description: str = "",
    target: str = "",
    tags: Sequence[str] = (),
    space: Space | None = None,
    held_out: tuple[Any, Any] | None = None,
    size: int | None = None,
    seed: int = 0,
    consent: bool = False,
    epsilon: float | None = None,
    delta: float | None = None,
) -> Learnware:
    """Make a learnware of a trained model: stored, checked, sketched. Rows stay here.

    Parameters
    ----------
    model : estimator
        A scikit-learn estimator or pipeline, a LightGBM or XGBoost model, or an ONNX model.
    X : data frame, (n, d) array, or list of texts
        Rows on which the model is good, in the form in which it predicts them.
    y : (n,) labels, optional
        What is true for `X`; accuracy is stated when given.
    name : str
        Lower case: ``store-12``.
    license : str
        Under what licence others may use it, such as ``CC-BY-4.0``. There is no default.
    description, target, tags : str, str, list of str, optional
        What it does, what it predicts, and words to find it by.
    space : Space, optional
        Where it is sketched. Learnwares are found and combined within one space, so give the one
        that the others of this kind use.
    held_out : (X, y), optional
        Rows that the model has not seen; thresholds and accuracy come from them. By default from
        a fifth of `X`, which flatters a model that was trained on it.
    size, seed, consent, epsilon, delta
        As in `sketch`. The sketch of a private learnware takes from rows and from held-out ones
        no more than epsilon; the model itself is as private as its training was.

    Raises
    ------
    BadManifest
        If the licence is missing or a field has a wrong form.
    BadModel
        If the model cannot predict, or predicts something of the wrong shape.
    UnsafeModel
        If it cannot be stored in a format that runs no code.
    ModelDisagrees
        If the stored model predicts something else than the original.
    PrivacyGate, BadData, SpaceMismatch
        As in `sketch`.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> X = np.random.default_rng(0).normal(size=(500, 3)); y = np.where(X[:, 0] > 0, "up", "down")
    >>> lw = ld.pack(LogisticRegression().fit(X, y), X, y, name="sign", license="MIT")
    >>> lw.manifest.classes, lw.manifest.runtime
    (('down', 'up'), 'sklearn')
    """
    if not license:
        raise BadManifest(
            "no licence was given, and there is no default",
            next="say license='CC-BY-4.0', or another SPDX name or your own terms",
        )
    wanted = describe_input(X)
    _same_length(X, y)
    require_seed(seed)
    require_rows(count_rows(X), consent=consent)
    runtime_name, runtime = _runtime_of(model)
    files = runtime.dump(model)
    stored = runtime.load(files)
    outputs = _agreed(runtime.original(model), stored, X, wanted)
    space = space or (make_space(X) if epsilon is None else public_space(X))
    given = _Rows(encoder_of(space).encode(X, space), outputs, None if y is None else np.asarray(y))
    if held_out is None:
        rows, test = (given[part] for part in _split(count_rows(X), seed))
    else:
        rows, test = given, _held_out(held_out, stored, wanted, space)
    how: dict[str, Any] = {"size": size, "seed": seed, "consent": consent}
    if epsilon is None:
        sketch = _sketch(rows, test, stored.classes, space, **how)
    else:
        how |= {"epsilon": epsilon, "delta": delta}
        sketch = _private_sketch(rows, test, stored.classes, space, **how)
    manifest = _manifest(
        name=name,
        description=description,
        task="classification" if stored.classes else "regression",
        target=target,
        classes=stored.classes,
        license=license,
        tags=tuple(tags),
        input=wanted,
        runtime=runtime_name,
        requires=runtime.requires(),
        space=space.id,
        release=sketch.release,
        files=list_files(sketch, files),
    )
    return Learnware(manifest, sketch, files)


def _manifest(**fields: Any) -> Manifest:
    try:
        return Manifest(**fields)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise BadManifest(f"the manifest is not valid: {told}") from error


def _runtime_of(model: Any) -> tuple[str, Runtime]:
    """Return the runtime that stores such a model, and its name."""
    for name in registry.names("runtimes"):
        try:
            runtime: Runtime = registry.load("runtimes", name)
        except Unavailable:
            continue  # its library is not installed, so the model is not one of its own
        if runtime.claims(model):
            return name, runtime
    if not hasattr(model, "predict"):
        raise BadModel(
            f"{type(model).__name__} has no predict, and is no model file",
            next="give a trained estimator, a LightGBM or XGBoost model, or an ONNX model",
        )
    raise UnsafeModel(
        f"no runtime stores a {type(model).__module__}.{type(model).__qualname__} without code",
        next="export it to ONNX and pack that",
        runtimes=list(registry.names("runtimes")),
    )


def _agreed(original: Model | None, stored: Model, X: Any, wanted: Input) -> Float:
    """Return what the stored model predicts; refuse it if the original predicts otherwise."""
    found = stored.outputs(as_input(X, wanted))
    if original is None:
        return found
    expected = original.outputs(X)
    spread = max(float(np.ptp(expected)), 1e-12)
    worst = float(np.abs(expected - found).max()) / spread
    if worst > TOLERANCE:
        raise ModelDisagrees(
            f"the stored model differs from the original by {worst:.2g} of the outputs' spread "
            "on the given rows",
            next="give the rows in the form in which the model was trained, or export it to ONNX",
            difference=worst,
        )
    return found


@dataclass(frozen=True, eq=False)
class _Rows:
    """Encoded rows, what the model says of them, and what is true, if that is known."""

    coords: Float
    outputs: Float
    truth: NDArray[Any] | None

    def __getitem__(self, rows: NDArray[np.intp]) -> "_Rows":
        truth = None if self.truth is None else self.truth[rows]
        return _Rows(self.coords[rows], self.outputs[rows], truth)


def _split(count: int, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the numbers of the rows to sketch, and of those held out: of under 5 rows none."""
    order = np.random.default_rng(seed).permutation(count)
    cut = count - int(HELD_OUT * count)
    return np.sort(order[:cut]), np.sort(order[cut:])


def _held_out(held_out: tuple[Any, Any], stored: Model, wanted: Input, space: Space) -> _Rows:
    X, y = held_out
    _same_length(X, y)
    coords = encoder_of(space).encode(X, space)
    return _Rows(coords, stored.outputs(as_input(X, wanted)), None if y is None else np.asarray(y))


def _sketch(
    rows: _Rows, test: _Rows, classes: tuple[Label, ...], space: Space, **how: Any
) -> Sketch:
    levels = np.arange(1, BINS) / BINS
    edges = () if classes else {significant(edge) for edge in np.quantile(rows.outputs, levels)}
    return sketch_coords(
        rows.coords,
        space,
        outcomes=_outcomes(classes, rows.outputs, tuple(sorted(edges))),
        held_out=test.coords,
        confidence=test.outputs.max(axis=1) if classes else None,
        accuracy=_accuracy(classes, test.outputs, test.truth),
        **how,
    )


def _private_sketch(
    rows: _Rows,
    test: _Rows,
    classes: tuple[Label, ...],
    space: Space,
    *,
    epsilon: float,
    **how: Any,
) -> Sketch:
    """Sketch with differential privacy; held-out rows pay for the edges of a regressor's bins."""
    truth, outputs = test.truth, test.outputs
    edges: tuple[float, ...] = ()
    held = None
    if len(outputs) and classes:
        held = HeldOut(
            test.coords,
            confidence=outputs.max(axis=1),
            said=outputs.argmax(axis=1),
            truth=None if truth is None else _columns(classes, truth),
        )
    elif len(outputs):
        spent = EDGES_COST * epsilon
        edges = private_edges(outputs, bins=BINS, epsilon=spent)
        errors = None if truth is None else outputs - _numbers(truth)
        held = HeldOut(test.coords, errors=errors, spent=spent)
    outcomes = _outcomes(classes, rows.outputs, edges)
    return release_coords(
        rows.coords, space, epsilon=epsilon, outcomes=outcomes, held_out=held, **how
    )


def _outcomes(classes: tuple[Label, ...], outputs: Float, edges: tuple[float, ...]) -> Outcomes:
    """Return which class, or which bin of the value, the model answers for each row."""
    if classes:
        return Outcomes(outputs.argmax(axis=1), classes=classes)
    return Outcomes(np.searchsorted(edges, outputs), edges=edges)


def _accuracy(
    classes: tuple[Label, ...], outputs: Float, truth: NDArray[Any] | None
) -> tuple[float, ...]:
    """Return held-out accuracy for each class, or the root mean squared error.

    A class of fewer than 5 held-out rows has the accuracy of all, which hides them; fewer than 5
    rows in all have no figure.
    """
    if truth is None or len(truth) < CROWD:
        return ()
    if not classes:
        return (float(np.sqrt(np.mean((outputs - _numbers(truth)) ** 2))),)
    known = _columns(classes, truth)
    right = outputs.argmax(axis=1) == known
    parts = (right[known == column] for column in range(len(classes)))
    return tuple(float(np.mean(part if len(part) >= CROWD else right)) for part in parts)


def _columns(classes: tuple[Label, ...], truth: NDArray[Any]) -> NDArray[np.intp]:
    """Return the number of each label's class, -1 for one that the model does not know."""
    if not set(truth.tolist()) & set(classes):
        given = sorted({str(label) for label in truth.tolist()})[:5]
        raise BadData(
            f"none of the labels is a class of the model: {given} against {list(classes)[:5]}",
            next="give the labels that the model was trained on",
        )
    columns = {label: column for column, label in enumerate(classes)}
    return np.array([columns.get(label, -1) for label in truth.tolist()])


def _numbers(truth: NDArray[Any]) -> Float:
    try:
        return truth.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise BadData(
            f"a regressor's labels are numbers, and these are not: {error}",
            next="give numbers",
        ) from error


def _same_length(X: Any, y: Any) -> None:
    form_of(X)
    if y is not None and len(y) != count_rows(X):
        raise BadData(
            f"there are {count_rows(X)} rows and {len(y)} labels",
            next="give one label a row",
            rows=count_rows(X),
            labels=len(y),
        )
