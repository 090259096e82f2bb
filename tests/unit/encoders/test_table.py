import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from scipy import sparse

from learndock.core.space import Column, Space
from learndock.encoders._blocks import WIDTHS
from learndock.encoders._hashing import LEVEL_WIDTH, level_vectors
from learndock.encoders.table import MAX_COLUMNS, RECIPE, plugin
from learndock.errors import BadData, SpaceMismatch
from learndock.numerics.kernels import median_gamma

ROWS = 4_000
WEEK = 7 * 86_400.0


def make(**columns):
    """A space of these columns, each given as (kind, centre, scale)."""
    made = tuple(
        Column(name=name, kind=kind, center=center, scale=scale)
        for name, (kind, center, scale) in columns.items()
    )
    return Space(
        name="made",
        modality="table",
        encoder="table",
        width=sum(WIDTHS[column.kind] for column in made),
        gamma=1.0,
        columns=made,
        constants={"recipe": RECIPE},
    )


WORDS = np.array([f"word{i}" for i in range(200)])


def one_of_each(rows=ROWS, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "number": rng.normal(50, 7, rows),
            "level": rng.choice(list("abcdefghijklmnopqrstuvwxyz"), rows),
            "flag": rng.random(rows) < 0.5,
            "time": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.uniform(0, 9e7, rows), "s"),
            "text": [" ".join(words) for words in WORDS[rng.integers(0, len(WORDS), (rows, 6))]],
        }
    )


def constants(values):
    column = plugin.space(pd.DataFrame({"x": values}), name="x").columns[0]
    return column.center, column.scale


# ---------------------------------------------------------------- the space


def test_tables_and_arrays_are_claimed_and_texts_are_not():
    assert plugin.claims(pd.DataFrame({"a": [1]}))
    assert plugin.claims(np.zeros((2, 2)))
    assert plugin.claims(sparse.eye_array(3))
    assert not plugin.claims(["a text"])


def test_the_space_lists_the_columns_by_kind_in_their_order():
    found = plugin.space(one_of_each(), name="x")
    assert [(column.name, column.kind) for column in found.columns] == [
        ("number", "numeric"),
        ("level", "categorical"),
        ("flag", "boolean"),
        ("time", "datetime"),
        ("text", "text"),
    ]


def test_every_library_makes_the_same_space_and_the_same_coordinates():
    frame = one_of_each(100)
    frames = [frame, pl.from_pandas(frame), pa.Table.from_pandas(frame)]
    spaces = [plugin.space(data, name="x") for data in frames]
    assert len({space.id for space in spaces}) == 1
    coords = [plugin.encode(data, spaces[0]) for data in frames]
    np.testing.assert_array_equal(coords[0], coords[1])
    np.testing.assert_array_equal(coords[0], coords[2])


def test_centre_and_scale_of_normal_values_are_mean_and_deviation_rounded():
    center, scale = constants(np.random.default_rng(0).normal(1234, 7.7, 10_000))
    assert center == 1234
    assert scale == pytest.approx(7.7, abs=0.2)
    assert scale == float(f"{scale:.2g}")


def test_the_centre_is_rounded_to_the_first_digit_of_the_scale():
    assert constants(1234.567 + 40 * np.arange(-50, 51))[0] == 1000
    assert constants(1234.567 + 0.4 * np.arange(-50, 51))[0] == 1230
    assert constants(1234.567 + 0.004 * np.arange(-50, 51))[0] == 1234.6


def test_a_few_wild_values_do_not_move_centre_and_scale():
    values = np.random.default_rng(0).normal(size=1_000)
    wild = values.copy()
    wild[:10] = 1e300
    assert constants(wild) == pytest.approx(constants(values), abs=0.02)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([7.0] * 9, (7.0, 7.0)), ([-300.0] * 9, (-300.0, 300.0)), ([0.0] * 9, (0.0, 1.0))],
)
def test_a_constant_column_is_scaled_by_its_own_size(values, expected):
    assert constants(values) == expected


def test_a_column_that_is_mostly_one_value_is_scaled_by_its_mean_deviation():
    assert constants([0.0] * 90 + [10.0] * 10) == (0.0, 1.3)


def test_a_column_with_too_few_values_to_hide_one_tells_nothing_of_them():
    assert constants([1234.0, 1250.0, 1300.0, 1410.0, None, None]) == (0.0, 1.0)


def test_a_centre_of_zero_has_no_sign():
    assert str(constants(np.arange(-50, 51) - 0.2)[0]) == "0.0"


def test_a_constant_date_is_scaled_by_a_day():
    frame = pd.DataFrame({"t": [pd.Timestamp("2024-01-01")] * 9})
    assert plugin.space(frame, name="x").columns[0].scale == 86_000


@given(st.integers(-12, 12))
def test_the_unit_of_a_column_does_not_matter(power):
    values = np.random.default_rng(1).normal(3, 2, size=(50, 1))
    other = values * 10.0**power
    np.testing.assert_allclose(
        plugin.encode(values, plugin.space(values, name="x")),
        plugin.encode(other, plugin.space(other, name="x")),
        atol=1e-9,
    )


@given(st.lists(st.one_of(st.floats(allow_infinity=False), st.none()), min_size=5, max_size=20))
def test_any_finite_numbers_make_a_space_that_encodes_them(values):
    frame = pd.DataFrame({"x": np.array(values, dtype=float)})
    space = plugin.space(frame, name="x")
    assert np.isfinite(plugin.encode(frame, space)).all()


def test_the_bandwidth_is_the_median_distance_in_coordinates():
    frame = one_of_each()
    space = plugin.space(frame, name="x")
    assert space.gamma == pytest.approx(median_gamma(plugin.encode(frame, space)), rel=0.05)


def test_columns_of_every_kind_weigh_about_alike():
    frame = one_of_each()
    space = plugin.space(frame, name="x")
    variance = plugin.encode(frame, space).var(axis=0)
    weights = [variance[part].sum() for part in plugin.parts(space).values()]
    assert weights == pytest.approx([1] * 5, abs=0.25)


@pytest.mark.parametrize("rows", [1, 4])
def test_too_few_rows_to_hide_one_make_no_space(rows):
    with pytest.raises(BadData, match=f"has {rows} rows, and a space needs at least 5"):
        plugin.space(np.arange(2.0 * rows).reshape(rows, 2), name="x")


def test_a_table_without_columns_is_refused():
    with pytest.raises(BadData, match="no columns"):
        plugin.space(pd.DataFrame(index=range(9)), name="x")


def test_ten_thousand_columns_are_refused_with_the_limit():
    with pytest.raises(BadData, match="10,000 columns, and a space has at most 2,000"):
        plugin.space(np.zeros((5, 10_000)), name="x")


def test_as_many_columns_as_allowed_work():
    data = np.random.default_rng(0).normal(size=(6, MAX_COLUMNS))
    space = plugin.space(data, name="x")
    assert plugin.encode(data, space).shape == (6, 2 * MAX_COLUMNS)


# ---------------------------------------------------------------- numbers


def test_a_number_is_asinh_of_the_standardised_value():
    coords = plugin.encode(pd.DataFrame({"x": [3.0, 7.0]}), make(x=("numeric", 3.0, 2.0)))
    np.testing.assert_allclose(coords, [[0, 0], [1.25 * np.arcsinh(2.0), 0]])


@pytest.mark.parametrize("values", [[1, 0], [True, False], np.array([1, 0], dtype=np.int8)])
def test_integers_and_booleans_serve_as_numbers(values):
    space = make(x=("numeric", 0.0, 1.0))
    np.testing.assert_array_equal(
        plugin.encode(pd.DataFrame({"x": values}), space),
        plugin.encode(pd.DataFrame({"x": [1.0, 0.0]}), space),
    )


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinite_values_are_refused_by_column_count_and_row(value):
    frame = pd.DataFrame({"fine": np.arange(6.0), "odd": [1.0, value, 2.0, value, 3.0, 4.0]})
    with pytest.raises(BadData, match="'odd' holds 2 infinite values, the first in row 1") as space:
        plugin.space(frame, name="x")
    assert space.value.facts == {"column": "odd", "rows": 2}
    with pytest.raises(BadData, match="'odd' holds 2 infinite"):
        plugin.encode(frame, make(fine=("numeric", 0.0, 1.0), odd=("numeric", 0.0, 1.0)))


def test_the_largest_number_over_the_smallest_scale_stays_finite():
    frame = pd.DataFrame({"x": [np.finfo(float).max, -np.finfo(float).max]})
    coords = plugin.encode(frame, make(x=("numeric", 0.0, 1e-300)))
    assert np.isfinite(coords).all()
    assert coords[0, 0] == -coords[1, 0] > 100


# ---------------------------------------------------------------- missing values


@pytest.mark.parametrize("kind", WIDTHS)
@pytest.mark.parametrize("gap", [None, np.nan, pd.NaT])
def test_a_missing_value_is_neutral_and_raises_its_indicator(kind, gap):
    space = make(x=(kind, 5.0, 2.0))
    coords = plugin.encode(pd.DataFrame({"x": [gap, gap]}), space)
    np.testing.assert_array_equal(coords, [[0.0] * (space.width - 1) + [1.0]] * 2)


@pytest.mark.parametrize("column", ["number", "level", "flag", "time", "text"])
def test_a_gap_in_one_column_changes_no_coordinate_of_another(column):
    frame = one_of_each(50)
    space = plugin.space(frame, name="x")
    gappy = frame.copy()
    gappy[column] = gappy[column].astype(object).where(np.arange(50) != 3, None).infer_objects()
    differs = (plugin.encode(gappy, space) != plugin.encode(frame, space)).any(axis=1)
    assert np.flatnonzero(differs).tolist() == [3]


def test_a_column_without_any_value_makes_a_space():
    frame = pd.DataFrame({"none": [None] * 6, "nan": [np.nan] * 6, "x": np.arange(6.0)})
    coords = plugin.encode(frame, plugin.space(frame, name="x"))
    np.testing.assert_array_equal(coords[:, LEVEL_WIDTH], 1.0)
    np.testing.assert_array_equal(coords[:, LEVEL_WIDTH + 1 : LEVEL_WIDTH + 3], [[0.0, 1.0]] * 6)


# ---------------------------------------------------------------- categories


def test_a_level_has_the_same_direction_in_every_column():
    space = make(a=("categorical", 0.0, 1.0), b=("categorical", 0.0, 1.0))
    coords = plugin.encode(pd.DataFrame({"a": ["red"], "b": ["red"]}), space)[0]
    np.testing.assert_array_equal(*np.split(coords, 2))


def test_a_level_that_the_space_was_not_made_from_is_encoded():
    frame = pd.DataFrame({"x": list("abcab")})
    space = plugin.space(frame, name="x")
    coords = plugin.encode(pd.DataFrame({"x": ["new"]}), space)
    np.testing.assert_array_equal(coords[:, :-1], level_vectors(["new"]))


@pytest.mark.parametrize("level", ["x" * 1_000_000, "", "\ud800", "\0", "é"])
def test_levels_of_any_text_are_encoded(level):
    frame = pd.DataFrame({"x": pd.Series([level] * 6, dtype=object)})
    coords = plugin.encode(frame, plugin.space(frame, name="x"))
    np.testing.assert_allclose(np.linalg.norm(coords, axis=1), 1.0)


# ---------------------------------------------------------------- booleans and dates


def test_booleans_are_minus_one_and_one():
    coords = plugin.encode(pd.DataFrame({"x": [True, False]}), make(x=("boolean", 0.0, 1.0)))
    np.testing.assert_array_equal(coords, [[1, 0], [-1, 0]])


def test_zero_and_one_serve_as_booleans_and_two_does_not():
    space = make(x=("boolean", 0.0, 1.0))
    np.testing.assert_array_equal(
        plugin.encode(pd.DataFrame({"x": [1, 0]}), space), [[1, 0], [-1, 0]]
    )
    with pytest.raises(SpaceMismatch, match=r"is boolean in space .* and numeric here"):
        plugin.encode(pd.DataFrame({"x": [1, 2]}), space)


def test_a_date_is_a_trend_and_circles_of_day_week_and_year():
    quarter_day = pd.Timestamp("1970-01-01 06:00")
    coords = plugin.encode(pd.DataFrame({"x": [quarter_day]}), make(x=("datetime", 0.0, 21_600.0)))
    week, year = 2 * np.pi / 28, 2 * np.pi / (4 * 365.2425)
    circles = [0, 1, np.cos(week), np.sin(week), np.cos(year), np.sin(year)]
    expected = [np.arcsinh(1), *(np.array(circles) / 3), 0]
    np.testing.assert_allclose(coords, [expected], atol=1e-12)


def test_dates_before_1970_go_round_the_same_circles():
    stamps = pd.to_datetime(["1969-12-25 09:30", "1970-01-01 09:30"])
    coords = plugin.encode(pd.DataFrame({"x": stamps}), make(x=("datetime", 0.0, WEEK)))
    np.testing.assert_allclose(coords[0, 1:5], coords[1, 1:5], atol=1e-9)


# ---------------------------------------------------------------- what does not fit


@pytest.mark.parametrize(
    ("kind", "values", "found"),
    [
        ("numeric", pd.to_datetime(["2024-01-01", "2024-01-02"]), "datetime"),
        ("categorical", [1, 2], "numeric"),
        ("categorical", [True, False], "boolean"),
        ("datetime", [1, 2], "numeric"),
        ("text", [1, 2], "numeric"),
    ],
)
def test_a_type_that_changed_is_told_with_what_it_was_and_is(kind, values, found):
    with pytest.raises(SpaceMismatch, match=f"'x' is {kind} in space .*, and {found} here") as told:
        plugin.encode(pd.DataFrame({"x": values}), make(x=(kind, 0.0, 1.0)))
    assert told.value.facts == {"column": "x", "wanted": kind, "found": found}
    assert told.value.next


def test_a_missing_column_is_named_with_what_looks_alike():
    space = make(price=("numeric", 0.0, 1.0), week=("numeric", 0.0, 1.0))
    with pytest.raises(SpaceMismatch, match=r"missing: 'price' .'price' looks like 'Price'"):
        plugin.encode(pd.DataFrame({"Price": [1.0], "week": [2]}), space)


def test_columns_that_the_space_lacks_and_their_order_do_not_matter():
    space = make(a=("numeric", 0.0, 1.0), b=("numeric", 0.0, 1.0))
    frame = pd.DataFrame({"a": [1.0], "b": [2.0]})
    other = pd.DataFrame({"odd": [[1, 2]], "b": [2.0], "a": [1.0]})
    np.testing.assert_array_equal(plugin.encode(frame, space), plugin.encode(other, space))


def test_a_space_of_another_recipe_is_refused():
    space = make(x=("numeric", 0.0, 1.0)).model_copy(update={"constants": {"recipe": 1}})
    with pytest.raises(SpaceMismatch, match="recipe 1"):
        plugin.encode(pd.DataFrame({"x": [1.0]}), space)


# ---------------------------------------------------------------- strings that stand for something


@pytest.mark.parametrize(
    ("kind", "typed", "strings"),
    [
        ("numeric", [1234.5, 12, -3.0], ["1,234.5", " 12 ", "-3"]),
        ("boolean", [True, False, True], ["yes", "No", "YES"]),
        ("datetime", pd.to_datetime(["2024-02-29 00:00", "2024-03-01 12:00"]), None),
    ],
)
def test_strings_have_the_coordinates_of_what_they_stand_for(kind, typed, strings):
    space = make(x=(kind, 5.0, 2.0))
    strings = strings or ["2024-02-29", "2024-03-01T13:00+01:00"]
    np.testing.assert_array_equal(
        plugin.encode(pd.DataFrame({"x": strings}), space),
        plugin.encode(pd.DataFrame({"x": typed}), space),
    )


def test_a_space_of_strings_is_the_space_of_what_they_stand_for():
    frame = one_of_each(200)
    text = frame.assign(
        number=frame["number"].map("{:,.9f}".format),
        flag=frame["flag"].map({True: "on", False: "off"}),
        time=frame["time"].dt.strftime("%Y-%m-%dT%H:%M:%S.%f"),
    )
    assert plugin.space(text, name="x") == plugin.space(frame, name="x")


def test_codes_with_leading_zeros_stay_categories():
    frame = pd.DataFrame({"zip": ["01067", "80331", "20095"] * 5})
    assert plugin.space(frame, name="x").columns[0].kind == "categorical"


def test_a_space_remembers_its_decimal_comma():
    space = plugin.space(pd.DataFrame({"x": ["1,5", "1,234", "7"] * 5}), name="x")
    values = plugin.values(plugin.encode(pd.DataFrame({"x": ["1,234"]}), space), space)
    assert values["x"] == pytest.approx([1.234])


def test_strings_that_cannot_be_read_count_as_missing_up_to_a_half():
    space = make(x=("numeric", 0.0, 1.0))
    coords = plugin.encode(pd.DataFrame({"x": ["1", "soon", None]}), space)
    assert coords[:, 1].tolist() == [0, 1, 1]
    with pytest.raises(SpaceMismatch, match=r"'x' is numeric .* 2 of 3 strings .* 'soon', 'so'"):
        plugin.encode(pd.DataFrame({"x": ["1", "soon", None, "so"]}), space)


def test_one_odd_string_in_a_column_that_is_nearly_empty_does_not_stop_a_block():
    frame = pd.DataFrame({"x": ["soon"] + [None] * 199})
    coords = plugin.encode(frame, make(x=("numeric", 0.0, 1.0)))
    assert (coords[:, 1] == 1).all()


def test_another_currency_is_not_taken_for_the_spaces():
    space = plugin.space(pd.DataFrame({"price": ["$1", "$2", "$3"] * 5}), name="x")
    assert space.columns[0].unit == "$"
    with pytest.raises(SpaceMismatch, match="'€5'"):
        plugin.encode(pd.DataFrame({"price": ["€5"]}), space)


# ---------------------------------------------------------------- free text


def test_texts_of_the_same_words_lie_nearer_than_others():
    space = make(x=("text", 0.0, 1.0))
    frame = pd.DataFrame({"x": ["Red bike for sale", "bike, red: sale", "old house by the river"]})
    one, same, other = plugin.encode(frame, space)
    assert one @ same > 0.8 > abs(one @ other)


def test_a_text_without_a_word_is_neutral_and_not_missing():
    coords = plugin.encode(pd.DataFrame({"x": ["?!"]}), make(x=("text", 0.0, 1.0)))
    assert not coords.any()


def test_more_text_columns_than_a_space_is_wide_are_refused():
    texts = [f"the word number {i}" for i in range(20)]
    frame = pd.DataFrame({f"c{i}": texts for i in range(1_100)})
    with pytest.raises(BadData, match="27,500 coordinates, and a space has at most 26,000"):
        plugin.space(frame, name="x")


# ---------------------------------------------------------------- units


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("height (cm)", "cm"),
        ("temp [°C]", "°C"),
        ("speed(km/h)", "km/h"),
        ("weight_kg", "kg"),
        ("temp_min", ""),
        ("kg", ""),
        ("sales (2020)", ""),
        ("group_m", ""),
    ],
)
def test_the_unit_stands_in_the_columns_name(name, unit):
    space = plugin.space(pd.DataFrame({name: np.arange(9.0)}), name="x")
    assert space.columns[0].unit == unit


def test_the_unit_stands_in_the_tables_own_description():
    frame = pd.DataFrame({"h": np.arange(9.0), "s": list("abcabcabc")})
    frame.attrs["unit"] = {"h": "cm", "s": "none"}
    field = pa.field("h", pa.float64(), metadata={"unit": "cm"})
    table = pa.table([np.arange(9.0)], schema=pa.schema([field]))
    assert [column.unit for column in plugin.space(frame, name="x").columns] == ["cm", ""]
    assert plugin.space(table, name="x").columns[0].unit == "cm"


# ---------------------------------------------------------------- sparse matrices


@pytest.mark.parametrize("make", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array])
def test_a_sparse_matrix_is_encoded_as_the_dense_one(make):
    dense = sparse.random_array((9_000, 7), density=0.3, rng=np.random.default_rng(0)).toarray()
    dense[8_500, 2] = np.nan
    space = plugin.space(make(dense), name="x")
    assert space == plugin.space(dense, name="x")
    np.testing.assert_array_equal(plugin.encode(make(dense), space), plugin.encode(dense, space))


def test_an_infinite_value_in_a_sparse_matrix_is_found_by_its_row():
    dense = np.zeros((9_000, 2))
    space = plugin.space(dense, name="x")
    dense[8_700, 1] = np.inf
    with pytest.raises(BadData, match="'x1' holds 1 infinite values, the first in row 8,700"):
        plugin.encode(sparse.csr_array(dense), space)


# ---------------------------------------------------------------- blocks


def test_blocks_are_encoded_as_all_their_rows_together():
    frame = one_of_each()
    space = plugin.space(frame, name="x")
    blocks = [frame[:7], frame[7:]]
    found = np.concatenate(list(plugin.encode_blocks(blocks, space)))
    np.testing.assert_array_equal(found, plugin.encode(frame, space))


def test_what_cannot_be_read_is_judged_after_the_last_block():
    space = plugin.space(np.arange(9.0)[:, None], name="x")
    good, bad = (pd.DataFrame({"x0": [value] * 10}) for value in ("1", "?"))
    assert len(list(plugin.encode_blocks([bad, good], space))) == 2
    blocks = plugin.encode_blocks([bad, good, bad], space)
    assert [len(next(blocks)) for _ in range(3)] == [10] * 3
    with pytest.raises(SpaceMismatch, match="20 of 30 strings here cannot be read as that"):
        next(blocks)


def test_an_infinite_value_is_found_by_its_row_among_all_blocks():
    space = plugin.space(np.arange(9.0)[:, None], name="x")
    blocks = [np.zeros((10, 1)), np.array([[0.0], [np.inf]])]
    with pytest.raises(BadData, match="the first in row 11"):
        list(plugin.encode_blocks(blocks, space))


# ---------------------------------------------------------------- explaining


def test_it_is_told_how_each_column_is_read():
    frame = pd.DataFrame(
        {
            "price_eur": ["1.5", "2", "?", None] + ["7"] * 36,
            "comma": ["1,5", "20 %"] * 20,
            "open": ["yes", "no"] * 20,
            "day": ["2024-02-29"] * 40,
            "zip": ["01234", "90210"] * 20,
            "note": [f"the word number {i}" for i in range(40)],
            "count": range(40),
            "gone": [None] * 40,
        }
    )
    told = plugin.explain(frame.assign(more=[[1]] * 40), plugin.space(frame, name="x"))
    assert {reading.name: (reading.kind, reading.told) for reading in told} == {
        "price_eur": (
            "numeric",
            "strings that are numbers, in eur; "
            "1 of 39 cannot be read and count as missing, such as '?'",
        ),
        "comma": ("numeric", "strings that are numbers with a decimal comma"),
        "open": ("boolean", "strings that are true or false"),
        "day": ("datetime", "strings that are ISO 8601 dates"),
        "zip": ("categorical", "2 levels"),
        "note": ("text", "free text, 40 distinct values"),
        "count": ("numeric", "numbers"),
        "gone": ("categorical", "no value at all"),
        "more": ("", "surplus: not read"),
    }
    assert (told[0].missing, told[0].unread) == (0.05, 1)
