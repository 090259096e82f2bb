import os
import time
from pathlib import Path

import pytest

from learndock.core.identity import digest
from learndock.errors import Corrupt, StorageFault
from learndock.stores.folder import Folder
from learndock.testing.processes import run_together

MODEL = digest(b"model")
PUTS = """
from learndock.stores.folder import Folder
gate.wait()
store = Folder(location)
for number in range(60):
    store.put(bytes([number]) * 50_000)
"""


@pytest.fixture
def root(tmp_path):
    return tmp_path / "new" / "store"


@pytest.fixture
def store(root):
    return Folder(str(root))


def path(root, digest):
    return root / "sha256" / digest[:2] / digest[2:]


def test_content_lies_under_its_digest(store, root):
    store.put(b"model")
    assert path(root, MODEL).read_bytes() == b"model"


def test_content_is_there_for_who_opens_the_folder_later(store, root):
    store.put(b"model")
    assert Folder(str(root)).get(MODEL) == b"model"


@pytest.mark.parametrize("damaged", [b"", b"mode", b"other"])
def test_damaged_content_is_never_returned(store, root, damaged):
    store.put(b"model")
    path(root, MODEL).write_bytes(damaged)
    with pytest.raises(Corrupt, match=MODEL):
        store.get(MODEL)


def test_putting_again_mends_what_was_damaged(store, root):
    store.put(b"model")
    path(root, MODEL).write_bytes(b"other")
    store.put(b"model")
    assert store.get(MODEL) == b"model"


def test_files_that_are_no_content_are_passed_over(store, root):
    store.put(b"model")
    for name in (
        "README",
        "ab/short",
        f"{MODEL[:2]}/{MODEL[2:]}#1",
        f"{MODEL[:2]}/{MODEL[2:]}.tmp",
    ):
        file = root / "sha256" / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"model")
    (root / "incoming" / "half").write_bytes(b"mod")
    assert list(store.digests()) == [MODEL]


def test_content_is_flushed_before_it_gets_its_name(store, root, monkeypatch):
    named = []
    monkeypatch.setattr(os, "fsync", lambda _: named.append(path(root, MODEL).exists()))
    store.put(b"model")
    assert named[0] is False


@pytest.mark.skipif(os.name != "posix", reason="folders cannot be flushed here")
@pytest.mark.parametrize("before", [[], [b"model"]], ids=["new", "put by another"])
def test_a_put_flushes_the_file_and_every_folder_down_to_it(store, root, monkeypatch, before):
    for content in before:
        store.put(content)
    flushed = set()
    monkeypatch.setattr(os, "fsync", lambda handle: flushed.add(os.fstat(handle).st_ino))
    store.put(b"model")
    file = path(root, MODEL)
    way = [file, file.parent, root / "sha256", root]
    assert {step.stat().st_ino for step in way} <= flushed


def test_what_a_dead_process_left_is_removed_after_a_day(store, root):
    store.put(b"model")
    old, young = root / "incoming" / "old", root / "incoming" / "young"
    for file in (old, young):
        file.write_bytes(b"half")
    os.utime(old, times=(time.time() - 90_000,) * 2)
    assert Folder(str(root)).get(MODEL) == b"model"
    assert not old.exists()
    assert young.exists()


def test_a_folder_that_cannot_be_written_is_told_in_one_line(store, root):
    (root / "incoming").write_bytes(b"a file where bytes should arrive")
    with pytest.raises(StorageFault, match=f"{root}.*check permissions") as caught:
        store.put(b"model")
    assert "\n" not in str(caught.value)
    assert list(store.digests()) == []


def test_content_that_cannot_be_read_is_told_in_one_line(store, root):
    (root / "sha256").write_bytes(b"a file where content should be")
    with pytest.raises(StorageFault, match=f"{root}.*check permissions") as caught:
        store.get(MODEL)
    assert "\n" not in str(caught.value)


def test_a_place_where_no_folder_can_be_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageFault, match="Not a directory"):
        Folder(str(tmp_path / "file" / "store"))


def test_what_a_dead_process_of_another_user_left_is_passed_over(store, root, monkeypatch):
    def refuse(path, **_):
        raise PermissionError(path)

    store.put(b"model")
    (root / "incoming" / "old").write_bytes(b"half")
    os.utime(root / "incoming" / "old", times=(0, 0))
    monkeypatch.setattr(Path, "unlink", refuse)
    assert Folder(str(root)).get(MODEL) == b"model"


def test_processes_may_put_the_same_content_at_once(root):
    assert run_together(PUTS, [{"location": str(root)}] * 4) == [0] * 4
    store = Folder(str(root))
    assert sorted(map(store.get, store.digests())) == [bytes([n]) * 50_000 for n in range(60)]
    assert list((root / "incoming").iterdir()) == []
