"""Stacking: few labels correct what the members say together, held back towards that."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from learndock.core.ports import Evidence, Reuser, Rule, Team
from learndock.core.sketch import Float
from learndock.numerics.kernels import gram, median_gamma
from learndock.numerics.residual import Residual, fit_residual
from learndock.numerics.stacking import Stack as Weighted, shrunken_shift, shrunken_stack
from learndock.reusers._shared import Combine, labelled, out_of_fold, rule_of

SHARES = np.linspace(0.0, 1.0, 11)
"""How much a corrected answer may count beside the one that needs no label."""
TINY = 1e-6
SMOOTHED = 1_000
"""Labelled rows, drawn at random, that the smooth correction looks at."""


class Stack:
    """Labels blend the answer without labels with one that is fitted to them."""

    least_members = 1
    least_labels = 1

    def fit(
        self, team: Team, evidence: Evidence | None, y: NDArray[Any] | None, *, seed: int
    ) -> Rule:
        """Fit the correction, and blend by what it gains on rows left out."""
        correct = _classify if team.classes else _regress
        return correct(team, *labelled(evidence, y), seed)


def _classify(team: Team, evidence: Evidence, y: NDArray[Any], seed: int) -> Rule:
    """Blend the stitched posterior with a logistic regression on it and the coordinates."""
    base = rule_of("stitch", team, None, None, seed=seed)
    said = base.combine(evidence)
    given = out_of_fold(lambda rows: _logistic(base, evidence[rows], y[rows]), evidence, seed=seed)
    truth = (np.arange(len(y)), y)
    surprise = [-np.log(_blended(said, given, share)[truth]).mean() for share in SHARES]
    share = float(SHARES[int(np.argmin(surprise))])
    return Rule(
        "stack",
        partial(_blend, base.combine, _logistic(base, evidence, y), share),
        base.weights,
        f"{len(y)} labels correct the stitched answer, with a share of {share:.1f}",
    )


def _logistic(base: Rule, evidence: Evidence, y: NDArray[Any]) -> Combine:
    """Return logistic regression on [x, log stitched posterior, average output]."""
    if not 2 <= len(np.unique(y)) <= len(y) // 2:  # too few labels a class to correct anything
        return base.combine
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    model.fit(_features(base.combine, evidence), y)
    return partial(_corrected, base.combine, model)


def _features(base: Combine, seen: Evidence) -> Float:
    said = np.log(np.maximum(base(seen), TINY))
    return np.column_stack([seen.coords, said, seen.outputs.mean(axis=1)])


def _corrected(base: Combine, model: Any, seen: Evidence) -> Float:
    out = np.zeros((len(seen.coords), seen.outputs.shape[2]))
    out[:, model.classes_] = model.predict_proba(_features(base, seen))
    return out


def _blend(base: Combine, corrected: Combine, share: float, seen: Evidence) -> Float:
    return _blended(base(seen), corrected(seen), share)


def _blended(base: Float, corrected: Float, share: float) -> Float:
    """Return the geometric blend of two posteriors; no class is impossible."""
    logs = (1 - share) * np.log(base + TINY) + share * np.log(corrected + TINY)
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    blended: Float = powers / powers.sum(axis=1, keepdims=True)
    return blended


def _regress(team: Team, evidence: Evidence, y: NDArray[Any], seed: int) -> Rule:
    """Average three answers: shrunken weights, a shifted and a smoothly corrected stitching."""
    base = rule_of("stitch", team, None, None, seed=seed).combine
    said = base(evidence)
    # The stitched answer is one more member, and the one that is believed without labels.
    believed = np.append(np.zeros(len(team.weights)), 1.0)
    stack = shrunken_stack(np.column_stack([evidence.outputs, said]), y, believed)
    shift = shrunken_shift(y - said)
    some = np.random.default_rng(seed).permutation(len(y))[:SMOOTHED]
    labelled = evidence[some]
    gamma = median_gamma(labelled.coords)
    residual = fit_residual(_grams(labelled, labelled, gamma), (y - said)[some])
    return Rule(
        "stack",
        partial(_corrected_value, base, stack, shift, residual, labelled, gamma),
        (stack.weights[:-1] + (stack.weights[-1] + 3) * team.weights) / 4,
        f"{len(y)} labels correct the members' weights and the errors that they share",
    )


def _corrected_value(
    base: Combine,
    stack: Weighted,
    shift: float,
    residual: Residual,
    labelled: Evidence,
    gamma: float,
    seen: Evidence,
) -> Float:
    said = base(seen)
    weighted = np.column_stack([seen.outputs, said]) @ stack.weights + stack.shift
    smooth = said + residual.predict(_grams(seen, labelled, gamma))
    answer: Float = (weighted + said + shift) / 4 + smooth / 2
    return answer


def _grams(some: Evidence, others: Evidence, gamma: float) -> list[Float]:
    """Return two kernels: of the coordinates, and of how members depart from their average."""
    departs, depart = (e.outputs - e.outputs.mean(axis=1, keepdims=True) for e in (some, others))
    scale = max(float(np.square(depart).mean()), TINY) * depart.shape[1]
    gammas = (gamma / 4, gamma, 4 * gamma)
    return [gram(some.coords, others.coords, gammas=gammas), departs @ depart.T / scale]


plugin: Reuser = Stack()
