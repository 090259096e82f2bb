import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from learndock.core import columns
from learndock.core.columns import guess_of, read_as
from learndock.core.data import joined, names_of
from learndock.core.strings import Guess
from learndock.errors import BadData, SpaceMismatch

COLUMNS = {
    "price": [1.5, None, 3.0],
    "count": [1, 2, 3],
    "gappy": [1, None, 3],
    "open": [True, False, None],
    "city": ["Rome", None, ""],
    "day": [dt.datetime(1970, 1, 2), None, dt.datetime(1969, 12, 31, 12)],
    "nothing": [None, None, None],
}
LIBRARIES = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}


@pytest.fixture(params=LIBRARIES)
def frame(request):
    return LIBRARIES[request.param](COLUMNS)


def columns_of(data, names=None):
    return dict(columns.columns_of(data, names))


def plain(found):
    """The values as a list, the strings of a categorical column as themselves."""
    if found.kind != "categorical":
        return found.values.tolist()
    return [None if code < 0 else found.levels[code] for code in found.values]


def column(values):
    return columns_of(pd.DataFrame({"x": values}))["x"]


class TestColumns:
    def test_every_library_reads_the_same(self, frame):
        found = columns_of(frame)
        assert {name: column.kind for name, column in found.items()} == {
            "price": "numeric",
            "count": "numeric",
            "gappy": "numeric",
            "open": "boolean",
            "city": "categorical",
            "day": "datetime",
            "nothing": "categorical",
        }
        np.testing.assert_array_equal(found["gappy"].values, [1, np.nan, 3])
        np.testing.assert_array_equal(found["open"].values, [1, 0, np.nan])
        np.testing.assert_array_equal(found["day"].values, [86_400, np.nan, -43_200])
        assert plain(found["city"]) == ["Rome", None, ""]
        assert found["city"].missing.tolist() == [False, True, False]
        assert found["nothing"].missing.all()

    @pytest.mark.parametrize(
        ("column", "kind", "values"),
        [
            (pd.array([1, None], dtype="Int64"), "numeric", [1, np.nan]),
            (pd.array([True, None], dtype="boolean"), "boolean", [1, np.nan]),
            (pd.Series([True, None], dtype=object), "boolean", [1, np.nan]),
            (pd.Series([2, None], dtype=object), "numeric", [2, np.nan]),
            (pd.Series([Decimal("1.5"), None], dtype=object), "numeric", [1.5, np.nan]),
            (pd.Series(["a", 2], dtype=object), "categorical", ["a", "2"]),
            (pd.Series(["a", pd.NA], dtype="string"), "categorical", ["a", None]),
            (pd.Categorical(["a", None]), "categorical", ["a", None]),
            (pd.Categorical([2.5, None]), "numeric", [2.5, np.nan]),
            (pd.Categorical([True, None]), "boolean", [1, np.nan]),
            (pd.array(["a", None], dtype=pd.ArrowDtype(pa.string())), "categorical", ["a", None]),
            (pd.array([1, None], dtype=pd.ArrowDtype(pa.int8())), "numeric", [1, np.nan]),
            (pd.arrays.SparseArray([0.0, np.nan]), "numeric", [0, np.nan]),
            (pa.array(["a", None], pa.large_string()), "categorical", ["a", None]),
            (np.array([1, 2], dtype=np.float32), "numeric", [1, 2]),
            (pl.Series([1, None], dtype=pl.UInt8), "numeric", [1, np.nan]),
            (pl.Series(["1.25", None]).cast(pl.Decimal(10, 2)), "numeric", [1.25, np.nan]),
            (pl.Series(["a", None], dtype=pl.Categorical), "categorical", ["a", None]),
            (pl.Series(["a", "b"], dtype=pl.Enum(["a", "b"])), "categorical", ["a", "b"]),
            (pl.Series([dt.date(1970, 1, 3), None]), "datetime", [172_800, np.nan]),
            (pa.array([dt.date(1970, 1, 3), None]), "datetime", [172_800, np.nan]),
            (pa.array(["a", None]).dictionary_encode(), "categorical", ["a", None]),
            (pa.array([1, None], pa.int32()), "numeric", [1, np.nan]),
        ],
        ids=lambda value: str(getattr(value, "dtype", getattr(value, "type", ""))),
    )
    def test_a_column_of_any_type_is_read_by_what_it_means(self, column, kind, values):
        library = pa.table if isinstance(column, pa.Array) else (
            pl.DataFrame if isinstance(column, pl.Series) else pd.DataFrame
        )  # fmt: skip
        found = columns_of(library({"x": column}))["x"]
        assert found.kind == kind
        np.testing.assert_equal(plain(found), values)

    @pytest.mark.parametrize("library", LIBRARIES)
    def test_times_of_every_zone_are_read_in_utc(self, library):
        zone = dt.timezone(dt.timedelta(hours=2))
        stamp = pd.Series([pd.Timestamp(1970, 1, 1, 2, tz=zone)]).dt.tz_convert("Europe/Paris")
        frame = pd.DataFrame({"t": stamp})
        native = {"pandas": lambda f: f, "polars": pl.from_pandas, "pyarrow": pa.Table.from_pandas}
        assert columns_of(native[library](frame))["t"].values.tolist() == [0.0]

    def test_nanoseconds_and_microseconds_are_the_same_seconds(self):
        stamps = np.array(["2024-02-29T01:02:03.5"], dtype="datetime64[ns]")
        frame = pd.DataFrame({"ns": stamps, "us": stamps.astype("datetime64[us]")})
        found = columns_of(frame)
        assert found["ns"].values == found["us"].values == [1_709_168_523.5]

    def test_an_array_has_numbered_columns(self):
        found = columns_of([[1.0, np.nan]])
        assert list(found) == ["x0", "x1"]
        assert found["x1"].missing.all()

    def test_names_that_are_no_strings_become_strings(self):
        found = columns_of(pd.DataFrame([[1, "a"]]))
        assert list(found) == ["0", "1"]
        assert plain(found["1"]) == ["a"]

    def test_names_in_levels_become_strings(self):
        levels = pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])
        assert list(columns_of(pd.DataFrame([[1, 2]], columns=levels))) == ["('a', 1)", "('a', 2)"]

    @pytest.mark.parametrize("names", [["a", "a"], [0, "0"]])
    def test_two_columns_of_one_name_are_refused(self, names):
        with pytest.raises(BadData, match="two columns have one name"):
            columns_of(pd.DataFrame([[1, 2]], columns=names))

    @pytest.mark.parametrize("odd", [[1, 2], {"a": 1}, b"bytes", dt.timedelta(1)])
    def test_a_column_that_cannot_be_read_is_named(self, odd):
        frame = pd.DataFrame({"fine": [1], "odd": pd.Series([odd], dtype=object)})
        with pytest.raises(BadData, match="'odd' holds") as caught:
            columns_of(frame)
        assert caught.value.facts["column"] == "odd"

    def test_columns_that_are_not_asked_for_may_hold_anything(self):
        frame = pd.DataFrame({"fine": [1], "odd": [[1, 2]]})
        assert list(columns_of(frame, ["fine"])) == ["fine"]

    def test_columns_come_in_the_order_asked_for(self):
        assert list(columns_of(pd.DataFrame({"a": [1], "b": [2]}), ["b", "a"])) == ["b", "a"]

    @pytest.mark.parametrize("width", [2, 5])
    def test_an_array_of_another_width_is_refused_with_both_widths(self, width):
        with pytest.raises(SpaceMismatch, match=f"has {width} columns, and 3 are needed"):
            columns_of(np.zeros((1, width)), ["x0", "x1", "x2"])

    def test_an_array_has_no_named_columns(self):
        with pytest.raises(SpaceMismatch, match="'price'"):
            columns_of(np.zeros((1, 1)), ["price"])

    def test_a_name_that_is_too_long_is_refused(self):
        with pytest.raises(BadData, match="1,001 characters"):
            names_of(pd.DataFrame({"fine": [1], "x" * 1_001: [2]}))

    def test_texts_are_no_table(self):
        with pytest.raises(BadData, match="no table"):
            columns_of(["a text"])

    def test_an_integer_beyond_every_float_is_refused_by_column(self):
        with pytest.raises(BadData, match="'x' holds an integer too large"):
            column([1, 10**400])

    @pytest.mark.parametrize("make", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array])
    def test_a_sparse_matrix_reads_as_the_dense_one(self, make):
        dense = np.array([[0.0, 2.0], [np.nan, 0.0]])
        found = columns_of(make(dense))
        np.testing.assert_array_equal([it.values for it in found.values()], dense.T)
        assert found["x0"].missing.tolist() == [False, True]

    def test_ten_thousand_columns_are_read(self):
        wide = pd.DataFrame(np.zeros((2, 10_000))).add_prefix("c")
        assert len(columns_of(wide)) == len(names_of(wide)) == 10_000

    def test_a_level_of_a_megabyte_is_kept_whole(self):
        level = "x" * 1_000_000
        assert columns_of(pd.DataFrame({"s": [level]}))["s"].levels == (level,)


class TestReadAs:
    def test_what_cannot_be_read_is_missing_and_counted_row_by_row(self):
        read = read_as(column(["1", "soon", None, "soon", " "]), Guess("numeric"))
        np.testing.assert_array_equal(read.values, [1, np.nan, np.nan, np.nan, np.nan])
        assert read.missing.tolist() == [False, True, True, True, True]
        assert (read.unread, read.odd) == (2, ("soon",))

    @pytest.mark.parametrize(
        ("kind", "strings", "values"),
        [
            ("numeric", ["1,5", "x"], [np.nan, np.nan]),
            ("boolean", ["yes", "F"], [1, 0]),
            ("datetime", ["1970-01-02", "1970-01-01T01:00+01:00"], [86_400, 0]),
            ("categorical", ["12", "yes"], [0, 1]),
            ("text", ["12", "yes"], [0, 1]),
        ],
    )
    def test_strings_are_read_as_the_kind_that_is_wanted(self, kind, strings, values):
        read = read_as(column(strings), Guess(kind))
        assert read.kind == kind
        np.testing.assert_array_equal(read.values, values)


class TestGuessOf:
    def test_a_type_decides_before_the_values(self):
        assert guess_of(column([0, 1])).kind == "numeric"
        assert guess_of(column([None, None])).kind == "categorical"

    def test_categories_that_no_row_has_do_not_count(self):
        assert guess_of(column(pd.Categorical(["1", "2"], ["1", "2", "never"]))).kind == "numeric"


def test_objects_that_are_dates_are_moments_in_utc():
    found = column([dt.date(1970, 1, 2), None, dt.date(1970, 1, 3)])
    assert found.kind == "datetime"
    np.testing.assert_array_equal(found.values, [86_400, np.nan, 2 * 86_400])


def test_moments_of_different_zones_are_read_in_utc():
    east = dt.timezone(dt.timedelta(hours=2))
    found = column(pd.Series([dt.datetime(1970, 1, 1, 2, tzinfo=east), dt.datetime(1970, 1, 1)],
                             dtype=object))  # fmt: skip
    np.testing.assert_array_equal(found.values, [0, 0])


def test_masked_values_are_missing():
    hidden = np.ma.array([[1.0], [-999.0]], mask=[[False], [True]])
    np.testing.assert_array_equal(columns_of(hidden)["x0"].missing, [False, True])


def test_a_name_that_is_no_text_is_refused():
    with pytest.raises(BadData, match="no valid text"):
        names_of(pd.DataFrame([[1]], columns=pd.Index(["\ud800"], dtype=object)))


@pytest.mark.parametrize(
    "other", [np.zeros((2, 3)), ["a", "b"], pd.DataFrame({"y": [1]}), np.zeros((2, 4, 4))]
)
def test_blocks_that_do_not_go_together_are_refused(other):
    with pytest.raises(BadData, match="do not go together"):
        joined([np.zeros((2, 2)), other])
