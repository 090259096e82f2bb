"""Reading what the command line is given: tables, texts and arrays; models; spaces.

A table is a CSV file (UTF-8, commas, names in the first row), a TSV or a Parquet file. In CSV,
numbers and `True`/`False` are recognised by pandas; a column of which every value is an ISO 8601
date or time is read as such; an empty field, `NA` and `NaN` are missing. In a text file every
line is one document, an empty one too, so that the predictions have the same lines.
"""

import re
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learndock.cli.files import LEARNWARE, SKETCH, read_learnware, read_sketch, require_file
from learndock.cli.session import Session
from learndock.errors import BadData, Conflict, Invalid, NotFound, Unavailable, UnsafeModel

if TYPE_CHECKING:
    import pandas as pd

    from learndock.core.space import Space
    from learndock.service.dock import Dock

PICKLES = (".joblib", ".pickle", ".pkl", ".pt", ".pth")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?")
_ZONE = re.compile(r":\d{2}.*(Z|[+-]\d{2}:?\d{2})$")


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a file, and the labels beside them if a column was named.

    Attributes
    ----------
    data : data frame, (n, d) array, or list of texts
        Without the column of labels.
    labels : (n,) array or None
        What is true for the rows.
    """

    data: Any
    labels: Any = None


def read_rows(path: Path, *, label: str = "", text: str = "", drop: Sequence[str] = ()) -> Rows:
    """Read a file of rows.

    Parameters
    ----------
    path : Path
        CSV, TSV, Parquet, a text file, or a NumPy array.
    label : str, optional
        The column of a table that holds the labels.
    text : str, optional
        The column of a table that holds texts; the others are left out.
    drop : sequence of str
        Columns to leave out.

    Raises
    ------
    NotFound
        If there is no such file.
    BadData
        If it cannot be read, or is empty.
    SpaceMismatch
        If a named column is missing; says which ones look alike.
    Unavailable
        If reading such a file takes a library that is not installed.
    """
    from learndock.core.data import form_of, names_of, require_columns

    data = _reader(path)(path)
    columns = [name for name in (label, text, *drop) if name]
    if not columns:
        return Rows(data)
    if form_of(data) != "frame":
        raise BadData(
            f"{path} has no named columns, and {columns[0]!r} is asked for",
            next="give a table, or leave --label, --text and --drop out",
        )
    require_columns(names_of(data), columns)
    labels = _labels(data[label], path) if label else None
    if text:
        return Rows(data[text].tolist(), labels)
    return Rows(data.drop(columns=[name for name in (label, *drop) if name]), labels)


def read_task(path: Path, *, label: str = "", text: str = "") -> Any:
    """Return a sketch, or rows without their labels."""
    if path.suffix.lower() == SKETCH:
        return read_sketch(path)
    return read_rows(path, label=label, text=text).data


def _reader(path: Path) -> Callable[[Path], Any]:
    suffix = require_file(path).suffix.lower()
    if suffix not in READERS:
        raise BadData(
            f"{path} is no file of rows that can be read; its name would end in "
            f"{', '.join(READERS)}",
            next="save the rows as CSV, and give that",
            suffix=suffix,
        )
    if path.stat().st_size == 0:
        raise BadData(f"{path} is empty", next="give a file with at least one row")
    return READERS[suffix]


def _labels(column: "pd.Series[Any]", path: Path) -> Any:
    if gone := int(column.isna().sum()):
        raise BadData(
            f"{gone} of {len(column)} labels in column {column.name!r} of {path} are missing",
            next="drop those rows",
            missing=gone,
        )
    return column.to_numpy()


def _csv(path: Path) -> "pd.DataFrame":
    return _separated(path, ",")


def _tsv(path: Path) -> "pd.DataFrame":
    return _separated(path, "\t")


def _separated(path: Path, separator: str) -> "pd.DataFrame":
    import pandas as pd

    try:
        with warnings.catch_warnings():
            # Of a row with more fields than there are names, pandas warns, and loses some.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            head = pd.read_csv(path, sep=separator, header=None, nrows=1, dtype=str)
            frame = pd.read_csv(path, sep=separator, low_memory=False, index_col=False)
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
    _check_names(path, head.iloc[0].dropna().tolist())
    return _with_dates(frame)


def _check_names(path: Path, names: list[str]) -> None:
    """Refuse a first row that pandas would read otherwise than its owner does."""
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise BadData(f"{path} has two columns {twice[0]!r}", next="rename one of them")
    if len(names) == 1 and (odd := next((mark for mark in ";\t|" if mark in names[0]), "")):
        raise BadData(
            f"the columns of {path} are separated by {odd!r}, and commas are needed",
            next="save it as CSV with commas",
        )


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

    present = [str(value) for value in column.dropna()]
    if not present or not all(map(_ISO.fullmatch, present)):
        return None
    zoned = any(_ZONE.search(value) for value in present)
    found = pd.to_datetime(column, format="ISO8601", utc=zoned, errors="coerce")
    return found if found.count() == len(present) else None  # 2024-13-01 looks like a day


def _parquet(path: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except ImportError as error:
        raise Unavailable(
            f"{path} is Parquet, and pyarrow, which reads it, is not installed",
            next='pip install "learndock[parquet]"',
            missing="pyarrow",
        ) from error
    except ValueError as error:
        raise BadData(
            f"{path} cannot be read as Parquet: {error}", next="save it again, or as CSV"
        ) from error


def _texts(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").removesuffix("\n").split("\n")
    except ValueError as error:
        raise BadData(f"{path} is no UTF-8 text: {error}", next="save it as UTF-8") from error


def _array(path: Path) -> Any:
    import numpy as np

    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise BadData(
            f"{path} is no NumPy array of numbers: {error}", next="write it with `numpy.save`"
        ) from error


READERS: dict[str, Callable[[Path], Any]] = {
    ".csv": _csv,
    ".tsv": _tsv,
    ".parquet": _parquet,
    ".txt": _texts,
    ".text": _texts,
    ".npy": _array,
}


def read_model(path: Path) -> Any:
    """Return the model in a file, one's own: it is opened in this process.

    Raises
    ------
    UnsafeModel
        If it is a pickle, which runs code when it is opened.
    Invalid
        If no runtime opens such a file.
    """
    from learndock.core import registry

    suffix = require_file(path).suffix.lower()
    if suffix in PICKLES:
        raise UnsafeModel(
            f"{path} is a pickle, which can run any code when it is opened, so none is opened here",
            next="load it in Python, and call `learndock.pack(model, X, y, ...)` there",
        )
    known: list[str] = []
    for name in registry.names("runtimes"):
        runtime = registry.load("runtimes", name)
        if suffix in runtime.suffixes:
            return runtime.open(path.read_bytes())
        known += runtime.suffixes
    raise Invalid(
        f"{path} is no model file that can be opened; its name would end in {', '.join(known)}",
        next="load it in Python, and call `learndock.pack(model, X, y, ...)` there",
    )


def find_space(wanted: str, session: Session) -> "Space | None":
    """Return the space that `--space` names: one of the dock's, or that of a file.

    Raises
    ------
    NotFound
        If there is none of that name; says which there are.
    Conflict
        If several have it.
    """
    path = Path(wanted)
    if not wanted:
        return None
    if path.suffix.lower() == SKETCH:
        return read_sketch(path).space
    if path.suffix.lower() == LEARNWARE:
        return read_learnware(path).sketch.space
    spaces = session.dock().spaces()
    found = [it for it in spaces if wanted in (it.name, str(it)) or it.id.startswith(wanted)]
    if not found:
        there = ", ".join(f"{space} ({space.id[:12]})" for space in spaces) or "none"
        raise NotFound(f"there is no space {wanted!r}; there are {there}", next="name one of them")
    if len(found) > 1:
        told = ", ".join(space.id[:12] for space in found)
        raise Conflict(
            f"{len(found)} spaces are called {wanted!r}: {told}", next="name one of these"
        )
    return found[0]


def own_space(wanted: str, data: Any, session: Session) -> "Space | None":
    """Return the space to sketch in: the one named, else the dock's for such data, if any."""
    if wanted:
        return find_space(wanted, session)
    dock: Dock | None = session.dock_if_named()
    return None if dock is None else dock.space_for(data)
