import datetime as dt

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from scipy import sparse

from learndock.core.data import (
    array_of,
    as_input,
    count_rows,
    describe_input,
    form_of,
    joined,
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
SPARSE = [sparse.csr_array, sparse.csc_matrix, sparse.coo_matrix]
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

    @pytest.mark.parametrize("make", SPARSE)
    def test_sparse_matrices_are_arrays(self, make):
        assert form_of(make(np.eye(2))) == "array"

    def test_a_lazy_frame_has_to_be_collected(self):
        with pytest.raises(BadData, match="collect it first"):
            form_of(pl.LazyFrame({"a": [1]}))

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
        assert nw.from_native(taken)["count"].to_list() == [3, 1, 3]

    def test_pandas_rows_are_taken_by_position_whatever_the_index_says(self):
        taken = take(pd.DataFrame({"a": [1, 2, 3]}, index=[2, 1, 0]), np.array([0]))
        assert list(taken["a"]) == [1]

    def test_texts_become_a_list(self):
        assert take(pd.Series(["a", "b", "c"]), np.array([2, 1])) == ["c", "b"]

    def test_an_array_keeps_its_type(self):
        np.testing.assert_array_equal(take([[1, 2], [3, 4]], np.array([1])), [[3, 4]])

    @pytest.mark.parametrize("make", SPARSE)
    def test_rows_of_a_sparse_matrix_stay_sparse(self, make):
        taken = take(make(np.diag([1.0, 2.0, 3.0])), np.array([2, 0]))
        assert sparse.issparse(taken)
        np.testing.assert_array_equal(taken.toarray(), [[0, 0, 3], [1, 0, 0]])

    @pytest.mark.parametrize("make", SPARSE)
    def test_blocks_of_a_sparse_matrix_are_joined(self, make):
        whole = joined([make(np.eye(2)), make(np.eye(2))])
        np.testing.assert_array_equal(whole.toarray(), [[1, 0], [0, 1]] * 2)


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

    def test_a_sparse_matrix_becomes_dense(self):
        np.testing.assert_array_equal(array_of(sparse.coo_array([[0, 2]])), [[0.0, 2.0]])

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
            [[10**400]],
            sparse.csr_array([[1j]]),
        ],
    )
    def test_what_is_no_number_is_refused(self, bad):
        with pytest.raises(BadData, match="no number"):
            array_of(bad)

    @pytest.mark.parametrize("bad", [np.zeros(3), np.zeros((1, 2, 3))])
    def test_other_than_two_dimensions_are_refused_with_the_shape(self, bad):
        with pytest.raises(BadData, match=r"\(n, d\) is needed"):
            array_of(bad)


class TestInput:
    @pytest.mark.parametrize("library", LIBRARIES)
    def test_a_frame_is_described_by_its_columns_and_its_library(self, library):
        found = describe_input(LIBRARIES[library]({"b": [1], "a": [2]}))
        assert found == Input(kind="frame", columns=("b", "a"), frame=library)

    def test_lists_of_numbers_and_texts_are_described(self):
        assert describe_input([[1.0, 2.0]]) == Input(kind="array", columns=("x0", "x1"))
        assert describe_input(sparse.eye_array(2)) == Input(kind="array", columns=("x0", "x1"))
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
