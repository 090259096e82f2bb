"""A process that submits or backs up is killed at many moments; the dock is whole each time."""

import random

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import learndock as ld
from learndock.core import archive
from learndock.core.learnware import Learnware
from learndock.service.dock import is_dock
from learndock.testing.processes import kill_after, start

KILLS = 20
BEGINNING = 0.3
"""Seconds in which a process makes a dock, migrates it and puts its first learnware."""
# Submits one learnware under ever new names, and writes down each that was acknowledged.
SUBMITTER = """
import learndock as ld
from learndock.core import archive
from learndock.core.learnware import Learnware

packed = archive.read(packed_file.read_bytes())
begun.touch()
dock = ld.Dock(folder, owner="ada")
with promised.open("a") as told:
    for number in range(10_000):
        name = f"m-{seed}-{number}"
        manifest = packed.manifest.model_copy(update={"name": name})
        dock.submit(Learnware(manifest, packed.sketch, packed.files))
        told.write(name + chr(10))
        told.flush()
"""


COPYING = 0.1
"""Seconds in which a process backs up twenty small learnwares."""
BACKUP = """
import learndock as ld

dock = ld.Dock(folder, create=False)
begun.touch()
dock.backup(target)
"""


@pytest.fixture(scope="module")
def packed_file(tmp_path_factory):
    rows = np.random.default_rng(0).normal(size=(200, 2))
    model = LinearRegression().fit(rows, rows[:, 0])
    path = tmp_path_factory.mktemp("packed") / "m.learnware"
    path.write_bytes(archive.write(ld.pack(model, rows, name="m", license="MIT")))
    return path


@pytest.fixture
def submit_and_kill(tmp_path, packed_file):
    """Return a function that gives the names acknowledged before the kill.

    The time runs from the first submit, or for a new dock from before it is made.
    """

    def run(seed, after, new=False):
        begun, promised = tmp_path / f"begun-{seed}", tmp_path / f"promised-{seed}"
        folder = tmp_path / (f"dock-{seed}" if new else "dock")
        process = start(
            SUBMITTER, folder=folder, begun=begun, promised=promised, packed_file=packed_file,
            seed=seed,
        )  # fmt: skip
        kill_after(process, after, ready=begun.exists if new else promised.exists)
        return promised.read_text().split() if promised.exists() else []

    return run


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_submit_that_is_killed_leaves_nothing_half_done(tmp_path, submit_and_kill):
    moments = random.Random(0)
    promised = set()
    for seed in range(KILLS):
        promised |= set(submit_and_kill(seed, after=moments.uniform(0.0, 0.5)))
        dock = ld.Dock(tmp_path / "dock")
        health = dock.verify()
        assert health, health
        assert promised <= {entry.name for entry in dock.ls(limit=None)}
    assert promised, "no submit was ever acknowledged: the test would show nothing"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_kill_while_a_dock_is_made_leaves_what_can_be_opened_and_used(
    tmp_path, submit_and_kill, packed_file
):
    packed = archive.read(packed_file.read_bytes())
    for seed in range(10):
        promised = submit_and_kill(seed, after=BEGINNING * seed / 9, new=True)
        dock = ld.Dock(tmp_path / f"dock-{seed}", owner="ada")
        health = dock.verify()
        assert health, health
        assert set(promised) <= {entry.name for entry in dock.ls(limit=None)}
        assert dock.submit(packed) == "ada/m@1"
        assert dock.verify()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_backup_that_is_killed_is_no_dock_or_a_whole_one(tmp_path, packed_file):
    packed = archive.read(packed_file.read_bytes())
    dock, target = ld.Dock(tmp_path / "dock", owner="ada"), tmp_path / "copy"
    for number in range(20):
        manifest = packed.manifest.model_copy(update={"name": f"m-{number}"})
        dock.submit(Learnware(manifest, packed.sketch, packed.files))
    for number in range(10):
        begun = tmp_path / f"begun-{number}"
        process = start(BACKUP, folder=dock.folder, begun=begun, target=target)
        kill_after(process, COPYING * number / 9, ready=begun.exists)
        if is_dock(target):
            break
    else:
        dock.backup(target)
    copy = ld.Dock(target, create=False)
    assert copy.verify()
    assert copy.ls() == dock.ls()


def test_the_same_submit_after_a_kill_succeeds_or_is_there_already(
    tmp_path, submit_and_kill, packed_file
):
    submit_and_kill(0, after=0.3)
    packed = archive.read(packed_file.read_bytes())
    dock = ld.Dock(tmp_path / "dock", owner="ada")
    for number in range(len(dock.ls(limit=None)) + 1):
        manifest = packed.manifest.model_copy(update={"name": f"m-0-{number}"})
        ref = dock.submit(Learnware(manifest, packed.sketch, packed.files))
        assert ref == f"ada/m-0-{number}@1"
