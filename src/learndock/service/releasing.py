"""Differentially private release: one noisy vector, and everything that follows from it.

Neighbours are data of one size that differ in one row; the number of rows is public.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from learndock.core.ports import Columnar
from learndock.core.sketch import QUANTILES, Float, Release, Sketch, round_rows
from learndock.core.space import Column, Space
from learndock.errors import Invalid, PrivacyGate, SpaceMismatch, Unavailable
from learndock.numerics.density import density
from learndock.numerics.features import random_features
from learndock.numerics.release import (
    SENSITIVITY,
    UNIT,
    Whole,
    certain_shares,
    feature_sums,
    fit_sums,
    gaussian_scale,
    histogram_quantiles,
)
from learndock.numerics.rows import Rows, as_rows
from learndock.service.encoding import encoder_for, encoder_of
from learndock.service.fitting import (
    LEAST_POINTS,
    MOST_POINTS,
    ROWS_PER_POINT,
    Outcomes,
    significant,
)

MECHANISM = "analytic Gaussian mechanism on sums of random features"
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
    delta: float,
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
    epsilon : float
        What may be learnt about a row: likelihoods change by at most exp(epsilon). 1 is strong.
    delta : float
        The chance that more is given away; below 1 / n.
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
        Rows from which thresholds and accuracy come.

    Returns
    -------
    Sketch
        With its accounting in `release`, and no gate: nothing was measured on rows.

    Raises
    ------
    PrivacyGate
        If there are so few rows that noise drowns the sketch, and the owner does not consent.
    Invalid
        If `epsilon`, `delta` or `size` cannot be.
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
    .. [2] McSherry, "Privacy Integrated Queries", SIGMOD 2009: parallel composition.

    Examples
    --------
    >>> from learndock.service.releasing import release_coords
    >>> rows = np.random.default_rng(0).normal(size=(3000, 2))
    >>> plane = ld.Space(name="plane", modality="vector", encoder="vector", width=2, gamma=0.25)
    >>> made = release_coords(rows, plane, epsilon=4, delta=1e-6, size=10)
    >>> made.release.epsilon, made.mmd < 0.1
    (4, True)
    """
    rows = as_rows(coords)
    points_wanted = _size(len(rows), size, consent=consent)
    _check_delta(delta, len(rows))
    noise = gaussian_scale(epsilon, delta, sensitivity=SENSITIVITY)
    _require_useful(len(rows), epsilon, noise, consent=consent)
    classes = 1 if outcomes is None else outcomes.count
    count = max(FEWEST_FEATURES, min(FEATURES, MOST_ENTRIES // classes // 2 * 2))
    features = random_features(space.width, count, gammas=space.gammas, seed=int(space.id[:8], 16))
    columns = np.zeros(len(rows), dtype=np.intp) if outcomes is None else outcomes.columns
    sums = feature_sums(rows.blocks(), features, columns, classes=classes)
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
    if held_out is not None:
        figures = _figures(held_out, points, parts.sum(axis=1), space, outcomes, epsilon, delta)
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
        release=Release(
            epsilon=epsilon,
            delta=delta,
            mechanism=MECHANISM,
            sensitivity=SENSITIVITY,
            noise=noise,
            features=sums.size + figures.entries,
        ),
    )


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


def _check_delta(delta: float, rows: int) -> None:
    if not 0 < delta < 1 / rows:
        raise Invalid(
            f"delta is {delta:g}; between 0 and 1 / {rows:,} is needed, or some row may be given "
            "away whole",
            next=f"say delta={0.1 / rows:.0e}",
        )


def _size(rows: int, size: int | None, *, consent: bool) -> int:
    allowed = max(LEAST_POINTS, rows // ROWS_PER_POINT)
    if size is not None and (size < 1 or (size > allowed and not consent)):
        raise Invalid(
            f"a sketch of {size} points was asked for; {rows} rows allow 1 to {allowed}",
            next="ask for fewer points",
            size=size,
            allowed=allowed,
        )
    return min(MOST_POINTS, allowed) if size is None else size


# ---------------------------------------------------------------- thresholds and accuracy


@dataclass(frozen=True)
class _Figures:
    """What held-out rows say, and the number of noisy entries that it came from."""

    density: tuple[float, ...] = ()
    confidence: tuple[float, ...] = ()
    accuracy: tuple[float, ...] = ()
    entries: int = 0


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
    sensitivity = math.sqrt(2 * len(blocks))
    noise = gaussian_scale(epsilon - held.spent, delta, sensitivity=sensitivity)
    whole = UNIT * np.concatenate(list(blocks.values())).astype(np.int64)
    noisy = _noisy(whole, noise, sensitivity=sensitivity) / UNIT
    ends = np.cumsum([len(block) for block in blocks.values()])[:-1]
    found = dict(zip(blocks, np.split(noisy, ends), strict=True))
    powers = histogram_quantiles(found["density"], DENSITIES, QUANTILES, noise=noise)
    return _Figures(
        density=tuple(significant(10**power) for power in powers),
        confidence=_confidence(found.get("confidence"), noise),
        accuracy=_accuracy(found, noise),
        entries=len(noisy),
    )


def _histogram(values: Float, edges: Float) -> NDArray[np.int64]:
    """Count values in bins; those beyond the ends belong to the outer bins."""
    bins = np.searchsorted(edges[1:-1], values, side="right")
    return np.bincount(bins, minlength=len(edges) - 1)


def _confidence(counts: Float | None, noise: float) -> tuple[float, ...]:
    if counts is None:
        return ()
    found = histogram_quantiles(counts, CONFIDENCES, QUANTILES, noise=noise)
    return tuple(significant(value) for value in found)


def _accuracy(found: dict[str, Float], noise: float) -> tuple[float, ...]:
    """Return the accuracy of each class, or the root mean squared error.

    A class of so few rows that noise explains them has the accuracy of all.
    """
    if "errors" in found:
        shares = certain_shares(found["errors"], noise=noise)
        middles = 10 ** ((ERRORS[1:] + ERRORS[:-1]) / 2)
        return (significant(math.sqrt(shares @ np.square(middles))),)
    if "right" not in found:
        return ()
    right, truth = found["right"], found["truth"]
    usual = right.sum() / max(truth.sum(), 1.0)
    known = truth > 4 * noise
    each = np.where(known, right / np.where(known, truth, 1.0), usual)
    return tuple(significant(value) for value in np.clip(each, 0.0, 1.0))


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
    included. Names, kinds and units of the columns are taken as public.

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
    _require_ranks(values, epsilon, consent=consent)
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
    return schema.model_copy(update={"columns": columns, "gamma": made.gamma})


def _plain(column: Column) -> Column:
    return column.model_copy(update={"center": 0.0, "scale": 1.0})


def _require_ranks(values: dict[str, Float], epsilon: float, *, consent: bool) -> None:
    """Refuse where a quartile's rank is off by more than a tenth of the rows."""
    if not values or consent:
        return
    rows = min(int(np.isfinite(found).sum()) for found in values.values())
    spread = 2 * len(QUARTILES) * len(values) * math.log(len(CANDIDATES["numeric"])) / epsilon
    if rows < 10 * spread:
        raise PrivacyGate(
            f"a private space of {len(values)} columns of numbers and dates is useless below about "
            f"{round_rows(math.ceil(10 * spread)):,} rows at epsilon {epsilon:g}",
            next="use a space that the dock has, give more rows or a larger epsilon, or say "
            "consent=True",
            needed=round_rows(math.ceil(10 * spread)),
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
