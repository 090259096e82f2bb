"""Which dock is meant and who submits: option, then environment, then the config file."""

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from learndock.errors import Invalid

DOCK = "LEARNDOCK_DOCK"
OWNER = "LEARNDOCK_OWNER"
CONFIG = "LEARNDOCK_CONFIG"


@dataclass(frozen=True)
class Settings:
    """What the config file says; empty where it says nothing.

    Attributes
    ----------
    dock : str
        The dock's folder; a relative one starts at the config file.
    owner : str
        Under whose name learnwares are submitted.
    """

    dock: str = ""
    owner: str = ""


def config_file() -> Path:
    """Return where the config file is, or would be."""
    if told := os.environ.get(CONFIG):
        return Path(told).expanduser()
    import platformdirs

    return platformdirs.user_config_path("learndock") / "config.toml"


def read_settings() -> Settings:
    """Return what the config file says.

    Raises
    ------
    Invalid
        If it is no TOML, or says something unknown.
    """
    file = config_file()
    if not file.exists():
        return Settings()
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Invalid(f"{file} is no TOML: {error}", next=f"correct {file}") from error
    known = [field.name for field in fields(Settings)]
    if odd := [key for key, value in said.items() if key not in known or type(value) is not str]:
        raise Invalid(
            f"{file} says {', '.join(odd)}; it may say {' and '.join(known)}, each a string",
            next=f"correct {file}",
        )
    if "dock" in said and "://" not in said["dock"]:
        said["dock"] = str(file.parent / Path(said["dock"]).expanduser())
    return Settings(**said)


def find_location(option: str) -> str:
    """Return where the dock is, or nothing if none is named anywhere."""
    return option or os.environ.get(DOCK, "") or read_settings().dock


def find_owner() -> str | None:
    """Return under whose name learnwares are submitted, if anything says so."""
    return os.environ.get(OWNER) or read_settings().owner or None
