"""Files of rows: read whole, or in blocks of which memory holds one.

A table is a CSV file (UTF-8, commas, names in the first row), a TSV or a Parquet file. In CSV,
numbers and `True`/`False` are recognised by pandas; a column of which every value is an ISO 8601
date or time is read as such; an empty field, `NA` and `NaN` are missing. In a text file every
line is one document, an empty one too, so that the predictions have the same lines.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from learndock.core.data import require_columns
from learndock.core.pictures import SUFFIXES
from learndock.errors import BadData, NotFound, Unavailable

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "folder"
BLOCK = 65_536
"""Rows of a block."""
READ = 1 << 20
"""Bytes of a Parquet file that are read at once, in place of whole row groups."""


def read(path: Path) -> Any:
    """Return all rows of a file: a data frame, an array, a list of texts, or pictures.

    Raises
    ------
    NotFound
        If there is no such file.
    BadData
        If it cannot be read, or is empty.
    Unavailable
        If reading such a file takes a library that is not installed.
    """
    return WHOLE[_kind(path)](path)


def opened(path: Path, *, drop: Sequence[str] = ()) -> Any:
    """Return a file as data, or a table as blocks that are read anew whenever they are asked for.

    Raises
    ------
    SpaceMismatch
        If a column of `drop` is not there.
    NotFound, BadData, Unavailable
        As `read` does; for a table, when its first block is read.
    """
    kind = _kind(path)
    if kind in TABLES:
        return TABLES[kind](path, drop)
    if drop:
        raise no_columns(path, drop)
    return WHOLE[kind](path)


def no_columns(path: Path, wanted: Sequence[str]) -> BadData:
    """Return the error for columns that are asked for where a file has none with names."""
    return BadData(
        f"{path} has no named columns, and {wanted[0]!r} is asked for",
        next="give a table, or name no columns",
    )


def _kind(path: Path) -> str:
    """Return by what ending a file is read; a folder is one of pictures."""
    if path.is_dir():
        return FOLDER
    if not path.exists():
        raise NotFound(f"there is no file {path}", next=f"look for it with `ls {path.parent}`")
    if not path.is_file():
        raise BadData(
            f"{path} is neither a file nor a folder; a pipe cannot be read twice",
            next="save them in a file first, and give that",
        )
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        raise BadData(
            f"{path} is one picture, and many are needed",
            next="give the folder that they are in, or a list of paths",
            suffix=suffix,
        )
    if suffix not in WHOLE:
        raise BadData(
            f"{path} is no file of rows that can be read; its name would end in "
            f"{', '.join(kind for kind in WHOLE if kind != FOLDER)}",
            next="save the rows as CSV, and give that",
            suffix=suffix,
        )
    if path.stat().st_size == 0:
        raise BadData(f"{path} is empty", next="give a file with at least one row")
    return suffix


# ---------------------------------------------------------------- CSV


@contextmanager
def _csv_told(path: Path) -> Iterator[None]:
    """Say of what pandas cannot read what is wrong."""
    import pandas as pd

    try:
        with warnings.catch_warnings():
            # Of a row with more fields than there are names, pandas warns, and loses some.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            yield
    except pd.errors.ParserWarning as error:
        raise BadData(
            f"the rows of {path} have more fields than its first row names",
            next="name every column in the first row",
        ) from error
    except ValueError as error:  # what pandas raises for text it cannot take apart
        raise BadData(
            f"{path} cannot be read as a table: {error}",
            next="save it as UTF-8 CSV with the columns' names in the first row",
        ) from error


def _separator(path: Path) -> str:
    return "\t" if path.suffix.lower() == ".tsv" else ","


def _names(path: Path) -> list[str]:
    """Return the names in the first row; refuse one that pandas reads otherwise than its owner."""
    import pandas as pd

    with _csv_told(path):
        head = pd.read_csv(path, sep=_separator(path), header=None, nrows=1, dtype=str)
    names: list[str] = head.iloc[0].dropna().tolist()
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise BadData(f"{path} has two columns {twice[0]!r}", next="rename one of them")
    if len(names) == 1 and (odd := next((mark for mark in ";\t|" if mark in names[0]), "")):
        raise BadData(
            f"the columns of {path} are separated by {odd!r}, and commas are needed",
            next="save it as CSV with commas",
        )
    return names


def _csv(path: Path) -> "pd.DataFrame":
    import pandas as pd

    _names(path)
    with _csv_told(path):
        frame = pd.read_csv(path, sep=_separator(path), low_memory=False, index_col=False)
    return _with_dates(frame)


@dataclass(frozen=True)
class CsvBlocks:
    """A CSV or TSV file as pandas frames, one block at a time.

    Attributes
    ----------
    path : Path
        The file.
    drop : sequence of str
        Columns that are not read.
    texts : sequence of str
        Columns that are strings in every block, whatever they look like in one.
    """

    path: Path
    drop: Sequence[str]
    texts: Sequence[str] = ()

    def __post_init__(self) -> None:
        require_columns(_names(self.path), self.drop)

    def reading_as(self, texts: Sequence[str]) -> "CsvBlocks":
        """Return the same blocks with these columns as strings."""
        return replace(self, texts=texts)

    def __iter__(self) -> "Iterator[pd.DataFrame]":
        import pandas as pd

        with _csv_told(self.path):
            reader = pd.read_csv(
                self.path,
                sep=_separator(self.path),
                chunksize=BLOCK,
                index_col=False,
                dtype=dict.fromkeys(self.texts, str),
            )
        with reader:
            while True:
                with _csv_told(self.path):
                    block = next(reader, None)
                if block is None:
                    return
                yield block.drop(columns=list(self.drop))


def _with_dates(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return the table with columns of ISO 8601 dates read as dates."""
    dates = {}
    for name in frame.columns[[dtype.kind == "O" for dtype in frame.dtypes]]:
        found = _dates(frame[name])
        if found is not None:
            dates[name] = found
    return frame.assign(**dates)


def _dates(column: "pd.Series[Any]") -> "pd.Series[Any] | None":
    """Return a column as dates, or nothing where one of its values is none."""
    import pandas as pd

    from learndock.core.strings import timestamps

    present = column.dropna().astype(str)
    found = timestamps(present.tolist())
    if not len(present) or found.hasnans:
        return None
    return pd.Series(found, index=present.index).reindex(column.index)


# ---------------------------------------------------------------- Parquet


@contextmanager
def _parquet_told(path: Path) -> Iterator[None]:
    """Say of what pyarrow cannot read what is wrong, or that there is no pyarrow."""
    try:
        yield
    except ImportError as error:
        raise Unavailable(
            f"{path} is Parquet, and pyarrow, which reads it, is not installed",
            next='pip install "learndock[parquet]"',
            missing="pyarrow",
        ) from error
    except (ValueError, OSError) as error:  # pyarrow's errors are one or the other
        raise BadData(
            f"{path} cannot be read as Parquet: {error}", next="save it again, or as CSV"
        ) from error


def _parquet(path: Path) -> "pd.DataFrame":
    import pandas as pd

    with _parquet_told(path):
        return pd.read_parquet(path)


class ParquetBlocks:
    """A Parquet file as Arrow tables, one block at a time."""

    def __init__(self, path: Path, drop: Sequence[str]) -> None:
        self._path = path
        with _parquet_told(path):
            from pyarrow import parquet

            names = parquet.read_schema(path).names
        require_columns(names, drop)
        self._names = [name for name in names if name not in set(drop)]

    def __iter__(self) -> Iterator[Any]:
        with _parquet_told(self._path):
            import pyarrow as pa
            from pyarrow import parquet

            with parquet.ParquetFile(self._path, pre_buffer=False, buffer_size=READ) as file:
                for batch in file.iter_batches(BLOCK, columns=self._names):
                    yield pa.Table.from_batches([batch])


# ---------------------------------------------------------------- texts, arrays and pictures


def _texts(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").removesuffix("\n").split("\n")
    except ValueError as error:
        raise BadData(f"{path} is no UTF-8 text: {error}", next="save it as UTF-8") from error


def _array(path: Path) -> Any:
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise BadData(
            f"{path} is no NumPy array of numbers: {error}", next="write it with `numpy.save`"
        ) from error


def files_in(folder: Path) -> list[Path]:
    """Return the pictures in a folder and the folders below it, by path; hidden ones do not count.

    Raises
    ------
    BadData
        If there are none.

    Examples
    --------
    >>> Path("b.PNG").touch(); Path("a.jpg").touch(); Path("notes.txt").touch()
    >>> [path.name for path in files_in(Path("."))]
    ['a.jpg', 'b.PNG']
    """
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )
    if not found:
        raise BadData(
            f"folder {folder} has no pictures",
            next=f"name a folder with files that end in {', '.join(sorted(SUFFIXES))}",
        )
    return found


WHOLE: dict[str, Callable[[Path], Any]] = {
    ".csv": _csv,
    ".tsv": _csv,
    ".parquet": _parquet,
    ".txt": _texts,
    ".text": _texts,
    ".npy": _array,
    FOLDER: files_in,
}
"""What reads all of a file, by its ending."""
TABLES: dict[str, Callable[[Path, Sequence[str]], Iterable[Any]]] = {
    ".csv": CsvBlocks,
    ".tsv": CsvBlocks,
    ".parquet": ParquetBlocks,
}
