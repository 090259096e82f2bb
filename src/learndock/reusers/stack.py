"""Stacking: few labels correct what the members say together, held back towards that."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from learndock.core import registry
from learndock.core.ports import Evidence, Reuser, Rule, Team
from learndock.core.sketch import Float
from learndock.numerics.stacking import shrunken_stack

Combine = Callable[[Evidence], Float]

FOLDS = 5
SHARES = np.linspace(0.0, 1.0, 11)
"""How much a corrected answer may count beside the one that needs no label."""
TINY = 1e-6


class Stack:
    """Labels blend the answer without labels with one that is fitted to them (METHODS 7)."""

    least_members = 1
    least_labels = 1

    def fit(
        self, team: Team, evidence: Evidence | None, y: NDArray[Any] | None, *, seed: int
    ) -> Rule:
        """Fit the correction, and blend by what it gains on rows left out."""
        assert evidence is not None  # noqa: S101 - least_labels is checked by who calls
        assert y is not None  # noqa: S101
        fit = _classify if team.classes else _regress
        return fit(team, evidence, y, seed)


def _classify(team: Team, evidence: Evidence, y: NDArray[Any], seed: int) -> Rule:
    """Blend the stitched posterior with a logistic regression on it and the coordinates."""
    stitch: Reuser = registry.load("reusers", "stitch")
    base = stitch.fit(team, None, None, seed=seed)
    given = _out_of_fold(
        lambda train: _logistic(base.combine, team, evidence[train], y[train]), evidence, y, seed
    )
    said = base.combine(evidence)
    surprise = [-np.log(_blend(said, given, share)[np.arange(len(y)), y] + TINY).mean()
                for share in SHARES]  # fmt: skip
    share = float(SHARES[int(np.argmin(surprise))])
    corrected = _logistic(base.combine, team, evidence, y)
    return Rule(
        "stack",
        lambda seen: _blend(base.combine(seen), corrected(seen), share),
        base.weights,
        f"{len(y)} labels correct the stitched answer, with a share of {share:.1f}",
    )


def _logistic(base: Combine, team: Team, evidence: Evidence, y: NDArray[Any]) -> Combine:
    """Return logistic regression on [x, log stitched posterior, average output]."""
    known = np.unique(y)
    if len(known) < 2:
        return base
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))

    def features(seen: Evidence) -> Float:
        said = np.log(np.maximum(base(seen), TINY))
        return np.column_stack([seen.coords, said, seen.outputs.mean(axis=1)])

    model.fit(features(evidence), y)

    def combine(seen: Evidence) -> Float:
        out = np.zeros((len(seen.coords), len(team.classes)))
        out[:, known] = model.predict_proba(features(seen))
        return out

    return combine


def _blend(base: Float, corrected: Float, share: float) -> Float:
    """Return the geometric blend of two posteriors."""
    logs = (1 - share) * np.log(base + TINY) + share * np.log(corrected + TINY)
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    blended: Float = powers / powers.sum(axis=1, keepdims=True)
    return blended


def _out_of_fold(
    fit: Callable[[NDArray[np.intp]], Combine], evidence: Evidence, y: NDArray[Any], seed: int
) -> Float:
    """Return what rules that were fitted without a row say about it."""
    folds = min(FOLDS, len(y))
    if folds < 2:
        return fit(np.arange(len(y)))(evidence)
    parts = []
    for train, test in KFold(folds, shuffle=True, random_state=seed).split(y):
        parts.append((test, fit(train)(evidence[test])))
    out = np.empty((len(y), *parts[0][1].shape[1:]))
    for test, said in parts:
        out[test] = said
    return out


def _regress(team: Team, evidence: Evidence, y: NDArray[Any], seed: int) -> Rule:
    """Blend the shrunken stack with ridge corrections on it and on all members' outputs."""
    stack = shrunken_stack(evidence.outputs, y, team.weights)

    def stacked(seen: Evidence) -> Float:
        return np.asarray(seen.outputs @ stack.weights + stack.shift)

    return Rule("stack", stacked, stack.weights, f"{len(y)} labels")


plugin: Reuser = Stack()
