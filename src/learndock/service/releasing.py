"""Differentially private release: one noisy vector, and everything that follows from it.

Neighbours are data of one size that differ in one row; the number of rows is public.
"""

import math
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Context, Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from learndock.core.data import count_rows
from learndock.core.ports import Columnar
from learndock.core.sketch import (
    QUANTILES,
    Float,
    Release,
    ReleasePart,
    Sketch,
    round_rows,
    space_cost,
)
from learndock.core.space import Column, Space
from learndock.errors import Invalid, PrivacyGate, SpaceMismatch, Unavailable
from learndock.numerics.density import density
from learndock.numerics.features import random_features
from learndock.numerics.release import (
    CERTAIN,
    SENSITIVITY,
    UNIT,
    Whole,
    certain_shares,
    feature_sums,
    fit_sums,
    gaussian_scale,
    histogram_quantiles,
)
from learndock.numerics.rounding import significant
from learndock.numerics.rows import Rows, as_rows
from learndock.service.encoding import encoder_for, encoder_of
from learndock.service.fitting import Outcomes
from learndock.service.sizing import allowed_points, require_seed

SUMS = "Gaussian noise on sums of random features"
COUNTS = "Gaussian noise on counts in bins"
QUANTILE = "exponential mechanism for quantiles"
DELTA = Decimal("1e-6")
"""Chance that all is given away, where nothing else is said and there are not more rows."""
FEATURES = 4_096
MOST_ENTRIES = 2**15
"""Entries of the noisy vector: with many classes each has fewer features, at least 256."""
FEWEST_FEATURES = 256
TOO_FAR = 0.1
"""Noise that moves a sketch so far drowns it: different tasks are .3 to .4 apart."""
FELT = 128
"""Features' worth of noise that the fitted points keep; measured."""

DENSITIES = np.linspace(-8.0, 0.0, 49)
"""Edges of the bins of densities, in powers of ten."""
CONFIDENCES = np.linspace(0.0, 1.0, 51)
ERRORS = np.linspace(-9.0, 12.0, 169)
"""Edges of the bins of absolute errors, in powers of ten."""

QUARTILES = (0.25, 0.5, 0.75)
SYNTHETIC = 1_000
"""Rows that stand for the data when a private space is made."""
_DAY = 86_400.0
_NUMBERS = np.concatenate([np.arange(100, 1_000) * 10.0**power for power in range(-12, 13)])
CANDIDATES = {
    "numeric": [*(-_NUMBERS[::-1]).tolist(), 0.0, *_NUMBERS.tolist()],
    "datetime": (_DAY * np.arange(-25_567.0, 47_482.0)).tolist(),
}
"""What a private quartile may be: numbers of three digits; the days from 1900 to 2099."""
_LEVELS: dict[str, list[Any]] = {
    "boolean": [False, True],
    "categorical": [f"level {number}" for number in range(10)],
    "text": [f"a{n // 100} b{n // 10 % 10} c{n % 10}" for n in range(SYNTHETIC)],
}
"""What stands for the values of columns that have no constants."""


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Rows that are not in the sketch, and how the model does on them.

    None of them may be among the rows that are sketched: then each row has the whole budget for
    itself, whichever of the two it is in.

    Attributes
    ----------
    coords : (m, width) float64
        Encoded rows.
    confidence : (m,) float64 or None
        The model's top probability (classification).
    said, truth : (m,) int or None
        The class that the model answers, and the one that is true; -1 is no class of the model.
    errors : (m,) float64 or None
        Answer less truth (regression).
    spent : float
        Epsilon that these rows have cost already, as by `private_edges`.
    """

    coords: Float
    confidence: Float | None = None
    said: NDArray[np.intp] | None = None
    truth: NDArray[np.intp] | None = None
    errors: Float | None = None
    spent: float = field(default=0.0, kw_only=True)


def release_coords(
    coords: Float | Rows,
    space: Space,
    *,
    epsilon: float,
    delta: float | None = None,
    size: int | None = None,
    seed: int = 0,
    consent: bool = False,
    outcomes: Outcomes | None = None,
    held_out: HeldOut | None = None,
) -> Sketch:
    """Sketch encoded rows with differential privacy; the sibling of `sketch_coords`.

    Not deterministic, by design: who could draw the noise again could take it off.

    Parameters
    ----------
    coords : (n, width) float64, or Rows
        Encoded rows. The sums of their random features are all that is taken from them.
    space : Space
        Its constants must not come from these rows, or be private themselves: `private_space`.
        What such constants cost is added to epsilon in any case, since nobody can know whose rows
        they were made of.
    epsilon : float
        What may be learnt about a row: likelihoods change by at most exp(epsilon). 1 is strong.
    delta : float, optional
        The chance that more is given away; below 1 / n. By default 1e-6 or, if that is less,
        0.1 / n, rounded down to one digit.
    size : int, optional
        Number of points K; by default min(100, n / 20), at least 5.
    seed : int
        Where the search for points starts. The noise does not come from it.
    consent : bool
        Make the sketch although noise drowns it.
    outcomes : Outcomes, optional
        The model's answers. Classes must be public, and edges public or private themselves:
        `private_edges`. Classes that noise explains get no points.
    held_out : HeldOut, optional
        Rows from which thresholds and accuracy come. Where noise is most of what would be known
        of them, they are left out.

    Returns
    -------
    Sketch
        With its accounting in `release`, and no gate: nothing was measured on rows.

    Raises
    ------
    PrivacyGate
        If there are so few rows that noise drowns the sketch, and the owner does not consent.
    Invalid
        If `epsilon`, `delta`, `size` or `seed` cannot be.
    Unavailable
        If opendp is not installed.

    Notes
    -----
    Costs O(n D d + K D (d + C)) time with D = 4,096 features. A model that is given away with
    its sketch is not private by this.

    References
    ----------
    .. [1] Balle and Wang, "Improving the Gaussian Mechanism for Differential Privacy: Analytical
       Calibration and Optimal Denoising", ICML 2018.

    Examples
    --------
    >>> from learndock.service.releasing import release_coords
    >>> rows = np.random.default_rng(0).normal(size=(3000, 2))
    >>> plane = ld.Space(name="plane", modality="vector", encoder="vector", width=2, gamma=0.25)
    >>> made = release_coords(rows, plane, epsilon=4, delta=1e-6, size=10)
    >>> made.release.epsilon, made.mmd < 0.1
    (4.0, True)
    """
    require_seed(seed)
    rows = as_rows(coords)
    points_wanted = allowed_points(len(rows), size, consent=consent)
    delta = _checked_delta(delta, len(rows))
    noise = gaussian_scale(epsilon, delta, sensitivity=SENSITIVITY)
    _require_useful(len(rows), epsilon, noise, consent=consent)
    classes = 1 if outcomes is None else outcomes.count
    count = max(FEWEST_FEATURES, min(FEATURES, MOST_ENTRIES // classes // 2 * 2))
    features = random_features(space.width, count, gammas=space.gammas, seed=int(space.id[:8], 16))
    columns = np.zeros(len(rows), dtype=np.intp) if outcomes is None else outcomes.columns
    sums = feature_sums(rows, features, columns, classes=classes)
    low, high = encoder_of(space).bounds(space)
    fitted = fit_sums(
        _noisy(sums, noise) / UNIT,
        features,
        points_wanted,
        rows=len(rows),
        noise=noise,
        spread=1 / math.sqrt(2 * space.gamma * space.width),
        low=low,
        high=high,
        seed=seed,
    )
    kept = fitted.outcomes.sum(axis=1) > 0
    points, parts = fitted.points[kept], fitted.outcomes[kept]
    figures = _Figures()
    if held_out is not None and len(held_out.coords):
        figures = _figures(held_out, points, parts.sum(axis=1), space, outcomes, epsilon, delta)
    taken = ReleasePart("points", SUMS, float(epsilon), delta, sums.size, SENSITIVITY, noise)
    return Sketch(
        space=space,
        points=points,
        weights=parts.sum(axis=1),
        outcomes=None if outcomes is None else parts,
        classes=() if outcomes is None else outcomes.classes,
        edges=() if outcomes is None else outcomes.edges,
        rows=round_rows(len(rows)),
        mmd=significant(fitted.mmd),
        density=figures.density,
        confidence=figures.confidence,
        accuracy=figures.accuracy,
        release=Release.of(*_space_parts(space), taken, *figures.parts),
    )


def _space_parts(space: Space) -> list[ReleasePart]:
    """Return what the constants of a private space cost; nothing for another."""
    cost = space_cost(space)
    drawn = len(QUARTILES) * sum(column.kind in CANDIDATES for column in space.columns)
    return [ReleasePart("space", QUANTILE, cost, 0.0, drawn)] if cost else []


def least_rows(epsilon: float, delta: float) -> int:
    """Return below how many rows differential privacy is useless at such a budget.

    Examples
    --------
    >>> from learndock.service.releasing import least_rows
    >>> least_rows(1.0, 1e-6), least_rows(4.0, 1e-6)
    (960, 270)
    """
    noise = gaussian_scale(epsilon, delta, sensitivity=SENSITIVITY)
    return round_rows(math.ceil(math.sqrt(FELT) * noise / TOO_FAR))


def _require_useful(rows: int, epsilon: float, noise: float, *, consent: bool) -> None:
    least = math.sqrt(FELT) * noise / TOO_FAR
    if rows < least and not consent:
        raise PrivacyGate(
            f"differential privacy is useless below about {round_rows(math.ceil(least)):,} rows "
            f"at epsilon {epsilon:g}, and there are {rows:,}: noise would drown the sketch",
            next="give more rows or a larger epsilon, or say consent=True to have it all the same",
            rows=rows,
            needed=round_rows(math.ceil(least)),
        )


def _checked_delta(delta: float | None, rows: int) -> float:
    tenth = Context(prec=1, rounding=ROUND_FLOOR).divide(Decimal(1), Decimal(10 * max(rows, 1)))
    usual = float(min(DELTA, tenth))
    if delta is None:
        return usual
    if not 0 < delta * max(rows, round_rows(rows)) < 1:  # a dock sees the rounded number
        raise Invalid(
            f"delta is {delta:g}; between 0 and 1 / {rows:,} is needed, or some row may be given "
            "away whole",
            next=f"say delta={usual:g}, or nothing",
        )
    return delta


# ---------------------------------------------------------------- thresholds and accuracy


@dataclass(frozen=True)
class _Figures:
    """What held-out rows say, and what that cost."""

    density: tuple[float, ...] = ()
    confidence: tuple[float, ...] = ()
    accuracy: tuple[float, ...] = ()
    parts: tuple[ReleasePart, ...] = ()


def _figures(
    held: HeldOut,
    points: Float,
    weights: Float,
    space: Space,
    outcomes: Outcomes | None,
    epsilon: float,
    delta: float,
) -> _Figures:
    """Return quantiles and accuracy from noisy counts of the held-out rows.

    A row adds 1 to one bin of each of B blocks, or to none. Replacing it changes the counts by at
    most sqrt(2 B).
    """
    read = density(held.coords, points, weights, gamma=space.sharpness * space.gamma)
    blocks = {"density": _histogram(np.log10(np.maximum(read, 1e-300)), DENSITIES)}
    if held.confidence is not None:
        blocks["confidence"] = _histogram(held.confidence, CONFIDENCES)
    if held.errors is not None:
        size = np.log10(np.maximum(np.abs(held.errors), 1e-300))
        blocks["errors"] = _histogram(size, ERRORS)
    if outcomes is not None and held.truth is not None and held.said is not None:
        known = held.truth[held.truth >= 0]
        right = held.truth[(held.truth == held.said) & (held.truth >= 0)]
        blocks["truth"] = np.bincount(known, minlength=outcomes.count)
        blocks["right"] = np.bincount(right, minlength=outcomes.count)
    sensitivity, left = math.sqrt(2 * len(blocks)), epsilon - held.spent
    noise = gaussian_scale(left, delta, sensitivity=sensitivity)
    whole = UNIT * np.concatenate(list(blocks.values())).astype(np.int64)
    noisy = _noisy(whole, noise, sensitivity=sensitivity) / UNIT
    ends = np.cumsum([len(block) for block in blocks.values()])[:-1]
    found = dict(zip(blocks, np.split(noisy, ends), strict=True))
    rows = len(held.coords)
    powers = _thresholds(found["density"], DENSITIES, rows, noise)
    parts = [ReleasePart("figures", COUNTS, left, delta, len(noisy), sensitivity, noise)]
    if held.spent:
        edges = 0 if outcomes is None else len(outcomes.edges)
        parts.insert(0, ReleasePart("edges", QUANTILE, held.spent, 0.0, edges))
    return _Figures(
        density=tuple(significant(10**power) for power in powers),
        confidence=tuple(map(significant, _confidence(found, rows, noise))),
        accuracy=tuple(map(significant, _accuracy(found, rows, noise))),
        parts=tuple(parts),
    )


def _histogram(values: Float, edges: Float) -> NDArray[np.int64]:
    """Count values in bins; those beyond the ends belong to the outer bins."""
    bins = np.searchsorted(edges[1:-1], values, side="right")
    return np.bincount(bins, minlength=len(edges) - 1)


def _thresholds(counts: Float, edges: Float, rows: int, noise: float) -> list[float]:
    """Return quantiles; none where noise is most of what there is below the lowest level."""
    if rows * QUANTILES[0] < CERTAIN * noise:
        return []
    found: list[float] = histogram_quantiles(counts, edges, QUANTILES, noise=noise).tolist()
    return found


def _confidence(found: dict[str, Float], rows: int, noise: float) -> list[float]:
    if "confidence" not in found:
        return []
    return _thresholds(found["confidence"], CONFIDENCES, rows, noise)


def _accuracy(found: dict[str, Float], rows: int, noise: float) -> list[float]:
    """Return the accuracy of each class, or the root mean squared error, if it can be known."""
    if "errors" in found:
        return _error(found["errors"], rows, noise)
    if "right" in found:
        return _class_accuracy(found["right"], found["truth"], noise)
    return []


def _error(counts: Float, rows: int, noise: float) -> list[float]:
    """Return the root mean squared error, unless noise may explain the counts of most rows."""
    if counts[counts > CERTAIN * noise].sum() < rows / 2:
        return []
    middles = 10 ** ((ERRORS[1:] + ERRORS[:-1]) / 2)
    return [math.sqrt(certain_shares(counts, noise=noise) @ np.square(middles))]


def _class_accuracy(right: Float, truth: Float, noise: float) -> list[float]:
    """Return the accuracy of each class; that of all for one whose rows noise may explain."""
    if truth.sum() < CERTAIN * noise * math.sqrt(len(truth)):
        return []
    known = truth > CERTAIN * noise
    each = np.where(known, right / np.where(known, truth, 1.0), right.sum() / truth.sum())
    found: list[float] = np.clip(each, 0.0, 1.0).tolist()
    return found


# ---------------------------------------------------------------- quantiles


def private_quantiles(
    values: Float, levels: tuple[float, ...], *, epsilon: float, candidates: list[float]
) -> Float:
    """Return quantiles of numbers, epsilon-private together, never falling.

    Parameters
    ----------
    values : (n,) float64
        Finite. Neighbours differ in one value, or lack it.
    levels : tuple of float
        Between 0 and 1, increasing; the budget is split over them evenly.
    epsilon : float
        > 0.
    candidates : list of float
        The public values, increasing, of which each quantile is one.

    Raises
    ------
    Unavailable
        If opendp is not installed.

    Notes
    -----
    The rank of a quantile is off by about 2 q ln(len(candidates)) / epsilon rows, with q levels.

    References
    ----------
    .. [1] Smith, "Privacy-Preserving Statistical Estimation with Optimal Convergence Rates",
       STOC 2011.

    Examples
    --------
    >>> from learndock.service.releasing import private_quantiles
    >>> rows = np.repeat([1.0, 2.0, 3.0], 1000)
    >>> private_quantiles(rows, (0.5,), epsilon=1.0, candidates=[0.0, 1.0, 2.0, 3.0, 4.0])
    array([2.])
    """
    dp = _opendp()
    domain = dp.vector_domain(dp.atom_domain(T=float, nan=False))
    metric, measure = dp.symmetric_distance(), dp.max_divergence()
    given = values.tolist()

    def mechanism(level: float, scale: float) -> Any:
        return dp.m.make_private_quantile(domain, metric, measure, candidates, level, scale)

    # Replacing a row takes one value away and adds one.
    found = [
        mechanism(level, mechanism(level, 1.0).map(2) * len(levels) / epsilon)(given)
        for level in levels
    ]
    return np.sort(np.array(found))


def private_edges(values: Float, *, bins: int, epsilon: float) -> tuple[float, ...]:
    """Return inner edges of bins of about as many values each, epsilon-private.

    Parameters
    ----------
    values : (m,) float64
        What a regressor answers on held-out rows; say `spent` in their `HeldOut`.
    bins : int
        Most bins; equal edges are one.
    epsilon : float
        > 0; a quarter of the whole budget leaves enough for thresholds.

    Examples
    --------
    >>> from learndock.service.releasing import private_edges
    >>> edges = private_edges(np.linspace(0, 1, 5000), bins=2, epsilon=1.0)
    >>> abs(edges[0] - 0.5) < 0.1
    True
    """
    levels = tuple(float(level) for level in np.arange(1, bins) / bins)
    found = private_quantiles(values, levels, epsilon=epsilon, candidates=CANDIDATES["numeric"])
    return tuple(sorted(set(found.tolist())))


def private_space(
    data: Any, *, name: str, epsilon: float, seed: int = 0, consent: bool = False
) -> Space:
    """Make a table space whose constants are epsilon-private.

    Quartiles of each numeric and datetime column come from the exponential mechanism over public
    candidates. The space is then that of synthetic rows with these quartiles, its bandwidth
    included. The number of rows, and the columns' names, kinds, units and decimal marks are taken
    as public. What the space cost stands in its constants, as ``epsilon``; a private sketch
    states it as part of its own cost.

    Parameters
    ----------
    data : data frame or (n, d) array
        At least as many rows as leave ranks known to a tenth.
    name : str
        What people call the space.
    epsilon : float
        > 0; split evenly over three quartiles of each such column.
    seed : int
        Draws the synthetic rows.
    consent : bool
        Make the space although noise drowns its constants.

    Raises
    ------
    SpaceMismatch
        If the data has no columns.
    PrivacyGate
        If there are so few rows that noise drowns the constants, and the owner does not consent.
    BadData
        If the data cannot be read.
    Unavailable
        If opendp is not installed.

    Notes
    -----
    Costs about a second for each numeric column. Where a column's spread is below a hundredth of
    its values, as with years, subtract a public number first: candidates have three digits.

    Examples
    --------
    >>> from learndock.service.releasing import private_space
    >>> rows = np.random.default_rng(0).normal(5.0, 2.0, size=(20_000, 1))
    >>> made = private_space(rows, name="demo", epsilon=1.0)
    >>> abs(made.columns[0].center - 5.0) < 0.5, abs(made.columns[0].scale - 2.0) < 0.5
    (True, True)
    """
    if not 0 < epsilon < math.inf:
        raise Invalid(f"epsilon is {epsilon}; above 0 is needed", next="say epsilon=1")
    encoder = encoder_for(data, "")
    if not isinstance(encoder, Columnar):
        raise SpaceMismatch(
            f"a private space was asked for {type(data).__name__}, which has no columns",
            next="use the built-in space of such data; it comes from no rows",
        )
    schema = encoder.space(data, name=name)
    # Read in a space of fixed constants, so that no value depends on other rows.
    plain = schema.model_copy(update={"columns": tuple(map(_plain, schema.columns))})
    values = encoder.values(encoder.encode(data, plain), plain)
    _require_ranks(len(values), count_rows(data), epsilon, consent=consent)
    share = epsilon / max(len(values), 1)
    rng = np.random.default_rng(seed)
    synthetic = {
        column.name: _synthetic(column, values.get(column.name), share, rng)
        for column in schema.columns
    }
    made = _space_of(encoder, synthetic, name)
    columns = tuple(
        own.model_copy(update={"center": column.center, "scale": column.scale})
        for own, column in zip(schema.columns, made.columns, strict=True)
    )
    cost = {"epsilon": float(epsilon)} if values else {}
    return schema.model_copy(
        update={"columns": columns, "gamma": made.gamma, "constants": schema.constants | cost}
    )


def _plain(column: Column) -> Column:
    return column.model_copy(update={"center": 0.0, "scale": 1.0})


def _require_ranks(columns: int, rows: int, epsilon: float, *, consent: bool) -> None:
    """Refuse where a quartile's rank is off by more than a tenth of the rows.

    Only the public number of rows is looked at: a column with gaps is known less well.
    """
    spread = 2 * len(QUARTILES) * columns * math.log(len(CANDIDATES["numeric"])) / epsilon
    if rows < 10 * spread and not consent:
        needed = round_rows(math.ceil(10 * spread))
        raise PrivacyGate(
            f"a private space of {columns} columns of numbers and dates is useless below about "
            f"{needed:,} rows at epsilon {epsilon:g}, and there are {rows:,}",
            next="use a space that the dock has, give more rows or a larger epsilon, or say "
            "consent=True",
            rows=rows,
            needed=needed,
        )


def _space_of(encoder: Columnar, synthetic: dict[str, Any], name: str) -> Space:
    import pandas as pd

    return encoder.space(pd.DataFrame(synthetic), name=name)


def _synthetic(
    column: Column, values: Float | None, epsilon: float, rng: np.random.Generator
) -> Any:
    """Return a column of its kind: of private quartiles, or of levels that stand for any."""
    draws = rng.permutation(SYNTHETIC)
    if values is None:
        levels = _LEVELS[column.kind]
        return [levels[draw % len(levels)] for draw in draws]
    low, middle, high = private_quantiles(
        values[np.isfinite(values)], QUARTILES, epsilon=epsilon, candidates=CANDIDATES[column.kind]
    )
    normal = ndtri((draws + 0.5) / SYNTHETIC) / ndtri(0.75)
    numbers = middle + np.where(normal < 0, middle - low, high - middle) * normal
    return numbers if column.kind == "numeric" else (1e3 * numbers).astype("datetime64[ms]")


# ---------------------------------------------------------------- noise


def _noisy(sums: Whole, noise: float, *, sensitivity: float = SENSITIVITY) -> Float:
    """Return whole numbers with discrete Gaussian noise by a sampler that is exact.

    The library accounts for its rounding by a larger sensitivity; should that ever be felt, the
    noise grows by as much.
    """
    dp = _opendp()
    whole = dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T="f64")
    stated = math.sqrt(2 * dp.m.make_gaussian(*whole, noise * UNIT).map(sensitivity * UNIT)) * noise
    scale = noise * UNIT * max(1.0, stated / (sensitivity * (1 + 1e-9)))
    return np.array(dp.m.make_gaussian(*whole, scale)(sums.ravel().tolist()), float).reshape(
        sums.shape
    )


def _opendp() -> Any:
    """Return the library that draws the noise; it draws none by floating point."""
    try:
        import opendp.prelude as dp
    except ImportError as error:
        raise Unavailable(
            "differential privacy needs opendp, which is not installed",
            next='pip install "learndock[private]"',
            missing="opendp",
        ) from error
    dp.enable_features("contrib")  # where Gaussian noise and quantiles are
    return dp
