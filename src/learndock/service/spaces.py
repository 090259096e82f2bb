"""The life of a space: made, written to a file, found by name, revised."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from learndock.core import disk, registry
from learndock.core.data import count_rows, take
from learndock.core.identity import canonical
from learndock.core.ports import Columnar, Encoder
from learndock.core.space import Column, Space
from learndock.errors import BadArchive, Conflict, Invalid, NotFound, Unavailable
from learndock.numerics.kernels import median_gamma
from learndock.service.encoding import encoder_of
from learndock.service.rows import Blocks

SUFFIX = ".space.json"
FORMAT = 1
MAX_BYTES = 16 << 20
"""Of a space's file: 2,000 columns with the longest names."""
SAMPLE = 1_000
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{6,64})")


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
    `rekey`; the data's other columns are new, and the space's other columns go.

    Parameters
    ----------
    old : Space
        Of a table or of vectors.
    data : data frame, (n, d) array, Path, or iterable of such
        Rows as they are now.

    Raises
    ------
    Invalid
        If the space is built in.
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
    sample = Blocks.of(data).sample()
    encoder = encoder_of(old)
    made = encoder.space(sample, name=old.name)
    if made == encoder.builtin:
        raise Invalid(f"space {old} is built in and the same for everyone", next="use it as it is")
    made = made.model_copy(update={"version": old.version + 1})
    return _with_kinds(made, old, encoder, sample) if isinstance(encoder, Columnar) else made


def _with_kinds(made: Space, old: Space, encoder: Columnar, sample: Any) -> Space:
    """Return a space whose columns have the kinds and units of the old one."""
    before = {column.name: column for column in old.columns}
    columns = tuple(_kept(column, before.get(column.name)) for column in made.columns)
    if columns == made.columns:
        return made
    parts = encoder.parts(made) | {
        name: part for name, part in encoder.parts(old).items() if before[name] in columns
    }
    widths = [parts[column.name].stop - parts[column.name].start for column in columns]
    draft = made.model_copy(update={"columns": columns, "width": sum(widths)})
    rows = np.random.default_rng(0).permutation(count_rows(sample))[:SAMPLE]
    gamma = median_gamma(encoder.encode(take(sample, rows), draft))
    return draft.model_copy(update={"gamma": float(f"{gamma:.3g}")})


def _kept(new: Column, old: Column | None) -> Column:
    if old is None:
        return new
    if new.kind != old.kind:
        return old
    return new.model_copy(update={"unit": new.unit or old.unit})
