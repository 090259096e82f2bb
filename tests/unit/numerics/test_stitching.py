"""Stitching, against Bayes' rule."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import norm

from learndock.numerics.stitching import soft_select, stitch

SEEDS = st.integers(0, 2**32 - 1)
X = np.linspace(-6, 6, 41)
MEANS = np.array([-3.0, -1.0, 1.0, 3.0])
LIKELIHOOD = norm.pdf(X[:, None], MEANS)


def expert(known, prior):
    """A member that saw some classes: its outputs, density and priors, all exactly true."""
    priors = np.zeros(4)
    priors[known] = prior
    joint = LIKELIHOOD * priors
    density = joint.sum(axis=1)
    return joint / density[:, None], density, priors


def team(*members):
    outputs, density, priors = zip(*members, strict=True)
    return np.stack(outputs, axis=1), np.stack(density, axis=1), np.array(priors)


def bayes(shares):
    joint = LIKELIHOOD * shares
    return joint / joint.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("weights", [(0.5, 0.5), (0.1, 0.9)])
@pytest.mark.parametrize("known", [([0, 1], [2, 3]), ([0, 1, 2], [1, 2, 3])])
@pytest.mark.parametrize("shares", [(0.25, 0.25, 0.25, 0.25), (0.7, 0.1, 0.2, 0.0)])
def test_true_experts_of_some_classes_each_are_stitched_to_bayes(known, weights, shares):
    halves = [expert(some, np.arange(1.0, len(some) + 1) / len(some)) for some in known]
    outputs, density, priors = team(*halves)
    found = stitch(
        outputs,
        density,
        priors=priors,
        weights=np.array(weights),
        shares=np.array(shares),
    )
    np.testing.assert_allclose(found, bayes(np.array(shares)), atol=1e-12)


def test_a_member_that_does_not_know_a_class_does_not_vote_against_it():
    outputs, density, priors = team(expert([0, 1], [0.5, 0.5]), expert([2, 3], [0.5, 0.5]))
    even = np.full(4, 0.25)
    stitched = stitch(outputs, density, priors=priors, weights=np.full(2, 0.5), shares=even)
    right = bayes(even).argmax(axis=1)
    assert (stitched.argmax(axis=1) == right).mean() > (
        outputs.mean(axis=1).argmax(axis=1) == right
    ).mean()


@given(seed=SEEDS)
def test_rows_always_sum_to_one(seed):
    rng = np.random.default_rng(seed)
    priors = rng.dirichlet(np.ones(4), size=3) * (rng.random((3, 4)) < 0.6)
    outputs = rng.dirichlet(np.full(4, 0.2), size=(20, 3)) * (rng.random((20, 3, 4)) < 0.8)
    found = stitch(
        outputs,
        rng.random((20, 3)) * (rng.random((20, 3)) < 0.5) * 1e-300,
        priors=priors,
        weights=rng.dirichlet(np.full(3, 0.3)),
        shares=rng.dirichlet(np.full(4, 0.1)),
    )
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_where_all_densities_vanish_members_count_by_their_weights():
    outputs, density, priors = team(expert([0, 1], [0.5, 0.5]), expert([2, 3], [0.5, 0.5]))
    arguments = {"priors": priors, "weights": np.array([0.3, 0.7]), "shares": np.full(4, 0.25)}
    nowhere = stitch(outputs, np.zeros_like(density), **arguments)
    everywhere = stitch(outputs, np.ones_like(density), **arguments)
    np.testing.assert_allclose(nowhere, everywhere)


def test_where_no_class_with_a_share_is_likely_likelihoods_alone_count():
    found = stitch(
        np.array([[[1.0, 0.0]]]),
        np.ones((1, 1)),
        priors=np.array([[0.5, 0.5]]),
        weights=np.ones(1),
        shares=np.array([0.0, 1.0]),
    )
    assert found.tolist() == [[1.0, 0.0]]


def test_where_no_member_says_anything_the_shares_are_returned():
    shares = np.array([0.2, 0.8])
    found = stitch(
        np.zeros((1, 1, 2)),
        np.ones((1, 1)),
        priors=np.array([[0.5, 0.5]]),
        weights=np.ones(1),
        shares=shares,
    )
    np.testing.assert_allclose(found, [shares])


@given(seed=SEEDS)
def test_soft_selection_stays_between_the_members(seed):
    rng = np.random.default_rng(seed)
    outputs = rng.normal(size=(20, 3))
    found = soft_select(outputs, rng.random((20, 3)), rng.dirichlet(np.ones(3)))
    assert (found >= outputs.min(axis=1) - 1e-12).all()
    assert (found <= outputs.max(axis=1) + 1e-12).all()


def test_soft_selection_takes_the_only_member_with_data_there():
    outputs = np.array([[1.0, 2.0], [1.0, 2.0]])
    density = np.array([[1e-200, 0.0], [0.0, 1e-200]])
    np.testing.assert_allclose(soft_select(outputs, density, np.array([0.5, 0.5])), [1.0, 2.0])


def test_soft_selection_falls_back_to_the_weights():
    weights = np.array([0.25, 0.75])
    found = soft_select(np.array([[1.0, 3.0]]), np.zeros((1, 2)), weights)
    np.testing.assert_allclose(found, [2.5])


def test_only_a_member_without_weight_near_a_row_leaves_the_weights():
    found = soft_select(np.array([[1.0, 3.0]]), np.array([[0.0, 1.0]]), np.array([1.0, 0.0]))
    np.testing.assert_allclose(found, [1.0])
