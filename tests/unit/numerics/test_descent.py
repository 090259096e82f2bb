"""The descent, against differences and against what it must keep."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from learndock.numerics.descent import centres, descend, fit, gradient
from learndock.numerics.kernels import Frame, gram, gram_times, mmd


def test_the_gradient_is_that_of_the_squared_distance():
    rng = np.random.default_rng(0)
    points, target = rng.normal(size=(4, 3)), rng.normal(size=(30, 3))
    weights, shares = rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(30))
    gammas = [0.3, 1.2]
    slope = gradient(
        *(value.astype(np.float32) for value in (points, weights, target, shares)), gammas=gammas
    )
    step = np.zeros((4, 3))
    step[2, 1] = 1e-5
    up, down = (
        mmd(points + sign * step, weights, target, shares, gammas=gammas) ** 2 for sign in (1, -1)
    )
    assert 4 * slope[2, 1] == pytest.approx((up - down) / 2e-5, rel=1e-3)


@pytest.mark.parametrize("batch", [64, 1_000])
def test_batches_lead_where_the_whole_target_leads(batch):
    rng = np.random.default_rng(0)
    target, shares = rng.normal(size=(1_000, 2)), rng.dirichlet(np.full(1_000, 0.3))
    even = np.full(10, 0.1)
    start = target[:10]
    moved = descend(
        start,
        target,
        shares,
        frame=Frame.around(target, [0.5]),
        weigh=lambda _: even,
        steps=200,
        batch=batch,
        rng=rng,
    )
    before, after = (mmd(x, even, target, shares, gammas=[0.5]) for x in (start, moved))
    assert after < 0.2 * before


def test_groups_that_lie_apart_have_their_weighted_means_for_centres():
    rng = np.random.default_rng(0)
    target = np.repeat([[0.0, 0.0], [100.0, 0.0]], 50, axis=0) + rng.normal(size=(100, 2))
    shares = rng.dirichlet(np.ones(100))
    found = centres(
        target, shares, 2, frame=Frame.around(target, [1.0]), rng=np.random.default_rng(3)
    )
    expected = [
        np.average(target[part], axis=0, weights=shares[part])
        for part in (slice(50), slice(50, None))
    ]
    np.testing.assert_allclose(found[np.argsort(found[:, 0])], expected, atol=1e-4)


@given(seed=st.integers(0, 2**32 - 1), parts=st.integers(1, 4), least=st.floats(0, 0.2))
def test_a_fit_keeps_masses_and_drops_what_weighs_too_little(seed, parts, least):
    rng = np.random.default_rng(seed)
    points, target = rng.normal(size=(5, 2)), rng.normal(size=(30, 2))
    held = rng.dirichlet(np.full(30 * parts, 0.1)).reshape(30, parts)
    masses = held.sum(axis=0)
    found = fit(
        points, gram_times(points, target, held, gammas=[1.0]), masses, gammas=[1.0], least=least
    )
    np.testing.assert_allclose(found.outcomes.sum(axis=0), masses, atol=1e-9)
    assert found.weights.min() >= least
    squared = mmd(found.points, found.weights, target, held.sum(axis=1), gammas=[1.0]) ** 2
    constant = held.sum(axis=1) @ gram(target, target, gammas=[1.0]) @ held.sum(axis=1)
    assert found.loss + constant == pytest.approx(squared, abs=1e-9)
