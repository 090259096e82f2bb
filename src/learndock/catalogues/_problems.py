"""Reads a whole catalogue and says what is wrong, in words."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, Row, select

from learndock.catalogues._schema import atoms, clock, learnwares, sketches, spaces
from learndock.catalogues._sqlite import searchable, words
from learndock.core.identity import canonical, digest
from learndock.core.manifest import SKETCH, Manifest
from learndock.core.sketch import Sketch
from learndock.core.space import Space
from learndock.errors import BadArchive, Corrupt

_FLOAT = np.dtype("<f4").itemsize
_COPIED = ("name", "task", "target", "license", "space")
"""Fields of the manifest that the table repeats, for searching."""


def find_problems(engine: Engine, writing: Engine) -> list[str]:
    """Return what is wrong, in the order in which it was found; empty when all is well.

    Parameters
    ----------
    engine : Engine
        For reading; others go on writing meanwhile.
    writing : Engine
        Whose transactions hold the write lock: SQLite checks a full-text index only so.
    """
    found: list[str] = []
    for inspect, through in (*((each, engine) for each in _INSPECTIONS), (_index, writing)):
        try:
            with through.begin() as db:
                found += inspect(db)
        except Corrupt as error:  # the database broke it off; what it found so far is kept
            found.append(error.message)
    return list(dict.fromkeys(found))


def _database(db: Connection) -> Iterator[str]:
    for said in db.exec_driver_sql("PRAGMA integrity_check").scalars():
        if said != "ok":
            yield f"database: {said}"
    for row in db.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"{row.table}: row {row.rowid} points at nothing in {row.parent}"
    if len(db.execute(select(clock)).all()) != 1:
        yield "clock: there must be exactly one row"


def _spaces(db: Connection) -> Iterator[str]:
    for row in db.execute(select(spaces).order_by(spaces.c.seq)):
        try:
            space = Space.model_validate(json.loads(row.content))
        except ValueError as error:
            yield f"space {row.id} cannot be read: {error}"
            continue
        if (space.id, space.name, str(space)) != (row.id, row.name, row.label):
            yield f"space {row.id} is not what its digest or name says"


def _learnwares(db: Connection) -> Iterator[str]:
    everything = (
        select(learnwares, sketches.c.content.label("sketch"))
        .outerjoin(sketches, sketches.c.id == learnwares.c.id)
        .order_by(learnwares.c.seq)
    )
    for row in db.execute(everything).yield_per(100):
        ref = f"{row.owner}/{row.name}@{row.version}"
        for problem in _learnware(row):
            yield f"{ref}: {problem}"


def _manifest(content: str) -> Manifest | None:
    try:
        return Manifest.model_validate(json.loads(content))
    except ValueError:
        return None


def _learnware(row: Row[Any]) -> Iterator[str]:
    manifest = _manifest(row.manifest)
    if manifest is None:
        yield "the manifest cannot be read"
        return
    if digest(canonical(manifest)) != row.id:
        yield "the manifest has another digest than the learnware"
    for field in _COPIED:
        if getattr(manifest, field) != row._mapping[field]:
            yield f"{field} differs from the manifest's"
    if not _is_date(row.submitted):
        yield "the date of submission cannot be read"
    yield from _sketch(row.sketch, manifest)


def _is_date(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _sketch(content: bytes | None, manifest: Manifest) -> Iterator[str]:
    listed = {file.path: file.sha256 for file in manifest.files}
    if content is None:
        yield "the sketch is missing"
    elif digest(content) != listed[SKETCH]:
        yield "the sketch has another digest than the manifest says"
    else:
        try:
            space = Sketch.from_bytes(content).space
        except BadArchive as error:
            yield f"the sketch cannot be read: {error.message}"
            return
        if space.id != manifest.space:
            yield "the sketch is of another space than the manifest says"


def _atoms(db: Connection) -> Iterator[str]:
    listed = select(sketches.c.id, atoms).outerjoin(atoms, atoms.c.id == sketches.c.id)
    for row in db.execute(listed).yield_per(100):
        if row.whole is None:
            yield f"sha256:{row.id}: the embedding is missing"
        elif len(row.whole) % _FLOAT or len(row.parts) != row.outcomes * len(row.whole):
            yield f"sha256:{row.id}: the embedding is cut short"
        elif not np.isfinite(np.frombuffer(row.whole + row.parts, dtype="<f4")).all():
            yield f"sha256:{row.id}: the embedding is not finite"
    known = select(learnwares.c.id)
    for id in db.scalars(select(sketches.c.id).where(sketches.c.id.not_in(known))):
        yield f"sha256:{id}: a sketch that belongs to no learnware"


def _words(db: Connection) -> Iterator[str]:
    everything = select(learnwares.c.seq, learnwares.c.manifest, words).outerjoin(
        words, words.c.rowid == learnwares.c.seq
    )
    for row in db.execute(everything).yield_per(100):
        manifest = _manifest(row.manifest)
        if manifest is not None and not _holds(row, searchable(manifest)):
            yield f"full-text index: row {row.seq} differs from its manifest"
    known = select(learnwares.c.seq)
    for seq in db.scalars(select(words.c.rowid).where(words.c.rowid.not_in(known))):
        yield f"full-text index: row {seq} belongs to no learnware"


def _index(db: Connection) -> Iterator[str]:
    db.exec_driver_sql("INSERT INTO words(words) VALUES ('integrity-check')")
    yield from ()


def _holds(row: Row[Any], fields: dict[str, str]) -> bool:
    return all(row._mapping[words.c[field]] == text for field, text in fields.items())


_INSPECTIONS: tuple[Callable[[Connection], Iterator[str]], ...] = (
    _database,
    _spaces,
    _learnwares,
    _atoms,
    _words,
)
