"""The user's own model, trained on the user's labels alone: what reuse is compared with."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression

from learndock.core.ports import Evidence, Reuser, Rule, Team
from learndock.core.sketch import Float


class Own:
    """Histogram boosting (regression) or logistic regression on the space's coordinates."""

    least_members = 0
    least_labels = 1

    def fit(
        self, team: Team, evidence: Evidence | None, y: NDArray[Any] | None, *, seed: int
    ) -> Rule:
        """Train on the labels; the members are not asked."""
        assert evidence is not None  # noqa: S101 - least_labels is checked by who calls
        assert y is not None  # noqa: S101
        combine = _classify(team, evidence, y) if team.classes else _regress(evidence, y, seed)
        why = f"a model of your own, trained on your {len(y)} labels"
        return Rule("own", combine, np.zeros(len(team.weights)), why)


def _classify(team: Team, evidence: Evidence, y: NDArray[Any]) -> Callable[[Evidence], Float]:
    """Return logistic regression on the coordinates; classes without a label get nothing."""
    known = np.unique(y)
    if len(known) == 1:
        only = np.eye(len(team.classes))[known[0]]
        return lambda seen: np.tile(only, (len(seen.coords), 1))
    model = LogisticRegression(C=10.0, max_iter=1000).fit(evidence.coords, y)

    def combine(seen: Evidence) -> Float:
        out = np.zeros((len(seen.coords), len(team.classes)))
        out[:, known] = model.predict_proba(seen.coords)
        return out

    return combine


def _regress(evidence: Evidence, y: NDArray[Any], seed: int) -> Callable[[Evidence], Float]:
    """Return histogram boosting, with leaves small enough for few rows."""
    leaf = int(np.clip(len(y) // 10, 1, 20))
    model = HistGradientBoostingRegressor(min_samples_leaf=leaf, random_state=seed)
    model.fit(evidence.coords, y)
    return lambda seen: np.asarray(model.predict(seen.coords))


plugin: Reuser = Own()
