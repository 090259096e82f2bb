"""scikit-learn estimators and pipelines, as skops files with an allow list of types.

A skops file names the types of which a model consists; loading makes objects of these types and
calls nothing else. Allowed are those that skops trusts (scikit-learn's estimators, NumPy's and
SciPy's arrays and functions) and those in `ALLOWED`. Anything else is refused by name, when it
is stored and again when it is loaded: functions and classes of one's own, and LightGBM or XGBoost
estimators within a pipeline. Allowed types run no code; crafted numbers inside them can still
crash the process that predicts, so a stranger's model belongs in a process of its own.

Of a search (`GridSearchCV` and the like) the best estimator is stored. A classifier without
`predict_proba` answers with 1 for the label that it predicts and 0 for the others. A model loads
with `n_jobs` set to 1. The same model gives the same bytes, with one build of zlib. Under another
version of scikit-learn than the one it was stored with, scikit-learn itself warns.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import numpy as np

from learndock.core.manifest import MAX_BYTES
from learndock.core.ports import Model, Runtime
from learndock.core.sketch import Label
from learndock.errors import BadModel, UnsafeModel
from learndock.runtimes._shared import FAILURES, Loaded, comes_from, labels, part, reason_of

FILE = "model.skops"
SCHEMA = "schema.json"
BOOSTERS = ("lightgbm", "xgboost")
ALLOWED = (
    # What a ColumnTransformer, an encoder or a discretizer is told about types and columns.
    "builtins.object",
    "numpy.dtype",
    "numpy.number",
    "sklearn.compose._column_transformer.make_column_selector",
    # Trees: arrays of nodes.
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
    # The encoder that histogram boosting makes for its categorical columns.
    "functools.partial",
    "sklearn.utils.validation.check_array",
    # Neighbours: arrays of points, and their distances.
    "sklearn.metrics._dist_metrics.ChebyshevDistance64",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.metrics._dist_metrics.ManhattanDistance64",
    "sklearn.metrics._dist_metrics.MinkowskiDistance64",
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._kd_tree.KDTree",
    # Parts of calibrated, voting, generalized linear, neural and Gaussian process models.
    "sklearn._loss.loss.HalfTweedieLoss",
    "sklearn._loss.loss.HalfTweedieLossIdentity",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.kernels.ConstantKernel",
    "sklearn.gaussian_process.kernels.Matern",
    "sklearn.gaussian_process.kernels.Product",
    "sklearn.gaussian_process.kernels.RBF",
    "sklearn.gaussian_process.kernels.RationalQuadratic",
    "sklearn.gaussian_process.kernels.Sum",
    "sklearn.gaussian_process.kernels.WhiteKernel",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.utils._bunch.Bunch",
    # What a search within a pipeline keeps; they are called in training only.
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.model_selection._split.KFold",
    "sklearn.model_selection._split.StratifiedKFold",
    # Scores by which columns are selected; they are called in training only.
    "sklearn.feature_selection._mutual_info.mutual_info_classif",
    "sklearn.feature_selection._mutual_info.mutual_info_regression",
    "sklearn.feature_selection._univariate_selection.chi2",
    "sklearn.feature_selection._univariate_selection.f_classif",
    "sklearn.feature_selection._univariate_selection.f_regression",
)
"""Types and functions that skops does not trust by itself, and that run no code of a stranger."""
_COUNTS = slice(7, 11)
"""Where the state of a tree of neighbours has its counts of trims, leaves, splits and calls."""
MAX_RATIO = 200
SMALL = 64 << 20
"""A file may unpack to this many bytes, however small it is."""
_MALFORMED: tuple[type[Exception], ...] = (
    *FAILURES,
    EOFError,
    ImportError,
    OSError,
    zipfile.BadZipFile,
    zlib.error,
)


class Sklearn:
    """Stores a fitted estimator without its code."""

    suffixes = (".skops",)

    def claims(self, model: Any) -> bool:
        """Say whether it is an estimator of scikit-learn, or extends one, and predicts."""
        others = any(comes_from(model, library) for library in BOOSTERS)
        return comes_from(model, "sklearn") and not others and hasattr(model, "predict")

    def open(self, content: bytes) -> Any:
        """Return the estimator in a skops file, of allowed types only."""
        with _explained():
            _refuse_bomb(content)
            return _construct(content)

    def dump(self, model: Any) -> dict[str, bytes]:
        """Return the model as a skops file, once it is known to load without code."""
        best = getattr(model, "best_estimator_", model)
        _classes(best)
        content = _normal(_skops(best))
        _needed(content)
        return {FILE: content}

    def load(self, files: Mapping[str, bytes]) -> Model:
        """Return the model of a skops file; it predicts with one job."""
        estimator = self.open(part(files, FILE))
        with _explained():
            classes = _classes(estimator)
            _use_one_job(estimator)

        def predict(data: Any) -> Any:
            return _predict(estimator, data, bool(classes))

        return Loaded(predict, classes)

    def original(self, model: Any) -> Model | None:
        """Return the estimator itself; of a search, the search."""
        classes = _classes(getattr(model, "best_estimator_", model))
        return Loaded(lambda data: _predict(model, data, bool(classes)), classes)

    def requires(self) -> dict[str, str]:
        """Return the versions of scikit-learn and skops."""
        return {name: version(name) for name in ("scikit-learn", "skops")}


@contextmanager
def _explained() -> Iterator[None]:
    """Tell whatever a malformed file makes skops and scikit-learn raise as `BadModel`."""
    try:
        yield
    except (BadModel, UnsafeModel):
        raise
    except _MALFORMED as error:
        raise BadModel(f"{FILE} is no skops model: {reason_of(error)}") from error


def _classes(model: Any) -> tuple[Label, ...]:
    """Return a classifier's labels, or none for a regressor; refuse what is neither."""
    from sklearn.base import is_classifier, is_regressor
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(model)
    except NotFittedError as error:
        raise BadModel(f"{_kind(model)} is not trained", next="call `fit` first") from error
    if is_classifier(model):
        return labels(model.classes_)
    if is_regressor(model):
        return ()
    raise BadModel(
        f"{_kind(model)} is neither a classifier nor a regressor",
        next="give a model that predicts labels or values",
    )


def _kind(model: Any) -> str:
    """Return the name of an estimator's type; of a pipeline, that of its last step."""
    steps = getattr(model, "steps", None)
    return type(steps[-1][1] if steps else model).__name__


def _skops(model: Any) -> bytes:
    import skops.io

    try:
        return bytes(skops.io.dumps(model))
    except FAILURES as error:
        raise UnsafeModel(
            f"{_kind(model)} holds something that only code can bring back: {reason_of(error)}",
            next="replace it by a standard transformer, or export the model to ONNX",
        ) from error


def _construct(content: bytes) -> Any:
    """Return the object in a skops file. Most need nothing beyond what skops trusts by itself."""
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return skops.io.loads(content)
    except UntrustedTypesFoundException:
        return skops.io.loads(content, trusted=_needed(content))


def _needed(content: bytes) -> list[str]:
    """Return the types in a skops file that skops does not trust; refuse those not allowed."""
    import skops.io

    found: list[str] = skops.io.get_untrusted_types(data=content)
    if strange := [name for name in found if name not in ALLOWED]:
        raise _unsafe(strange)
    return found


def _unsafe(strange: list[str]) -> UnsafeModel:
    boosters = sorted({name for name in BOOSTERS for kind in strange if kind.startswith(name)})
    way_out = "replace functions and classes of your own by standard transformers"
    if boosters:
        way_out = f"give the {' and '.join(boosters)} model by itself, trained on encoded columns"
    return UnsafeModel(
        f"the model holds types that may run code: {', '.join(strange)}",
        next=f"{way_out}, or export the whole to ONNX",
        types=strange,
    )


def _normal(content: bytes) -> bytes:
    """Return a skops file written anew, so that the same model gives the same bytes.

    skops calls objects and arrays by their addresses in memory; here they are numbered as they
    come. The files are compressed, since the schema is long and repeats itself.
    """
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        schema = json.loads(source.read(SCHEMA))
        names = _renumber(schema)
        target.writestr(_entry(SCHEMA), json.dumps(schema, separators=(",", ":")))
        for old, new in names.items():
            target.writestr(_entry(new), source.read(old))
    return buffer.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    """Return an entry with one fixed date, as on any system."""
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _renumber(schema: Any) -> dict[str, str]:
    """Renumber objects and files in place, in the order in which they come; return new names."""
    ids: dict[int, int] = {}
    names: dict[str, str] = {}
    for node in _nodes(schema):
        if node.get("__loader__") == "JsonNode":
            node.pop("__id__", None)  # which equal numbers and texts are one object is chance
        if isinstance(address := node.get("__id__"), int):
            node["__id__"] = ids.setdefault(address, len(ids) + 1)
        if isinstance(name := node.get("file"), str):
            suffix = name.rpartition(".")[2]
            node["file"] = names.setdefault(name, f"{len(names)}.{suffix}")
        if node.get("__loader__") == "ObjectNode" and isinstance(node.get("content"), dict):
            _forget(node["__class__"], node["content"].get("content"))
    return names


def _forget(kind: str, state: Any) -> None:
    """Blank what changes without changing the model: an address in memory, counts of calls."""
    if isinstance(state, dict) and "_stop_words_id" in state:
        state["_stop_words_id"]["content"] = "0"
    if kind in {"BallTree", "KDTree"}:
        for count in state[_COUNTS]:
            count["content"] = "0"


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all objects within JSON, outer ones first."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _nodes(item)


def _refuse_bomb(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > min(MAX_BYTES, max(SMALL, MAX_RATIO * len(content))):
        raise BadModel(f"{FILE} unpacks to {size:,} bytes, which is too many")


def _use_one_job(estimator: Any) -> None:
    """Keep an estimator, and those within it, from starting processes or threads."""
    jobs = [name for name in estimator.get_params() if name.split("__")[-1] == "n_jobs"]
    estimator.set_params(**dict.fromkeys(jobs, 1))


def _predict(estimator: Any, data: Any, classifies: bool) -> Any:
    if not classifies:
        return estimator.predict(data)
    if hasattr(estimator, "predict_proba"):
        return estimator.predict_proba(data)
    return np.asarray(estimator.predict(data))[:, np.newaxis] == estimator.classes_


plugin: Runtime = Sklearn()
