"""Random features against the kernel that they estimate."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from learndock.errors import Invalid, SketchMismatch
from learndock.numerics.features import random_features
from learndock.numerics.kernels import gram, mmd

GAMMAS = (0.05, 0.2, 0.8)
FIRST = [0.0012924739138008123, -0.9357099360304608, 0.06319052577173749]


def error(count, seeds=range(5)):
    x = np.random.default_rng(0).normal(size=(40, 5))
    exact = gram(x, x, gammas=GAMMAS)
    off = []
    for seed in seeds:
        features = random_features(5, count, gammas=GAMMAS, seed=seed)
        vectors = features.embed(x, np.eye(40))
        off.append(np.square(vectors @ vectors.T - exact).mean())
    return np.sqrt(np.mean(off))


def test_inner_products_converge_to_the_kernel():
    assert error(4_096) < 0.02
    assert error(4_096) < error(256) / 2.5


def test_orthogonal_frequencies_estimate_better_than_independent_ones():
    x = np.random.default_rng(0).normal(size=(40, 16))
    exact = gram(x, x, gammas=(0.05,))
    orthogonal, independent = [], []
    for seed in range(20):
        features = random_features(16, 64, gammas=(0.05,), seed=seed)
        vectors = features.embed(x, np.eye(40))
        orthogonal.append(np.square(vectors @ vectors.T - exact).mean())
        drawn = np.random.default_rng(seed).normal(size=(32, 16)) * np.sqrt(0.1)
        phase = x @ drawn.T
        plain = np.hstack([np.cos(phase), np.sin(phase)]) / np.sqrt(32)
        independent.append(np.square(plain @ plain.T - exact).mean())
    assert np.mean(orthogonal) < 0.7 * np.mean(independent)


def test_frequencies_of_one_group_are_orthogonal():
    frequencies = random_features(8, 16, gammas=(0.5,), seed=0).frequencies
    inner = frequencies @ frequencies.T
    np.testing.assert_allclose(inner - np.diag(np.diag(inner)), 0, atol=1e-12)


def test_distances_between_embeddings_are_near_the_mmd():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(50, 5)), 0.5 + rng.normal(size=(60, 5))
    wx, wy = np.full(50, 1 / 50), np.full(60, 1 / 60)
    features = random_features(5, 1_024, gammas=GAMMAS, seed=0)
    apart = np.linalg.norm(features.embed(x, wx) - features.embed(y, wy))
    assert apart == pytest.approx(mmd(x, wx, y, wy, gammas=GAMMAS), rel=0.1)


@given(seed=st.integers(0, 2**32 - 1), count=st.sampled_from([8, 30, 62]))
def test_a_single_point_has_length_one(seed, count):
    rng = np.random.default_rng(seed)
    features = random_features(4, count, gammas=GAMMAS, seed=seed)
    vector = features.embed(rng.normal(size=(1, 4)), np.ones(1))
    assert vector.shape == (count,)
    assert np.linalg.norm(vector) == pytest.approx(1)


def test_embeddings_of_the_columns_sum_to_that_of_the_row_sums():
    rng = np.random.default_rng(0)
    points, outcomes = rng.normal(size=(2_500, 3)), rng.random(size=(2_500, 4))
    features = random_features(3, 32, gammas=(1.0,), seed=0)
    parts = features.embed(points, outcomes)
    assert parts.shape == (4, 32)
    np.testing.assert_allclose(parts.sum(axis=0), features.embed(points, outcomes.sum(axis=1)))


def test_a_seed_gives_the_same_bits_for_ever():
    features = random_features(3, 12, gammas=(0.5, 2.0), seed=7)
    same = random_features(3, 12, gammas=(0.5, 2.0), seed=7)
    assert features.frequencies.tobytes() == same.frequencies.tobytes()
    assert features.frequencies[0].tolist() == FIRST


@pytest.mark.parametrize(("width", "count"), [(0, 6), (2, 7), (2, 4)])
def test_impossible_numbers_of_features_are_refused(width, count):
    with pytest.raises(Invalid, match="even number, at least 6"):
        random_features(width, count, gammas=GAMMAS, seed=0)


def test_points_of_another_width_are_refused():
    features = random_features(2, 6, gammas=GAMMAS, seed=0)
    with pytest.raises(SketchMismatch, match="3 coordinates"):
        features.embed(np.zeros((1, 3)), np.ones(1))
