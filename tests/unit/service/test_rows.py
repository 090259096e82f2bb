"""Rows in blocks: files, iterators and memory give the same rows, in memory that does not grow."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet
from scipy import sparse

import learndock as ld
from learndock.core.data import count_rows
from learndock.errors import BadData, NotFound, SpaceMismatch
from learndock.service import files, rows as rows_module
from learndock.service.encoding import encoder_of
from learndock.service.rows import Blocks, Spool

RNG = np.random.default_rng(0)
ROWS = 700
TABLE = pd.DataFrame(
    {
        "price": RNG.lognormal(size=ROWS).round(6),
        "department": RNG.choice(["dairy", "bakery", "fish"], ROWS),
        "open": RNG.random(ROWS) < 0.5,
        "day": pd.date_range("2024-01-01", periods=ROWS, freq="7h"),
    }
)
SPACE = ld.space(TABLE, name="shop")


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    monkeypatch.setattr(rows_module, "BLOCK", 128)
    monkeypatch.setattr(files, "BLOCK", 128)
    monkeypatch.setattr(rows_module, "SAMPLED", 300)


@pytest.fixture
def exact():
    return encoder_of(SPACE).encode(TABLE, SPACE)


def whole(rows):
    return np.concatenate(list(rows.blocks()))


def sliced():
    for start in range(0, ROWS, 100):
        yield TABLE[start : start + 100]


def csv(folder):
    TABLE.to_csv(folder / "shop.csv", index=False)
    return folder / "shop.csv"


def tsv(folder):
    TABLE.to_csv(folder / "shop.tsv", index=False, sep="\t")
    return folder / "shop.tsv"


def parquet_file(folder):
    parquet.write_table(pa.Table.from_pandas(TABLE), folder / "shop.parquet", row_group_size=90)
    return folder / "shop.parquet"


FORMS = {
    "frame": lambda _: TABLE,
    "csv": csv,
    "tsv": tsv,
    "parquet": parquet_file,
    "list": lambda _: list(sliced()),
    "function": lambda _: sliced,
    "iterator": lambda _: sliced(),
}


@pytest.mark.parametrize("form", FORMS)
def test_rows_are_encoded_the_same_wherever_they_come_from(form, tmp_path, exact):
    found = Blocks(FORMS[form](tmp_path)).encoded(SPACE)
    assert len(found) == ROWS
    np.testing.assert_allclose(whole(found), exact, atol=1e-5)


@pytest.mark.parametrize("form", FORMS)
def test_a_space_made_in_blocks_is_that_of_a_sample(form, tmp_path):
    made = ld.space(FORMS[form](tmp_path), name="shop")
    assert [(one.name, one.kind) for one in made.columns] == [
        (one.name, one.kind) for one in SPACE.columns
    ]
    assert made.columns[0].center == pytest.approx(SPACE.columns[0].center, rel=0.2)


def test_what_is_too_large_for_memory_goes_through_a_file_and_stays_the_same(monkeypatch, exact):
    monkeypatch.setattr(rows_module, "IN_MEMORY", 100)
    found = Blocks(TABLE).encoded(SPACE)
    assert isinstance(found, Spool)
    np.testing.assert_allclose(whole(found), exact, atol=1e-5)


def test_a_sample_is_drawn_from_all_blocks_and_has_no_row_twice():
    sample = Blocks(lambda: iter([TABLE[start : start + 50] for start in range(0, ROWS, 50)]))
    found = sample.sample()
    assert count_rows(found) == 300
    assert not found.index.duplicated().any()
    assert abs(found.index.to_numpy().mean() - ROWS / 2) < 0.1 * ROWS


def test_each_row_is_as_likely_in_the_sample():
    draws = [
        Blocks(lambda: iter([np.arange(ROWS)[:, None] * 1.0])).sample(seed)[:, 0]
        for seed in range(200)
    ]
    counts = np.bincount(np.concatenate(draws).astype(int), minlength=ROWS)
    assert counts.mean() == pytest.approx(200 * 300 / ROWS)
    assert counts.std() == pytest.approx(np.sqrt(200 * 3 / 7 * 4 / 7), rel=0.2)


def test_sampling_an_iterator_loses_no_row(exact):
    blocks = Blocks(sliced())
    assert count_rows(blocks.sample()) == 300
    np.testing.assert_allclose(whole(blocks.encoded(SPACE)), exact, atol=1e-5)


@pytest.mark.parametrize("looks", [("first", "sample"), ("sample", "first"), ("sample", "sample")])
def test_looking_at_an_iterator_twice_neither_doubles_nor_loses_a_row(looks, exact):
    blocks = Blocks(sliced())
    for look in looks:
        assert count_rows(getattr(blocks, look)()) == 300
    np.testing.assert_allclose(whole(blocks.encoded(SPACE)), exact, atol=1e-5)


@pytest.mark.parametrize(
    "again", [Blocks.first, Blocks.sample, lambda blocks: blocks.encoded(SPACE)]
)
def test_an_iterator_that_has_been_read_cannot_be_read_again(again):
    blocks = Blocks(sliced())
    blocks.encoded(SPACE)
    with pytest.raises(BadData, match=r"can be read only once.*function"):
        again(blocks)


def test_what_was_sketched_can_be_explained_if_it_can_be_read_twice(tmp_path):
    made = {}
    for form in ("csv", "parquet", "list", "function", "iterator"):
        made[form] = blocks = Blocks(FORMS[form](tmp_path))
        sketch = ld.sketch(blocks, space=SPACE)
        if form == "iterator":
            with pytest.raises(BadData, match="can be read only once"):
                ld.explain(sketch, blocks)
        else:
            assert ld.explain(sketch, blocks).rows == 300


def test_sketching_a_file_does_not_change_how_it_is_explained(tmp_path):
    path = csv(tmp_path)
    blocks = Blocks(path)
    sketch = ld.sketch(blocks, space=SPACE)
    told = ld.explain(sketch, blocks)
    assert told == ld.explain(sketch, path)
    assert told.readings[2].told == "true or false"


def test_a_list_of_float_arrays_is_blocks_of_rows():
    first, second = RNG.random((2, ROWS, 3))
    space = ld.space(np.concatenate([first, second]), name="unit")
    found = ld.sketch([first, second], space=space)
    assert found.rows == ld.sketch(np.concatenate([first, second]), space=space).rows
    assert ld.sketch([first, second]).space.modality == "table"


def test_a_list_of_sparse_matrices_is_blocks_of_rows():
    dense = RNG.random((2, ROWS, 3))
    found = Blocks([sparse.csr_array(block) for block in dense])
    space = ld.space(np.concatenate(dense), name="unit")
    assert len(found.encoded(space)) == 2 * ROWS


def sorted_by_what_is_unread(unread):
    column = np.array([*map(str, RNG.normal(size=ROWS).round(3))], dtype=object)
    column[ROWS - round(unread * ROWS) :] = "?"
    return pd.DataFrame({"n": column, "m": RNG.normal(size=ROWS)})


@pytest.mark.parametrize("form", ["csv", "parquet", "list", "iterator"])
@pytest.mark.parametrize("reverse", [False, True])
def test_what_cannot_be_read_is_judged_over_all_rows_of_a_sorted_file(form, reverse, tmp_path):
    table = sorted_by_what_is_unread(0.2)
    table = table[::-1] if reverse else table
    space = ld.space(TABLE[["price"]].rename(columns={"price": "n"}).assign(m=0.5), name="x")
    found = Blocks(in_form(form, table, tmp_path)).encoded(space)
    expected = encoder_of(space).encode(table, space)
    np.testing.assert_allclose(whole(found), expected, atol=1e-5)


@pytest.mark.parametrize("form", ["csv", "parquet", "list", "iterator"])
def test_a_file_most_of_which_cannot_be_read_is_refused(form, tmp_path):
    table = sorted_by_what_is_unread(0.6)
    space = ld.space(TABLE[["price"]].rename(columns={"price": "n"}).assign(m=0.5), name="x")
    with pytest.raises(SpaceMismatch, match="420 of 700 strings here cannot be read"):
        Blocks(in_form(form, table, tmp_path)).encoded(space)


def in_form(form, table, folder):
    if form == "csv":
        table.to_csv(folder / "t.csv", index=False)
        return folder / "t.csv"
    if form == "parquet":
        parquet.write_table(pa.Table.from_pandas(table), folder / "t.parquet", row_group_size=90)
        return folder / "t.parquet"
    blocks = [table[start : start + 100] for start in range(0, ROWS, 100)]
    return blocks if form == "list" else iter(blocks)


def test_rows_whose_first_block_is_empty_are_no_rows_without_a_value():
    space = ld.space("en-static")
    texts = [""] * 130 + ["a cat"] * 70
    assert len(Blocks(lambda: iter([texts[:130], texts[130:]])).encoded(space)) == 200
    with pytest.raises(BadData, match="none of 260 rows has a value"):
        Blocks(lambda: iter([texts[:130], texts[:130]])).encoded(space)


def test_a_column_that_looks_like_numbers_in_one_block_stays_categorical(tmp_path):
    codes = pd.DataFrame({"code": [*map(str, range(10, 410)), *["A7"] * 200]})
    codes.to_csv(tmp_path / "codes.csv", index=False)
    space = ld.space(codes, name="codes")
    found = Blocks(tmp_path / "codes.csv").encoded(space)
    np.testing.assert_allclose(whole(found), encoder_of(space).encode(codes, space), atol=1e-6)


def test_dropped_columns_of_a_file_are_not_read(tmp_path):
    for path in (csv(tmp_path), parquet_file(tmp_path)):
        made = ld.sketch(Path(path)).space
        assert len(made.columns) == 4
        block = next(iter(Blocks(path, drop=["open", "day"])))
        assert block.shape[1] == 2


def test_spooled_rows_are_picked_by_number(monkeypatch, exact):
    monkeypatch.setattr(rows_module, "IN_MEMORY", 1)
    numbers = np.array([0, 5, 127, 128, 600, ROWS - 1])
    picked = Blocks(TABLE).encoded(SPACE).pick(numbers)
    np.testing.assert_allclose(picked, exact[numbers], atol=1e-5)


def test_rows_can_be_added_after_some_were_read():
    spool, rows = Spool(2), np.arange(12.0).reshape(6, 2)
    spool.append(rows[:3])
    assert spool.pick(np.array([0])).tolist() == [[0, 1]]
    spool.append(rows[3:])
    assert whole(spool).tolist() == rows.tolist()


@pytest.mark.parametrize("form", ["csv", "parquet", "iterator", "function"])
def test_a_sketch_of_blocks_is_as_near_to_the_rows_as_one_of_memory(form, tmp_path):
    direct = ld.sketch(TABLE, space=SPACE)
    found = ld.sketch(FORMS[form](tmp_path), space=SPACE)
    assert found.rows == direct.rows
    assert found.mmd == pytest.approx(direct.mmd, rel=0.2)


def test_what_is_no_data_is_refused_with_a_way_out():
    with pytest.raises(BadData, match="Path"):
        ld.sketch("shop.csv")
    for alien in (None, 7, {"a": 1}, b"bytes"):
        with pytest.raises(BadData):
            ld.sketch(alien)


def test_a_missing_file_is_named():
    with pytest.raises(NotFound, match=r"nowhere\.csv"):
        ld.sketch(Path("nowhere.csv"))


@pytest.mark.parametrize("empty", [list, lambda: iter([])])
def test_no_rows_are_refused(empty):
    with pytest.raises(BadData, match="no rows"):
        ld.sketch(lambda: iter(empty()))


def test_a_file_that_is_none_of_its_kind_is_refused(tmp_path):
    for name in ("broken.parquet", "broken.npy"):
        (tmp_path / name).write_bytes(b"no such thing")
        with pytest.raises(BadData, match=name):
            ld.sketch(tmp_path / name)


@pytest.mark.parametrize("consent", [False, True])
def test_rows_without_any_value_are_refused(consent):
    space = ld.space("en-static")
    with pytest.raises(BadData, match="none of 200 rows has a value"):
        ld.sketch(["", " "] * 100, space=space, consent=consent)
    empty = pd.DataFrame({"price": [None] * 200})
    with pytest.raises(BadData, match="none of 200 rows has a value"):
        ld.sketch(empty, space=ld.space(TABLE[["price"]]), consent=consent)


def test_names_of_pictures_are_not_taken_for_texts():
    with pytest.raises(BadData, match=r"names of pictures, such as 'a\.png'.*as Path"):
        ld.sketch(["a.png", "b.JPG"] * 100)


def test_rows_of_a_file_with_too_many_fields_are_refused(tmp_path):
    for drop in ([], ["b"]):
        (tmp_path / "odd.csv").write_text("a,b\n" + "x,y,1\n" * 300)
        with pytest.raises(BadData, match="more fields than its first row names"):
            list(Blocks(tmp_path / "odd.csv", drop=drop))


@pytest.mark.parametrize("empty", [[], np.zeros((0, 3)), pd.DataFrame({"a": []})])
def test_data_in_memory_without_rows_is_refused(empty):
    with pytest.raises(BadData, match="no rows"):
        ld.sketch(empty)


def test_a_single_number_is_no_data():
    with pytest.raises(BadData):
        ld.sketch(np.array(3.0))
