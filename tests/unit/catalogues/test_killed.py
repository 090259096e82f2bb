"""A process that is killed while it writes leaves nothing half done."""

import random

import pytest

from learndock.catalogues.sql import Sql
from learndock.core.identity import digest
from learndock.core.ports import Filter
from learndock.stores.folder import Folder
from learndock.testing.processes import kill_after, start

ROUNDS = 20
WRITER = """
import os
from learndock.catalogues.sql import Sql
from learndock.stores.folder import Folder
from learndock.testing.catalogue import make_atoms, make_learnware

store, catalogue = Folder(store), Sql(url)
done = os.open(done, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
for number in range(1000):
    learnware = make_learnware(seed=1000 * seed + number)
    archive = store.put(os.urandom(100_000))
    entry = catalogue.add(
        learnware, owner="ada", archive=archive, size=1, atoms=make_atoms(learnware), alias="newest"
    )
    os.write(done, f"{entry.id} {archive}\\n".encode())
"""


def size(file):
    return file.stat().st_size if file.exists() else 0


@pytest.mark.slow
def test_a_kill_at_any_moment_loses_nothing_and_leaves_nothing_half_done(tmp_path):
    moments = random.Random(0)
    location, url = str(tmp_path / "store"), f"sqlite:///{tmp_path}/catalogue.sqlite"
    done = tmp_path / "done"
    for seed in range(ROUNDS):
        before = size(done)
        process = start(WRITER, store=location, url=url, done=done, seed=seed)
        kill_after(process, moments.uniform(0, 0.06), ready=lambda: size(done) > before)  # noqa: B023
        catalogue, store = Sql(url), Folder(location)
        assert catalogue.problems() == []
        assert all(digest(store.get(found)) == found for found in store.digests())

    said = {tuple(line.split()) for line in done.read_text().splitlines()}
    entries = catalogue.find(Filter(), limit=10_000)
    assert said <= {(entry.id, entry.archive) for entry in entries}
    assert {entry.archive for entry in entries} <= set(store.digests())
    assert [entry.version for entry in entries] == list(range(1, len(entries) + 1))
    assert len(said) >= ROUNDS
