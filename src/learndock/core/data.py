"""What people hand over: data frames of any library, arrays, sparse matrices, texts, pictures."""

import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Literal

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from learndock.core.manifest import MAX_INPUTS, Input
from learndock.core.pictures import are_pictures, stacked
from learndock.core.space import MAX_NAME
from learndock.errors import BadData, SpaceMismatch, Unavailable

Form = Literal["frame", "array", "texts", "images"]
_LIBRARIES: dict[nw.Implementation, Literal["pandas", "polars", "pyarrow"]] = {
    nw.Implementation.POLARS: "polars",
    nw.Implementation.PYARROW: "pyarrow",
}
_MENTIONED = 10
"""Names that a message lists; `facts` has them all."""
_COMPARED = 1_000
"""Most names that are compared letter by letter: each takes about 10 microseconds."""


def form_of(data: Any) -> Form:
    """Return what data is: a data frame, an (n, d) array of numbers, a list of texts, or pictures.

    Raises
    ------
    BadData
        If it is none of these, or has no rows.

    Examples
    --------
    >>> form_of(["one text", "another"]), form_of([[1.0, 2.0], [3.0, 4.0]])
    ('texts', 'array')
    """
    form = recognise(data)
    if form is None:
        raise BadData(
            f"{type(data).__name__} is no data that can be read",
            next="collect it first, with `.collect()`"
            if hasattr(data, "collect")
            else "give a data frame, an array of shape (n, d), a list of texts, or pictures",
        )
    if count_rows(data) == 0:
        raise BadData("the data has no rows", next="give at least one row", rows=0)
    return form


def recognise(data: Any) -> Form | None:
    """Return what data is, as `form_of` does, but None where it is nothing that can be read."""
    if nw.dependencies.is_into_dataframe(data):
        return "frame"
    if nw.dependencies.is_into_series(data):
        return "texts"
    if is_sparse(data):
        return "array"
    if are_pictures(data):
        return "images"
    if isinstance(data, np.ndarray):
        return None if data.ndim == 0 else "texts" if _holds_texts(data) else "array"
    if isinstance(data, list | tuple):
        if len(data) > 0 and _is_block(data[0]):
            return None
        rows_are_sequences = len(data) > 0 and hasattr(data[0], "__len__")
        return "array" if rows_are_sequences and not isinstance(data[0], str) else "texts"
    return None


def _is_block(data: Any) -> bool:
    """Say whether an element of a list is many rows, not one."""
    if isinstance(data, np.ndarray):
        return data.ndim == 2
    return nw.dependencies.is_into_dataframe(data) or is_sparse(data)


def is_sparse(data: Any) -> bool:
    """Say whether data is a sparse matrix or array of SciPy, which is not imported for it."""
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and bool(sparse.issparse(data))


def _holds_texts(data: NDArray[Any]) -> bool:
    return data.ndim == 1 and data.dtype.kind in "OUT"


def count_rows(data: Any) -> int:
    """Return the number of rows."""
    return int(data.shape[0]) if hasattr(data, "shape") else len(data)


def take(data: Any, rows: NDArray[np.integer[Any]]) -> Any:
    """Return some rows, in the form in which the data came; texts come as a list.

    Raises
    ------
    BadData
        If the data cannot be read.
    """
    form = form_of(data)
    if form == "frame":
        return frame_of(data)[np.asarray(rows), :].to_native()
    if form == "texts":
        texts = texts_of(data)
        return [texts[row] for row in rows]
    if form == "images" and not isinstance(data, np.ndarray):
        return [data[row] for row in rows]
    return data.tocsr()[rows] if is_sparse(data) else np.asarray(data)[rows]


def joined(parts: Sequence[Any]) -> Any:
    """Return blocks of data of one form as one, in that form; texts come as a list.

    Examples
    --------
    >>> joined([["a"], ["b", "c"]])
    ['a', 'b', 'c']
    """
    form, columns = form_of(parts[0]), _columns(parts[0])
    if any(form_of(part) != form or _columns(part) != columns for part in parts):
        raise BadData(
            "the blocks of data do not go together: all need one form and the same columns",
            next="give blocks of one table, of one width, or all of texts",
        )
    if form == "frame":
        return nw.concat([frame_of(part) for part in parts]).to_native()
    if form == "texts":
        return [text for part in parts for text in texts_of(part)]
    if is_sparse(parts[0]):
        from scipy import sparse

        return sparse.vstack(parts, format="csr")
    if isinstance(parts[0], np.ndarray) or form == "array":
        return np.concatenate([np.asarray(part) for part in parts])
    return [picture for part in parts for picture in part]


def _columns(data: Any) -> tuple[str, ...]:
    return names_of(data) if form_of(data) in ("frame", "array") else ()


def texts_of(data: Any) -> list[str]:
    """Return texts as a plain list of strings; a missing one becomes empty.

    Raises
    ------
    BadData
        If an element is not a string.

    Examples
    --------
    >>> texts_of(("a", None))
    ['a', '']
    """
    if nw.dependencies.is_into_series(data):
        data = nw.from_native(data, series_only=True).to_list()
    texts = ["" if is_missing(value) else value for value in data]
    for row, value in enumerate(texts):
        if not isinstance(value, str):
            raise BadData(
                f"text {row} is {type(value).__name__}, and a string is needed",
                next="give strings, or a data frame if this is a table",
                row=row,
            )
    return texts


def is_missing(value: Any) -> bool:
    """Say whether a Python object stands for no value: None, NaN, NaT, or the NA of pandas."""
    if isinstance(value, str):
        return False
    pandas = nw.dependencies.get_pandas()
    if value is None or (pandas is not None and value is pandas.NA):
        return True
    return isinstance(value != value, bool) and bool(value != value)  # NaN differs from itself


def array_of(data: Any) -> NDArray[np.float64]:
    """Return a two-dimensional float array; None or a mask becomes NaN, a sparse matrix dense.

    Raises
    ------
    BadData
        If the values are not numbers, or have another number of dimensions.

    Examples
    --------
    >>> array_of([[1, 2], [3, None]])
    array([[ 1.,  2.],
           [ 3., nan]])
    """
    if recognise(data) == "frame":
        data = frame_of(data).to_numpy()
    elif is_sparse(data):
        data = data.toarray()
    try:
        found = np.asarray(data)
        if found.dtype.kind not in "biufO":
            raise TypeError(f"the values have type {found.dtype}")
        values = found.astype(np.float64)
        if isinstance(data, np.ma.MaskedArray):
            values[np.ma.getmaskarray(data)] = np.nan
    except (TypeError, ValueError, OverflowError) as error:
        raise BadData(
            f"an array holds something that is no number: {error}",
            next="give a data frame with named columns instead",
        ) from error
    if values.ndim != 2:
        raise BadData(
            f"an array has shape {values.shape}, and (n, d) is needed",
            next="reshape it, for example with `x.reshape(-1, 1)`",
        )
    return values


def frame_of(data: Any) -> "nw.DataFrame[Any]":
    """Return a data frame of any library behind one interface, with unique names of type str."""
    try:
        frame: nw.DataFrame[Any] = nw.from_native(data, eager_only=True)
    except nw.exceptions.DuplicateError as error:
        said = " ".join(str(error).split())
        raise BadData(f"two columns have one name: {said}", next="rename one of them") from error
    names = [str(name) for name in frame.columns]
    if names == frame.columns:
        return frame
    renamed = frame.to_native().copy(deep=False)  # only pandas and its like allow other names
    renamed.columns = names
    return frame_of(renamed)


def names_of(data: Any) -> tuple[str, ...]:
    """Return the names of a table's columns; an array has ``x0, x1, ...``.

    Raises
    ------
    BadData
        If two columns have one name, a name is longer than 1,000 characters, or the data is no
        table.

    Examples
    --------
    >>> names_of(np.zeros((1, 3)))
    ('x0', 'x1', 'x2')
    """
    form = form_of(data)
    if form in ("texts", "images"):
        raise BadData(f"{form} are no table", next=f"give a data frame, or use a space for {form}")
    if form == "array":
        return tuple(f"x{i}" for i in range(_width(data)))
    names = tuple(frame_of(data).columns)
    if (longest := max(map(len, names), default=0)) > MAX_NAME:
        raise BadData(
            f"a column's name has {longest:,} characters; at most {MAX_NAME:,} are allowed",
            next="rename the column",
        )
    if broken := [name for name in names if not _is_unicode(name)]:
        raise BadData(f"a column's name is no valid text: {broken[0]!r}", next="rename the column")
    return names


def _is_unicode(name: str) -> bool:
    return name.encode("utf-8", "replace").decode() == name


def _width(data: Any) -> int:
    """Return the number of columns of an array, which is copied only if its type tells nothing."""
    is_plain = hasattr(data, "dtype") and data.dtype.kind in "biuf" and data.ndim == 2
    return int(data.shape[1]) if is_plain else array_of(data).shape[1]


def describe_input(data: Any) -> Input:
    """Return what a model that was trained on this data takes.

    Raises
    ------
    BadData
        If the data cannot be read, or has more than 10,000 columns.
    """
    form = form_of(data)
    if form == "texts":
        return Input(kind="texts")
    if form == "images":
        return Input(kind="images", shape=stacked(data).shape[1:])
    names = names_of(data)
    if len(names) > MAX_INPUTS:
        raise BadData(
            f"the data has {len(names):,} columns, and a model takes at most {MAX_INPUTS:,}",
            next="train the model on fewer columns",
        )
    if form == "array":
        return Input(kind="array", columns=names)
    library = frame_of(data).implementation
    return Input(kind="frame", columns=names, frame=_LIBRARIES.get(library, "pandas"))


def as_input(data: Any, wanted: Input) -> Any:
    """Return data in the form a model takes: its columns, in its order, in its kind of frame.

    Raises
    ------
    SpaceMismatch
        If columns are missing.
    BadData
        If the data cannot be read.
    Unavailable
        If the model takes the frames of a library that is not installed.
    """
    if wanted.kind == "texts":
        return texts_of(data)
    form = form_of(data)
    if wanted.kind == "images":
        return _pictures_for(data, wanted)
    if form == "array":
        values = array_of(data)
        if wanted.kind == "array":
            require_width(values.shape[1], wanted.columns)
            return values
        raise SpaceMismatch(
            f"an array was given, and the model takes a data frame with {len(wanted.columns)} "
            f"columns: {_listed(wanted.columns)}",
            next="give a data frame with these columns",
        )
    require_columns(names_of(data), wanted.columns)
    frame = frame_of(data).select(list(wanted.columns))
    if wanted.kind == "array":
        return array_of(frame.to_native())
    try:
        return _native(frame, wanted.frame)
    except ModuleNotFoundError as error:
        raise Unavailable(
            f"the model takes {wanted.frame} data frames, and {error.name} is not installed",
            next=f"pip install {error.name}",
        ) from error


def _pictures_for(data: Any, wanted: Input) -> NDArray[Any]:
    """Return pictures as one array, and refuse those of another shape than the model takes."""
    if (form := form_of(data)) != "images":
        raise SpaceMismatch(
            f"the model takes pictures, and this is {form}", next="give an (n, h, w[, c]) array"
        )
    pictures = stacked(data)
    if pictures.shape[1:] != wanted.shape:
        raise SpaceMismatch(
            f"the pictures have shape {pictures.shape[1:]}, and the model takes {wanted.shape}",
            next="bring them to this shape",
        )
    return pictures


def _native(frame: "nw.DataFrame[Any]", library: str) -> Any:
    """Return the frame as one of this library; it is not copied if it is one."""
    if library == "polars":
        return frame.to_polars()
    if library == "pyarrow":
        return frame.to_arrow()
    return frame.to_pandas()


def require_width(width: int, wanted: Sequence[str]) -> None:
    """Raise `SpaceMismatch` unless an array has a column for each of these names and no other."""
    if width != len(wanted):
        raise SpaceMismatch(
            f"the array has {width:,} columns, and {len(wanted):,} are needed: {_listed(wanted)}",
            next="give an array of this width, or a data frame with these columns",
            columns=width,
            wanted=len(wanted),
        )


def require_columns(found: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise `SpaceMismatch` if a column is missing, naming it and what looks like it.

    Examples
    --------
    >>> require_columns(["Price", "week"], ["price", "week"])
    Traceback (most recent call last):
    learndock.errors.SpaceMismatch: columns are missing: 'price' ('price' looks like 'Price'); ...
    """
    there = set(found)
    missing = [name for name in wanted if name not in there]
    if not missing:
        return
    needed = set(wanted)
    spare = [name for name in found if name not in needed]
    alike = {name: near for name in missing[:_MENTIONED] if (near := _alike(name, spare))}
    hints = "; ".join(f"{name!r} looks like {_listed(near)}" for name, near in alike.items())
    raise SpaceMismatch(
        f"columns are missing: {_listed(missing)}" + (f" ({hints})" if hints else ""),
        next="rename or add them",
        missing=missing,
        alike=alike,
    )


def _alike(name: str, others: Sequence[str]) -> list[str]:
    """Return up to three names that differ in case or punctuation only, else in a few letters."""
    plain = _plain(name)
    same = [other for other in others if _plain(other) == plain]
    return same[:3] or get_close_matches(name, others[:_COMPARED], n=3)


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _listed(names: Sequence[str]) -> str:
    """Return names as words: the first few, and how many more there are."""
    said = ", ".join(repr(name) for name in names[:_MENTIONED])
    more = len(names) - _MENTIONED
    return f"{said} and {more:,} more" if more > 0 else said
