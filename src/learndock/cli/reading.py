"""Reading what the command line is given: rows and their labels, models, spaces."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learndock.cli.files import LEARNWARE, SKETCH, SPACE, read_learnware, read_sketch, require_file
from learndock.cli.session import Session
from learndock.errors import BadData, Invalid, NotFound, UnsafeModel

if TYPE_CHECKING:
    import pandas as pd

    from learndock.core.space import Space
    from learndock.service.dock import Dock
    from learndock.service.rows import Blocks

PICKLES = (".joblib", ".pickle", ".pkl", ".pt", ".pth")


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
    from learndock.service.files import no_columns, read

    data = read(path)
    columns = [name for name in (label, text, *drop) if name]
    if not columns:
        return Rows(data)
    if form_of(data) != "frame":
        raise no_columns(path, columns)
    require_columns(names_of(data), columns)
    labels = _labels(data[label], path) if label else None
    if text:
        return Rows(data[text].tolist(), labels)
    return Rows(data.drop(columns=[name for name in (label, *drop) if name]), labels)


def blocks(path: Path, *, label: str = "", text: str = "", drop: Sequence[str] = ()) -> "Blocks":
    """Return the rows of a file without their labels, read bit by bit where they are a table.

    Raises
    ------
    NotFound, BadData, SpaceMismatch, Unavailable
        As `read_rows` does.
    """
    from learndock.service.rows import Blocks

    if text:
        return Blocks(read_rows(path, label=label, text=text, drop=drop).data)
    return Blocks(path, drop=[name for name in (label, *drop) if name])


def read_task(path: Path, *, label: str = "", text: str = "") -> Any:
    """Return a sketch, or rows without their labels."""
    if path.suffix.lower() == SKETCH:
        return read_sketch(path)
    return read_rows(path, label=label, text=text).data


def _labels(column: "pd.Series[Any]", path: Path) -> Any:
    if gone := int(column.isna().sum()):
        raise BadData(
            f"{gone} of {len(column)} labels in column {column.name!r} of {path} are missing",
            next="drop those rows",
            missing=gone,
        )
    return column.to_numpy()


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
    """Return the space that `--space` names, or nothing where it names none."""
    return require_space(wanted, session) if wanted else None


def require_space(wanted: str, session: Session) -> "Space":
    """Return a space: that of a file, one of the dock's, or one that is built in.

    Raises
    ------
    NotFound
        If there is none of that name; says which there are.
    Conflict
        If several have it.
    BadArchive
        If the file holds no space.
    """
    from learndock.service import spaces

    path = Path(wanted)
    if path.name.endswith(SPACE):
        return spaces.read_space(path)
    if path.suffix.lower() == SKETCH:
        return read_sketch(path).space
    if path.suffix.lower() == LEARNWARE:
        return read_learnware(path).sketch.space
    dock = session.dock_if_named()
    if dock is None:
        return spaces.named(wanted)
    try:
        return spaces.find_space(dock.spaces(), wanted)
    except NotFound:
        with suppress(NotFound):
            return spaces.named(wanted)
        raise


def own_space(wanted: str, data: Any, session: Session) -> "Space | None":
    """Return the space to sketch in: the one named, else the dock's for such data, if any."""
    if wanted:
        return find_space(wanted, session)
    dock: Dock | None = session.dock_if_named()
    return None if dock is None else dock.space_for(data)
