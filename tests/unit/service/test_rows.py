"""Rows in blocks: files, iterators and memory give the same rows, in memory that does not grow."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

import learndock as ld
from learndock.core.data import count_rows
from learndock.errors import BadData, NotFound
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
