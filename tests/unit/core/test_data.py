import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from learndock.core.data import (
    array_of,
    as_input,
    columns_of,
    count_rows,
    describe_input,
    form_of,
    names_of,
    recognise,
    require_columns,
    take,
    texts_of,
)
from learndock.core.manifest import Input
from learndock.errors import BadData, SpaceMismatch, Unavailable

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


class TestForm:
    @pytest.mark.parametrize(
        "texts",
        [
            ["a", "b"],
            ("a",),
            [None, "a"],
            np.array(["a", "b"]),
            np.array(["a", None], dtype=object),
            np.array(["a"], dtype=np.dtypes.StringDType()),
            pd.Series(["a"]),
            pl.Series(["a"]),
            pa.chunked_array([["a"]]),
        ],
    )
    def test_any_list_of_strings_is_texts(self, texts):
        assert form_of(texts) == "texts"

    @pytest.mark.parametrize("array", [np.zeros((2, 3)), [[1, 2]], ([1], [2]), np.zeros(3)])
    def test_numbers_in_rows_are_an_array(self, array):
        assert form_of(array) == "array"

    def test_frames_of_every_library_are_frames(self, frame):
        assert form_of(frame) == "frame"

    @pytest.mark.parametrize(
        "alien", [None, 3, "one text", {"a": [1]}, np.array(5.0), pl.LazyFrame({"a": [1]})]
    )
    def test_anything_else_is_refused_by_its_type(self, alien):
        assert recognise(alien) is None
        with pytest.raises(BadData, match=type(alien).__name__):
            form_of(alien)

    @pytest.mark.parametrize(
        "empty", [[], np.zeros((0, 3)), pd.DataFrame({"a": []}), pl.DataFrame(), pd.Series([])]
    )
    def test_no_rows_are_refused(self, empty):
        with pytest.raises(BadData, match="no rows"):
            form_of(empty)


class TestTake:
    @pytest.mark.parametrize("library", LIBRARIES)
    def test_a_frame_stays_a_frame_of_its_library(self, library):
        taken = take(LIBRARIES[library](COLUMNS), np.array([2, 0, 2]))
        assert type(taken) is type(LIBRARIES[library](COLUMNS))
        assert list(columns_of(taken)["count"].values) == [3, 1, 3]

    def test_pandas_rows_are_taken_by_position_whatever_the_index_says(self):
        taken = take(pd.DataFrame({"a": [1, 2, 3]}, index=[2, 1, 0]), np.array([0]))
        assert list(taken["a"]) == [1]

    def test_texts_become_a_list(self):
        assert take(pd.Series(["a", "b", "c"]), np.array([2, 1])) == ["c", "b"]

    def test_an_array_keeps_its_type(self):
        np.testing.assert_array_equal(take([[1, 2], [3, 4]], np.array([1])), [[3, 4]])


class TestTexts:
    @pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT, np.nan])
    def test_a_missing_text_is_empty(self, missing):
        assert texts_of(["a", missing]) == ["a", ""]

    @pytest.mark.parametrize(
        "series",
        [
            pd.Series(["a", None]),
            pd.Series(["a", None], dtype="string"),
            pd.Series(["a", None], dtype=object),
            pd.Series(["a", None], dtype="category"),
            pl.Series(["a", None]),
            pa.chunked_array([["a", None]]),
        ],
    )
    def test_series_of_every_library_are_read(self, series):
        assert texts_of(series) == ["a", ""]

    @pytest.mark.parametrize("odd", [3, 2.5, b"bytes", ["nested"], np.zeros(2)])
    def test_what_is_no_string_is_named_with_its_row(self, odd):
        with pytest.raises(BadData, match=f"text 1 is {type(odd).__name__}") as caught:
            texts_of(["a", odd])
        assert caught.value.facts["row"] == 1

    def test_a_text_of_a_megabyte_is_kept_whole(self):
        assert texts_of(["x" * 1_000_000]) == ["x" * 1_000_000]


class TestArray:
    @given(st.lists(st.lists(st.floats(), min_size=2, max_size=2), min_size=1))
    def test_numbers_come_back_as_they_were(self, rows):
        np.testing.assert_array_equal(array_of(rows), np.array(rows))

    def test_none_becomes_nan(self):
        np.testing.assert_array_equal(array_of([[1, None]]), [[1, np.nan]])

    def test_a_frame_of_numbers_is_an_array(self, frame):
        assert array_of(pd.DataFrame({"a": [1], "b": [2.5]})).tolist() == [[1.0, 2.5]]

    @pytest.mark.parametrize(
        "bad",
        [
            [["a", "b"]],
            [["1", "2"]],
            [[1j]],
            [[1, 2], [3]],
            [[object()]],
            np.array([["2020-01-01"]], dtype="datetime64[s]"),
        ],
    )
    def test_what_is_no_number_is_refused(self, bad):
        with pytest.raises(BadData, match="no number"):
            array_of(bad)

    @pytest.mark.parametrize("bad", [np.zeros(3), np.zeros((1, 2, 3))])
    def test_other_than_two_dimensions_are_refused_with_the_shape(self, bad):
        with pytest.raises(BadData, match=r"\(n, d\) is needed"):
            array_of(bad)


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
        assert found["city"].values.tolist() == ["Rome", "", ""]
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
            (pd.Series(["a", pd.NA], dtype="string"), "categorical", ["a", ""]),
            (pd.Categorical(["a", None]), "categorical", ["a", ""]),
            (np.array([1, 2], dtype=np.float32), "numeric", [1, 2]),
            (pl.Series([1, None], dtype=pl.UInt8), "numeric", [1, np.nan]),
            (pl.Series(["1.25", None]).cast(pl.Decimal(10, 2)), "numeric", [1.25, np.nan]),
            (pl.Series(["a", None], dtype=pl.Categorical), "categorical", ["a", ""]),
            (pl.Series(["a", "b"], dtype=pl.Enum(["a", "b"])), "categorical", ["a", "b"]),
            (pl.Series([dt.date(1970, 1, 3), None]), "datetime", [172_800, np.nan]),
            (pa.array([dt.date(1970, 1, 3), None]), "datetime", [172_800, np.nan]),
            (pa.array(["a", None]).dictionary_encode(), "categorical", ["a", ""]),
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
        np.testing.assert_array_equal(found.values, np.array(values, dtype=found.values.dtype))

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
        assert found["1"].values.tolist() == ["a"]

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

    def test_ten_thousand_columns_are_read(self):
        wide = pd.DataFrame(np.zeros((2, 10_000))).add_prefix("c")
        assert len(columns_of(wide)) == len(names_of(wide)) == 10_000

    def test_a_level_of_a_megabyte_is_kept_whole(self):
        level = "x" * 1_000_000
        assert columns_of(pd.DataFrame({"s": [level]}))["s"].values[0] == level


class TestInput:
    @pytest.mark.parametrize("library", LIBRARIES)
    def test_a_frame_is_described_by_its_columns_and_its_library(self, library):
        found = describe_input(LIBRARIES[library]({"b": [1], "a": [2]}))
        assert found == Input(kind="frame", columns=("b", "a"), frame=library)

    def test_lists_of_numbers_and_texts_are_described(self):
        assert describe_input([[1.0, 2.0]]) == Input(kind="array", columns=("x0", "x1"))
        assert describe_input(["a"]) == Input(kind="texts")

    @pytest.mark.parametrize("source", LIBRARIES)
    @pytest.mark.parametrize("target", LIBRARIES)
    def test_a_model_gets_its_columns_in_its_order_and_library(self, source, target):
        data = LIBRARIES[source]({"a": [1, 2], "more": ["x", "y"], "b": [3.0, 4.0]})
        given = as_input(data, Input(kind="frame", columns=("b", "a"), frame=target))
        assert type(given) is type(LIBRARIES[target]({}))
        assert names_of(given) == ("b", "a")
        assert count_rows(given) == 2

    def test_a_model_of_arrays_gets_a_frames_columns_in_its_order(self, frame):
        given = as_input(frame, Input(kind="array", columns=("count", "price")))
        np.testing.assert_array_equal(given, [[1, 1.5], [2, np.nan], [3, 3]])

    def test_a_model_of_texts_gets_a_list(self):
        assert as_input(pd.Series(["a"]), Input(kind="texts")) == ["a"]

    def test_more_columns_than_a_manifest_lists_are_refused(self):
        with pytest.raises(BadData, match="10,001 columns"):
            describe_input(np.zeros((1, 10_001)))

    @pytest.mark.parametrize("width", [1, 3])
    def test_an_array_of_another_width_is_refused_with_both_widths(self, width):
        with pytest.raises(SpaceMismatch, match=f"has {width} columns, and 2 are needed"):
            as_input(np.zeros((1, width)), Input(kind="array", columns=("x0", "x1")))

    def test_an_array_does_not_stand_for_a_frame(self):
        with pytest.raises(SpaceMismatch, match="a data frame with 3 columns: 'a', 'b', 'c'"):
            as_input(np.zeros((1, 3)), Input(kind="frame", columns=("a", "b", "c")))

    def test_a_missing_column_is_named(self):
        with pytest.raises(SpaceMismatch, match="'b'"):
            as_input(pd.DataFrame({"a": [1]}), Input(kind="frame", columns=("a", "b")))

    def test_a_library_that_is_not_installed_is_named(self, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "polars", None)
        with pytest.raises(Unavailable, match="pip install polars"):
            as_input(pd.DataFrame({"a": [1]}), Input(kind="frame", columns=("a",), frame="polars"))


class TestRequireColumns:
    def test_nothing_happens_when_all_are_there(self):
        require_columns(["a", "b", "c"], ["c", "a"])

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            ("price", "Price"),
            ("unit_price", "Unit Price"),
            ("unit_price", "unitPrice"),
            ("department", "departement"),
            ("week", "weeks"),
        ],
    )
    def test_a_name_that_looks_alike_is_told(self, wanted, found):
        with pytest.raises(SpaceMismatch, match=f"{wanted!r} looks like {found!r}") as caught:
            require_columns(["other", found], [wanted])
        assert caught.value.facts == {"missing": [wanted], "alike": {wanted: [found]}}

    def test_a_column_that_is_needed_itself_is_no_hint(self):
        with pytest.raises(SpaceMismatch) as caught:
            require_columns(["weeks"], ["week", "weeks"])
        assert caught.value.facts["alike"] == {}

    def test_many_missing_names_are_counted_in_the_message_and_listed_in_the_facts(self):
        wanted = [f"c{i}" for i in range(10_000)]
        with pytest.raises(SpaceMismatch, match="9,990 more") as caught:
            require_columns([f"other {i}" for i in range(10_000)], wanted)
        assert caught.value.facts["missing"] == wanted
        assert len(str(caught.value)) < 1_000
