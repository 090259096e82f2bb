import time

import numpy as np
import pytest
from hypothesis import given, strategies as st

from learndock.core.strings import booleans, dates, guess, numbers


def kind(levels, counts=None):
    return guess(levels, np.array(counts or [1] * len(levels))).kind


# ---------------------------------------------------------------- numbers


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_as_python_writes_it(value):
    assert numbers([repr(value)]) == [value]


@given(st.integers(-(10**15), 10**15), st.integers(0, 999))
def test_thousands_and_decimals_are_read_in_both_styles(whole, part):
    english = f"{whole:,}.{part:03d}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert numbers([english]) == numbers([german], ",") == [float(f"{whole}.{part:03d}")]


@pytest.mark.parametrize(
    ("string", "value"),
    [
        (" 12 ", 12),
        ("1e3", 1000),
        ("12 %", 12),
        ("$5", 5),
        ("-$5", -5),
        ("5 €", 5),
        ("\u22123", -3),
        ("1 234", 1234),
        ("1\u202f234.5", 1234.5),
        (".5", 0.5),
        ("5.", 5),
    ],
)
def test_numbers_are_read_as_people_write_them(string, value):
    assert numbers([string]) == [value]


@pytest.mark.parametrize(
    "string", ["", " ", ".", "-", "$", "1,5", "1,23", "12 34", "1e999", "inf", "nan", "0x1", "5€%"]
)
def test_what_is_no_number_is_not_read(string):
    assert np.isnan(numbers([string])).all()


def test_another_sign_than_that_of_the_column_is_not_read():
    np.testing.assert_array_equal(numbers(["$5", "€5", "5"], mark="$"), [5, np.nan, 5])


def test_a_megabyte_of_spaces_or_digits_is_read_in_no_time():
    start = time.perf_counter()
    numbers(["1" + " " * 1_000_000 + "x", "9" * 300 + "x" * 1_000_000, "1,234" * 200_000])
    assert time.perf_counter() - start < 1


# ---------------------------------------------------------------- kinds


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (["1", "2.5", " 3 "], "numeric"),
        (["1,5", "12"], "numeric"),
        (["0", "1"], "numeric"),
        (["0.5", "10"], "numeric"),
        (["01234", "90210"], "categorical"),
        (["1234567890123456", "2"], "categorical"),
        (["0.12345678901234567"], "numeric"),
        (["$5", "€5"], "categorical"),
        (["1.5", "2,5"], "categorical"),
        (["True", "FALSE"], "boolean"),
        (["y", "N", " "], "boolean"),
        (["yes", "off"], "categorical"),
        (["yes"], "categorical"),
        (["2024-02-29", "2024-01-01 10:00"], "datetime"),
        (["2024-02-29", "2024-02-30"], "categorical"),
        (["2024-02-29", "soon"], "categorical"),
        (["", " "], "categorical"),
        ([], "categorical"),
        ([f"the word number {i}" for i in range(20)], "text"),
        ([f"word {i}" for i in range(20)], "categorical"),
        ([f"the word number {i}" for i in range(9)], "categorical"),
    ],
)
def test_strings_are_what_they_look_like(levels, expected):
    assert kind(levels) == expected


def test_numbers_may_have_one_value_in_twenty_that_is_none():
    assert kind(["7", "soon"], [19, 1]) == "numeric"
    assert kind(["7", "soon"], [18, 1]) == "categorical"


def test_phrases_that_come_again_and_again_are_categories():
    assert kind([f"the word number {i}" for i in range(20)], [2] * 20) == "categorical"


def test_a_sign_at_every_number_is_told_and_one_at_some_is_not():
    assert guess(["1 %", "2 %"], np.ones(2, int)).mark == "%"
    assert guess(["1 %", "2"], np.ones(2, int)).mark == ""


@pytest.mark.parametrize(("levels", "mark"), [(["1,234"], "."), (["1,234", "1,5"], ",")])
def test_a_comma_is_the_decimal_mark_only_where_it_can_be_nothing_else(levels, mark):
    assert guess(levels, np.ones(len(levels), int)).decimal == mark


# ---------------------------------------------------------------- booleans and dates


def test_booleans_are_read_in_any_case_and_pair():
    np.testing.assert_array_equal(
        booleans(["TRUE", "no", " y", "T", "off", "0", "maybe", ""]),
        [1, 0, 1, 1, 0, 0, np.nan, np.nan],
    )


def test_a_date_is_read_the_same_whatever_stands_beside_it():
    zoned, plain = "2024-03-01T02:00:00+02:00", "2024-03-01"
    both = dates([zoned, plain])
    assert both[0] == both[1] == dates([zoned])[0] == dates([plain])[0]


@pytest.mark.parametrize("year", [1, 1600, 9999])
def test_years_far_away_are_read(year):
    assert np.isfinite(dates([f"{year:04d}-06-01"])).all()
