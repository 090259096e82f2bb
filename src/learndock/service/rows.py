"""Rows on their way into a sketch: raw data in blocks, encoded to memory or to a temporary file."""

import os
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learndock.core.data import count_rows, form_of, joined, recognise, take
from learndock.core.disk import faults_told
from learndock.core.pictures import SUFFIXES
from learndock.core.ports import Columnar
from learndock.core.sketch import Float
from learndock.core.space import Space
from learndock.errors import BadData
from learndock.numerics.rows import InMemory, Rows
from learndock.service.encoding import encoder_of
from learndock.service.files import BLOCK, CsvBlocks, opened

IN_MEMORY = 50_000_000
"""Coordinates that are held in memory; more go to a temporary file."""
SAMPLED = 20_000
"""Rows of a file or an iterator from which a space is made."""
_PICTURES = tuple(SUFFIXES)
_NAMES = 100
"""So many texts are looked at to see whether they are names of pictures."""


class Blocks:
    """Raw rows, block by block: data in memory, a file, or an iterable of data.

    Parameters
    ----------
    data : data, Path, iterable, or callable
        What `learndock.core.data` reads; a CSV, TSV or Parquet file or a folder of pictures;
        blocks of such data; or a function that returns an iterator of them. In a list, data
        frames, sparse matrices and (n, d) arrays of floats are blocks; arrays of integers and
        (h, w, c) arrays are pictures. An iterator can be read only once.
    drop : sequence of str
        Columns of a file that are not read.

    Raises
    ------
    BadData
        If it is none of these.
    NotFound
        If there is no such file.
    """

    @classmethod
    def of(cls, data: Any) -> "Blocks":
        """Return data as blocks, if it is not yet."""
        return data if isinstance(data, Blocks) else cls(data)

    def __init__(self, data: Any, *, drop: Sequence[str] = ()) -> None:
        self.data = _opened(data, drop)
        """The rows themselves where they are in memory, as they were given."""
        self.whole = recognise(self.data) is not None
        """Whether they are."""
        if self.whole:
            form_of(self.data)  # says where there are no rows
            _refuse_names_of_pictures(self.data)
        else:
            self._read = _reader(self.data)

    def __iter__(self) -> Iterator[Any]:
        """Yield data that is not empty, of at most `BLOCK` rows where it was in memory."""
        if not self.whole:
            for block in self._read():
                form_of(block)
                yield block
            return
        count = count_rows(self.data)
        if count <= BLOCK:
            yield self.data
            return
        for start in range(0, count, BLOCK):
            yield take(self.data, np.arange(start, min(start + BLOCK, count)))

    def first(self) -> Any:
        """Return the first rows; an iterator does not lose them."""
        if isinstance(self.data, Once):
            return self.data.head()
        for block in self:
            return block
        raise _no_rows()

    def sample(self, seed: int = 0) -> Any:
        """Return all rows where they are in memory, else `SAMPLED` random ones.

        An iterator that can be read only once is asked for its first `SAMPLED` rows; they are
        not lost.
        """
        if self.whole:
            return self.data
        if isinstance(self.data, Once):
            return self.data.head()
        rng = np.random.default_rng(seed)
        parts: list[tuple[Any, Float]] = []
        limit = np.inf  # rows draw a random key; those with the least are the sample
        for block in self:
            keys = rng.random(count_rows(block))
            kept = np.flatnonzero(keys < limit)
            if len(kept):
                parts.append((take(block, kept), keys[kept]))
            if sum(len(keys) for _, keys in parts) > 2 * SAMPLED:
                parts = [_least(parts)]
                limit = float(parts[0][1].max())
        if not parts:
            raise _no_rows()
        return _least(parts)[0]

    def encoded(self, space: Space) -> Rows:
        """Return all rows in the coordinates of a space, in memory if they are few.

        Raises
        ------
        BadData
            If there are no rows, or not one of them has any value; if an iterator was read
            before.
        SpaceMismatch
            If they do not go with the space.
        """
        if self.whole and count_rows(self.data) * space.width <= IN_MEMORY:
            rows: Rows = InMemory(encoder_of(space).encode(self.data, space))
            _require_content(self.data, rows, space)
            return rows
        blocks = iter(self._reading_as(space))
        first = next(blocks, None)
        if first is None:
            raise _no_rows()
        spool = Spool(space.width)
        for coords in _encoded(chain([first], blocks), space):
            spool.append(coords)
        _require_content(first, spool, space)
        return spool

    def _reading_as(self, space: Space) -> "Blocks":
        """Return the same blocks, with strings where a space's columns stand for strings."""
        if not isinstance(self.data, CsvBlocks):
            return self
        texts = [column.name for column in space.columns if column.kind != "numeric"]
        return Blocks(self.data.reading_as(texts))


class Once:
    """The blocks of an iterator, which are read once; the first ones may be looked at before."""

    def __init__(self, blocks: Iterator[Any]) -> None:
        self._rest = blocks
        self._kept: list[Any] = []
        self._read = False

    def head(self) -> Any:
        """Return the first `SAMPLED` rows, or some more; they are not lost.

        Raises
        ------
        BadData
            If there are none, or the blocks have been read.
        """
        self._require_unread()
        count = sum(map(count_rows, self._kept))
        while count < SAMPLED and (block := next(self._rest, None)) is not None:
            form_of(block)
            self._kept.append(block)
            count += count_rows(block)
        if not self._kept:
            raise _no_rows()
        return joined(self._kept)

    def __iter__(self) -> Iterator[Any]:
        """Yield all blocks, and keep none."""
        self._require_unread()
        self._read = True
        while self._kept:
            yield self._kept.pop(0)
        yield from self._rest

    def _require_unread(self) -> None:
        if self._read:
            raise BadData(
                "the rows come from an iterator, which can be read only once and has been",
                next="give a function that returns a new iterator, a list of blocks, or a file",
            )


class Spool:
    """Encoded rows in a temporary file, in single precision; `Rows` of any number."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._count = 0
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the object
        weakref.finalize(self, self._file.close)

    def __len__(self) -> int:
        return self._count

    def append(self, rows: Float) -> None:
        """Add rows at the end.

        Raises
        ------
        StorageFault
            If the disk is full.
        """
        with faults_told(tempfile.gettempdir()):
            self._file.seek(0, os.SEEK_END)
            rows.astype(np.float32).tofile(self._file)
        self._count += len(rows)

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield all rows in the order in which they came."""
        for start in range(0, self._count, BLOCK):
            yield self._slice(start, min(start + BLOCK, self._count))

    def pick(self, numbers: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the rows of these numbers, which are sorted."""
        found = np.empty((len(numbers), self.width), dtype=np.float32)
        first = np.searchsorted(numbers, np.arange(0, self._count + BLOCK, BLOCK))
        for block, (start, end) in enumerate(pairwise(first)):
            if start < end:
                top = block * BLOCK
                rows = self._slice(top, min(top + BLOCK, self._count))
                found[start:end] = rows[numbers[start:end] - top]
        return found

    def _slice(self, start: int, end: int) -> NDArray[np.float32]:
        self._file.flush()
        self._file.seek(4 * self.width * start)
        rows = np.fromfile(self._file, np.float32, (end - start) * self.width)
        return rows.reshape(-1, self.width)


def _opened(data: Any, drop: Sequence[str]) -> Any:
    """Return data, a file's rows or blocks, or the blocks of an iterator."""
    if isinstance(data, Path):
        return opened(data, drop=drop)
    return Once(data) if isinstance(data, Iterator) else data


def _encoded(blocks: Iterable[Any], space: Space) -> Iterator[Float]:
    """Yield blocks in the coordinates of a space."""
    encoder = encoder_of(space)
    if isinstance(encoder, Columnar):
        yield from encoder.encode_blocks(blocks, space)
        return
    for block in blocks:
        yield encoder.encode(block, space)


def _require_content(data: Any, rows: Rows, space: Space) -> None:
    """Raise `BadData` if not one row has any value; `data` is the first of them, unencoded."""
    first = rows.pick(np.array([0]))
    if all((block == first).all() for block in rows.blocks()):
        readings = encoder_of(space).explain(data, space)
        if all(reading.missing == 1 for reading in readings):
            raise BadData(
                f"none of {len(rows):,} rows has a value in space {space}",
                next="give rows with values, or look whether the right file was read",
            )


def _refuse_names_of_pictures(data: Any) -> None:
    """Raise `BadData` for a list of strings that are names of picture files, not texts."""
    head = data[:_NAMES] if isinstance(data, list | tuple) else ()
    if head and all(isinstance(one, str) and one.lower().endswith(_PICTURES) for one in head):
        raise BadData(
            f"the texts are names of pictures, such as {head[0]!r}",
            next="give them as Path, or give the folder: Path(...)",
        )


def _no_rows() -> BadData:
    return BadData(
        "the data has no rows", next="give at least one row, or an iterator not yet read", rows=0
    )


def _least(parts: list[tuple[Any, Float]]) -> tuple[Any, Float]:
    """Return the `SAMPLED` rows with the least keys, in the order in which they came."""
    keys = np.concatenate([keys for _, keys in parts])
    rows = joined([part for part, _ in parts])
    if len(keys) <= SAMPLED:
        return rows, keys
    kept = np.sort(np.argpartition(keys, SAMPLED)[:SAMPLED])
    return take(rows, kept), keys[kept]


def _reader(data: Any) -> Callable[[], Iterator[Any]]:
    """Return what gives the blocks of an iterable, or of a function that returns one."""
    if isinstance(data, str):
        raise BadData("a string is no data", next="give Path(...) if it names a file")
    if not callable(data) and (
        not isinstance(data, Iterable) or isinstance(data, bytes | dict | np.ndarray)
    ):
        form_of(data)  # says what is needed
    return lambda: iter(data() if callable(data) else data)
