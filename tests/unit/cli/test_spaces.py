"""The commands of `learndock space`."""

import json

import pytest

import learndock as ld
from learndock.service import spaces
from learndock.service.spaces import read_space, write_space


@pytest.fixture
def made(run, rows):
    done = run("space", "make", rows, "--name", "weekly", "--label", "sales", "--drop", "up")
    assert done.status == 0, done.err
    return rows.parent / "weekly.space.json"


def test_make_writes_a_space_and_says_what_to_type_next(run, rows, tmp_path):
    done = run("space", "make", rows, "--name", "weekly", "--label", "sales")
    assert done.status == 0
    assert done.out.startswith("table/weekly@1 is in weekly.space.json\n")
    assert "learndock space add weekly.space.json" in done.out
    space = read_space(tmp_path / "weekly.space.json")
    assert [column.name for column in space.columns] == ["week", "price", "up"]


def test_make_takes_the_files_name_and_tells_json(run, rows, tmp_path):
    done = run("--json", "space", "make", rows, "-o", tmp_path / "a.space.json")
    assert done.data["name"] == "mine"
    assert done.data["id"] == read_space(tmp_path / "a.space.json").id


def test_make_takes_a_files_name_in_letters_that_names_have(run, rows):
    done = run("--json", "space", "make", rows.rename(rows.with_name("My Data.csv")))
    assert done.data["name"] == "my-data"


def test_a_dry_run_of_make_writes_nothing(run, rows, tmp_path):
    assert run("space", "make", rows, "--dry-run").status == 0
    assert not list(tmp_path.glob("*.space.json"))


def test_make_refuses_another_ending(run, rows, tmp_path):
    done = run("space", "make", rows, "-o", tmp_path / "a.json")
    assert done.status == 1
    assert "a.space.json" in done.err


def test_make_takes_private_constants(run, rows, monkeypatch):
    asked = []
    space = spaces.space
    monkeypatch.setattr(
        spaces, "space", lambda *data, **more: asked.append(more["epsilon"]) or space(*data, **more)
    )
    assert run("space", "make", rows, "--label", "sales", "--epsilon", "4").status == 0
    assert asked == [4]


def test_make_revises_a_space(run, rows, made):
    done = run("--json", "space", "make", rows, "--revise", made, "-o", "next.space.json")
    assert done.data["label"] == "table/weekly@2"


def test_show_reads_a_file_without_a_dock(run, made):
    done = run("space", "show", made)
    lines = done.out.splitlines()
    assert lines[0].split() == ["space", "table/weekly@1"]
    assert lines[-3].split() == ["column", "kind", "unit", "centre", "scale"]
    assert lines[-1].split()[:2] == ["price", "numeric"]


def test_show_knows_the_built_in_spaces(run):
    assert run("-q", "space", "show", "en-static").out.startswith("sha256:")


@pytest.mark.parametrize("made_first", [False, True])
def test_show_knows_the_built_in_spaces_beside_those_of_a_dock(run, tmp_path, made, made_first):
    run("init", "models")
    if made_first:
        run("--dock", "models", "space", "add", made)
    done = run("--dock", "models", "space", "show", "en-static")
    assert done.out.startswith("space       text/en-static@1")


def test_show_finds_a_space_of_the_dock_by_name_and_by_digest(run, dock):
    space = ld.Dock(dock).spaces()[0]
    for wanted in (space.name, str(space), space.id[:12]):
        assert run("--json", "space", "show", wanted).data["id"] == space.id


def test_show_tells_which_spaces_there_are(run, dock):
    done = run("--json", "space", "show", "nope")
    assert done.status == 1
    assert done.error["error"] == "not-found"
    assert "table/data@1" in done.error["message"]


def test_ls_counts_the_learnwares_of_each_space(run, dock):
    found = run("--json", "space", "ls").data["spaces"]
    spaces = ld.Dock(dock).spaces()
    assert [(it["id"], it["learnwares"]) for it in found] == [
        (space.id, len(ld.Dock(dock).ls(space=space.id))) for space in spaces
    ]
    assert run("space", "ls").out.splitlines()[0].split()[0] == "space"
    assert run("-q", "space", "ls").out.split() == [str(space) for space in spaces]


def test_add_publishes_a_space_in_a_new_dock(run, made, tmp_path):
    done = run("--dock", tmp_path / "new", "space", "add", made)
    assert done.out.startswith("table/weekly@1 is in the dock\n")
    assert ld.Dock(tmp_path / "new").spaces() == [read_space(made)]
    again = run("--dock", tmp_path / "new", "space", "add", made)
    assert again.out.startswith("table/weekly@1 is in the dock already\n")


def test_a_dry_run_of_add_publishes_nothing(run, made, dock, unchanged):
    done = run("space", "add", made, "--dry-run")
    assert done.status == 0
    assert "would be in the dock" in done.out


def test_add_takes_the_space_of_a_sketch(run, rows, made, tmp_path):
    run("sketch", rows, "--space", made, "-o", "mine.sketch")
    assert run("--dock", tmp_path / "new", "space", "add", "mine.sketch").status == 0
    assert ld.Dock(tmp_path / "new").spaces() == [read_space(made)]


def test_a_changed_file_is_refused_and_nothing_is_written(run, made, dock, unchanged):
    document = json.loads(made.read_text(encoding="utf-8"))
    document["space"]["gamma"] *= 2
    made.write_text(json.dumps(document), encoding="utf-8")
    done = run("--json", "space", "add", made)
    assert done.status == 1
    assert done.error["error"] == "bad-archive"


def test_a_second_space_of_one_name_and_version_is_refused(run, made, tmp_path):
    run("--dock", tmp_path / "new", "space", "add", made)
    space = read_space(made)
    write_space(space.model_copy(update={"gamma": 2 * space.gamma}), made)
    done = run("--json", "--dock", tmp_path / "new", "space", "add", made)
    assert done.error["error"] == "conflict"
