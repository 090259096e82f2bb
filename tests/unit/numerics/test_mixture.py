"""Mixtures of few atoms, against full quadratic programs and against trying every subset."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from learndock.errors import Invalid
from learndock.numerics.mixture import mixture
from learndock.numerics.shares import hull
from learndock.numerics.simplex import on_simplex

SEEDS = st.integers(0, 2**32 - 1)


class Atoms:
    """A dock in memory, which remembers how often it was searched."""

    def __init__(self, vectors, keys=None):
        self.vectors = vectors
        self.keys = keys or [f"k{i:05}" for i in range(len(vectors))]
        self.searches = 0

    def __call__(self, direction, count):
        self.searches += 1
        found = self.vectors @ direction
        best = sorted(range(len(found)), key=lambda i: (-found[i], self.keys[i]))[:count]
        return [self.keys[i] for i in best], self.vectors[best]

    def combination(self, found):
        return found.weights @ self.vectors[[self.keys.index(key) for key in found.keys]]


def docked(seed, count=40, width=12):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count, width)) / np.sqrt(width)
    return Atoms(vectors), rng.dirichlet(np.full(count, 0.1)) @ vectors


def best_of_every_subset(vectors, target, size):
    best = np.inf
    for members in map(list, combinations(range(len(vectors)), size)):
        part = vectors[members]
        weights = on_simplex(part @ part.T, part @ target)
        best = min(best, np.linalg.norm(target - weights @ part))
    return best


@settings(max_examples=30)
@given(seed=SEEDS)
def test_without_a_limit_the_mixture_is_the_nearest_point_of_the_hull(seed):
    atoms, _ = docked(seed)
    target = np.random.default_rng(seed).normal(size=12)
    found = mixture(target, atoms, size=40, tolerance=1e-9)
    assert found.residual == pytest.approx(hull(atoms.vectors, target)[1], abs=1e-4)


@settings(max_examples=30)
@given(seed=SEEDS, size=st.integers(1, 5))
def test_the_answer_says_the_truth_about_itself(seed, size):
    atoms, target = docked(seed)
    found = mixture(target, atoms, size=size)
    assert 1 <= len(found.keys) <= size
    assert len(set(found.keys)) == len(found.keys)
    assert found.weights.min() > 0
    assert found.weights.sum() == pytest.approx(1)
    assert (np.diff(found.weights) <= 0).all()
    assert found.residual == pytest.approx(np.linalg.norm(target - atoms.combination(found)))
    assert found.looked == atoms.searches


@settings(max_examples=30)
@given(seed=SEEDS, size=st.integers(1, 5))
def test_the_gap_bounds_what_is_missed(seed, size):
    atoms, target = docked(seed)
    found = mixture(target, atoms, size=size)
    optimum = hull(atoms.vectors, target)[1]
    assert found.residual**2 - optimum**2 <= 2 * found.gap + 1e-8


@settings(max_examples=30)
@given(seed=SEEDS)
def test_swap_passes_never_raise_the_residual(seed):
    atoms, target = docked(seed)
    tried = [mixture(target, atoms, size=4, swaps=swaps).residual for swaps in (0, 1, 15)]
    assert max(tried[1:]) <= tried[0] + 1e-9


def test_swap_passes_come_near_the_best_of_every_subset():
    ratios = []
    for seed in range(10):
        atoms, target = docked(seed, count=18)
        best = best_of_every_subset(atoms.vectors, target, 3)
        ratios.append(mixture(target, atoms, size=3).residual / best)
    assert min(ratios) >= 1 - 1e-6
    assert np.median(ratios) < 1.001


def test_parts_of_a_mixture_are_found_though_other_atoms_lie_nearer():
    corners = np.eye(3)
    near = 1 / 3 + np.array([[0.05, -0.05, 0.2]])
    atoms = Atoms(np.vstack([near, corners]), ["near", "x", "y", "z"])
    found = mixture(np.full(3, 1 / 3), atoms, size=3)
    assert set(found.keys) == {"x", "y", "z"}
    assert found.residual == pytest.approx(0, abs=1e-6)


def test_an_atom_that_is_the_target_is_taken_alone():
    atoms, _ = docked(3)
    found = mixture(atoms.vectors[7], atoms, size=1)
    assert found.keys == ("k00007",)
    assert found.residual == pytest.approx(0, abs=1e-9)


def test_members_under_the_least_weight_are_dropped_and_the_rest_fitted_anew():
    atoms = Atoms(np.eye(3), ["a", "b", "c"])
    target = np.array([0.7, 0.28, 0.02])
    assert mixture(target, atoms, size=3, tolerance=1e-9).keys == ("a", "b", "c")
    found = mixture(target, atoms, size=3, tolerance=1e-9, least=0.05)
    assert found.keys == ("a", "b")
    np.testing.assert_allclose(found.weights, [0.71, 0.29], atol=1e-6)


def test_the_last_member_stays_whatever_the_least_weight():
    atoms, target = docked(0)
    assert len(mixture(target, atoms, size=5, least=2.0).keys) == 1


def test_equal_atoms_are_told_apart_by_their_key_whatever_their_order():
    vectors = np.vstack([np.eye(2), np.eye(2)])
    target = np.array([0.5, 0.5])
    forward = mixture(target, Atoms(vectors, ["a", "b", "c", "d"]), size=2)
    backward = mixture(target, Atoms(vectors[::-1], ["d", "c", "b", "a"]), size=2)
    assert forward.keys == backward.keys == ("a", "b")


def test_without_atoms_the_mixture_is_empty():
    found = mixture(np.array([3.0, 4.0]), Atoms(np.zeros((0, 2))), size=3)
    assert (found.keys, len(found.weights), found.residual, found.gap) == ((), 0, 5.0, 0.0)


def test_vectors_in_single_precision_will_do():
    atoms, target = docked(1)
    single = Atoms(atoms.vectors.astype(np.float32))
    assert mixture(target, single, size=5).residual == pytest.approx(
        mixture(target, atoms, size=5).residual, abs=1e-3
    )


def test_a_mixture_of_no_member_is_refused():
    atoms, target = docked(0)
    with pytest.raises(Invalid, match="1 is the least"):
        mixture(target, atoms, size=0)
