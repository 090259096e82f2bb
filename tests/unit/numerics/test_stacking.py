"""Shrunken stacking."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from learndock.errors import Invalid
from learndock.numerics.stacking import shrunken_stack

SEEDS = st.integers(0, 2**32 - 1)


def members(seed, rows, count=6, noise=0.5):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=rows)
    return y[:, None] + noise * rng.normal(size=(rows, count)), y


@given(seed=SEEDS, rows=st.integers(1, 30))
def test_infinite_shrinkage_is_the_prior_and_a_shrunken_mean_residual(seed, rows):
    outputs, y = members(seed, rows)
    prior = np.random.default_rng(seed).dirichlet(np.ones(6))
    found = shrunken_stack(outputs, y, prior, strengths=[np.inf])
    np.testing.assert_array_equal(found.weights, prior)
    assert found.shift == pytest.approx(rows / (rows + 10) * (y - outputs @ prior).mean())


def test_weights_come_nearer_to_the_prior_as_the_strength_grows():
    outputs, y = members(0, 40)
    prior = np.full(6, 1 / 6)
    apart = [
        np.linalg.norm(shrunken_stack(outputs, y, prior, strengths=[s]).weights - prior)
        for s in (0.01, 1.0, 100.0, 1e4)
    ]
    assert (np.diff(apart) < 0).all()
    assert apart[-1] < 1e-2


def test_without_shrinkage_a_right_combination_is_found():
    outputs, _ = members(1, 200)
    wanted = np.array([0.6, 0.0, 0.4, 0.0, 0.0, 0.0])
    found = shrunken_stack(outputs, outputs @ wanted, np.full(6, 1 / 6), strengths=[0.0])
    np.testing.assert_allclose(found.weights, wanted, atol=1e-5)


@settings(max_examples=30)
@given(seed=SEEDS, rows=st.integers(1, 60))
def test_the_answer_is_on_the_simplex(seed, rows):
    outputs, y = members(seed, rows)
    found = shrunken_stack(outputs, y, np.full(6, 1 / 6))
    assert found.weights.min() >= 0
    assert found.weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("seed", range(5))
def test_the_strength_is_the_likeliest_by_the_error_on_rows_left_out_and_the_belief(seed):
    outputs, y = members(seed, 12, noise=np.array([0.1, 1, 1, 1, 1, 1]))
    prior = np.full(6, 1 / 6)
    strengths = [0.01, 0.3, 1.0, 30.0]

    def left_out(strength):
        error = 0.0
        for i in range(12):
            rest = np.arange(12) != i
            fit = shrunken_stack(outputs[rest], y[rest], prior, strengths=[strength * scale(rest)])
            error += (y[i] - outputs[i] @ fit.weights - fit.shift) ** 2
        return error

    def scale(rows):
        """The penalty's unit is that of all rows, also where one is left out."""
        departure = np.square(outputs - (outputs @ prior)[:, None]).mean(axis=1)
        return departure.mean() / departure[rows].mean()

    best = min(strengths, key=lambda s: 6 * np.log(left_out(s)) + 2 * np.log10(s) ** 2)
    assert shrunken_stack(outputs, y, prior, strengths=strengths).strength == best


def test_few_labels_shrink_more_than_many():
    prior = np.full(6, 1 / 6)

    def strength(rows):
        found = []
        for seed in range(20):
            outputs, y = members(seed, rows, noise=np.array([0.3, 1, 1, 1, 1, 1]))
            found.append(shrunken_stack(outputs, y, prior).strength)
        return np.median(found)

    assert strength(400) < strength(8)


def test_a_constant_error_of_all_members_becomes_the_shift():
    outputs, _ = members(3, 2_000)
    wanted = np.array([0.5, 0.5, 0, 0, 0, 0])
    found = shrunken_stack(outputs, outputs @ wanted + 7, np.full(6, 1 / 6))
    assert found.shift == pytest.approx(7, abs=0.1)
    np.testing.assert_allclose(found.weights, wanted, atol=0.05)


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_the_unit_of_the_target_does_not_matter(unit):
    outputs, y = members(4, 25)
    plain = shrunken_stack(outputs, y, np.full(6, 1 / 6))
    scaled = shrunken_stack(unit * outputs, unit * y, np.full(6, 1 / 6))
    np.testing.assert_allclose(scaled.weights, plain.weights, atol=1e-6)
    assert scaled.shift == pytest.approx(unit * plain.shift, rel=1e-4)


def test_members_that_agree_keep_the_prior():
    y = np.arange(5.0)
    found = shrunken_stack(np.column_stack([y, y]), y + 1, np.array([0.3, 0.7]))
    assert found.weights.tolist() == [0.3, 0.7]
    assert found.shift == pytest.approx(5 / 15)


@pytest.mark.parametrize(
    ("outputs", "y", "prior"), [((0, 2), (0,), (2,)), ((3, 2), (2,), (2,)), ((3, 2), (3,), (3,))]
)
def test_shapes_that_do_not_go_together_are_refused(outputs, y, prior):
    with pytest.raises(Invalid, match="do not go together"):
        shrunken_stack(np.zeros(outputs), np.zeros(y), np.zeros(prior))
