"""A submitting process is killed at random moments; the dock is whole each time."""

import random

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import learndock as ld
from learndock.core import archive
from learndock.core.learnware import Learnware
from learndock.testing.processes import kill_after, start

KILLS = 20
# Submits one learnware under ever new names, and writes down each that was acknowledged.
SUBMITTER = """
import learndock as ld
from learndock.core import archive
from learndock.core.learnware import Learnware

packed = archive.read(packed_file.read_bytes())
dock = ld.Dock(folder, owner="ada")
with promised.open("a") as told:
    for number in range(10_000):
        name = f"m-{seed}-{number}"
        manifest = packed.manifest.model_copy(update={"name": name})
        dock.submit(Learnware(manifest, packed.sketch, packed.files))
        told.write(name + chr(10))
        told.flush()
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
    """Return a function that gives the names acknowledged before the kill."""

    def run(seed, after):
        folder, promised = tmp_path / "dock", tmp_path / f"promised-{seed}"
        process = start(
            SUBMITTER, folder=folder, promised=promised, packed_file=packed_file, seed=seed
        )
        kill_after(process, after, ready=promised.exists)
        return promised.read_text().split()

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
        assert promised <= {entry.name for entry in dock.ls(limit=100_000)}
    assert promised, "no submit was ever acknowledged: the test would show nothing"


def test_the_same_submit_after_a_kill_succeeds_or_is_there_already(
    tmp_path, submit_and_kill, packed_file
):
    submit_and_kill(0, after=0.3)
    packed = archive.read(packed_file.read_bytes())
    dock = ld.Dock(tmp_path / "dock", owner="ada")
    for number in range(len(dock.ls(limit=100_000)) + 1):
        manifest = packed.manifest.model_copy(update={"name": f"m-0-{number}"})
        ref = dock.submit(Learnware(manifest, packed.sketch, packed.files))
        assert ref == f"ada/m-0-{number}@1"
