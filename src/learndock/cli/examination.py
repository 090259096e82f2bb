"""What `doctor` finds out: versions, adapters, missing extras, and the dock that is named."""

import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

from learndock.cli.session import Session
from learndock.cli.settings import config_file, find_location
from learndock.errors import DockError, Unavailable

LIBRARIES = ("numpy", "scipy", "scikit-learn", "pandas", "skops", "sqlalchemy", "obstore")
_NEEDED = re.compile(r"^(?P<library>[\w.-]+).*?extra == ['\"](?P<extra>[\w-]+)['\"]")


def examine(session: Session) -> dict[str, Any]:
    """Return all that `doctor` tells, as JSON data."""
    import platformdirs

    import learndock

    return {
        "learndock": learndock.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "libraries": {name: installed(name) for name in LIBRARIES},
        "adapters": _adapters(),
        "extras": _extras(requires("learndock") or []),
        "config": str(config_file()),
        "cache": str(platformdirs.user_cache_path("learndock")),
        "dock": _dock(session),
    }


def installed(library: str) -> str:
    """Return the version of a library, or nothing if it is not installed.

    Examples
    --------
    >>> installed("no-such-library")
    ''
    """
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def _adapters() -> dict[str, dict[str, str]]:
    """Return for each folder its adapters, each with what it lacks, or nothing."""
    from learndock.core import registry

    return {
        folder: {name: _lack(folder, name) for name in registry.names(folder)}
        for folder in registry.FOLDERS
    }


def _lack(folder: Any, name: str) -> str:
    from learndock.core import registry

    try:
        adapter = registry.load(folder, name)
        if folder == "runtimes":
            adapter.requires()
    except Unavailable as error:
        return str(error)
    return ""


def _extras(needed: list[str]) -> dict[str, str]:
    """Return for each extra nothing if it is installed, else what installs it."""
    found: dict[str, bool] = {}
    for line in needed:
        if (match := _NEEDED.match(line)) and _for_this_system(line):
            extra = match["extra"]
            found[extra] = found.get(extra, True) and bool(installed(match["library"]))
    return {
        extra: "" if complete else f'pip install "learndock[{extra}]"'
        for extra, complete in sorted(found.items())
    }


def _for_this_system(line: str) -> bool:
    """Say whether a requirement is for this system, by its `sys_platform` if it names one."""
    match = re.search(r"sys_platform (==|!=) ['\"](\w+)['\"]", line)
    return match is None or (match[1] == "==") == (sys.platform == match[2])


def _dock(session: Session) -> dict[str, Any]:
    """Return how the dock is that is named: where it is, what it holds, or why it will not open."""
    where = find_location(session.location)
    if not where:
        return {"location": "", "well": True, "told": "none is named"}
    try:
        dock = session.dock()
        count, spaces = len(dock.ls(limit=sys.maxsize)), len(dock.spaces())
    except DockError as error:
        return {"location": where, "well": False, "told": str(error)}
    told = f"{where}: {count} learnwares on offer, {spaces} spaces; `learndock verify` reads all"
    return {"location": where, "well": True, "told": told, "learnwares": count, "spaces": spaces}
