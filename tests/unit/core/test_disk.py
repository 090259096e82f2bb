"""Files are whole or absent, flushed, and what the disk has against them is told in words."""

import os
import sys

import pytest

from learndock.core import disk
from learndock.errors import StorageFault

fcntl = pytest.importorskip("fcntl", reason="how files are flushed is looked at on POSIX only")


def test_what_is_written_takes_the_place_of_what_was_there(tmp_path):
    for content in (b"old", b"new"):
        disk.write(tmp_path / "file", content)
        assert (tmp_path / "file").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_write_that_breaks_off_leaves_what_was_there(tmp_path, monkeypatch):
    def break_off(_):
        raise KeyboardInterrupt

    disk.write(tmp_path / "file", b"old")
    monkeypatch.setattr(os, "fsync", break_off)
    with pytest.raises(KeyboardInterrupt):
        disk.write(tmp_path / "file", b"new")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(StorageFault, match=r"absent/file: No such file.*check permissions"):
        disk.write(tmp_path / "absent" / "file", b"")


def test_a_folder_in_place_of_a_file_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageFault, match="Not a directory"):
        disk.make_folder(tmp_path / "file" / "folder")


def test_a_file_is_flushed_without_being_open_for_writing(tmp_path, monkeypatch):
    modes = []
    monkeypatch.setattr(
        os, "fsync", lambda handle: modes.append(fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE)
    )
    disk.write(tmp_path / "file", b"")
    assert modes == [os.O_RDONLY, os.O_RDONLY]


@pytest.mark.parametrize(("known", "synced"), [(True, 0), (False, 1)])
def test_on_macos_the_cache_of_the_drive_is_flushed_if_it_can_be(
    tmp_path, monkeypatch, known, synced
):
    asked, fallen_back = [], []

    def control(_handle, command):
        asked.append(command)
        if not known:
            raise OSError

    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", control)
    monkeypatch.setattr(os, "fsync", fallen_back.append)
    disk.flush_file(tmp_path / "file")
    assert asked == [51]
    assert len(fallen_back) == synced
