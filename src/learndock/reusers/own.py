"""The user's own model, trained on the user's labels alone: what reuse is compared with."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from learndock.core.ports import Evidence, Reuser, Rule, Team
from learndock.core.sketch import Float
from learndock.reusers._shared import Combine, labelled

FEW = 100
"""Labels under which trees learn less than a plane."""
PENALTIES = tuple(10.0**k for k in range(-2, 5))


class Own:
    """Ridge, histogram boosting, or logistic regression on the space's coordinates."""

    least_members = 0
    least_labels = 1

    def fit(
        self, team: Team, evidence: Evidence | None, y: NDArray[Any] | None, *, seed: int
    ) -> Rule:
        """Train on the labels; the members are not asked."""
        evidence, y = labelled(evidence, y)
        combine = _classify(team, evidence, y) if team.classes else _regress(evidence, y, seed)
        why = f"a model of your own, trained on your {len(y)} labels"
        return Rule("own", combine, np.zeros(len(team.weights)), why)


def _classify(team: Team, evidence: Evidence, y: NDArray[Any]) -> Combine:
    """Return logistic regression on the coordinates; classes without a label get nothing."""
    if len(np.unique(y)) == 1:
        model = DummyClassifier().fit(evidence.coords, y)
    else:
        model = LogisticRegression(C=10.0, max_iter=1000).fit(evidence.coords, y)
    return partial(_probabilities, model, len(team.classes))


def _probabilities(model: Any, classes: int, seen: Evidence) -> Float:
    out = np.zeros((len(seen.coords), classes))
    out[:, model.classes_] = model.predict_proba(seen.coords)
    return out


def _regress(evidence: Evidence, y: NDArray[Any], seed: int) -> Combine:
    """Return ridge regression for few rows, else histogram boosting on one thread."""
    if len(y) < FEW:
        model = make_pipeline(StandardScaler(), RidgeCV(PENALTIES)).fit(evidence.coords, y)
    else:
        model = HistGradientBoostingRegressor(random_state=seed)
        with threadpool_limits(1):  # threads beside other processes wait for each other
            model.fit(evidence.coords, y)
    return partial(_values, model)


def _values(model: Any, seen: Evidence) -> Float:
    return np.asarray(model.predict(seen.coords))


plugin: Reuser = Own()
