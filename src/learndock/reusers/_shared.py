"""What reusers have in common: labels that are there, other methods by name, rows left out."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold

from learndock.core import registry
from learndock.core.ports import Evidence, Reuser, Rule, Team
from learndock.core.sketch import Float
from learndock.errors import Invalid

Combine = Callable[[Evidence], Float]

FOLDS = 5


def labelled(evidence: Evidence | None, y: NDArray[Any] | None) -> tuple[Evidence, NDArray[Any]]:
    """Return rows and labels that are there.

    Raises
    ------
    Invalid
        If there are none, which `least_labels` tells beforehand.
    """
    if evidence is None or y is None:
        raise Invalid("this method needs labels", next="use method='auto'")
    return evidence, y


def rule_of(
    name: str, team: Team, evidence: Evidence | None, y: NDArray[Any] | None, *, seed: int
) -> Rule:
    """Return the rule of another reuser."""
    reuser: Reuser = registry.load("reusers", name)
    return reuser.fit(team, evidence, y, seed=seed)


def out_of_fold(
    train: Callable[[NDArray[np.intp]], Combine], evidence: Evidence, *, seed: int
) -> Float:
    """Return what rules that were fitted without a row say about it.

    `train` returns the rule for some rows. A single row is not left out: nothing would remain.
    """
    rows = len(evidence.coords)
    if rows < 2:
        return train(np.arange(rows))(evidence)
    folds = KFold(min(FOLDS, rows), shuffle=True, random_state=seed).split(evidence.coords)
    parts = [(test, train(rest)(evidence[test])) for rest, test in folds]
    order = np.concatenate([test for test, _ in parts])
    return np.concatenate([said for _, said in parts])[np.argsort(order)]
