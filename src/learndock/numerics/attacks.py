"""Attacks on sketches: who was sketched, and what is a member's hidden value.

A member is a row that was sketched; a non-member is one of the same source that was not. An
attack gives each row a score, higher for a supposed member.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtri

from learndock.errors import BadData
from learndock.numerics.density import density
from learndock.numerics.kernels import squared_distances

Float = NDArray[np.float64]

SHARPNESS = (1.0, 4.0, 16.0, 64.0)
"""Times the kernel's width at which densities are read."""
FPR = 0.001
"""Share of the non-members that an attacker may accuse."""
LEVEL = 0.95
LEAST = 6
"""Members, and non-members, without which nothing is measured."""

_BLOCK = 2_048
_SMALLEST = 1e-300
_NEAREST = 1e6  # so sharp that a guess is that of the nearest point


@dataclass(frozen=True)
class Share:
    """A measured figure with its 95 % interval.

    Attributes
    ----------
    value, low, high : float
        The figure and the interval's ends.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Trial:
    """A sketch, who is attacked with it, and what the attacker knows beside it.

    Attributes
    ----------
    points : (K, d) float64
        The sketch's points.
    weights : (K,) float64
        Their weights.
    members : (n, d) float64
        Rows that were sketched.
    others : (m, d) float64
        Rows of the same source that were not.
    known : (r, d) float64
        Further rows of the same source that the attacker owns; they tell how common a row is.
    """

    points: Float
    weights: Float
    members: Float
    others: Float
    known: Float

    @classmethod
    def of(cls, points: Float, weights: Float, members: Float, rest: Float, *, seed: int) -> Self:
        """Return a trial in which the attacker owns a random third of the rows not sketched."""
        order = np.random.default_rng(seed).permutation(len(rest))
        third = len(rest) // 3
        return cls(points, weights, members, rest[order[third:]], rest[order[:third]])


@dataclass(frozen=True)
class Membership:
    """How well the best attack tells members from others.

    Attributes
    ----------
    attack : str
        Its name; where the halves of the rows prefer different ones, both.
    auc : Share
        Chance that a member scores above a non-member; 0.5 is a coin.
    tpr : Share
        Share of the members that are found where `fpr` of the non-members are accused.
    fpr : float
        0.001, or what one row more than the fewest of the non-members would be.
    """

    attack: str
    auc: Share
    tpr: Share
    fpr: float


def scores(x: Float, trial: Trial, *, gamma: float) -> Mapping[str, Float]:
    """Return what each attack says of each row.

    ``density`` at several sharpnesses is the sketch's own read-out; ``nearest`` the distance to
    the nearest point; ``calibrated`` the log ratio of the read-out to the same of rows that the
    attacker owns, so that a row is not suspected because it is common.

    Parameters
    ----------
    x : (n, d) float64
        Rows, in the coordinates of the sketch's space.
    trial : Trial
        The sketch, and the rows that the attacker owns; without any, nothing is calibrated.
    gamma : float
        The space's g0.

    Returns
    -------
    dict of str to (n,) float64
        Higher for a supposed member.

    Notes
    -----
    Costs O(n (K + r) d) time.

    References
    ----------
    .. [1] Chen et al., "GAN-Leaks: A Taxonomy of Membership Inference Attacks against Generative
       Models", CCS 2020: distance to the nearest sample.
    .. [2] van Breugel et al., "Membership Inference Attacks against Synthetic Data through
       Overfitting Detection", AISTATS 2023: the ratio of densities.

    Examples
    --------
    >>> one = np.zeros((1, 1))
    >>> said = scores(np.array([[0.0], [3.0]]), Trial(one, np.ones(1), one, one, one), gamma=1.0)
    >>> sorted(said)[:2], -said["nearest"][1]
    (['calibrated x1', 'calibrated x16'], np.float64(3.0))
    """
    owned = np.full(len(trial.known), 1 / max(len(trial.known), 1))
    said = {"nearest": -_nearest(x, trial.points)}
    for times in SHARPNESS:
        here = density(x, trial.points, trial.weights, gamma=times * gamma)
        said[f"density x{times:g}"] = here
        if len(trial.known):
            usual = density(x, trial.known, owned, gamma=times * gamma)
            said[f"calibrated x{times:g}"] = np.log(here + _SMALLEST) - np.log(usual + _SMALLEST)
    return said


def membership(trials: Sequence[Trial], *, gamma: float, seed: int = 0) -> Membership:
    """Attack sketches, and measure the best of several attacks without flattering it.

    Which attack is best is decided on one half of the rows, and measured on the other, and the
    other way round: the best of many on the same rows would look better than it is.

    Parameters
    ----------
    trials : sequence of Trial
        The sketches that are attacked.
    gamma : float
        The space's g0.
    seed : int
        Draws the halves.

    Raises
    ------
    BadData
        If there are fewer than 6 members or non-members.

    Notes
    -----
    Costs O(n (K + r) d) time for each trial. The interval of the AUC takes the trials and the
    halves as independent, which they are where no attack works.

    References
    ----------
    .. [1] Carlini et al., "Membership Inference Attacks From First Principles", IEEE S&P 2022:
       the true positive rate at 0.1 % false positives.
    .. [2] Varma and Simon, "Bias in Error Estimation when Using Cross-Validation for Model
       Selection", BMC Bioinformatics 7 (2006), 91.

    Examples
    --------
    >>> members, rest = np.random.default_rng(0).normal(size=(2, 400, 2))
    >>> careless = Trial.of(members[:200], np.full(200, 0.005), members, rest, seed=0)
    >>> membership([careless], gamma=0.25).auc.low > 0.6
    True
    """
    names, judged = _judged(trials, lambda x, trial: scores(x, trial, gamma=gamma), seed)
    tpr, fpr = found_at(judged)
    return Membership(names, mean_auc(judged), tpr, fpr)


def attribute_advantage(
    trials: Sequence[Trial], hidden: slice, *, gamma: float, seed: int = 0
) -> Share:
    """Guess hidden coordinates of rows, and tell how much oftener that goes well for members.

    As in `membership`, the best of several sharpnesses is chosen on other rows than it is
    measured on.

    Parameters
    ----------
    trials : sequence of Trial
        The sketches that are attacked.
    hidden : slice
        The coordinates that the attacker does not know.
    gamma : float
        The space's g0.
    seed : int
        Draws the halves.

    Returns
    -------
    Share
        As `advantage` returns.

    Raises
    ------
    BadData
        If there are fewer than 6 members or non-members.

    Notes
    -----
    Costs O(n K d) time for each trial.

    Examples
    --------
    >>> members, rest = np.random.default_rng(0).normal(size=(2, 400, 3))
    >>> careless = Trial.of(members, np.full(400, 0.0025), members, rest, seed=0)
    >>> attribute_advantage([careless], slice(2, 3), gamma=0.17).low > 0.1
    True
    """

    def attack(x: Float, trial: Trial) -> dict[str, Float]:
        return {
            f"x{times:g}": -guesses(x, hidden, trial.points, trial.weights, gamma=times * gamma)
            for times in (*SHARPNESS, _NEAREST)
        }

    return advantage(_judged(trials, attack, seed)[1])


def auc(inside: Float, outside: Float) -> tuple[float, float]:
    r"""Return the area under the ROC curve, and its variance.

    .. math:: A = P(s_{in} > s_{out}) + \tfrac12 P(s_{in} = s_{out})

    Parameters
    ----------
    inside : (n,) float64
        Scores of members, n >= 2.
    outside : (m,) float64
        Scores of non-members, m >= 2.

    Returns
    -------
    area : float
        Between 0 and 1.
    variance : float
        DeLong's estimate.

    Notes
    -----
    Costs O((n + m) log(n + m)).

    References
    ----------
    .. [1] DeLong, DeLong and Clarke-Pearson, "Comparing the Areas under Two or More Correlated
       Receiver Operating Characteristic Curves", Biometrics 44 (1988), 837-845.
    .. [2] Sun and Xu, "Fast Implementation of DeLong's Algorithm", IEEE Signal Processing Letters
       21 (2014), 1389-1393.

    Examples
    --------
    >>> auc(np.array([2.0, 3.0]), np.array([1.0, 0.0]))
    (1.0, 0.0)
    """
    from scipy.stats import rankdata  # slow to import, and only audits need it

    n, m = len(inside), len(outside)
    ranks = rankdata(np.concatenate([inside, outside]))
    above = (ranks[:n] - rankdata(inside)) / m
    below = 1 - (ranks[n:] - rankdata(outside)) / n
    variance = np.var(above, ddof=1) / n + np.var(below, ddof=1) / m
    return float(above.mean()), float(variance)


def mean_auc(pairs: Sequence[tuple[Float, Float]]) -> Share:
    """Return the mean AUC of independent pairs of scores, with its 95 % interval.

    Parameters
    ----------
    pairs : sequence of ((n,) float64, (m,) float64)
        Scores of members and of non-members.

    Examples
    --------
    >>> scores = np.arange(100.0)
    >>> found = mean_auc([(scores, scores)])
    >>> found.value, round(found.low, 2), round(found.high, 2)
    (0.5, 0.42, 0.58)
    """
    areas, variances = np.array(list(starmap(auc, pairs))).T
    value = float(areas.mean())
    reach = float(ndtri((1 + LEVEL) / 2) * np.sqrt(variances.sum()) / len(pairs))
    return Share(value, max(0.0, value - reach), min(1.0, value + reach))


def found_at(pairs: Sequence[tuple[Float, Float]], *, fpr: float = FPR) -> tuple[Share, float]:
    """Return the share of members found where few non-members are accused.

    Parameters
    ----------
    pairs : sequence of ((n,) float64, (m,) float64)
        Scores of members and of non-members; each pair has a threshold of its own.
    fpr : float
        Share of the non-members that may be accused.

    Returns
    -------
    found : Share
        With the interval of Clopper and Pearson, thresholds taken as given.
    fpr : float
        What chance alone finds: `fpr`, or 1 / (m + 1) where non-members are too few for less.

    References
    ----------
    .. [1] Clopper and Pearson, "The Use of Confidence or Fiducial Limits Illustrated in the Case
       of the Binomial", Biometrika 26 (1934), 404-413.

    Examples
    --------
    >>> found, chance = found_at([(np.arange(100.0), np.arange(50.0))])
    >>> found.value, round(chance, 3)
    (0.5, 0.02)
    """
    hits = total = 0
    rates = []
    for inside, outside in pairs:
        allowed = int(fpr * len(outside))
        threshold = np.sort(outside)[len(outside) - 1 - allowed]
        hits += int((inside > threshold).sum())
        total += len(inside)
        rates.append((allowed + 1) / (len(outside) + 1))
    return binomial(hits, total), max(fpr, float(np.mean(rates)))


def binomial(hits: int, total: int) -> Share:
    """Return a share with the exact interval of Clopper and Pearson.

    Examples
    --------
    >>> found = binomial(0, 100)
    >>> found.value, found.low, round(found.high, 3)
    (0.0, 0.0, 0.036)
    """
    tail = (1 - LEVEL) / 2
    low = float(betaincinv(hits, total - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, total - hits, 1 - tail)) if hits < total else 1.0
    return Share(hits / total, float(low), float(high))


def guesses(x: Float, hidden: slice, points: Float, weights: Float, *, gamma: float) -> Float:
    r"""Return how far an attacker's guess of hidden coordinates is from the truth.

    The attacker knows the other coordinates of a row, and guesses by kernel regression over the
    sketch, whose points are marginalised to what is known.

    .. math:: \hat x_h = \frac{\sum_j b_j k(x_k, z_{jk}) z_{jh}}{\sum_j b_j k(x_k, z_{jk})}

    Parameters
    ----------
    x : (n, d) float64
        Rows.
    hidden : slice
        The coordinates that the attacker does not know.
    points : (K, d) float64
        The sketch's points.
    weights : (K,) float64
        Their weights, not all zero. Points of weight 0 say nothing.
    gamma : float
        Sharpness of the regression.

    Returns
    -------
    (n,) float64
        Euclidean distances, in the units of the coordinates. Far from all points the guess is
        the nearest point's.

    Notes
    -----
    Costs O(n K d).

    References
    ----------
    .. [1] Nadaraya, "On Estimating Regression", Theory of Probability and Its Applications 9
       (1964), 141-142.
    .. [2] Yeom et al., "Privacy Risk in Machine Learning: Analyzing the Connection to
       Overfitting", CSF 2018: attribute inference.

    Examples
    --------
    >>> points = np.array([[0.0, 5.0], [9.0, 7.0]])
    >>> guesses(np.array([[0.0, 5.0], [9.0, 5.0]]), slice(1, 2), points, np.ones(2) / 2, gamma=1.0)
    array([0., 2.])
    """
    points, weights = points[weights > 0], weights[weights > 0]
    shown = np.ones(x.shape[1], dtype=bool)
    shown[hidden] = False
    out = np.empty(len(x))
    for start in range(0, len(x), _BLOCK):
        block = x[start : start + _BLOCK]
        squared = squared_distances(block[:, shown], points[:, shown])
        near = weights * np.exp(-gamma * (squared - squared.min(axis=1, keepdims=True)))
        guess = near @ points[:, hidden] / near.sum(axis=1, keepdims=True)
        out[start : start + _BLOCK] = np.linalg.norm(guess - block[:, hidden], axis=1)
    return out


def advantage(pairs: Sequence[tuple[Float, Float]]) -> Share:
    """Return how much oftener a score is good for members than for non-members.

    Good is what lies above the median of the non-members.

    Parameters
    ----------
    pairs : sequence of ((n,) float64, (m,) float64)
        Scores of members and of non-members.

    Returns
    -------
    Share
        Between -1 and 1; 0 where it helps an attacker nothing that a row was sketched.

    References
    ----------
    .. [1] Yeom et al., "Privacy Risk in Machine Learning: Analyzing the Connection to
       Overfitting", CSF 2018: the advantage.
    .. [2] Agresti and Caffo, "Simple and Effective Confidence Intervals for Proportions and
       Differences of Proportions", The American Statistician 54 (2000), 280-288.

    Examples
    --------
    >>> advantage([(np.arange(100.0), np.arange(100.0))]).value
    0.0
    """
    found = np.array(
        [
            _difference(inside > (middle := np.median(outside)), outside > middle)
            for inside, outside in pairs
        ]
    )
    value, centre = found[:, 0].mean(), found[:, 1].mean()
    reach = ndtri((1 + LEVEL) / 2) * np.sqrt(found[:, 2].sum()) / len(pairs)
    return Share(float(value), float(centre - reach), float(centre + reach))


def _difference(
    inside: NDArray[np.bool_], outside: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """Return a difference of shares, its centre with two rows more in each, and its variance."""
    shares = [(group.sum() + 1) / (len(group) + 2) for group in (inside, outside)]
    parts = [p * (1 - p) / (len(g) + 2) for p, g in zip(shares, (inside, outside), strict=True)]
    return float(inside.mean() - outside.mean()), shares[0] - shares[1], sum(parts)


class _Said(NamedTuple):
    """What each attack says of members, and of others."""

    inside: Mapping[str, Float]
    outside: Mapping[str, Float]

    def by(self, name: str) -> tuple[Float, Float]:
        return self.inside[name], self.outside[name]


def _require(trial: Trial) -> None:
    members, others = len(trial.members), len(trial.others)
    if min(members, others) < LEAST:
        raise BadData(
            f"{members} members and {others} non-members were given; {LEAST} of each are needed "
            "to measure an attack",
            next="give more rows",
            members=members,
            others=others,
        )


def _judged(
    trials: Sequence[Trial], attack: Callable[[Float, Trial], Mapping[str, Float]], seed: int
) -> tuple[str, list[tuple[Float, Float]]]:
    """Return the names of the best attacks, and what they say of the rows not chosen by."""
    rng = np.random.default_rng(seed)
    halves: tuple[list[_Said], list[_Said]] = ([], [])
    for trial in trials:
        _require(trial)
        inside, outside = _halves(trial.members, rng), _halves(trial.others, rng)
        for half, *both in zip(halves, inside, outside, strict=True):
            half.append(_Said(*(attack(x, trial) for x in both)))
    names = [_best(half) for half in halves]
    judged = [
        said.by(name) for half, name in zip(halves, reversed(names), strict=True) for said in half
    ]
    return " or ".join(dict.fromkeys(names)), judged


def _halves(rows: Float, rng: np.random.Generator) -> tuple[Float, Float]:
    order = rng.permutation(len(rows))
    return rows[order[: len(rows) // 2]], rows[order[len(rows) // 2 :]]


def _best(half: Sequence[_Said]) -> str:
    """Return the attack with the largest mean AUC."""
    names = list(half[0].inside)
    means = [np.mean([auc(*said.by(name))[0] for said in half]) for name in names]
    return names[int(np.argmax(means))]


def _nearest(x: Float, others: Float) -> Float:
    """Return the distance from each of x to the nearest of others."""
    center = others.mean(axis=0)  # distances lose fewer digits near the origin
    found = np.empty(len(x))
    step = max(1, _BLOCK**2 // len(others))
    for start in range(0, len(x), step):
        part = x[start : start + step]
        number = squared_distances(part - center, others - center).argmin(axis=1)
        found[start : start + step] = np.linalg.norm(part - others[number], axis=1)
    return found
