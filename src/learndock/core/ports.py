"""Ports: what each kind of adapter must do. An adapter is one file with a `plugin`."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from learndock.core.findings import Finding
from learndock.core.learnware import Learnware
from learndock.core.manifest import Manifest
from learndock.core.reference import Reference
from learndock.core.sketch import Float, Label, Sketch
from learndock.core.space import Space

# ---------------------------------------------------------------- encoders


@dataclass(frozen=True)
class Reading:
    """How an encoder read one column, or all rows of data that has no columns.

    Attributes
    ----------
    name : str
        The column's name; empty for the rows as a whole.
    kind : str
        As what it was read, such as ``numeric``.
    told : str
        What a person should know: how it was read, and what became of odd values.
    missing : float
        Share of the rows without a value.
    unread : int
        Values that could not be read as `kind` and count as missing.
    """

    name: str
    kind: str
    told: str = ""
    missing: float = 0.0
    unread: int = 0


class Encoder(Protocol):
    """Turns raw data of one modality into coordinates of a space. Pure and deterministic."""

    builtin: Space | None
    """The space that it brings along, for everyone and from no one's rows; None if it has none."""

    def claims(self, data: Any) -> bool:
        """Say whether this is the default encoder for such data."""

    def space(self, data: Any, *, name: str, source: str = "") -> Space:
        """Make a space whose public, rounded constants come from data (or are built in).

        `source` says where the encoder's own files are, for one that has some: what stands
        behind the colon of ``encoder="onnx:FOLDER"``.
        """

    def encode(self, data: Any, space: Space) -> Float:
        """Return (n, d) coordinates, finite.

        Raises
        ------
        SpaceMismatch
            If the data does not have what the space needs.
        BadData
            If the data cannot be read.
        """

    def bounds(self, space: Space) -> tuple[Float, Float]:
        """Return the least and the largest value of each of the d coordinates, or infinities.

        They come from the space alone: no point of a sketch lies outside.
        """

    def explain(self, data: Any, space: Space) -> tuple[Reading, ...]:
        """Say how the data is read: a column at a time, or all rows at once."""


@runtime_checkable
class Columnar(Encoder, Protocol):
    """An encoder whose coordinates belong to named columns, so that sketches marginalise."""

    def encode_blocks(self, blocks: Iterable[Any], space: Space) -> Iterator[Float]:
        """Yield the (m, d) coordinates of blocks of rows, as `encode` does for all as one.

        What only all rows can tell of a column is refused after the last block.
        """

    def parts(self, space: Space) -> dict[str, slice]:
        """Return the coordinates of each column."""

    def values(self, points: Float, space: Space) -> dict[str, Float]:
        """Return the (K,) values of each numeric or datetime column, in the column's own unit."""

    def carry(self, points: Float, source: Space, target: Space, pairs: Mapping[str, str]) -> Float:
        """Return points of one space in the coordinates of another, (K, target.width).

        `pairs` names the column of `source` for columns of `target`; the coordinates of others
        are NaN.

        Raises
        ------
        SpaceMismatch
            If a pair's columns are of different kinds.
        """


# ---------------------------------------------------------------- runtimes


class Model(Protocol):
    """A loaded model: plain data in, arrays out, so that it can live in another process."""

    classes: tuple[Label, ...]
    """Labels in the order of the columns of `outputs`; empty for regression."""

    def outputs(self, data: Any) -> Float:
        """Return (n, C) class probabilities, or (n,) values."""


class Runtime(Protocol):
    """Stores and loads one model format that runs no code."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Return the endings of the files that `open` reads, in lower case with their dot."""

    def claims(self, model: Any) -> bool:
        """Say whether this runtime is for such a model object. Imports no library for it."""

    def open(self, content: bytes) -> Any:
        """Return the model object in a file of one's own, for `dump`.

        Raises
        ------
        BadModel
            If the file holds no such model.
        UnsafeModel
            If it holds something that could run code.
        """

    def dump(self, model: Any) -> dict[str, bytes]:
        """Return the model as files by flat name.

        Raises
        ------
        UnsafeModel
            If it cannot be stored without code; says what is in the way and the way out.
        """

    def load(self, files: Mapping[str, bytes]) -> Model:
        """Return the model in these files.

        Raises
        ------
        BadModel
            If the files are no such model.
        """

    def original(self, model: Any) -> Model | None:
        """Return a model object that was dumped as it answers itself, to compare with `load`.

        None for a file: what is stored is what was given.
        """

    def requires(self) -> dict[str, str]:
        """Return names and versions of the libraries that `load` needs."""


# ---------------------------------------------------------------- stores


class Store(Protocol):
    """Bytes under their own SHA-256. A put is atomic, durable and repeatable without effect.

    Every method raises `StorageFault` if the bytes cannot be read or written.
    """

    def put(self, content: bytes) -> str:
        """Store some bytes and return their digest."""

    def get(self, digest: str) -> bytes:
        """Return the bytes of a digest.

        Raises
        ------
        NotFound
            If there are none.
        Corrupt
            If they no longer have that digest.
        """

    def digests(self) -> Iterator[str]:
        """Yield every digest that is stored."""


# ---------------------------------------------------------------- catalogues


@dataclass(frozen=True)
class Entry:
    """What the catalogue knows of one submitted learnware."""

    id: str
    owner: str
    name: str
    version: int
    archive: str
    """Digest of the archive in the store."""
    size: int
    manifest: Manifest
    submitted: datetime
    aliases: tuple[str, ...] = ()
    withdrawn: str = ""
    """Why it was withdrawn; empty while it is offered."""

    @property
    def ref(self) -> str:
        """``owner/name@version``."""
        return f"{self.owner}/{self.name}@{self.version}"


@dataclass(frozen=True)
class Filter:
    """Which learnwares are meant; empty fields mean any. `words` is full-text search."""

    words: str = ""
    task: str = ""
    target: str = ""
    space: str = ""
    owner: str = ""
    license: str = ""
    withdrawn: bool = False
    """Show withdrawn learnwares too."""


@dataclass(frozen=True, eq=False)
class Atoms:
    """One learnware's embeddings in its space: of the whole sketch, and of each outcome's part."""

    whole: NDArray[np.float32]
    """(D,)"""
    parts: NDArray[np.float32]
    """(C, D); row c embeds where outcome c is answered, as a distribution; 0 where it never is."""
    recipe: str = ""
    """How they were made: embeddings of different recipes cannot be compared."""


@dataclass(frozen=True)
class Holding:
    """Which archive belongs to an entry: what can be told even if its manifest cannot be read."""

    ref: str
    """``owner/name@version``."""
    id: str
    archive: str


class Catalogue(Protocol):
    """Names, versions, manifests, sketches and spaces. Every method is one transaction.

    Every method raises `Corrupt` if what it returns cannot be read, and `StorageFault` if the disk
    does not let it read or write.
    """

    def add(self, learnware: Learnware, *, owner: str, archive: str, size: int, atoms: Atoms,
            alias: str = "") -> Entry:  # fmt: skip
        """Enter a learnware under the next version of its name.

        The same learnware again under the same owner and name returns the entry it has.

        Raises
        ------
        Busy
            If another process holds the database too long.
        """

    def preview(self, learnware: Learnware, *, owner: str) -> str:
        """Return the reference that `add` would give a learnware now, and change nothing."""

    def get(self, reference: Reference) -> Entry:
        """Return one entry; without a version the latest that is not withdrawn.

        Raises
        ------
        NotFound
            If there is none; names what looks alike.
        """

    def find(self, wanted: Filter, *, limit: int | None = 100, offset: int = 0) -> list[Entry]:
        """Return entries: by relevance if there are words, else by owner, name and version.

        Without a limit, all.
        """

    def holdings(self) -> list[Holding]:
        """Return what is held for every entry, withdrawn or not; reads no manifest."""

    def withdraw(self, reference: Reference, *, reason: str) -> Entry:
        """Mark an entry as no longer offered. Its bytes stay for those who use it."""

    def set_alias(self, reference: Reference, alias: str) -> Entry:
        """Point an alias of the learnware's name at this version, moving it if it exists."""

    def spaces(self) -> list[Space]:
        """Return all spaces, in the order in which they came."""

    def add_space(self, space: Space, *, dry_run: bool = False) -> None:
        """Enter a space; nothing happens if it is there, or in a dry run.

        Raises
        ------
        Conflict
            If another space has its name and version. Learnwares may bring such spaces along.
        """

    def sketches(self, ids: Sequence[str]) -> dict[str, Sketch]:
        """Return sketches by learnware id."""

    def atoms(self, space: str) -> Iterator[tuple[str, Atoms]]:
        """Yield the embeddings of all learnwares on offer in a space, in order of submission."""

    def stamp(self) -> int:
        """Return a number that grows with every change, also by another process."""

    def backup(self, target: Path) -> None:
        """Write a consistent copy while others go on working."""

    def problems(self) -> list[str]:
        """Return what is wrong inside the catalogue itself, in words; empty when all is well."""


# ---------------------------------------------------------------- indexes


class Index(Protocol):
    """Vectors by key; finds the nearest and those of largest inner product."""

    def add(self, keys: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Add (n, D) vectors; a key that is there is replaced."""

    def remove(self, keys: Sequence[str]) -> None:
        """Remove keys; those that are not there are passed over."""

    def nearest(self, vector: Float, count: int) -> list[tuple[str, float]]:
        """Return up to `count` keys with their Euclidean distance, nearest first, ties by key."""

    def largest(self, vector: Float, count: int) -> list[tuple[str, float]]:
        """Return up to `count` keys with their inner product, largest first, ties by key."""

    def vectors(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """Return (n, D) vectors of keys that are there."""

    def __len__(self) -> int:
        """Return how many keys there are."""


# ---------------------------------------------------------------- reusers


@dataclass(frozen=True, eq=False)
class Team:
    """The members that are reused together, as arrays. M members, C classes over all of them.

    Attributes
    ----------
    task : str
        ``classification`` or ``regression``.
    classes : tuple of labels
        Union of the members' classes; empty for regression.
    weights : (M,) float64
        Mixture weights, on the simplex.
    priors : (M, C) float64
        Each member's own class shares; 0 where it does not know the class.
    shares : (C,) float64
        The user's class shares as far as sketches tell, on the simplex.
    """

    task: str
    classes: tuple[Label, ...]
    weights: Float
    priors: Float
    shares: Float


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the members say about n rows.

    Attributes
    ----------
    coords : (n, d) float64
        The rows in the space's coordinates.
    outputs : (n, M, C) or (n, M) float64
        Class probabilities, 0 where a member does not know the class; or values.
    density : (n, M) float64
        How much each member's sketch has of the data around each row.
    """

    coords: Float
    outputs: Float
    density: Float

    def __getitem__(self, rows: Any) -> "Evidence":
        return Evidence(self.coords[rows], self.outputs[rows], self.density[rows])


@dataclass(frozen=True, eq=False)
class Rule:
    """A fitted way of combining: evidence in, (n, C) probabilities or (n,) values out."""

    method: str
    combine: Callable[[Evidence], Float] = field(repr=False)
    weights: Float = field(repr=False)
    """(M,) how much each member counts, on the simplex."""
    why: str = ""


class Reuser(Protocol):
    """One method of combining members. Pure: it opens nothing and knows no file."""

    least_members: int
    """How many members it needs."""
    least_labels: int
    """How many labels of the user it needs."""

    def fit(
        self, team: Team, evidence: Evidence | None, y: NDArray[Any] | None, *, seed: int
    ) -> Rule:
        """Return the rule for this team.

        `evidence` and `y` are about the user's own rows; `y` holds class numbers (columns of
        `team.classes`) or values. Both may be None.
        """


# ---------------------------------------------------------------- checks


class Check(Protocol):
    """One admission rule. It reads the learnware, and never runs its model."""

    def inspect(self, learnware: Learnware) -> list[Finding]:
        """Return what it saw; nothing when there is nothing to say."""
