"""Sketches of tables that share only some columns, compared on those."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import learndock as ld
from learndock.errors import Invalid, SpaceMismatch
from learndock.numerics.kernels import median_gamma, mmd
from learndock.service.comparing import compare, marginal
from learndock.service.encoding import encoder_of


def table(center=0.0, seed=0, count=800):
    rng = np.random.default_rng(seed)
    base = rng.normal(center, 1, count)
    return pd.DataFrame(
        {
            "age": 50 + 9 * base,
            "income": np.exp(base + rng.normal(size=count)),
            "smokes": rng.random(count) < 0.3,
            "ward": rng.choice(["north", "south", "east"], count),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.uniform(0, 999, count), "D"),
        }
    )


WHOLE = table()
NAMES = list(WHOLE)


@pytest.fixture(scope="module")
def whole():
    return ld.sketch(WHOLE, size=40)


@pytest.fixture(scope="module")
def other(whole):
    return ld.sketch(table(1.0, seed=1), space=whole.space, size=40)


def columns_deleted(sketch, names):
    parts = encoder_of(sketch.space).parts(sketch.space)
    return np.delete(
        sketch.points,
        np.concatenate([np.r_[part] for name, part in parts.items() if name not in names]),
        axis=1,
    )


# ---------------------------------------------------------------- marginals


@settings(max_examples=20)
@given(names=st.sets(st.sampled_from(NAMES), min_size=1, max_size=4))
def test_marginals_compare_as_the_points_without_the_other_coordinates(whole, other, names):
    left, right = marginal(whole, names), marginal(other, names)
    gammas = [gamma * len(NAMES) / len(names) for gamma in whole.space.gammas]
    expected = mmd(
        columns_deleted(whole, names), whole.weights,
        columns_deleted(other, names), other.weights,
        gammas=gammas,
    )  # fmt: skip
    assert compare(left, right).distance == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("names", [["age"], ["age", "ward"], ["income", "smokes", "since"]])
def test_a_marginal_is_near_the_rows_with_fewer_columns(whole, names):
    part = marginal(whole, names)
    coords = encoder_of(part.space).encode(WHOLE[names], part.space)
    even = np.full(len(coords), 1 / len(coords))
    found = mmd(coords, even, part.points, part.weights, gammas=part.space.gammas)
    assert found < 2.5 * whole.mmd


@pytest.mark.parametrize("names", [["age", "income"], ["ward", "smokes", "since"], NAMES[:4]])
def test_the_kernel_of_a_marginal_is_about_that_of_a_space_of_its_columns(whole, names):
    coords = encoder_of(whole.space).encode(WHOLE, whole.space)
    parts = encoder_of(whole.space).parts(whole.space)
    kept = np.hstack([coords[:, parts[name]] for name in names])
    ratio = marginal(whole, names).space.gamma / median_gamma(kept)
    assert 0.6 < ratio < 1.7


def test_a_marginal_keeps_the_models_outcomes_and_drops_what_no_longer_holds():
    from sklearn.linear_model import LinearRegression

    X, y = WHOLE[["age", "income"]], WHOLE["age"]
    made = ld.pack(LinearRegression().fit(X, y), X, y, name="demo", license="MIT").sketch
    part = marginal(made, ["income"])
    np.testing.assert_array_equal(part.outcomes, made.outcomes)
    assert (part.edges, part.rows, part.accuracy) == (made.edges, made.rows, made.accuracy)
    assert made.density
    assert part.density == ()


def test_a_marginal_of_all_columns_has_the_same_points_and_kernel(whole):
    assert marginal(whole, NAMES).space == whole.space
    np.testing.assert_array_equal(marginal(whole, NAMES).points, whole.points)


@pytest.mark.parametrize("names", [[], ["age", "height"]])
def test_columns_that_are_not_there_are_refused(whole, names):
    with pytest.raises(SpaceMismatch, match="'age', 'income', 'smokes', 'ward', 'since'"):
        marginal(whole, names)


# ---------------------------------------------------------------- comparisons


def test_in_one_space_it_is_the_mmd(whole, other):
    found = compare(whole, other)
    expected = mmd(
        whole.points, whole.weights, other.points, other.weights, gammas=whole.space.gammas
    )
    assert found.distance == expected
    assert list(found.matching.pairs) == NAMES


def test_texts_compare_in_their_one_space_without_columns():
    left, right = (
        ld.sketch([f"{word} number {i}" for i in range(120)], size=5) for word in ("cat", "tax")
    )
    found = compare(left, right)
    assert found.distance > 0.1
    assert found.matching.matches == ()


def test_the_same_rows_in_another_space_under_other_names_are_near(whole):
    renamed = WHOLE.rename(columns={"age": "Age", "income": "inc", "ward": "WARD"})
    there = ld.sketch(renamed[["WARD", "inc", "Age"]].assign(height=1.0), size=40)
    here, far = compare(there, whole), ld.sketch(table(2.0, seed=3), size=40)
    assert here.matching.pairs == {"age": "Age", "income": "inc", "ward": "WARD"}
    assert here.distance < 0.12
    assert here.distance < 0.3 * compare(far, whole, columns={"age": "age"}).distance


def test_what_is_not_shared_has_no_influence(whole):
    one = ld.sketch(WHOLE[["age", "ward"]].assign(height=WHOLE["income"]), size=40)
    moved = one.points.copy()
    moved[:, encoder_of(one.space).parts(one.space)["height"]] += 5
    assert compare(replace(one, points=moved), whole).distance == compare(one, whole).distance


def test_only_the_columns_that_are_named_are_used(whole, other):
    found = compare(whole, other, columns={"smokes": "smokes"})
    assert found.matching.pairs == {"smokes": "smokes"}
    assert found.distance < compare(whole, other, columns={"age": "age"}).distance


def test_a_boolean_and_a_number_of_0_and_1_compare_where_the_caller_says_so(whole):
    numbers = ld.sketch(WHOLE[["age"]].assign(smoker=WHOLE["smokes"] * 1.0), size=40)
    found = compare(whole, numbers, columns={"smokes": "smoker"})
    assert found.distance < 0.1


def test_doubtful_columns_are_named_and_not_used():
    left = ld.sketch(pd.DataFrame({"temp": WHOLE["age"]}), size=10)
    right = ld.sketch(pd.DataFrame({"temperature": WHOLE["age"] + 30}), size=10)
    with pytest.raises(SpaceMismatch, match=r"accept=\{'temp': 'temperature'\}") as caught:
        compare(left, right)
    assert caught.value.facts == {"left": ["temp"], "right": ["temperature"]}
    assert compare(left, right, accept={"temp": "temperature"}).distance > 0.5
    assert compare(left, right, least=0.3).distance > 0.5


def test_nothing_shared_names_the_columns_of_both_sides():
    left = ld.sketch(pd.DataFrame({f"a{i}_b": WHOLE["age"] for i in range(15)}), size=10)
    right = ld.sketch(pd.DataFrame({"ward": WHOLE["ward"]}), size=10)
    with pytest.raises(SpaceMismatch, match=r"'a0_b', .* and 3 more .* has 'ward'; none is surely"):
        compare(left, right)


def test_spaces_of_two_encoders_are_refused(whole):
    vectors = ld.sketch(np.random.default_rng(0).normal(size=(200, 3)), encoder="vector", size=10)
    for pair in ((vectors, whole), (whole, vectors)):
        with pytest.raises(SpaceMismatch, match="has no columns"):
            compare(*pair)


@pytest.mark.parametrize("swap", [False, True])
def test_a_table_with_missing_values_compares(whole, swap):
    gappy = WHOLE.copy()
    gappy.loc[::3, ["age", "ward"]] = None
    gaps = ld.sketch(gappy[["age", "ward", "smokes"]], size=40)
    found = compare(gaps, whole) if swap else compare(whole, gaps)
    assert 0.1 < found.distance < 1


@pytest.mark.parametrize("others", [{"accept": {"age": "age"}}, {"least": 0.5}])
def test_named_pairs_leave_nothing_to_find(whole, other, others):
    with pytest.raises(Invalid, match="columns= names all pairs"):
        compare(whole, other, columns={"age": "age"}, **others)


def test_pairs_that_are_confirmed_count_in_one_space_too(whole, other):
    found = compare(whole, other, accept={"age": "income"})
    assert found.matching.pairs["income"] == "age"
