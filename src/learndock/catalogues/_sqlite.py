"""What is particular to SQLite: connections, transactions, full-text search, backup."""

import sqlite3
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    func,
    insert,
    literal_column,
    select,
)
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.sql import ColumnElement, Subquery, column, table

from learndock.core.disk import move
from learndock.core.manifest import Manifest
from learndock.errors import (
    Busy,
    Conflict,
    Corrupt,
    DockError,
    Invalid,
    NotFound,
    StorageFault,
)

WAIT = 30.0
"""Seconds to wait for another process; ``?timeout=`` in the URL sets another time."""

_WRITES = "learndock_writes"
_DURABLE = ("synchronous = FULL", "fullfsync = ON")  # the second has an effect on macOS only
_PRAGMAS = (*_DURABLE, "foreign_keys = ON")
_RETRY = 0.01  # seconds
_WEIGHTS = {
    "name": 8.0,
    "description": 2.0,
    "task": 1.0,
    "target": 4.0,
    "columns": 2.0,
    "labels": 4.0,
    "license": 1.0,
    "tags": 4.0,
}
"""The fields of the full-text index, and how much a word found there counts."""

words = table("words", column("rowid"), *map(column, _WEIGHTS))
"""The full-text index; `rowid` is the learnware's `seq`."""


def connect(url: str | URL) -> Engine:
    """Return an engine on one SQLite file, whose commits are on disk when they return.

    Raises
    ------
    Invalid
        If the URL is not that of a file.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = make_url("none://")
    if parsed.get_backend_name() != "sqlite" or parsed.database in {None, "", ":memory:"}:
        raise Invalid(
            f"{str(url)!r} is no catalogue; the URL of an SQLite file is needed",
            next="write sqlite:///path/to/catalogue.sqlite",
        )
    parsed = parsed.set(query={"timeout": str(WAIT), **parsed.query})
    engine = create_engine(parsed, poolclass=QueuePool, max_overflow=-1)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "handle_error", _explain)
    return engine


def writing(engine: Engine) -> Engine:
    """Return the same engine, but its transactions hold the write lock from their beginning.

    A transaction that reads first and writes later would fail if another wrote in between.
    """
    return engine.execution_options(**{_WRITES: True})


def _set_up(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # sqlite3 begins no transaction by itself: `_begin` does
    # Damaged text is read all the same, so that it is told by row and not by an error of sqlite3.
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    _use_wal(connection)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log, waiting as long as for any lock.

    SQLite does not wait here by itself: two processes that make one file could block each other.
    """
    (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
    deadline = time.monotonic() + patience / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() >= deadline:
                raise
        time.sleep(_RETRY)


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _explain(context: ExceptionContext) -> DockError | None:
    return explained(context.original_exception)


def explained(error: BaseException) -> DockError | None:
    """Return what an error of SQLite means for a dock; None if it has no name here."""
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Busy(
                "another process holds the dock's database; nothing was written", next="try again"
            )
        case sqlite3.SQLITE_CANTOPEN:
            return NotFound(
                "the dock's database cannot be opened",
                next="its folder must be there, and you must be allowed to write in it",
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return Corrupt(f"the dock's database is damaged: {error}", next="restore a backup")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return StorageFault(
                "the dock's database must not be written; nothing was written",
                next="ask for permission to write in the dock's folder",
            )
        case sqlite3.SQLITE_FULL:
            return StorageFault(
                "no space is left for the dock's database; nothing was written",
                next="free some space and try again",
            )
        case sqlite3.SQLITE_IOERR:
            return StorageFault(
                f"the disk fails under the dock's database: {error}",
                next="check the disk and its free space, then run `learndock verify`",
            )
        case _:
            return None


# ---------------------------------------------------------------- full-text search


def searchable(manifest: Manifest) -> dict[str, str]:
    """Return the text of a manifest by field of the full-text index."""
    return {
        "name": manifest.name,
        "description": manifest.description,
        "task": manifest.task,
        "target": manifest.target,
        "columns": " ".join(manifest.input.columns),
        "labels": " ".join(map(str, manifest.classes)),
        "license": manifest.license,
        "tags": " ".join(manifest.tags),
    }


def index_words(connection: Connection, seq: int, manifest: Manifest) -> None:
    """Enter a manifest's text into the full-text index."""
    connection.execute(insert(words).values(rowid=seq, **searchable(manifest)))


def matching(wanted: str) -> Subquery:
    """Return a query for `seq` and `rank` of texts that have every word; the smaller the better.

    A word matches whatever begins with it; ``store-12`` matches ``store`` followed by ``12``.
    Upper case and accents do not count, and no character has a meaning of its own.
    """
    index: ColumnElement[str] = literal_column("words")
    return (
        select(words.c.rowid.label("seq"), func.bm25(index, *_WEIGHTS.values()).label("rank"))
        .where(index.op("MATCH")(_expression(wanted)))
        .subquery()
    )


def _expression(wanted: str) -> str:
    clean = wanted.replace("\0", "\ufffd").encode(errors="replace").decode()
    return " ".join('"' + word.replace('"', '""') + '"*' for word in clean.split())


# ---------------------------------------------------------------- backup


def backup(engine: Engine, target: Path) -> None:
    """Write a consistent copy into a new file, which appears when it is complete.

    Raises
    ------
    Conflict
        If the file is there already.
    """
    if target.exists():
        raise Conflict(f"{target} is there already; a new file is needed", next="name another file")
    unfinished = target.with_name(f"{target.name}.partial")
    unfinished.unlink(missing_ok=True)
    try:
        _copy(engine, unfinished)
    except sqlite3.Error as error:
        raise explained(error) or error from error
    move(unfinished, target)


def _copy(engine: Engine, target: Path) -> None:
    with closing(engine.raw_connection()) as source, closing(sqlite3.connect(target)) as copy:
        for pragma in _DURABLE:
            copy.execute(f"PRAGMA {pragma}")
        original: Any = source.driver_connection
        original.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file that needs no others beside it
