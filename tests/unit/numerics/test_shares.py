"""Class shares: nearest point of a hull, tempering, sampling noise."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from learndock.errors import Invalid
from learndock.numerics.features import random_features
from learndock.numerics.shares import hull, sampling_noise, temper
from learndock.numerics.simplex import on_simplex

SEEDS = st.integers(0, 2**32 - 1)


@given(seed=SEEDS, count=st.integers(1, 60), width=st.integers(1, 20))
def test_the_hull_agrees_with_one_dense_quadratic_program(seed, count, width):
    rng = np.random.default_rng(seed)
    atoms, target = rng.normal(size=(count, width)), rng.normal(size=width)
    weights, distance = hull(atoms, target)
    dense = on_simplex(atoms @ atoms.T, atoms @ target)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)
    assert distance == pytest.approx(np.linalg.norm(target - weights @ atoms))
    assert distance == pytest.approx(np.linalg.norm(target - dense @ atoms), abs=1e-4)


def test_thousands_of_atoms_meet_the_optimality_conditions():
    rng = np.random.default_rng(0)
    atoms = rng.normal(size=(3_000, 64)) * 0.1 + rng.normal(size=64)
    target = atoms[:20].mean(axis=0) + 0.02 * rng.normal(size=64)
    weights, _ = hull(atoms, target)
    point = weights @ atoms
    assert ((atoms - point) @ (target - point)).max() < 1e-6
    assert (weights > 0).sum() <= 65


def test_a_target_inside_the_hull_has_no_distance():
    atoms = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [1.0, 1.0]])
    assert hull(atoms, np.array([1.0, 2.0]))[1] == pytest.approx(0, abs=1e-6)


def test_shares_of_a_mixture_of_separate_atoms_are_found():
    wanted = np.array([0.5, 0.0, 0.2, 0.3])
    weights, _ = hull(np.eye(4), wanted)
    np.testing.assert_allclose(weights, wanted, atol=1e-6)


def test_equal_atoms_do_no_harm():
    weights, distance = hull(np.ones((50, 3)), np.ones(3))
    assert distance == pytest.approx(0)
    assert weights.sum() == pytest.approx(1)


def test_the_hull_of_no_atom_is_refused():
    with pytest.raises(Invalid, match="0 atoms"):
        hull(np.zeros((0, 2)), np.zeros(2))


@given(seed=SEEDS, count=st.integers(1, 20), more=st.integers(0, 20))
def test_tempered_shares_keep_their_order_and_come_nearer_to_equal(seed, count, more):
    shares = np.random.default_rng(seed).dirichlet(np.full(count, 0.3))
    found = temper(shares, count + more)
    assert found.sum() == pytest.approx(1)
    assert found.min() > 0
    assert (np.diff(found[np.argsort(shares)]) >= -1e-12).all()
    assert found.max() <= shares.max() + 1e-12


def test_shares_spread_over_all_classes_become_equal():
    np.testing.assert_allclose(temper(np.full(5, 0.2), 5), 0.2)


def test_the_same_shares_are_tempered_less_where_more_classes_are_known():
    shares = np.array([0.8, 0.2])
    assert temper(shares, 2)[0] < temper(shares, 20)[0] < 0.8


def test_shares_over_no_class_are_refused():
    with pytest.raises(Invalid, match="0 known"):
        temper(np.ones(1), 0)


def test_sampling_noise_is_the_distance_of_a_sample_from_its_source():
    rng = np.random.default_rng(0)
    features = random_features(2, 512, gammas=(0.5,), seed=0)
    source = rng.normal(size=(50_000, 2))
    true = features.embed(source, np.full(len(source), 1 / len(source)))
    apart = [
        np.square(features.embed(source[rng.choice(len(source), 50)], np.full(50, 0.02)) - true)
        for _ in range(200)
    ]
    expected = sampling_noise(50, float(true @ true))
    assert np.sqrt(np.mean(np.sum(apart, axis=1))) == pytest.approx(expected, rel=0.05)


def test_sampling_noise_of_no_rows_is_refused():
    with pytest.raises(Invalid, match="0 rows"):
        sampling_noise(0, 0.5)
