"""The life of a space: made, written to a file, found by name, revised."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from learndock.core import disk, registry
from learndock.core.data import count_rows, form_of, take
from learndock.core.identity import canonical
from learndock.core.ports import Columnar, Encoder
from learndock.core.space import Column, Name, Space
from learndock.errors import BadArchive, BadData, Conflict, Invalid, NotFound, Unavailable
from learndock.numerics.kernels import median_gamma
from learndock.numerics.rounding import significant
from learndock.service.encoding import encoder_and_source, encoder_of
from learndock.service.releasing import private_space
from learndock.service.rows import Blocks

SUFFIX = ".space.json"
FORMAT = 1
MAX_BYTES = 16 << 20
"""Of a space's file: 2,000 columns with the longest names."""
SAMPLE = 1_000
"""Rows that the median distance of a revision is taken from."""
MIN_ROWS = 5
"""Fewer rows do not hide one another behind a median."""
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{6,64})")


def space(
    data: Any,
    *,
    name: str = "data",
    encoder: str = "",
    epsilon: float | None = None,
    consent: bool = False,
) -> Space:
    """Make a space for data: public, rounded constants, frozen from then on.

    Parameters
    ----------
    data : data frame, (n, d) array, list of texts, pictures, Path, or iterable of such
        Rows like those that will be compared. Texts and pictures have a built-in space. Or the
        name of a built-in space, or the path of a ``.space.json`` file: that space is returned.
    name : str
        What people call it, such as ``weekly-sales``.
    encoder : str, optional
        An encoder's name, such as ``vector``, and behind a colon where its files are:
        ``onnx:minilm/``; else the one that claims such data.
    epsilon : float, optional
        Make the constants of a table's columns differentially private, at this cost.
    consent : bool
        Do so although there are so few rows that noise drowns them.

    Raises
    ------
    BadData
        If the data cannot be read.
    NotFound, BadArchive
        If there is no space of that name, or the file holds none.
    Invalid
        If the name is none, or the encoder does not go with the rest.
    PrivacyGate
        If noise drowns private constants.

    Examples
    --------
    >>> made = ld.space(np.random.default_rng(0).normal(size=(200, 3)), name="demo")
    >>> str(made), [column.name for column in made.columns]
    ('table/demo@1', ['x0', 'x1', 'x2'])
    >>> str(ld.space("en-static"))
    'text/en-static@1'
    """
    if isinstance(data, str) or (isinstance(data, Path) and data.name.endswith(SUFFIX)):
        return named(data)
    _require_name(name)
    sample = Blocks.of(data).sample()
    if epsilon is None:
        return made_space(sample, name=name, encoder=encoder)
    if encoder not in ("", "table"):
        raise Invalid(
            f"epsilon is for the constants of a table's columns, and encoder {encoder!r} has none",
            next="leave one of them out",
        )
    return private_space(sample, name=name, epsilon=epsilon, consent=consent)


def made_space(sample: Any, *, name: str = "data", encoder: str = "") -> Space:
    """Return the space that an encoder makes for rows in memory."""
    form_of(sample)
    chosen, source = encoder_and_source(sample, encoder)
    return chosen.space(sample, name=name, source=source)


def public_space(data: Any, encoder: str = "") -> Space:
    """Return the built-in space of such data, which comes from no rows.

    Raises
    ------
    Invalid
        If there is none.
    """
    form_of(data)
    found = encoder_and_source(data, encoder)[0].builtin
    if found is None:
        raise Invalid(
            "a private sketch needs a public space, and one made of its own rows is none",
            next="give space=: one of a dock, one of others' rows, or ld.space(data, epsilon=1)",
        )
    return found


def _require_name(name: str) -> None:
    try:
        TypeAdapter(Name).validate_python(name)
    except ValidationError as error:
        raise Invalid(
            f"{name!r} is no name of a space: 1 to 64 lower-case letters, digits, '.', '_' and '-' "
            "are needed, the first a letter or a digit",
            next="give another name, such as 'weekly-sales'",
        ) from error


# ---------------------------------------------------------------- files


def write_space(space: Space, path: str | Path) -> None:
    """Write a space to a file, with its digest, so that others can use it.

    Parameters
    ----------
    space : Space
        Any.
    path : str or Path
        By custom ``NAME.space.json``.

    Raises
    ------
    StorageFault
        If it cannot be written.

    Examples
    --------
    >>> space = ld.space(np.random.default_rng(0).normal(size=(200, 3)), name="demo")
    >>> ld.write_space(space, "demo.space.json")
    >>> from pathlib import Path
    >>> ld.space(Path("demo.space.json")) == space
    True
    """
    document = {"format": FORMAT, "id": space.id, "space": space.model_dump(mode="json")}
    disk.write(Path(path), canonical(document) + b"\n")


def read_space(path: str | Path) -> Space:
    """Read a space from a file, and check it against the digest that stands beside it.

    Raises
    ------
    NotFound
        If there is no such file.
    BadArchive
        If it holds no space, one of a later format, or one that is not what its digest says.
    StorageFault
        If it cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise NotFound(f"there is no file {path}", next=f"look for it with `ls {path.parent}`")
    with disk.faults_told(path):
        size = path.stat().st_size
        content = path.read_bytes() if size <= MAX_BYTES else b""
    if size > MAX_BYTES:
        raise BadArchive(
            f"{path} has {size:,} bytes; a space has at most {MAX_BYTES:,}",
            next="choose another file",
        )
    return _parsed(content, path)


def _parsed(content: bytes, path: Path) -> Space:
    again = "ask its owner for the file again"
    try:
        document = json.loads(content)
        form, stated, inner = document["format"], document["id"], document["space"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadArchive(
            f"{path} holds no space", next="write one with `learndock space make DATA`"
        ) from error
    if form != FORMAT:
        raise BadArchive(
            f"{path} has format {form!r}; this version of learndock reads {FORMAT}",
            next="update learndock",
        )
    try:
        space = Space.model_validate(inner)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, it['loc']))}: {it['msg']}" for it in error.errors())
        raise BadArchive(f"{path} holds no valid space: {told}", next=again) from error
    if space.id != stated:
        raise BadArchive(
            f"{path} says that its space is {stated!r}, and what it holds is {space.id!r}: it was "
            "changed",
            next=again,
            stated=stated,
            found=space.id,
        )
    return space


# ---------------------------------------------------------------- by name


def find_space(spaces: Sequence[Space], wanted: str) -> Space:
    """Return the space that is called so.

    Parameters
    ----------
    spaces : sequence of Space
        Those there are.
    wanted : str
        ``weekly-sales`` (its latest version), ``weekly-sales@2``, ``table/weekly-sales@2``, or
        the first 6 or more digits of a digest.

    Raises
    ------
    NotFound
        If there is none; says which there are.
    Conflict
        If several are called so.

    Examples
    --------
    >>> from learndock.service.spaces import find_space
    >>> first = ld.Space(name="demo", modality="vector", encoder="vector", width=2, gamma=1.0)
    >>> second = first.model_copy(update={"version": 2})
    >>> str(find_space([first, second], "demo")), str(find_space([first, second], "demo@1"))
    ('vector/demo@2', 'vector/demo@1')
    """
    found = _called(spaces, wanted)
    if not found:
        there = ", ".join(f"{space} ({space.id[:12]})" for space in spaces) or "none"
        raise NotFound(f"there is no space {wanted!r}; there are {there}", next="name one of them")
    if len(found) > 1:
        told = ", ".join(space.id[:12] for space in found)
        raise Conflict(
            f"{len(found)} spaces are called {wanted!r}: {told}", next="name one of these"
        )
    return found[0]


def _called(spaces: Sequence[Space], wanted: str) -> list[Space]:
    if exact := [it for it in spaces if wanted in (str(it), f"{it.name}@{it.version}")]:
        return exact
    if named := [it for it in spaces if wanted in (it.name, f"{it.modality}/{it.name}")]:
        latest = max(space.version for space in named)
        return [space for space in named if space.version == latest]
    digest = _DIGEST.fullmatch(wanted)
    return [space for space in spaces if digest and space.id.startswith(digest[1])]


def named(name: str | Path) -> Space:
    """Return a space that is built in, by its name, or the one in a file.

    Parameters
    ----------
    name : str or Path
        ``en-static``, or the path of a file whose name ends in ``.space.json``.

    Raises
    ------
    NotFound
        If there is no such space, or no such file.
    BadArchive
        As `read_space` does.

    Examples
    --------
    >>> from learndock.service.spaces import named
    >>> str(named("en-static"))
    'text/en-static@1'
    """
    if str(name).endswith(SUFFIX):
        return read_space(name)
    found, lacking = builtin_spaces()
    try:
        return find_space(found, str(name))
    except NotFound as error:
        also = "".join(f"; {lack.message}" for lack in lacking)
        raise NotFound(
            f"no built-in space is called {str(name)!r}; there are "
            f"{', '.join(map(str, found)) or 'none'}{also}",
            next=f"name one of these, or a file that ends in {SUFFIX}",
        ) from error


def builtin_spaces() -> tuple[list[Space], list[Unavailable]]:
    """Return the spaces that encoders bring along, and why other encoders cannot tell."""
    found, lacking = [], []
    for name in registry.names("encoders"):
        try:
            encoder: Encoder = registry.load("encoders", name)
        except Unavailable as error:
            lacking.append(error)
            continue
        if encoder.builtin is not None:
            found.append(encoder.builtin)
    return found, lacking


# ---------------------------------------------------------------- versions


def revise(old: Space, data: Any) -> Space:
    """Make the next version of a space, with constants from newer data.

    Columns that both have keep their kind and unit, so that sketches can be moved over with
    `rekey`; the data's other columns are new, and the space's other columns go. All else but the
    bandwidth stays.

    Parameters
    ----------
    old : Space
        Of a table, of vectors, or of an encoder's own files.
    data : data frame, (n, d) array, Path, or iterable of such
        Rows as they are now, at least 5.

    Raises
    ------
    Invalid
        If the space is built in, or its constants are private.
    BadData, SpaceMismatch
        If the data cannot be read, or not as the kinds that its columns have.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> old = ld.space(rng.normal(size=(200, 1)), name="demo")
    >>> new = ld.revise(old, rng.normal(5.0, 2.0, size=(200, 1)))
    >>> str(new), old.columns[0].center, new.columns[0].center
    ('table/demo@2', 0.0, 5.0)
    """
    encoder = encoder_of(old)
    _require_revisable(old, encoder)
    sample = Blocks.of(data).sample()
    new = old.model_copy(update={"version": old.version + 1})
    if isinstance(encoder, Columnar):
        new = _with_columns(new, encoder, encoder.space(sample, name=old.name))
    return new.model_copy(update={"gamma": _gamma(encoder, sample, new)})


def _require_revisable(old: Space, encoder: Encoder) -> None:
    if old == encoder.builtin:
        raise Invalid(f"space {old} is built in and the same for everyone", next="use it as it is")
    if "epsilon" in old.constants:
        raise Invalid(
            f"the constants of space {old} are differentially private, and those of its next "
            "version would not be",
            next="make a new one with ld.space(data, epsilon=1)",
        )


def _with_columns(old: Space, encoder: Columnar, made: Space) -> Space:
    """Return a space with the columns that were made, but of the kinds and units of the old one."""
    before = {column.name: column for column in old.columns}
    columns = tuple(_kept(column, before.get(column.name)) for column in made.columns)
    draft = old.model_copy(update={"columns": columns, "constants": made.constants})
    width = max(part.stop for part in encoder.parts(draft).values())
    return draft.model_copy(update={"width": width})


def _kept(new: Column, old: Column | None) -> Column:
    if old is None:
        return new
    if new.kind != old.kind:
        return old
    return new.model_copy(update={"unit": new.unit or old.unit})


def _gamma(encoder: Encoder, sample: Any, space: Space) -> float:
    if (count := count_rows(sample)) < MIN_ROWS:
        raise BadData(
            f"{count} rows were given, and a space needs at least {MIN_ROWS}",
            next="give more rows",
            rows=count,
        )
    rows = np.random.default_rng(0).permutation(count)[:SAMPLE]
    return significant(median_gamma(encoder.encode(take(sample, rows), space)))
