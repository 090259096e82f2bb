"""The main job on real data: models are submitted, found and reused for tasks none was built for.

One demo a file. `run` returns one JSON object, `tables` prints it, `draw` draws it.
"""

import pkgutil
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from learndock.errors import NotFound

if TYPE_CHECKING:
    from learndock.demos._road import Demo


def names() -> tuple[str, ...]:
    """Return the names of the demos.

    Examples
    --------
    >>> names()
    ('newsgroups', 'store-sales')
    """
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name.replace("_", "-") for name in modules if not name.startswith("_")))


def run(
    name: str | None = None,
    *,
    quick: bool = False,
    seed: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Run one demo, or all, and return one JSON object.

    Parameters
    ----------
    name : str, optional
        One of `names`; else all of them.
    quick : bool
        Fewer learnwares, users and rows of the same data, in under half a minute. The figures
        are not those of the whole demo.
    seed : int
        Draws learnwares, users and rows.
    progress : callable
        Is told what happens, in words.

    Returns
    -------
    dict
        Under the name of each demo: user group or label count, then method (`answer`,
        `average`, `top1`, `oracle_single`, `random_single`, `own`, `everything`), to the mean
        figure over users, or None where a method needs labels that are not there. Under
        ``seconds`` and the name: `total`, and `search` and `reuse` as one user waits. Under
        ``about`` and the name: what a figure is, the figures of one's own model at several
        label counts, where the dock is, and a sentence. ``quick`` and ``seed`` as given.

    Raises
    ------
    NotFound
        If there is no demo of that name.
    Unavailable
        If a library of the extra `demo` is missing, or the data cannot be downloaded.
    """
    found: dict[str, Any] = {}
    seconds: dict[str, dict[str, float]] = {}
    about: dict[str, dict[str, Any]] = {}
    for chosen in names() if name is None else (name,):
        demo = _load(chosen)
        start = time.perf_counter()
        outcome = demo.run(quick=quick, seed=seed, progress=progress)
        found[chosen] = outcome.figures
        seconds[chosen] = {
            "total": round(time.perf_counter() - start, 1),
            "search": round(outcome.search, 3),
            "reuse": round(outcome.reuse, 3),
        }
        about[chosen] = {"title": demo.TITLE, **outcome.about()}
    return {**found, "seconds": seconds, "about": about, "quick": quick, "seed": seed}


def tables(found: Mapping[str, Any]) -> str:
    """Return what `run` found as text: a table for each demo, times, and what to type next."""
    from learndock.demos._table import page

    parts = [
        page(found[name], found["seconds"][name], about) for name, about in found["about"].items()
    ]
    scope = ": fewer learnwares, users and rows, so these are not the figures of the whole demo"
    parts.append(f"seed {found['seed']}, " + (f"quick{scope}" if found["quick"] else "whole"))
    return "\n\n".join(parts)


def draw(found: Mapping[str, Any], folder: Path | str = ".") -> tuple[Path, ...]:
    """Draw what `run` found: ``learndock-NAME.png`` and ``.svg`` in a folder for each demo.

    Raises
    ------
    Unavailable
        If matplotlib is not installed.
    """
    from learndock.demos._picture import save

    written: list[Path] = []
    for name, about in found["about"].items():
        figure = _load(name).draw(found[name], about)
        written += save(figure, Path(folder) / f"learndock-{name}")
    return tuple(written)


def _load(name: str) -> "Demo":
    if name not in names():
        raise NotFound(
            f"there is no demo {name!r}", next=f"choose one of {', '.join(names())}", name=name
        )
    return cast("Demo", import_module(f"{__name__}.{name.replace('-', '_')}"))
