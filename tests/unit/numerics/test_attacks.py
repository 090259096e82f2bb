"""Attacks: they find what is there and nothing else, and their intervals are honest."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binom, mannwhitneyu, norm

from learndock.errors import BadData
from learndock.numerics.attacks import (
    Trial,
    advantage,
    attribute_advantage,
    auc,
    binomial,
    found_at,
    guesses,
    mean_auc,
    membership,
    scores,
)

SCORES = arrays(float, st.integers(2, 30), elements=st.integers(-5, 5).map(float))


def trial(points, members, rest):
    return Trial.of(points, np.full(len(points), 1 / len(points)), members, rest, seed=0)


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


@given(SCORES, SCORES)
def test_auc_is_the_statistic_of_mann_and_whitney(inside, outside):
    statistic = mannwhitneyu(inside, outside).statistic / (len(inside) * len(outside))
    assert auc(inside, outside)[0] == pytest.approx(statistic)


@given(SCORES, SCORES)
def test_auc_of_swapped_sides_is_the_rest_with_the_same_variance(inside, outside):
    (area, variance), (other, same) = auc(inside, outside), auc(outside, inside)
    assert area + other == pytest.approx(1)
    assert variance == pytest.approx(same)


def test_auc_of_shifted_normals_has_the_closed_form():
    area, variance = auc(normal(0, 20_000) + 1, normal(1, 20_000))
    assert area == pytest.approx(norm.cdf(1 / np.sqrt(2)), abs=4 * np.sqrt(variance))


def test_the_interval_of_the_auc_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    truth = norm.cdf(0.5 / np.sqrt(2))
    found = [mean_auc([(rng.normal(size=80) + 0.5, rng.normal(size=60))]) for _ in range(1_000)]
    assert 0.93 < np.mean([f.low <= truth <= f.high for f in found]) < 0.97


def test_the_mean_of_more_pairs_has_a_narrower_interval():
    pairs = [(normal(i, 50), normal(100 + i, 50)) for i in range(9)]
    wide, narrow = mean_auc(pairs[:1]), mean_auc(pairs)
    assert (wide.high - wide.low) / (narrow.high - narrow.low) == pytest.approx(3, rel=0.2)


@pytest.mark.parametrize(("hits", "total"), [(0, 100), (7, 100), (100, 100)])
def test_binomial_interval_ends_where_the_tails_are_2_5_percent(hits, total):
    found = binomial(hits, total)
    assert found.value == hits / total
    if hits:
        assert binom.sf(hits - 1, total, found.low) == pytest.approx(0.025)
    if hits < total:
        assert binom.cdf(hits, total, found.high) == pytest.approx(0.025)


def test_members_are_found_at_the_threshold_that_accuses_few_strangers():
    outside = np.arange(2_000.0)
    found, fpr = found_at([(np.array([1_996.0, 1_997.5, 5.0, 3_000.0]), outside)])
    assert found.value == 0.5  # above all but 2 of 2,000
    assert fpr == pytest.approx(3 / 2_001)


def test_where_strangers_are_few_the_chance_rate_says_so():
    _, fpr = found_at([(np.arange(9.0), np.arange(49.0))])
    assert fpr == pytest.approx(1 / 50)


def test_a_sketch_of_other_data_tells_no_one_apart():
    members, rest, points = normal(0, 3, 600, 4)
    found = membership([trial(points[:30], members, rest)], gamma=0.125)
    assert found.auc.low < 0.5 < found.auc.high


def test_the_best_of_many_attacks_is_not_flattered():
    values = [
        membership([trial(*normal(seed, 3, 60, 4))], gamma=0.125, seed=seed).auc.value
        for seed in range(60)
    ]
    assert np.mean(values) == pytest.approx(0.5, abs=3 * np.std(values) / np.sqrt(60))


def test_a_sketch_that_hands_out_rows_is_found_out():
    members, rest = normal(0, 2, 600, 4)
    found = membership([trial(members[:300], members, rest)], gamma=0.125)
    assert found.auc.low > 0.7
    assert found.tpr.low > 0.3


def test_calibration_finds_members_that_plain_densities_hide():
    members, rest = normal(0, 2, 2_000, 6)
    attacked = trial(members[::20], members, rest)
    inside, outside = (scores(x, attacked, gamma=0.08) for x in (members, attacked.others))
    said = {name: auc(inside[name], outside[name])[0] for name in inside}
    assert said["calibrated x4"] > said["density x4"]


def test_too_few_rows_are_refused():
    with pytest.raises(BadData, match="5 members and 4 non-members"):
        membership([trial(normal(0, 3, 2), normal(1, 5, 2), normal(2, 6, 2))], gamma=1.0)


def test_guess_of_a_hidden_coordinate_agrees_with_the_slow_sum():
    x, points = normal(0, 5, 3), normal(1, 7, 3)
    weights = np.arange(1.0, 8.0)
    found = guesses(x, slice(1, 2), points, weights, gamma=0.7)
    for row, distance in zip(x, found, strict=True):
        near = weights * np.exp(-0.7 * ((row - points)[:, [0, 2]] ** 2).sum(axis=1))
        assert distance == pytest.approx(abs(row[1] - near @ points[:, 1] / near.sum()))


def test_a_guess_far_from_all_points_is_the_nearest_points():
    points = np.array([[0.0, 5.0], [9.0, 7.0]])
    found = guesses(np.array([[1e6, 7.0]]), slice(1, 2), points, np.ones(2) / 2, gamma=1.0)
    assert found.tolist() == [0.0]


def test_advantage_is_how_much_oftener_members_are_guessed_well():
    good, bad = np.ones(100), np.zeros(100)
    found = advantage([(np.concatenate([good, bad]), np.concatenate([bad, bad]))])
    assert found.value == pytest.approx(0.5)
    assert 0.4 < found.low < 0.5 < found.high < 0.6


def test_a_hidden_coordinate_is_guessed_no_better_where_the_sketch_is_of_others():
    members, rest, points = normal(0, 3, 600, 4)
    found = attribute_advantage([trial(points, members, rest)], slice(0, 1), gamma=0.125)
    assert found.low < 0 < found.high


def test_advantage_of_equal_sides_has_an_interval_around_nothing():
    found = advantage([(normal(0, 400), normal(1, 400))])
    assert found.low < 0 < found.high


def test_a_point_of_no_weight_says_nothing_even_if_it_is_the_nearest():
    points = np.array([[0.0, 5.0], [9.0, 7.0]])
    found = guesses(np.array([[0.0, 7.0]]), slice(1, 2), points, np.array([0.0, 1.0]), gamma=1e6)
    assert found.tolist() == [0.0]
