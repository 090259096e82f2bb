"""The contract of reusers: what every way of combining members must keep."""

from typing import Any

import numpy as np
import pytest

from learndock.core.ports import Evidence, Reuser, Team
from learndock.core.sketch import Float

ROWS, MEMBERS, CLASSES, WIDTH = 60, 3, 4, 2


def make_team(task: str, members: int = MEMBERS) -> Team:
    """Return a team whose members all know every class equally well."""
    weights = np.arange(1, members + 1) / sum(range(1, members + 1))
    if task == "regression":
        return Team("regression", (), weights, np.zeros((members, 0)), np.zeros(0))
    even = np.full(CLASSES, 1 / CLASSES)
    classes = tuple("abcd"[:CLASSES])
    return Team("classification", classes, weights, np.tile(even, (members, 1)), even)


def make_evidence(task: str, members: int = MEMBERS, seed: int = 0) -> tuple[Evidence, Any]:
    """Return random rows, what members of different quality say about them, and the truth."""
    rng = np.random.default_rng(seed)
    coords = rng.normal(size=(ROWS, WIDTH))
    density = rng.uniform(0.1, 1.0, size=(ROWS, members))
    noise = np.arange(1, members + 1) / 4
    if task == "regression":
        values = coords[:, 0] + coords[:, 1]
        outputs = values[:, None] + noise * rng.normal(size=(ROWS, members))
        return Evidence(coords, outputs, density), values
    truth = np.arange(ROWS) % CLASSES
    scores = 2 * np.eye(CLASSES)[truth][:, None, :]
    scores = scores + noise[:, None] * rng.normal(size=(ROWS, members, CLASSES))
    outputs = np.exp(scores) / np.exp(scores).sum(axis=2, keepdims=True)
    return Evidence(coords, outputs, density), truth


def reorder(team: Team, evidence: Evidence, order: list[int]) -> tuple[Team, Evidence]:
    """Return the same team and evidence with the members in another order."""
    return (
        Team(team.task, team.classes, team.weights[order], team.priors[order], team.shares),
        Evidence(evidence.coords, evidence.outputs[:, order], evidence.density[:, order]),
    )


@pytest.mark.parametrize("task", ["classification", "regression"])
class ReuserContract:
    """Inherit this and give a `reuser` fixture."""

    def test_probabilities_sum_to_one_and_values_are_finite(
        self, reuser: Reuser, task: str
    ) -> None:
        evidence, y = make_evidence(task)
        said = reuser.fit(make_team(task), evidence, y, seed=0).combine(evidence)
        assert np.isfinite(said).all()
        if task == "classification":
            assert said.shape == (ROWS, CLASSES)
            assert (said >= 0).all()
            np.testing.assert_allclose(said.sum(axis=1), 1.0)
        else:
            assert said.shape == (ROWS,)

    def test_weights_are_nonnegative_and_sum_to_one_or_are_all_zero(
        self, reuser: Reuser, task: str
    ) -> None:
        evidence, y = make_evidence(task)
        weights = reuser.fit(make_team(task), evidence, y, seed=0).weights
        assert weights.shape == (MEMBERS,)
        assert (weights >= 0).all()
        assert weights.sum() == pytest.approx(1.0) or not weights.any()

    def test_the_same_seed_gives_the_same_answer(self, reuser: Reuser, task: str) -> None:
        evidence, y = make_evidence(task)
        first, second = (
            reuser.fit(make_team(task), evidence, y, seed=7).combine(evidence) for _ in range(2)
        )
        np.testing.assert_array_equal(first, second)

    def test_the_order_of_members_does_not_matter(self, reuser: Reuser, task: str) -> None:
        evidence, y = make_evidence(task)
        team = make_team(task)
        moved_team, moved = reorder(team, evidence, [2, 0, 1])
        here = reuser.fit(team, evidence, y, seed=0).combine(evidence)
        there = reuser.fit(moved_team, moved, y, seed=0).combine(moved)
        np.testing.assert_allclose(here, there, atol=1e-6)

    def test_a_row_is_answered_alike_alone_and_among_others(
        self, reuser: Reuser, task: str
    ) -> None:
        evidence, y = make_evidence(task)
        rule = reuser.fit(make_team(task), evidence, y, seed=0)
        some: Float = rule.combine(evidence[np.array([3])])
        np.testing.assert_allclose(some, rule.combine(evidence)[[3]], atol=1e-9)

    def test_a_single_member_without_labels_is_that_member(self, reuser: Reuser, task: str) -> None:
        if reuser.least_labels == 0:
            evidence, _ = make_evidence(task, members=1)
            rule = reuser.fit(make_team(task, members=1), None, None, seed=0)
            np.testing.assert_allclose(rule.combine(evidence), evidence.outputs[:, 0], atol=1e-9)

    def test_the_method_and_the_reason_are_said(self, reuser: Reuser, task: str) -> None:
        evidence, y = make_evidence(task)
        rule = reuser.fit(make_team(task), evidence, y, seed=0)
        assert rule.method
        assert rule.why
