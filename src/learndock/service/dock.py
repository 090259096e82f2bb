"""The dock: where learnwares live, and every verb of owners and users."""

import getpass
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learndock.core import archive, disk, registry
from learndock.core.answer import Answer, Requirement
from learndock.core.findings import Finding, Verdict
from learndock.core.learnware import Learnware
from learndock.core.ports import Catalogue, Check, Entry, Filter, Holding, Store
from learndock.core.reference import Reference
from learndock.core.sketch import Sketch
from learndock.core.space import Space
from learndock.errors import (
    BadReference,
    Conflict,
    Corrupt,
    DockError,
    Invalid,
    NotFound,
    Refused,
    SpaceMismatch,
    Unavailable,
)
from learndock.service.fitting import sketch_coords
from learndock.service.packing import pack
from learndock.service.rows import Blocks
from learndock.service.searching import Searcher, embed

if TYPE_CHECKING:
    from sqlalchemy import URL

DATABASE = "dock.db"
BLOBS = "blobs"
Progress = Callable[[int, int], None]
SUFFIX = ".learnware"


@dataclass(frozen=True)
class Health:
    """What `Dock.verify` found.

    Attributes
    ----------
    learnwares, blobs : int
        How many were read again, byte for byte.
    problems : tuple of str
        What is wrong, in words; empty when all is well.
    unused : tuple of str
        Digests of blobs that no learnware needs, as an interrupted submit leaves. Harmless.
    """

    learnwares: int
    blobs: int
    problems: tuple[str, ...]
    unused: tuple[str, ...]

    def __bool__(self) -> bool:
        return not self.problems

    def __str__(self) -> str:
        told = f"{self.learnwares} learnwares, {self.blobs} blobs: "
        told += (
            "all well" if self else "\n".join((f"{len(self.problems)} problems", *self.problems))
        )
        return told + (f"\n{len(self.unused)} unused blobs (harmless)" if self.unused else "")


class Dock:
    """A place where learnwares live: submit them, search with a sketch, reuse what is found.

    Parameters
    ----------
    location : str or Path
        A folder. It is made at the first use unless `create` is false.
    owner : str, optional
        Under whose name learnwares are submitted; else the environment variable
        ``LEARNDOCK_OWNER``, else the name of the current user.
    create : bool
        Make the dock if it is not there.

    Raises
    ------
    NotFound
        If there is no dock and `create` is false.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> rng = np.random.default_rng(0); X = rng.normal(size=(500, 3)); y = X @ [1.0, 2.0, 3.0]
    >>> dock = ld.Dock("models", owner="ada")
    >>> dock.submit(LinearRegression().fit(X, y), X, y, name="plane", license="MIT")
    'ada/plane@1'
    >>> answer = dock.search(rng.normal(size=(300, 3)))
    >>> bool(answer), answer.hits[0].ref
    (True, 'ada/plane@1')
    """

    def __init__(
        self, location: str | Path, *, owner: str | None = None, create: bool = True
    ) -> None:
        if str(location).startswith(("http://", "https://", "postgresql://")):
            raise Unavailable(
                f"{location} is a server, and this version opens folders only",
                next="give a folder",
            )
        self.folder = Path(location).expanduser()
        self.owner = _checked_owner(owner or os.environ.get("LEARNDOCK_OWNER") or _user())
        if not is_dock(self.folder):
            self._create(create)
        self._store: Store = registry.load("stores", "folder")(str(self.folder / BLOBS))
        self._catalogue: Catalogue = registry.load("catalogues", "sql")(_url(self.folder))
        self._searcher = Searcher(self._catalogue)

    def _create(self, wanted: bool) -> None:
        if not wanted:
            raise NotFound(
                f"there is no dock in {self.folder}",
                next=f"make one with `learndock init {self.folder}`",
            )
        check_free(self.folder)
        disk.make_folder(self.folder)

    def __repr__(self) -> str:
        return f"Dock({str(self.folder)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as a location: whoever unpickles it opens the folder anew."""
        return partial(Dock, owner=self.owner, create=False), (self.folder,)

    # ------------------------------------------------------------ owners

    def submit(
        self,
        learnware: Learnware | Any,
        X: Any = None,
        y: Any = None,
        *,
        alias: str = "",
        dry_run: bool = False,
        **options: Any,
    ) -> str:
        """Check a learnware and take it in; return its reference, ``owner/name@version``.

        Parameters
        ----------
        learnware : Learnware or model
            What `pack` made; or a model, which is packed here with `X`, `y` and `options`
            (those of `pack`). A model without `space` is sketched in the dock's space for such
            data, if there is one.
        alias : str, optional
            A movable name for this version, such as ``stable``.
        dry_run : bool
            Check only; nothing is written, and the reference is what it would be called.

        Raises
        ------
        Refused
            If a check says no; `facts` holds the findings.
        Conflict
            If the same learnware was withdrawn.

        Notes
        -----
        Atomic, durable when it returns, and repeatable: the same learnware again returns the
        reference that it has.
        """
        if not isinstance(learnware, Learnware):
            options["space"] = options.get("space") or self.space_for(X)
            learnware = pack(learnware, X, y, **options)
        elif X is not None or options:
            raise Invalid("a packed learnware takes no data", next="give it alone")
        verdict = self.check(learnware)
        if verdict.refusals:
            raise _refusal(learnware, verdict)
        if dry_run:
            return self._catalogue.preview(learnware, owner=self.owner)
        content = archive.write(learnware)
        entry = self._catalogue.add(
            learnware,
            owner=self.owner,
            archive=self._store.put(content),
            size=len(content),
            atoms=embed(learnware.sketch),
            alias=alias,
        )
        if entry.withdrawn:
            raise Conflict(
                f"{entry.ref} is the same, and was withdrawn: {entry.withdrawn}",
                next="change what is wrong with it, and submit that",
                ref=entry.ref,
            )
        return entry.ref

    def space_for(self, X: Any) -> Space | None:
        """Return the dock's space for such data, if it has one."""
        try:
            return self._searcher.space_for(X)
        except (NotFound, SpaceMismatch):
            return None

    def add_space(self, space: Space, *, dry_run: bool = False) -> Space:
        """Publish a space before any learnware is in it, so that owners find it here.

        The same space again has no effect. Return it.

        Raises
        ------
        Conflict
            If another space has its name and version.
        """
        self._catalogue.add_space(space, dry_run=dry_run)
        return space

    def check(self, learnware: Learnware) -> Verdict:
        """Run every admission rule, and change nothing."""
        findings: list[Finding] = []
        for name in registry.names("checks"):
            rule: Check = registry.load("checks", name)
            findings += rule.inspect(learnware)
        return Verdict(tuple(findings))

    def withdraw(self, ref: str, *, reason: str, dry_run: bool = False) -> Entry:
        """Stop offering a learnware. Its bytes stay for those who already use it.

        With `dry_run` only return which one it would be.

        Raises
        ------
        NotFound
            If there is no such learnware.
        Invalid
            If no reason is given.
        """
        if not reason.strip():
            raise Invalid("a withdrawal needs a reason", next="say reason='...'")
        if dry_run:
            return self.show(ref)
        return self._catalogue.withdraw(Reference.parse(ref), reason=reason)

    def alias(self, ref: str, alias: str) -> Entry:
        """Let an alias of the learnware's name point at this version, moving it if need be."""
        return self._catalogue.set_alias(Reference.parse(ref), alias)

    # ------------------------------------------------------------ users

    def search(
        self,
        data: Any,
        *,
        want: str = "",
        task: str = "",
        target: str = "",
        license: str = "",
        space: Space | None = None,
        limit: int = 10,
        members: int = 25,
        seed: int = 0,
    ) -> Answer:
        """Find learnwares for a task: ranked hits, a mixture, and how much of it is covered.

        Parameters
        ----------
        data : data frame, (n, d) array, list of texts, pictures, Path, iterable, or Sketch
            The task's rows, of which only a sketch is compared; or that sketch.
        want : str
            Words that a learnware's description, columns or labels must have.
        task, target, license : str
            Fields that a learnware must have.
        space : Space, optional
            One of the dock's spaces; else the one that fits the data and has most learnwares.
        limit : int
            Number of hits.
        members : int
            Most members of the mixture.
        seed : int
            For the sketch.

        Raises
        ------
        SpaceMismatch
            If no space of the dock goes with the data; names the columns that are missing.
        NotFound
            If the dock is empty.
        """
        start = time.perf_counter()
        if isinstance(data, Sketch):
            sketch = data
        else:
            blocks = Blocks.of(data)
            space = space or self._searcher.space_for(blocks.first())
            # The sketch stays in this process, so few rows need no consent.
            sketch = sketch_coords(blocks.encoded(space), space, seed=seed, consent=True)
        wanted = Requirement(sketch, want=want, task=task, target=target, license=license)
        return self._searcher.search(
            wanted, limit=limit, members=members, start=start, reuser=self.reuse
        )

    def reuse(
        self, answer: Answer, X: Any = None, y: Any = None, *, method: str = "auto", seed: int = 0
    ) -> Any:
        """Fetch an answer's members and return the estimator that combines them.

        See `Answer.reuse`, which is the same for an answer of this dock.
        """
        from learndock.service.predictor import ClassifierPredictor, Member, RegressorPredictor

        members = [
            Member(part.ref, part.weight, self.fetch(f"sha256:{part.id}"))
            for part in answer.mixture.parts
        ]
        if not members:
            raise Invalid("the answer has no members", next="search again")
        kind = ClassifierPredictor if answer.task == "classification" else RegressorPredictor
        predictor = kind(
            members, members[0].learnware.sketch.space, dict(answer.mixture.shares), method, seed
        )
        return predictor.fit(X, y)

    def show(self, ref: str) -> Entry:
        """Return what the dock knows of a learnware.

        Raises
        ------
        NotFound
            If there is none of that name; names what looks alike.
        """
        return self._catalogue.get(Reference.parse(ref))

    def has(self, ref: str) -> bool:
        """Say whether there is a learnware of that name."""
        try:
            self.show(ref)
        except NotFound:
            return False
        return True

    def ls(
        self,
        words: str = "",
        *,
        task: str = "",
        target: str = "",
        space: str = "",
        owner: str = "",
        license: str = "",
        withdrawn: bool = False,
        limit: int | None = 100,
        offset: int = 0,
    ) -> list[Entry]:
        """List learnwares; `words` searches names, descriptions, columns, labels and licences.

        Without a limit, all.
        """
        wanted = Filter(words, task, target, space, owner, license, withdrawn)
        return self._catalogue.find(wanted, limit=limit, offset=offset)

    def fetch(self, ref: str, *, to: str | Path | None = None) -> Learnware:
        """Return a learnware, checked against its digests; with `to`, write its file there too."""
        entry = self.show(ref)
        content = self._store.get(entry.archive)
        learnware = archive.read(content)
        if learnware.id != entry.id:
            raise Corrupt(f"{entry.ref} holds another learnware", next="run `learndock verify`")
        if to is not None:
            target = Path(to)
            disk.make_folder(target)
            disk.write(target / file_name(entry), content)
        return learnware

    def spaces(self) -> Sequence[Space]:
        """Return the dock's spaces, oldest first."""
        return self._catalogue.spaces()

    # ------------------------------------------------------------ care

    def verify(self, *, progress: Progress | None = None) -> Health:
        """Read everything again, and report what does not hold.

        Parameters
        ----------
        progress : callable, optional
            Is told how many learnwares are done, and of how many.
        """
        problems = list(self._catalogue.problems())
        try:
            held = self._catalogue.holdings()
        except Corrupt as error:  # nothing can be called unused either
            return Health(0, 0, (*problems, str(error)), ())
        used = {holding.archive for holding in held}
        for done, holding in enumerate(held, start=1):
            problems += self._wrong_with(holding)
            if progress is not None:
                progress(done, len(held))
        blobs = set(self._store.digests())
        for name in sorted(blobs - used):
            try:
                self._store.get(name)
            except DockError as error:
                problems.append(f"blob {name}: {error}")
        return Health(len(held), len(blobs), tuple(problems), tuple(sorted(blobs - used)))

    def _wrong_with(self, held: Holding) -> list[str]:
        try:
            learnware = archive.read(self._store.get(held.archive))
        except DockError as error:
            return [f"{held.ref}: {error}"]
        return [] if learnware.id == held.id else [f"{held.ref}: holds another learnware"]

    def backup(
        self, target: str | Path, *, dry_run: bool = False, progress: Progress | None = None
    ) -> None:
        """Write a consistent copy of the dock into a new folder while others go on working.

        Parameters
        ----------
        target : str or Path
            The folder.
        dry_run : bool
            Only see whether the folder will do.
        progress : callable, optional
            Is told how many files are copied, and of how many.

        Raises
        ------
        Conflict
            If the folder holds a dock, or files that an interrupted backup does not leave.
        Corrupt
            If what a learnware needs is damaged.

        Notes
        -----
        The folder is a dock only when all is copied. A backup that was interrupted can be made
        again into the same folder.
        """
        folder = Path(target)
        if is_dock(folder):
            raise Conflict(f"{folder} holds a dock already", next="give a new folder")
        check_free(folder)
        if dry_run:
            return
        disk.make_folder(folder)
        # Catalogue first: blobs are never removed, so each that it names is there to be copied.
        unfinished = folder / f"{DATABASE}.unfinished"
        with disk.faults_told(unfinished):
            unfinished.unlink(missing_ok=True)
        self._catalogue.backup(unfinished)
        copy: Store = registry.load("stores", "folder")(str(folder / BLOBS))
        names = sorted({held.archive for held in self._catalogue.holdings()})
        for done, name in enumerate(names, start=1):
            copy.put(self._store.get(name))
            if progress is not None:
                progress(done, len(names))
        disk.move(unfinished, folder / DATABASE)


def is_dock(folder: Path) -> bool:
    """Say whether there is a dock in a folder."""
    with disk.faults_told(folder):
        return (folder / DATABASE).exists()


def check_free(folder: Path) -> None:
    """Refuse a folder in which a new dock would meet something else.

    Raises
    ------
    Conflict
        If it is a file, or holds files that an unfinished dock does not.
    """
    if folder.exists() and not folder.is_dir():
        raise Conflict(f"{folder} is a file", next="give a folder")
    with disk.faults_told(folder):
        names = [child.name for child in folder.iterdir()] if folder.exists() else []
    if any(name != BLOBS and not name.startswith(DATABASE) for name in names):
        raise Conflict(f"{folder} holds other files", next="give an empty or new folder")


def _url(folder: Path) -> "URL":
    """Return where a dock's catalogue is; a folder's name may have any characters."""
    from sqlalchemy import URL

    return URL.create("sqlite", database=str(folder / DATABASE))


def file_name(entry: Entry) -> str:
    """Return what `Dock.fetch` calls the file of a learnware."""
    return f"{entry.name}-{entry.version}{SUFFIX}"


def _refusal(learnware: Learnware, verdict: Verdict) -> Refused:
    told = "; ".join(f"{f.check}: {f.message}" for f in verdict.refusals)
    return Refused(
        f"{learnware.manifest.name} is not taken: {told}",
        next=verdict.refusals[0].next,
        findings=[vars(f) for f in verdict.findings],
    )


def _checked_owner(owner: str) -> str:
    try:
        return Reference.parse(f"{owner}/x").owner
    except BadReference as error:
        raise Invalid(
            f"{owner!r} is no owner's name; lower-case letters, digits, '.', '_' and '-' are "
            "needed, 64 at most",
            next="give owner='ada', or set LEARNDOCK_OWNER",
        ) from error


def _user() -> str:
    """Return the current user's name in the form owners have."""
    name = "".join(c for c in getpass.getuser().lower() if c.isalnum() or c in "._-")
    return name.lstrip("._-")[:64] or "local"
