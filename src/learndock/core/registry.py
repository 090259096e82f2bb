"""Finds adapters: one file in its folder with a `plugin`, or an entry point of another package."""

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Literal

from learndock.errors import NotFound, Unavailable

Folder = Literal["encoders", "runtimes", "stores", "catalogues", "indexes", "reusers", "checks"]
FOLDERS: tuple[Folder, ...] = (
    "encoders",
    "runtimes",
    "stores",
    "catalogues",
    "indexes",
    "reusers",
    "checks",
)


@cache
def names(folder: Folder) -> tuple[str, ...]:
    """Return the names of a folder's adapters, sorted, without loading any."""
    package = importlib.import_module(f"learndock.{folder}")
    own = {module.name for module in pkgutil.iter_modules(package.__path__)}
    others = {point.name for point in entry_points(group=f"learndock.{folder}")}
    return tuple(sorted(name for name in own | others if not name.startswith("_")))


@cache
def load(folder: Folder, name: str) -> Any:
    """Return one adapter's `plugin`, importing its file at the first call.

    Raises
    ------
    NotFound
        If there is no adapter of that name.
    Unavailable
        If it needs a library that is not installed.
    """
    if name not in names(folder):
        raise NotFound(
            f"there is no {folder[:-1]} {name!r}; there are {', '.join(names(folder))}",
            folder=folder,
            name=name,
        )
    for point in entry_points(group=f"learndock.{folder}", name=name):
        return point.load()
    try:
        return importlib.import_module(f"learndock.{folder}.{name}").plugin
    except ModuleNotFoundError as error:
        raise Unavailable(
            f"{folder[:-1]} {name!r} needs {error.name!r}, which is not installed",
            next=f'pip install "learndock[{name}]"',
            missing=error.name,
        ) from error
