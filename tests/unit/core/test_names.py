"""Names of columns: their words, and how alike they are."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from learndock.core.names import is_generic, name_likeness, words_of

NAMES = st.lists(
    st.lists(st.text("abcdeé1", min_size=1, max_size=6), max_size=3).map(tuple),
    min_size=1,
    max_size=5,
)


def alike(one: str, other: str) -> float:
    return float(name_likeness([words_of(one)], [words_of(other)])[0, 0])


@pytest.mark.parametrize(
    "name",
    ["passenger_count", "passengerCount", "PASSENGER COUNT", "Passenger-Count ", "passenger.count"],
)
def test_spelling_does_not_change_the_words(name):
    assert words_of(name) == ("passenger", "count")


@pytest.mark.parametrize(
    ("name", "unit", "words"),
    [
        ("sepal length (cm)", "cm", ("sepal", "length")),
        ("weight_kg", "kg", ("weight",)),
        ("weight", "kg", ("weight",)),
        ("kg", "kg", ("kg",)),
        ("speed [km/h]", "km/h", ("speed",)),
        ("ID2", "", ("id", "2")),
        ("Straße", "", ("strasse",)),
        ("温度", "", ("温度",)),
        ("___", "", ()),
    ],
)
def test_words_are_what_is_left_without_the_unit(name, unit, words):
    assert words_of(name, unit=unit) == words


@pytest.mark.parametrize(
    "name", ["x0", "X12", "Unnamed: 3", "col_7", "feature 1", "0", "V1", "", "_"]
)
def test_a_name_that_only_numbers_a_column_is_generic(name):
    assert is_generic(words_of(name))


@pytest.mark.parametrize("name", ["week", "x_position", "vitamin c", "s1 level", "volume", "温度"])
def test_a_name_with_a_meaning_is_not_generic(name):
    assert not is_generic(words_of(name))


@given(left=NAMES, right=NAMES)
def test_likeness_is_symmetric_and_between_0_and_1(left, right):
    found = name_likeness(left, right)
    np.testing.assert_allclose(found, name_likeness(right, left).T, atol=1e-12)
    assert found.min() >= 0
    assert found.max() <= 1


@given(names=NAMES)
def test_a_name_is_wholly_like_itself_in_any_order_of_its_words(names):
    found = name_likeness(names, [name[::-1] for name in names])
    np.testing.assert_allclose(np.diag(found), [float(bool(name)) for name in names])


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("mon", "month"),
        ("temp", "temperature"),
        ("qty", "quantity"),
        ("yr", "year"),
        ("pct", "percent"),
    ],
)
def test_an_abbreviation_is_like_its_word(short, long):
    assert alike(short, long) >= 0.8


@pytest.mark.parametrize(
    ("one", "other"), [("age", "average"), ("mean", "median"), ("1", "10"), ("price", "week")]
)
def test_other_words_are_no_abbreviations(one, other):
    assert alike(one, other) < 0.6


def test_a_word_that_the_other_name_lacks_counts_against_it():
    assert alike("temperature", "temperature_max") <= 0.6
    assert alike("temperature_min", "temperature_max") <= 0.6
