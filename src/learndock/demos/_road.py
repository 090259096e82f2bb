"""What the demos share: two processes for the work, a fresh dock, and a user who is served."""

import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

import learndock as ld
from learndock.core.learnware import Learnware
from learndock.demos._data import Progress, cache, replace
from learndock.errors import Unavailable

T = TypeVar("T")
Labelled = tuple[Any, Any] | None
Figures = dict[str, float | None]
WORKERS = 2
OWNER = "demo"
DOCK = "dock"
LICENSE = "CC0-1.0"


@dataclass(frozen=True)
class Outcome:
    """What one demo found.

    Attributes
    ----------
    figures : mapping
        User group or label count, then method, to the mean figure over users.
    own : mapping
        User group, then label count, to the figure of a model trained on these labels alone.
    unit, better, groups : str
        What a figure is, whether "higher" or "lower" is better, and what `figures` goes by.
    search, reuse : float
        Mean seconds that a user waits.
    learnwares, users, turned_away : int
        How many there were; of the users, how many were told that nothing fits.
    dock, task : Path
        The dock, and a file with one user's rows.
    shows : str
        What it shows, in a sentence or two.
    """

    figures: dict[str, Figures]
    own: dict[str, Figures]
    unit: str
    better: str
    groups: str
    search: float
    reuse: float
    learnwares: int
    users: int
    turned_away: int
    dock: Path
    task: Path
    shows: str

    def about(self) -> dict[str, Any]:
        """Return what is not a figure of a method or a time, as plain JSON."""
        return {
            "unit": self.unit,
            "better": self.better,
            "groups": self.groups,
            "learnwares": self.learnwares,
            "users": self.users,
            "turned_away": self.turned_away,
            "own": self.own,
            "shows": self.shows,
            "dock": str(self.dock),
            "task": str(self.task),
        }


class Demo(Protocol):
    """One demo: a module here whose name does not begin with an underscore."""

    TITLE: str

    def run(self, *, quick: bool, seed: int, progress: Progress) -> Outcome:
        """Submit, search and reuse; compare with the alternatives."""

    def draw(self, figures: Mapping[str, Figures], about: Mapping[str, Any]) -> Any:
        """Return a matplotlib figure of what `run` found, from `Outcome.figures` and `about`."""


def need(library: str) -> Any:
    """Return a library of the extra `demo`.

    Raises
    ------
    Unavailable
        If it is not installed.
    """
    try:
        return import_module(library)
    except ModuleNotFoundError as error:
        raise Unavailable(
            f"the demo needs {error.name!r}, which is not installed",
            next='pip install "learndock[demo]"',
            missing=error.name,
        ) from error


def spread(
    work: Callable[..., T], jobs: Sequence[tuple[Any, ...]], progress: Progress, told: str
) -> list[T]:
    """Return what `work` makes of each job, in order, by two processes; tell how many are done."""
    from joblib import Parallel, delayed  # type: ignore[import-untyped]

    found = []
    workers = Parallel(n_jobs=min(WORKERS, len(jobs)), return_as="generator")
    for done, result in enumerate(workers(delayed(work)(*job) for job in jobs), start=1):
        found.append(result)
        progress(f"{told}: {done} of {len(jobs)}")
    return found


@dataclass(frozen=True)
class Folder:
    """Where a demo writes: it works aside, and takes its place when it has finished."""

    name: str
    work: Path
    place: Path

    @classmethod
    def fresh(cls, name: str, *, quick: bool) -> "Folder":
        """Make an empty folder to work in."""
        place = cache() / "demos" / (f"{name}-quick" if quick else name)
        place.parent.mkdir(parents=True, exist_ok=True)
        work = place.with_name(f".{place.name}-{time.time_ns():x}")
        work.mkdir()
        return cls(name, work, place)

    @property
    def dock(self) -> Path:
        """The dock, while the demo works."""
        return self.work / DOCK

    def publish(self) -> Path:
        """Replace what an earlier run left, and return the place."""
        replace(self.work, self.place)
        return self.place

    def __enter__(self) -> "Folder":
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.work, ignore_errors=True)


@dataclass(frozen=True, eq=False)
class Served:
    """What one user got.

    Attributes
    ----------
    said : tuple of (n,) arrays
        Predictions for the user's rows, one array for each set of labels.
    top : str
        Name of the nearest learnware.
    fits : bool
        Whether the answer said that something fits.
    search, reuse : float
        Seconds; reuse is the mean over the sets of labels, prediction included.
    """

    said: tuple[NDArray[Any], ...]
    top: str
    fits: bool
    search: float
    reuse: float


def serve(folder: Path, rows: Any, labelled: Sequence[Labelled] = (None,)) -> Served:
    """Search with a user's rows, then reuse with each set of labels and predict the rows.

    A user who is told that nothing fits goes on with what is nearest, and is counted.
    """
    dock = ld.Dock(folder, create=False)
    start = time.perf_counter()
    answer = dock.search(rows)
    found = time.perf_counter()
    said = []
    for labels in labelled:
        predictor = dock.reuse(answer, *(labels or ()))
        said.append(predictor.predict(rows))
    end = time.perf_counter()
    top = answer.hits[0].ref.partition("/")[2].partition("@")[0]
    return Served(tuple(said), top, bool(answer), found - start, (end - found) / len(labelled))


def trade(
    folder: Folder,
    make: Callable[..., tuple[Learnware, Any]],
    sellers: Sequence[tuple[Any, ...]],
    users: Sequence[tuple[Any, ...]],
    progress: Progress,
) -> tuple[list[Any], list[Served]]:
    """Let everybody who sells submit, and everybody else be served.

    Parameters
    ----------
    folder : Folder
        Where the dock is made.
    make : callable
        Returns a learnware, and its model, for the arguments that a seller has.
    sellers, users : sequence of tuple
        The arguments of `make`, and those of `serve` after the first.
    progress : callable
        Is told how many are done.

    Returns
    -------
    list of model, list of Served
        In the order of sellers and users.
    """
    made = spread(make, sellers, progress, f"{folder.name}, learnwares made")
    dock = ld.Dock(folder.dock, owner=OWNER)
    for learnware, _ in made:
        dock.submit(learnware)
    jobs = [(folder.dock, *user) for user in users]
    return [model for _, model in made], spread(
        serve, jobs, progress, f"{folder.name}, users served"
    )


@dataclass(frozen=True)
class Compared:
    """One user's figures.

    Attributes
    ----------
    figures : mapping
        User group or label count, then method, to the figure.
    own : mapping
        Label count to the figure of a model trained on these labels alone.
    """

    figures: dict[str, Figures]
    own: Figures


def mean(values: Iterable[float | None]) -> float | None:
    """Return the mean to four digits; None if a value is missing."""
    listed = list(values)
    known = [value for value in listed if value is not None]
    return round(float(np.mean(known)), 4) if len(known) == len(listed) else None


def average(users: Sequence[Figures]) -> Figures:
    """Return the mean over users of each figure."""
    return {name: mean(user[name] for user in users) for name in users[0]}
