"""The dock's verbs: atomic, repeatable, and honest about what is not there."""

import os
import sqlite3
import subprocess
import sys

import numpy as np
import pytest

import learndock as ld
from learndock.errors import (
    BadReference,
    Conflict,
    Corrupt,
    Invalid,
    NotFound,
    Refused,
    SketchMismatch,
    SpaceMismatch,
    Unavailable,
)

from .conftest import linear, regressor, rows


def submit(dock, center=0, seed=0, **options):
    data = rows(center, seed=seed)
    return dock.submit(
        regressor(data), data, linear(data), **{"name": "m", "license": "MIT", **options}
    )


def test_versions_count_up_and_the_same_again_is_the_same(dock, space):
    assert submit(dock, seed=0, space=space) == "ada/m@1"
    assert submit(dock, seed=1, space=space) == "ada/m@2"
    assert submit(dock, seed=0, space=space) == "ada/m@1"


def test_an_alias_points_at_a_version_and_moves(dock, space):
    first = submit(dock, seed=0, space=space, alias="stable")
    assert dock.show("ada/m@stable").ref == first
    second = submit(dock, seed=1, space=space)
    dock.alias(second, "stable")
    assert dock.show("ada/m@stable").ref == second


def test_a_learnware_comes_back_as_it_was_submitted(dock, space):
    data = rows(0, seed=0)
    packed = ld.pack(regressor(data), data, linear(data), name="m", license="MIT", space=space)
    assert dock.fetch(dock.submit(packed)) == packed


def test_fetch_writes_a_file_that_can_be_submitted_elsewhere(dock, space, tmp_path):
    ref = submit(dock, space=space)
    dock.fetch(ref, to=tmp_path / "out")
    from learndock.core import archive

    again = archive.read((tmp_path / "out" / "m-1.learnware").read_bytes())
    assert ld.Dock(tmp_path / "other", owner="ben").submit(again) == "ben/m@1"


def test_a_fetch_that_breaks_off_leaves_no_cut_off_file(filled, tmp_path, monkeypatch):
    def break_off(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", break_off)
    with pytest.raises(KeyboardInterrupt):
        filled.fetch("ada/at-4", to=tmp_path)
    assert list(tmp_path.glob("*at-4*")) == []


def test_a_model_without_a_space_joins_the_space_of_the_dock(dock, space):
    submit(dock, seed=0, space=space)
    ref = submit(dock, seed=1)
    assert dock.show(ref).manifest.space == space.id


def test_a_dry_run_writes_nothing(dock, space):
    submit(dock, space=space, dry_run=True)
    assert dock.ls() == []


def test_a_dry_run_tells_the_reference_that_a_submit_would_give(dock, space):
    for seed in (0, 1, 0):
        told = submit(dock, seed=seed, space=space, dry_run=True)
        assert submit(dock, seed=seed, space=space) == told


def test_the_nearest_learnware_comes_first(filled):
    for center in (-4, 0, 4):
        answer = filled.search(rows(center, seed=99))
        assert answer.hits[0].ref == f"ada/at-{center + 4}@1"
        assert answer


def test_a_mixture_of_two_tasks_names_both_parts(filled):
    import pandas as pd

    answer = filled.search(pd.concat([rows(-4, seed=98), rows(4, seed=99)]))
    weights = {part.ref: part.weight for part in answer.mixture.parts}
    assert weights["ada/at-0@1"] == pytest.approx(0.5, abs=0.1)
    assert weights["ada/at-8@1"] == pytest.approx(0.5, abs=0.1)


def test_a_foreign_task_is_told_so_and_is_false(filled):
    answer = filled.search(rows(40, seed=99))
    assert not answer
    assert "nothing here fits" in str(answer)
    with pytest.raises(ld.DockError, match="nothing here fits"):
        answer.reuse()


def test_a_sketch_searches_like_its_rows(filled, space):
    data = rows(0, seed=99)
    by_rows = filled.search(data)
    by_sketch = filled.search(ld.sketch(data, space=space))
    assert [hit.ref for hit in by_rows.hits] == [hit.ref for hit in by_sketch.hits]


def test_an_answer_survives_json(filled):
    from learndock.core.answer import Answer

    answer = filled.search(rows(0, seed=99))
    again = Answer.from_json(answer.to_json())
    assert again == answer
    np.testing.assert_allclose(
        filled.reuse(again).predict(rows(0, seed=5)), answer.reuse().predict(rows(0, seed=5))
    )


def test_wishes_that_nothing_meets_leave_nothing(filled):
    assert not filled.search(rows(0, seed=99), license="GPL-3.0-only")
    assert not filled.search(rows(0, seed=99), want="zebra")


def test_wrong_columns_are_named_with_what_looks_alike(filled):
    with pytest.raises(SpaceMismatch, match="'a' looks like 'aa'"):
        filled.search(rows(0, seed=0).rename(columns={"a": "aa"}))


def test_a_sketch_of_another_space_is_refused(filled):
    other = ld.sketch(rows(0, seed=0))
    with pytest.raises(SketchMismatch):
        filled.search(other)


def test_an_empty_dock_says_so(dock):
    with pytest.raises(NotFound, match="empty"):
        dock.search(rows(0, seed=0))


def test_a_withdrawn_learnware_is_not_offered_and_can_still_be_fetched(filled):
    filled.withdraw("ada/at-4@1", reason="stale")
    assert "ada/at-4@1" not in [hit.ref for hit in filled.search(rows(0, seed=99)).hits]
    assert filled.show("ada/at-4@1").withdrawn == "stale"
    assert filled.fetch("ada/at-4@1").manifest.name == "at-4"


def test_a_withdrawal_needs_a_reason(filled):
    with pytest.raises(Invalid, match="reason"):
        filled.withdraw("ada/at-4@1", reason=" ")


def test_a_sketch_without_a_gate_is_refused(dock, space):
    import dataclasses

    data = rows(0, seed=0)
    packed = ld.pack(regressor(data), data, name="m", license="MIT", space=space)
    bare = dataclasses.replace(packed.sketch, gate=None)
    from learndock.core.learnware import Learnware, list_files

    manifest = packed.manifest.model_copy(update={"files": list_files(bare, packed.files)})
    with pytest.raises(Refused, match="gate"):
        dock.submit(Learnware(manifest, bare, packed.files))
    assert dock.ls() == []


def test_unknown_references_name_what_looks_alike(filled):
    with pytest.raises(NotFound, match="at-4"):
        filled.show("ada/at-44")
    with pytest.raises(BadReference):
        filled.show("nonsense")


def test_verify_finds_an_altered_blob(filled):
    assert filled.verify()
    blob = next(path for path in (filled.folder / "blobs").rglob("*") if path.is_file())
    blob.write_bytes(b"altered")
    health = filled.verify()
    assert not health
    assert len(health.problems) == 1


@pytest.fixture
def unreadable(filled):
    """The dock with one manifest that cannot be read."""
    with sqlite3.connect(filled.folder / "dock.db") as database:
        database.execute("UPDATE learnwares SET manifest = '{' WHERE name = 'at-0'")
    database.close()
    return filled


def test_verify_goes_on_after_a_manifest_that_cannot_be_read(unreadable):
    blob = unreadable.show("ada/at-8").archive
    (unreadable.folder / "blobs" / "sha256" / blob[:2] / blob[2:]).write_bytes(b"altered")
    health = unreadable.verify()
    assert [problem.partition(":")[0] for problem in health.problems] == [
        "ada/at-0@1",
        "ada/at-8@1",
    ]
    assert (health.learnwares, health.blobs, health.unused) == (3, 3, ())


def test_who_meets_a_manifest_that_cannot_be_read_is_sent_to_verify(unreadable):
    for use in (unreadable.ls, lambda: unreadable.search(rows(0, seed=99))):
        with pytest.raises(Corrupt, match="ada/at-0@1 cannot be read; run `learndock verify`"):
            use()


def test_ls_without_a_limit_lists_all(filled):
    assert len(filled.ls(limit=2)) == 2
    assert len(filled.ls(limit=None)) == 3


def test_the_folder_may_have_any_name(tmp_path, space):
    folder = tmp_path / "a?b%41#é"
    ref = submit(ld.Dock(folder, owner="ada"), space=space)
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    assert ld.Dock(folder, create=False).fetch(ref).manifest.name == "m"


def test_a_backup_is_a_dock_with_the_same_learnwares(filled, tmp_path):
    filled.backup(tmp_path / "copy")
    copy = ld.Dock(tmp_path / "copy", create=False)
    assert [e.ref for e in copy.ls()] == [e.ref for e in filled.ls()]
    assert copy.verify()
    with pytest.raises(Conflict):
        filled.backup(tmp_path / "copy")


def test_a_backup_that_breaks_off_is_no_dock_and_can_be_made_again(filled, tmp_path, monkeypatch):
    target, copied = tmp_path / "copy", []

    def break_off(digest):
        if copied:
            raise KeyboardInterrupt
        copied.append(digest)
        return type(filled._store).get(filled._store, digest)

    with monkeypatch.context() as patched:
        patched.setattr(filled._store, "get", break_off)
        with pytest.raises(KeyboardInterrupt):
            filled.backup(target)
    assert copied
    with pytest.raises(NotFound):
        ld.Dock(target, create=False)
    filled.backup(target)
    assert ld.Dock(target, create=False).verify()
    assert sorted(path.name for path in target.iterdir() if "dock.db-" not in path.name) == [
        "blobs",
        "dock.db",
    ]


def test_a_backup_leaves_out_what_no_learnware_needs_even_if_damaged(filled, tmp_path):
    unused = filled._store.put(b"what an interrupted submit left")
    (filled.folder / "blobs" / "sha256" / unused[:2] / unused[2:]).write_bytes(b"damaged")
    filled.backup(tmp_path / "copy")
    health = ld.Dock(tmp_path / "copy").verify()
    assert health
    assert health.blobs == 3


def test_a_backup_goes_into_no_folder_with_other_files(filled, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("x")
    with pytest.raises(Conflict):
        filled.backup(tmp_path / "other", dry_run=True)


def test_a_folder_without_a_dock_is_not_made_by_reading(tmp_path):
    with pytest.raises(NotFound, match="learndock init"):
        ld.Dock(tmp_path / "nowhere", create=False)
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(Conflict):
        ld.Dock(tmp_path)


def test_a_server_is_told_to_be_out_of_reach():
    with pytest.raises(Unavailable):
        ld.Dock("https://dock.example.org")


SUBMIT_FOUR = """
import sys
import numpy as np
from sklearn.linear_model import LinearRegression
import learndock as ld

folder, first = sys.argv[1], int(sys.argv[2])
dock = ld.Dock(folder, owner="ada")
for seed in range(first, first + 4):
    X = np.random.default_rng(seed).normal(size=(200, 2))
    dock.submit(LinearRegression().fit(X, X[:, 0]), X, name=f"m{seed}", license="MIT")
"""


def test_two_processes_submit_into_one_folder_at_once(tmp_path):
    both = [
        subprocess.Popen([sys.executable, "-c", SUBMIT_FOUR, str(tmp_path / "d"), first])
        for first in ("0", "10")
    ]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    dock = ld.Dock(tmp_path / "d", create=False)
    assert len(dock.ls()) == 8
    assert dock.verify()


def test_a_submit_of_another_process_is_seen_by_the_next_search(filled):
    other = ld.Dock(filled.folder, owner="ben")
    assert filled.search(rows(12, seed=1)).hits[0].ref == "ada/at-8@1"
    submit(other, center=12, seed=3, name="far")
    assert filled.search(rows(12, seed=1)).hits[0].ref == "ben/far@1"


def test_a_withdrawn_learnware_is_not_silently_taken_again(dock, space):
    dock.withdraw(submit(dock, seed=0, space=space), reason="leaks")
    with pytest.raises(Conflict, match="leaks"):
        submit(dock, seed=0, space=space)


def test_verify_and_backup_tell_how_far_they_are(filled, tmp_path):
    told = []
    filled.verify(progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    told.clear()
    filled.backup(tmp_path / "copy", progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]
