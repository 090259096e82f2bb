"""Which columns are taken for the same, how surely, and on what evidence."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from sklearn import datasets

import learndock as ld
from learndock.errors import Invalid, SpaceMismatch
from learndock.service.matching import match

ROWS = 300


def sketch(**columns):
    return ld.sketch(pd.DataFrame(columns), size=10)


def number(center=0.0, seed=0, scale=1.0):
    return np.random.default_rng(seed).normal(center, scale, ROWS)


def level(levels, seed=0):
    return np.random.default_rng(seed).choice(levels, ROWS)


def only(left, right, **options):
    """Return the match of two tables of one column each."""
    (found,) = match(sketch(**left), sketch(**right), **options).matches
    return found


# ---------------------------------------------------------------- stages


def test_the_same_name_is_certain_whatever_the_values_are():
    found = only({"price": number()}, {"price": number(9)})
    assert (found.confidence, found.why) == (1.0, "same name")


@pytest.mark.parametrize("other", ["UnitPrice", "unit price", "UNIT-PRICE", "unitprice"])
def test_another_spelling_is_sure(other):
    found = only({"unit_price": number()}, {other: number(9)})
    assert (found.confidence, found.why) == (0.95, "same name but for spelling")


@pytest.mark.parametrize(
    ("one", "other"),
    [("month", "mon"), ("temperature", "temp"), ("price_mean", "mean price"), ("shop", "shops")],
)
def test_an_abbreviation_with_the_same_values_is_sure(one, other):
    found = match(sketch(**{one: number()}), sketch(**{other: number(seed=1)}))
    assert [(it.source, it.target) for it in found.sure] == [(one, other)]
    assert found.sure[0].why.startswith("names alike (")


def test_an_abbreviation_with_other_values_is_doubtful():
    assert only({"temp": number()}, {"temperature": number(3)}).confidence < 0.8


@pytest.mark.parametrize(("one", "other"), [("min_temp", "max_temp"), ("price", "height")])
def test_names_that_differ_are_never_sure_even_with_the_same_values(one, other):
    assert not match(sketch(**{one: number()}), sketch(**{other: number()})).sure


def test_equal_names_go_first_and_leave_the_alike_to_each_other():
    found = match(
        sketch(temp=number(), price=number(5)), sketch(temp=number(9), temperature=number())
    )
    assert found.pairs == {"temp": "temp"}
    assert [column.name for column in found.left] == ["price"]
    assert [column.name for column in found.right] == ["temperature"]


def test_two_spellings_of_one_name_on_one_side_are_told_apart_by_their_values():
    found = match(sketch(Rate=number(), RATE=number(50)), sketch(rate=number()))
    assert [(it.source, it.target) for it in found.matches] == [("Rate", "rate")]


# ---------------------------------------------------------------- what speaks against


def test_names_that_say_nothing_are_never_sure():
    rows = number(seed=1).reshape(-1, 1)
    found = match(ld.sketch(rows, size=10), ld.sketch(rows, size=10, space=None, seed=1))
    assert not found.sure
    assert found.doubtful[0].confidence == 0.5
    assert "a name that says nothing" in found.doubtful[0].why


def test_other_units_are_never_sure_even_with_the_same_name_and_values():
    left, right = (pd.DataFrame({"weight": number(70)}) for _ in range(2))
    left.attrs["unit"], right.attrs["unit"] = {"weight": "kg"}, {"weight": "lb"}
    (found,) = match(ld.sketch(left, size=10), ld.sketch(right, size=10)).matches
    assert found.confidence == 0.5
    assert found.why.endswith("but kg against lb")


def test_a_unit_on_one_side_only_leaves_it_to_the_values():
    near = only({"weight": number(70)}, {"weight_kg": number(70, seed=1)})
    far = only({"weight": number(70)}, {"weight_kg": number(73)})
    assert near.confidence > 0.8 > far.confidence


def test_columns_of_two_kinds_do_not_match_by_name():
    found = match(sketch(shop=number()), sketch(shop=level(["a", "b"])))
    assert found.matches == ()
    assert [(it.name, it.kind) for it in (*found.left, *found.right)] == [
        ("shop", "numeric"),
        ("shop", "categorical"),
    ]


# ---------------------------------------------------------------- values


def test_the_levels_of_categories_count_as_the_values_of_numbers_do():
    cards, coins = level(["card", "cash"], 1), level(["wire", "coin"])
    same = only({"payment": level(["card", "cash"])}, {"pay": cards})
    other = only({"payment": coins}, {"pay": cards})
    assert same.confidence > 0.8 > other.confidence


@settings(max_examples=4)
@given(step=st.floats(0.1, 3))
def test_confidence_falls_with_the_distance_of_the_values(step):
    shifts = [only({"temp": number()}, {"temperature": number(i * step)}) for i in range(3)]
    levels = [found.confidence for found in shifts]
    assert levels == sorted(levels, reverse=True)
    assert all(0 <= level <= 1 for level in levels)


def test_a_column_without_any_value_is_matched_by_its_name():
    empty = np.full(ROWS, np.nan)
    found = match(sketch(temp=number(), gone=empty), sketch(temperature=number(), gon=empty))
    assert {it.source: it.target for it in found.matches} == {"temp": "temperature", "gone": "gon"}


# ---------------------------------------------------------------- real tables

SHORT = {"mean": "avg", "radius": "rad", "texture": "tex", "perimeter": "perim", "error": "err"}


@pytest.mark.parametrize(("disjoint", "share"), [(False, 0.95), (True, 0.8)])
def test_among_thirty_columns_that_look_alike_no_sure_match_is_wrong(disjoint, share):
    rows = datasets.load_breast_cancer(as_frame=True).data
    rows = rows.sort_values("mean radius") if disjoint else rows.sample(frac=1, random_state=0)
    new = {name: "_".join(SHORT.get(word, word[:6]) for word in name.split()) for name in rows}
    ours, theirs = ([name for i, name in enumerate(new) if i % gap] for gap in (5, 7))
    found = match(ld.sketch(rows[:284][ours]), ld.sketch(rows[284:][theirs].rename(columns=new)))
    assert all(it.target == new[it.source] for it in found.sure)
    assert len(found.sure) >= 4
    right = [it for it in found.matches if it.target == new[it.source]]
    assert len(right) >= share * len({*ours} & {*theirs})


# ---------------------------------------------------------------- the caller's word


def test_a_confirmed_pair_is_certain_and_cannot_be_taken_by_others():
    left, right = sketch(a_code=number(), b_code=number()), sketch(a_code=number())
    found = match(left, right, accept={"b_code": "a_code"})
    assert [(it.source, it.target, it.why) for it in found.sure] == [
        ("b_code", "a_code", "confirmed")
    ]
    assert [column.name for column in found.left] == ["a_code"]


def test_a_lower_least_takes_doubtful_matches():
    left, right = sketch(temp=number()), sketch(temperature=number(3))
    assert not match(left, right).sure
    assert match(left, right, least=0.3).sure


@pytest.mark.parametrize("least", [-0.1, 1.1, float("nan")])
def test_a_least_that_is_no_share_is_refused(least):
    with pytest.raises(Invalid, match="0 to 1"):
        match(sketch(a=number()), sketch(a=number()), least=least)


@pytest.mark.parametrize(
    ("accept", "said"),
    [
        ({"nope": "price"}, "no column 'nope' to match on the left"),
        ({"price": "nope"}, "no column 'nope' to match on the right"),
        ({"price": "rate", "cost": "rate"}, "no column 'rate' to match on the right"),
        ({"price": "shop"}, "'price' is numeric and 'shop' is categorical"),
    ],
)
def test_a_confirmed_pair_that_cannot_be_is_refused(accept, said):
    left = sketch(price=number(), cost=number())
    right = sketch(rate=number(), price=number(), shop=level(["a", "b"]))
    with pytest.raises(SpaceMismatch, match=said):
        match(left, right, accept=accept)


def test_spaces_without_columns_are_refused():
    vectors = ld.sketch(number().reshape(-1, 1), encoder="vector", size=10)
    with pytest.raises(SpaceMismatch, match="has no columns"):
        match(vectors, sketch(a=number()))


# ---------------------------------------------------------------- symmetry


def test_swapping_the_sides_swaps_the_matches():
    left = sketch(temp=number(), ward=level(["a", "b"]), weight_kg=number(70))
    right = sketch(temperature=number(1), Ward=level(["a", "c"]), weight=number(70))
    there = {(it.source, it.target, round(it.confidence, 9)) for it in match(left, right).matches}
    back = {(it.target, it.source, round(it.confidence, 9)) for it in match(right, left).matches}
    assert there == back
