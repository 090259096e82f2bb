"""The catalogue as tables of a database: SQLite, one file."""

import difflib
import json
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    cast,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from learndock.catalogues import _sqlite
from learndock.catalogues._problems import find_problems
from learndock.catalogues._schema import (
    aliases,
    atoms as atoms_table,
    clock,
    learnwares,
    migrate,
    sketches,
    spaces,
)
from learndock.core.identity import canonical
from learndock.core.learnware import Learnware
from learndock.core.manifest import Manifest
from learndock.core.ports import Atoms, Catalogue, Entry, Filter, Holding
from learndock.core.reference import Reference
from learndock.core.sketch import Sketch
from learndock.core.space import Space
from learndock.errors import Conflict, Corrupt, Invalid, NotFound

CHUNK = 500
"""How many ids one query asks for."""

_NAMES = 10_000
"""How many names are compared to find one that looks like what was asked for."""

_LOOK = "see what is there with `learndock ls`"

_own_aliases = (
    select(func.aggregate_strings(aliases.c.alias, " "))
    .where(
        aliases.c.owner == learnwares.c.owner,
        aliases.c.name == learnwares.c.name,
        aliases.c.version == learnwares.c.version,
    )
    .scalar_subquery()
)
_entries = select(learnwares, func.coalesce(_own_aliases, "").label("aliases"))


class Sql:
    """A catalogue in a database that several processes may use at once.

    Parameters
    ----------
    url : str or sqlalchemy.URL
        ``sqlite:///path/to/file``; for a path with any characters an URL that SQLAlchemy made. The
        folder must exist, the file need not.

    Raises
    ------
    Invalid
        If the URL is none, or the database comes from a newer learndock.
    NotFound
        If the file cannot be opened.
    Corrupt
        If the file is no database.
    StorageFault
        If the file must not be read or written, as may be told by any method.
    """

    def __init__(self, url: str | URL) -> None:
        self._engine = _sqlite.connect(url)
        weakref.finalize(self, self._engine.dispose)
        self._writing = _sqlite.writing(self._engine)
        migrate(self._engine, self._writing)

    # ------------------------------------------------------------ learnwares

    def add(self, learnware: Learnware, *, owner: str, archive: str, size: int, atoms: Atoms,
            alias: str = "") -> Entry:  # fmt: skip
        """Enter a learnware under the next version of its name.

        The same learnware again under the same owner and name returns the entry it has, also
        when that is withdrawn. One learnware may be entered by several owners.

        Raises
        ------
        BadReference
            If `owner` or `alias` cannot be part of a reference.
        Invalid
            If the alias is a number, or the embeddings have another shape or are not finite.
        Conflict
            If the alias would point at a withdrawn version.
        Busy
            If another process holds the database too long.
        """
        Reference.parse(f"{owner}/{learnware.manifest.name}")
        _check_atoms(atoms)
        with self._writing.begin() as db:
            seq = _seq_of(db, learnware, owner)
            if seq is None:
                seq = _enter(db, learnware, owner=owner, archive=archive, size=size, atoms=atoms)
            if alias:
                _point(db, _row(db, seq), alias)
            return _entry(_row(db, seq))

    def preview(self, learnware: Learnware, *, owner: str) -> str:
        """Return the reference that `add` would give a learnware now, and change nothing.

        Raises
        ------
        BadReference
            If `owner` cannot be part of a reference.
        """
        name = f"{owner}/{learnware.manifest.name}"
        Reference.parse(name)
        with self._engine.begin() as db:
            seq = _seq_of(db, learnware, owner)
            if seq is not None:
                return _ref(_row(db, seq))
            return f"{name}@{_next_version(db, owner, learnware.manifest.name)}"

    def get(self, reference: Reference) -> Entry:
        """Return one entry; without a version the latest that is not withdrawn.

        A version, an alias or a digest finds withdrawn entries too.

        Raises
        ------
        NotFound
            If there is none; names what looks alike.
        """
        with self._engine.begin() as db:
            return _entry(_named(db, reference)[0])

    def find(self, wanted: Filter, *, limit: int | None = 100, offset: int = 0) -> list[Entry]:
        """Return entries: by relevance if there are words, else by owner, name and version.

        Every word must be found, at least as the beginning of one. A space is given by its id,
        its name, or as it prints; the licence in any case. Without a limit, all come.

        Raises
        ------
        Invalid
            If `limit` or `offset` is negative.
        Corrupt
            If an entry cannot be read.
        """
        if (limit is not None and limit < 0) or offset < 0:
            raise Invalid(f"limit {limit} and offset {offset} must not be negative")
        query = _entries.where(*_conditions(wanted))
        if wanted.words.strip():
            found = _sqlite.matching(wanted.words)
            query = query.join(found, found.c.seq == learnwares.c.seq).order_by(found.c.rank)
        query = query.order_by(learnwares.c.owner, learnwares.c.name, learnwares.c.version)
        with self._engine.begin() as db:
            return [_entry(row) for row in db.execute(query.limit(limit).offset(offset))]

    def holdings(self) -> list[Holding]:
        """Return what is held for every entry, in the order of submission; reads no manifest."""
        query = select(learnwares).order_by(learnwares.c.seq)
        with self._engine.begin() as db:
            return [Holding(_ref(row), row.id, row.archive) for row in db.execute(query)]

    def withdraw(self, reference: Reference, *, reason: str) -> Entry:
        """Mark an entry as no longer offered. What is withdrawn already keeps its first reason.

        Raises
        ------
        Invalid
            If there is no reason.
        NotFound
            If there is no such entry.
        Conflict
            If a digest stands for several entries.
        """
        if not reason.strip():
            raise Invalid(f"withdrawing {reference} needs a reason", next="say why, in a few words")
        with self._writing.begin() as db:
            row = _only(db, reference)
            if not row.withdrawn:
                this = learnwares.c.seq == row.seq
                db.execute(update(learnwares).where(this).values(withdrawn=reason.strip()))
                _tick(db)
            return _entry(_row(db, row.seq))

    def set_alias(self, reference: Reference, alias: str) -> Entry:
        """Point an alias of the learnware's name at this version, moving it if it exists.

        Raises
        ------
        BadReference
            If the alias cannot be part of a reference.
        Invalid
            If it is a number: numbers are versions.
        NotFound
            If there is no such entry.
        Conflict
            If the version is withdrawn, or a digest stands for several entries.
        """
        with self._writing.begin() as db:
            row = _only(db, reference)
            _point(db, row, alias)
            return _entry(_row(db, row.seq))

    # ------------------------------------------------------------ spaces, sketches, embeddings

    def spaces(self) -> list[Space]:
        """Return all spaces, in the order in which they came."""
        with self._engine.begin() as db:
            found = db.scalars(select(spaces.c.content).order_by(spaces.c.seq))
            with _reading("a space"):
                return [Space.model_validate(json.loads(content)) for content in found]

    def add_space(self, space: Space, *, dry_run: bool = False) -> None:
        """Enter a space; nothing happens if it is there, or in a dry run.

        Raises
        ------
        Conflict
            If another space has its name and version.
        """
        with self._writing.begin() as db:
            _refuse_namesake(db, space)
            if not dry_run:
                _enter_space(db, space)

    def sketches(self, ids: Sequence[str]) -> dict[str, Sketch]:
        """Return sketches by learnware id; ids that are not there are left out."""
        found: dict[str, Sketch] = {}
        with self._engine.begin() as db:
            for start in range(0, len(ids), CHUNK):
                query = select(sketches).where(sketches.c.id.in_(ids[start : start + CHUNK]))
                found |= {row.id: _sketch(row) for row in db.execute(query)}
        return found

    def atoms(self, space: str) -> Iterator[tuple[str, Atoms]]:
        """Yield the embeddings of all learnwares on offer in a space, in order of submission.

        All come from one moment, however long the caller takes.
        """
        offered = (
            select(learnwares.c.id, func.min(learnwares.c.seq).label("first"))
            .where(learnwares.c.space == space, learnwares.c.withdrawn == "")
            .group_by(learnwares.c.id)
            .subquery()
        )
        query = select(atoms_table).join(offered, offered.c.id == atoms_table.c.id)
        with self._engine.begin() as db:
            for row in db.execute(query.order_by(offered.c.first)).yield_per(CHUNK):
                yield row.id, _unpack(row)

    # ------------------------------------------------------------ the whole

    def stamp(self) -> int:
        """Return a number that grows with every change, also by another process."""
        with self._engine.begin() as db:
            return int(db.scalars(select(clock.c.tick)).one())

    def backup(self, target: Path) -> None:
        """Write a consistent copy into a new file while others go on working.

        Raises
        ------
        Conflict
            If the file is there already.
        """
        _sqlite.backup(self._engine, target)

    def problems(self) -> list[str]:
        """Return what is wrong inside the catalogue itself, in words; empty when all is well.

        Reads everything.
        """
        return find_problems(self._engine, self._writing)


# ---------------------------------------------------------------- writing


def _seq_of(db: Connection, learnware: Learnware, owner: str) -> int | None:
    return db.scalar(
        select(learnwares.c.seq).where(
            learnwares.c.owner == owner,
            learnwares.c.name == learnware.manifest.name,
            learnwares.c.id == learnware.id,
        )
    )


def _enter(db: Connection, learnware: Learnware, *, owner: str, archive: str, size: int,
           atoms: Atoms) -> int:  # fmt: skip
    manifest = learnware.manifest
    _enter_space(db, learnware.sketch.space)
    _enter_sketch(db, learnware, atoms)
    row = insert(learnwares).values(
        id=learnware.id,
        owner=owner,
        name=manifest.name,
        version=_next_version(db, owner, manifest.name),
        archive=archive,
        size=size,
        manifest=canonical(manifest).decode(),
        task=manifest.task,
        target=manifest.target,
        license=manifest.license,
        space=manifest.space,
        submitted=datetime.now(UTC).isoformat(),
    )
    seq = int(db.scalars(row.returning(learnwares.c.seq)).one())
    _sqlite.index_words(db, seq, manifest)
    _tick(db)
    return seq


def _next_version(db: Connection, owner: str, name: str) -> int:
    latest = select(func.max(learnwares.c.version)).where(
        learnwares.c.owner == owner, learnwares.c.name == name
    )
    return (db.scalar(latest) or 0) + 1


def _refuse_namesake(db: Connection, space: Space) -> None:
    other = db.scalar(
        select(spaces.c.id).where(spaces.c.label == str(space), spaces.c.id != space.id)
    )
    if other is not None:
        raise Conflict(
            f"the dock has another space {space}: {other[:12]}, and this is {space.id[:12]}",
            next="use that one, or give this one another name or version",
        )


def _enter_space(db: Connection, space: Space) -> None:
    if db.scalar(select(spaces.c.seq).where(spaces.c.id == space.id)) is None:
        content = canonical(space).decode()
        row = {"id": space.id, "name": space.name, "label": str(space), "content": content}
        db.execute(insert(spaces).values(row))
        _tick(db)


def _enter_sketch(db: Connection, learnware: Learnware, atoms: Atoms) -> None:
    """Enter what belongs to the learnware whoever its owner is, unless another owner has."""
    if db.scalar(select(sketches.c.id).where(sketches.c.id == learnware.id)) is None:
        content = learnware.sketch.to_bytes()
        db.execute(insert(sketches).values(id=learnware.id, content=content))
        db.execute(insert(atoms_table).values(id=learnware.id, **_pack(atoms)))


def _point(db: Connection, row: Row[Any], alias: str) -> None:
    named = Reference.parse(f"{row.owner}/{row.name}@{alias}")
    if alias.isdigit():
        raise Invalid(f"alias {alias!r} is a number, and numbers are versions", next="use a word")
    if row.withdrawn:
        raise Conflict(f"{_ref(row)} is withdrawn ({row.withdrawn}); {alias!r} cannot point at it")
    if alias in row.aliases.split():
        return
    own = {"owner": named.owner, "name": named.name, "alias": named.version}
    db.execute(delete(aliases).filter_by(**own))
    db.execute(insert(aliases).values(version=row.version, **own))
    _tick(db)


def _tick(db: Connection) -> None:
    db.execute(update(clock).values(tick=clock.c.tick + 1))


# ---------------------------------------------------------------- finding


def _row(db: Connection, seq: int) -> Row[Any]:
    return db.execute(_entries.where(learnwares.c.seq == seq)).one()


def _only(db: Connection, reference: Reference) -> Row[Any]:
    rows = _named(db, reference)
    if len(rows) > 1:
        refs = ", ".join(map(_ref, rows))
        raise Conflict(f"{reference} stands for several entries: {refs}", next="name one of them")
    return rows[0]


def _named(db: Connection, reference: Reference) -> Sequence[Row[Any]]:
    """Return the rows of a reference: one, or for a digest one or more, those on offer first."""
    if reference.digest:
        query = _entries.where(learnwares.c.id == reference.digest)
        query = query.order_by(learnwares.c.withdrawn != "", learnwares.c.seq)
    else:
        query = _of_name(reference).where(_version(reference.version))
        query = query.order_by(learnwares.c.version.desc()).limit(1)
    rows = db.execute(query).all()
    if not rows:
        raise _missing(db, reference)
    return rows


def _of_name(reference: Reference) -> Select[Any]:
    return _entries.where(
        learnwares.c.owner == reference.owner, learnwares.c.name == reference.name
    )


def _version(version: str) -> ColumnElement[bool]:
    if not version:
        return learnwares.c.withdrawn == ""
    if version.isdigit():
        return cast(learnwares.c.version, String) == version
    return (
        select(aliases.c.alias)
        .where(
            aliases.c.owner == learnwares.c.owner,
            aliases.c.name == learnwares.c.name,
            aliases.c.version == learnwares.c.version,
            aliases.c.alias == version,
        )
        .exists()
    )


def _conditions(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    for field in ("task", "target", "owner"):
        if value := getattr(wanted, field):
            yield learnwares.c[field] == value
    if wanted.license:
        yield func.lower(learnwares.c.license) == wanted.license.lower()
    if wanted.space:
        names = (spaces.c.id, spaces.c.name, spaces.c.label)
        known = or_(*(name == wanted.space for name in names))
        yield learnwares.c.space.in_(select(spaces.c.id).where(known))
    if not wanted.withdrawn:
        yield learnwares.c.withdrawn == ""


def _missing(db: Connection, reference: Reference) -> NotFound:
    if reference.digest:
        return NotFound(f"there is no learnware {reference}", next=_LOOK)
    if versions := db.execute(_of_name(reference).order_by(learnwares.c.version)).all():
        return _missing_version(reference, versions)
    alike = _look_alikes(db, reference)
    return NotFound(
        f"there is no learnware {reference}",
        next=f"did you mean {' or '.join(alike)}?" if alike else _LOOK,
        alike=alike,
    )


def _missing_version(reference: Reference, rows: Sequence[Row[Any]]) -> NotFound:
    known = [name for row in rows for name in (str(row.version), *row.aliases.split())]
    name = f"{reference.owner}/{reference.name}"
    if not reference.version:
        return NotFound(
            f"all versions of {name} are withdrawn (the last: {rows[-1].withdrawn})",
            next=f"name a version if you need one still: {_ref(rows[-1])}",
            versions=known,
        )
    return NotFound(
        f"{name} has no version or alias {reference.version!r}; it has {', '.join(known)}",
        next=f"take the latest with {name}",
        versions=known,
    )


def _look_alikes(db: Connection, reference: Reference) -> list[str]:
    near = or_(learnwares.c.owner == reference.owner, learnwares.c.name == reference.name)
    pairs = (
        select(learnwares.c.owner, learnwares.c.name)
        .distinct()
        .order_by(near.desc(), learnwares.c.owner, learnwares.c.name)
        .limit(_NAMES)
    )
    names = [f"{row.owner}/{row.name}" for row in db.execute(pairs)]
    return difflib.get_close_matches(f"{reference.owner}/{reference.name}", names)


# ---------------------------------------------------------------- rows and nouns


def _ref(row: Row[Any]) -> str:
    return f"{row.owner}/{row.name}@{row.version}"


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Raise whatever a row's content is not (JSON, a manifest, a sketch, a date) as `Corrupt`."""
    try:
        yield
    except ValueError as error:
        raise Corrupt(
            f"the catalogue's row of {what} cannot be read", next="run `learndock verify`"
        ) from error


def _entry(row: Row[Any]) -> Entry:
    with _reading(_ref(row)):
        return Entry(
            id=row.id,
            owner=row.owner,
            name=row.name,
            version=row.version,
            archive=row.archive,
            size=row.size,
            manifest=Manifest.model_validate(json.loads(row.manifest)),
            submitted=datetime.fromisoformat(row.submitted),
            aliases=tuple(sorted(row.aliases.split())),
            withdrawn=row.withdrawn,
        )


def _sketch(row: Row[Any]) -> Sketch:
    with _reading(f"sha256:{row.id}"):
        return Sketch.from_bytes(row.content)


def _check_atoms(atoms: Atoms) -> None:
    whole, parts = atoms.whole.shape, atoms.parts.shape
    if len(whole) != 1 or len(parts) != 2 or parts[1] != whole[0]:
        raise Invalid(f"embeddings have shapes {whole} and {parts}; (D,) and (C, D) are needed")
    if not (np.isfinite(atoms.whole).all() and np.isfinite(atoms.parts).all()):
        raise Invalid("embeddings must be finite")


def _pack(atoms: Atoms) -> dict[str, Any]:
    whole, parts = (part.astype("<f4").tobytes() for part in (atoms.whole, atoms.parts))
    outcomes = len(atoms.parts)
    return {"whole": whole, "parts": parts, "outcomes": outcomes, "recipe": atoms.recipe}


def _unpack(row: Row[Any]) -> Atoms:
    with _reading(f"sha256:{row.id}"):
        whole = np.frombuffer(row.whole, dtype="<f4")
        parts = np.frombuffer(row.parts, dtype="<f4").reshape(row.outcomes, len(whole))
    return Atoms(whole, parts, row.recipe)


plugin: Callable[[str | URL], Catalogue] = Sql
