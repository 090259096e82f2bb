"""What the command line reads, and what it says of files that it cannot read."""

import pickle

import numpy as np
import pandas as pd
import pytest

from learndock.cli.reading import PICKLES, read_model, read_rows
from learndock.core import registry
from learndock.errors import BadData, Invalid, NotFound, SpaceMismatch, Unavailable, UnsafeModel
from learndock.service.files import TABLES


@pytest.fixture
def file(tmp_path):
    """Write a file and return its path."""

    def write(name: str, content: str | bytes):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def table(path):
    return read_rows(path).data


# ---------------------------------------------------------------- tables


def test_csv_has_numbers_truth_values_texts_and_gaps(file):
    found = table(file("a.csv", "n,b,s\n1.5,True,x\n,False,\nNaN,True,NA\n"))
    assert found["n"].tolist()[0] == 1.5
    assert found["n"].isna().tolist() == [False, True, True]
    assert found["b"].tolist() == [True, False, True]
    assert found["s"].isna().tolist() == [False, True, True]


def test_tsv_and_parquet_give_the_same_table_as_csv(tmp_path):
    frame = pd.DataFrame({"week": [1, 2, 3], "shop": ["a", "b", None]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_csv(tmp_path / "a.tsv", index=False, sep="\t")
    frame.to_parquet(tmp_path / "a.parquet")
    for name in ("a.csv", "a.tsv", "a.parquet"):
        pd.testing.assert_frame_equal(table(tmp_path / name), frame, check_dtype=False)


@pytest.mark.parametrize(
    "values",
    [
        ["2024-02-29", "2023-01-01"],
        ["2024-02-29T12:30", "2023-01-01T00:00"],
        ["2024-02-29 12:30:15.250", "2023-01-01 00:00:00"],
        ["2024-02-29", ""],
    ],
)
def test_a_column_of_iso_dates_is_read_as_dates(file, values):
    found = table(file("a.csv", "when,n\n" + "".join(f"{value},1\n" for value in values)))
    assert found["when"].dtype.kind == "M"
    assert found["when"].isna().sum() == values.count("")


def test_dates_with_an_offset_become_moments_in_utc(file):
    found = table(file("a.csv", "when\n2024-03-01T02:00:00+02:00\n2024-03-01T00:00:00Z\n"))
    assert found["when"].nunique() == 1


@pytest.mark.parametrize(
    "values", [["2024-02-29", "soon"], ["2024-13-01"], ["01.02.2024"], ["20240229x"], ["2024"]]
)
def test_what_is_not_all_dates_stays_as_it_is(file, values):
    found = table(file("a.csv", "when\n" + "".join(f"{value}\n" for value in values)))
    assert found["when"].dtype.kind != "M"


@pytest.mark.parametrize("suffix", [".csv", ".CSV"])
def test_an_ending_counts_in_upper_case_too(file, suffix):
    assert len(table(file(f"a{suffix}", "n\n1\n2\n"))) == 2


def test_a_byte_order_mark_is_no_part_of_a_name(file):
    assert list(table(file("a.csv", b"\xef\xbb\xbfn,m\n1,2\n"))) == ["n", "m"]
    assert read_rows(file("a.txt", b"\xef\xbb\xbfone\n")).data == ["one"]


def test_ten_thousand_columns_and_a_long_string_are_read(file):
    wide = ",".join(f"c{i}" for i in range(10_000))
    assert table(file("a.csv", f"{wide}\n{wide}\n")).shape == (1, 10_000)
    assert table(file("b.csv", "s\n" + "x" * 1_000_000 + "\n"))["s"].str.len().tolist() == [10**6]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is empty"),
        ("a,b\n1,2\n1,2,3\n", "Expected 2 fields"),
        ("a,b\n1,2,3\n4,5,6\n", "more fields"),
        ("a,b\n0,1,2\n1,3,4\n", "more fields"),
        ("a;b\n1;2\n", "separated by ';'"),
        ("a\tb\n1\t2\n", r"separated by '\\t'"),
        ("a,b,a\n1,2,3\n", "two columns 'a'"),
        (b"a,b\n\xff\xfe\x00,1\n", "cannot be read as a table"),
        ('a,b\n"1,2\n', "cannot be read as a table"),
    ],
)
def test_a_broken_csv_says_what_is_wrong(file, content, told):
    with pytest.raises(BadData, match=told) as error:
        table(file("a.csv", content))
    assert error.value.next


@pytest.mark.parametrize("name", ["a.parquet", "a.npy", "a.csv"])
def test_bytes_that_are_something_else_are_told(file, name):
    with pytest.raises(BadData, match=name):
        table(file(name, b"\x00\xffno such thing" * 9))


def test_without_pyarrow_parquet_names_its_extra(file, monkeypatch):
    def absent(path: object) -> None:
        raise ImportError("Unable to find a usable engine; tried using: 'pyarrow'")

    monkeypatch.setattr(pd, "read_parquet", absent)
    with pytest.raises(Unavailable, match=r"learndock\[parquet\]"):
        table(file("a.parquet", "something"))


# ---------------------------------------------------------------- texts and arrays


def test_every_line_is_one_text_an_empty_one_too(file):
    assert read_rows(file("a.txt", "one\n\nthree\n")).data == ["one", "", "three"]
    assert read_rows(file("a.text", "one\ntwo")).data == ["one", "two"]


def test_only_line_feeds_end_a_text(file):
    assert read_rows(file("a.txt", "one\x0bstill one\u2028still\n")).data == [
        "one\x0bstill one\u2028still"
    ]


def test_a_file_that_is_no_utf8_is_told(file):
    with pytest.raises(BadData, match="no UTF-8"):
        read_rows(file("a.txt", b"caf\xe9\n"))


def test_an_array_comes_back_as_it_was_saved(tmp_path):
    wanted = np.arange(6.0).reshape(3, 2)
    np.save(tmp_path / "a.npy", wanted)
    assert np.array_equal(read_rows(tmp_path / "a.npy").data, wanted)


def test_an_array_of_objects_is_not_unpickled(tmp_path):
    np.save(tmp_path / "a.npy", np.array([_Bomb()], dtype=object), allow_pickle=True)
    with pytest.raises(BadData, match="no NumPy array of numbers"):
        read_rows(tmp_path / "a.npy")


class _Bomb:
    def __reduce__(self):
        return (pytest.fail, ("code was run",))


# ---------------------------------------------------------------- columns


def test_the_column_of_labels_is_split_off(file):
    found = read_rows(file("a.csv", "n,y\n1,a\n2,b\n"), label="y")
    assert list(found.data) == ["n"]
    assert found.labels.tolist() == ["a", "b"]


def test_the_column_of_texts_is_all_that_is_read(file):
    path = file("a.csv", "id,body,y\n1,one,a\n2,,b\n")
    found = read_rows(path, text="body", label="y")
    assert found.data[0] == "one"
    assert len(found.data) == 2
    assert found.labels.tolist() == ["a", "b"]


def test_columns_that_are_dropped_are_gone(file):
    found = read_rows(file("a.csv", "id,n,y\n1,5,a\n"), label="y", drop=["id"])
    assert list(found.data) == ["n"]


@pytest.mark.parametrize("named", [{"label": "sale"}, {"text": "sale"}, {"drop": ["sale"]}])
def test_a_column_that_is_not_there_is_named_with_what_looks_like_it(file, named):
    with pytest.raises(SpaceMismatch, match="'sale' looks like 'sales'"):
        read_rows(file("a.csv", "n,sales\n1,2\n"), **named)


def test_missing_labels_are_counted(file):
    with pytest.raises(BadData, match="2 of 3 labels in column 'y'"):
        read_rows(file("a.csv", "n,y\n1,\n2,b\n3,\n"), label="y")


def test_a_text_file_has_no_column_of_labels(file):
    with pytest.raises(BadData, match="no named columns"):
        read_rows(file("a.txt", "one\n"), label="y")


# ---------------------------------------------------------------- files


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(NotFound, match=r"there is no file .*none\.csv"):
        read_rows(tmp_path / "none.csv")


def test_a_folder_is_one_of_pictures(tmp_path):
    with pytest.raises(BadData, match="has no pictures"):
        read_rows(tmp_path)


@pytest.mark.parametrize("name", ["a.xlsx", "a", "a.json"])
def test_an_unknown_ending_is_told_with_those_that_are_known(file, name):
    with pytest.raises(BadData) as error:
        read_rows(file(name, "x"))
    assert all(suffix in str(error.value) for suffix in TABLES)


# ---------------------------------------------------------------- models


@pytest.mark.parametrize("suffix", PICKLES)
def test_a_pickle_is_refused_unopened_with_the_way_out(file, suffix):
    with pytest.raises(UnsafeModel, match=r"learndock\.pack"):
        read_model(file(f"model{suffix}", pickle.dumps(_Bomb())))


def test_an_unknown_model_is_told_with_the_endings_of_every_runtime(file):
    known = [
        suffix
        for name in registry.names("runtimes")
        for suffix in registry.load("runtimes", name).suffixes
    ]
    with pytest.raises(Invalid) as error:
        read_model(file("model.h5", "x"))
    assert all(suffix in str(error.value) for suffix in known)


def test_no_two_runtimes_open_files_of_one_ending():
    known = [
        suffix
        for name in registry.names("runtimes")
        for suffix in registry.load("runtimes", name).suffixes
    ]
    assert len(known) == len(set(known)) > 0
