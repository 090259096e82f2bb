"""What each command prints: for people, as JSON, as bare references; and what it leaves alone."""

import csv
import errno
import json
import os
import shutil
import types
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import learndock as ld
from learndock import demos
from learndock.cli import files
from learndock.cli.settings import DOCK
from learndock.errors import Invalid

UP, SALES = "ada/up@2", "ada/sales@1"


@pytest.fixture
def answer(run, dock, rows, tmp_path):
    """A file with an answer for labels."""
    path = tmp_path / "mine.answer.json"
    assert run("search", rows, "--task", "classification", "-o", path).status == 0
    return path


@pytest.fixture
def packed(run, dock, model, rows, tmp_path):
    path = tmp_path / "store-12.learnware"
    done = run("pack", model, rows, "--label", "sales", "--drop", "up", "--license", "MIT")
    assert done.status == 0, done.err
    return path


# ---------------------------------------------------------------- ls, show, fetch


def test_ls_lists_references(run, dock, unchanged):
    assert run("ls", "-q").out.split() == [SALES, "ada/up@1", UP]
    assert run("ls").out.splitlines()[0].split() == [
        "learnware", "task", "target", "licence", "size", "submitted"
    ]  # fmt: skip
    shown = run("ls", "--json").data["learnwares"]
    assert [entry["ref"] for entry in shown] == [SALES, "ada/up@1", UP]
    assert shown[1]["aliases"] == ["stable"]
    assert shown[0]["manifest"]["license"] == "MIT"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["fish"], [SALES]),
        (["--task", "regression"], [SALES]),
        (["--target", "up"], ["ada/up@1", UP]),
        (["--owner", "ben"], []),
        (["--license", "CC0-1.0", "--limit", "1"], ["ada/up@1"]),
        (["--license", "CC0-1.0", "--offset", "1"], [UP]),
        (["--space", "data"], [SALES, "ada/up@1", UP]),
        (["--space", "table/data@1"], [SALES, "ada/up@1", UP]),
    ],
)
def test_ls_lists_only_what_is_asked_for(run, dock, words, found):
    assert run("ls", "-q", *words).out.split() == found


def test_ls_of_nothing_says_so_and_is_done(run, dock):
    done = run("ls", "--owner", "ben")
    assert (done.status, done.out) == (0, "no such learnware here\n")


def test_a_space_that_is_not_there_is_told_with_those_that_are(run, dock):
    done = run("ls", "--space", "sums")
    assert done.status == 1
    assert "table/data@1" in done.err


@pytest.mark.parametrize("name", ["ada/up@stable", "ada/up@1"])
def test_show_takes_a_version_and_an_alias(run, dock, name):
    assert run("show", name, "-q").out == "ada/up@1\n"


def test_show_takes_a_digest(run, dock):
    key = run("show", SALES, "--json").data["id"]
    assert run("show", f"sha256:{key}", "-q").out == f"{SALES}\n"


def test_show_tells_all_about_a_learnware(run, dock):
    said = run("show", SALES).out
    for word in (
        SALES,
        "weekly sales of fish",
        "regression of sales",
        "MIT",
        "week, price",
        "sha256",
    ):
        assert word in said


def test_show_of_no_reference_names_the_three_forms(run, dock):
    done = run("show", "nothing")
    assert done.status == 1
    assert "owner/name@version" in done.err


def test_a_stranger_cannot_steer_the_terminal(run, tmp_path, learnware):
    dock = ld.Dock(tmp_path / "strange", owner="eve")
    dock.submit(learnware(description="\x1b]0;owned\x07\nsecond line"))
    run_there = partial(run, "--dock", dock.folder)
    said = run_there("ls").out + run_there("show", "eve/up").out
    assert "\x1b" not in said
    assert "\\x1b]0;owned\\x07 second line" in said


def test_fetch_writes_the_file_that_submit_takes(run, dock, tmp_path):
    done = run("fetch", "ada/up@stable", "-o", tmp_path / "here", "--json")
    path = tmp_path / "here" / "up-1.learnware"
    assert done.data["path"] == str(path)
    again = run("--dock", tmp_path / "other", "submit", path, "--json").data
    assert again["id"] == done.data["id"]


# ---------------------------------------------------------------- search and reuse


def test_search_says_what_it_found_and_what_to_type_then(run, dock, rows):
    said = run("search", rows).out
    assert "coverage" in said
    assert SALES in said
    assert said.splitlines()[-1].split()[1:3] == ["learndock", "search"]


def test_search_prints_references_nearest_first(run, dock, rows):
    found = run("search", rows, "-q").out.split()
    assert set(found) == {SALES, "ada/up@1", UP}
    hits = run("search", rows, "--json").data["answer"]["hits"]
    assert [hit["ref"] for hit in hits] == found
    assert [hit["distance"] for hit in hits] == sorted(hit["distance"] for hit in hits)
    assert run("search", rows, "-q", "-k", "1").out.split() == found[:1]


def test_search_writes_what_it_prints_as_json(run, dock, rows, tmp_path):
    printed = run("search", rows, "--json", "-o", tmp_path / "a.json").data
    assert json.loads((tmp_path / "a.json").read_text()) == printed
    assert printed["dock"] == str(dock)
    assert printed["fits"] is True


def test_search_takes_a_sketch_for_the_rows(run, dock, rows, tmp_path):
    words = ["--label", "sales", "--drop", "up"]
    assert run("sketch", rows, *words, "-q", "--consent").status == 0
    assert run("search", rows.with_suffix(".sketch"), "-q").out.split()


def test_nothing_fits_is_3_with_a_sentence_and_no_reference(run, dock, foreign, tmp_path):
    done = run("search", foreign)
    assert done.status == 3
    assert "nothing here fits" in done.out
    assert done.err == ""
    assert run("search", foreign, "-q").out == ""
    document = run("search", foreign, "--json", "-o", tmp_path / "a.json").data
    assert document["fits"] is False
    again = run("reuse", tmp_path / "a.json")
    assert again.status == 3
    assert "nothing here fits" in again.err
    assert "nothing here fits" in run("show", tmp_path / "a.json").out


def test_wishes_that_nothing_meets_fit_nothing(run, dock, rows):
    assert run("search", rows, "--license", "none such").status == 3


@pytest.mark.parametrize(
    ("given", "told"),
    [("mine.txt", "say -o mine.json"), (".", "say -o answer.json"), ("no/a.json", "mkdir no`")],
)
def test_an_answer_must_be_called_one_and_have_a_folder(run, dock, rows, given, told):
    done = run("search", rows, "-o", given)
    assert done.status == 1
    assert done.err.endswith(f"{told}\n")


def test_reuse_predicts_labels_with_their_probabilities(run, answer, rows):
    done = run("reuse", answer, "--predict", rows)
    table = list(csv.DictReader(done.out.splitlines()))
    assert list(table[0]) == ["prediction", "p_no", "p_yes"]
    truth = pd.read_csv(rows)["up"].tolist()
    assert len(table) == len(truth)
    assert sum(row["prediction"] == label for row, label in zip(table, truth, strict=True)) > 350
    assert all(abs(float(row["p_no"]) + float(row["p_yes"]) - 1) < 1e-5 for row in table)
    assert done.err.startswith("method")


def test_reuse_predicts_values(run, dock, rows, tmp_path):
    path = tmp_path / "sales.json"
    run("search", rows, "--target", "sales", "-o", path)
    table = list(csv.DictReader(run("reuse", path, "--predict", rows).out.splitlines()))
    assert list(table[0]) == ["prediction"]
    truth = pd.read_csv(rows)["sales"]
    assert max(abs(float(r["prediction"]) - y) for r, y in zip(table, truth, strict=True)) < 2


def test_reuse_writes_predictions_or_prints_them_alone(run, answer, rows, tmp_path):
    printed = run("reuse", answer, "--predict", rows)
    done = run("reuse", answer, "--predict", rows, "-o", tmp_path / "p.csv")
    assert (tmp_path / "p.csv").read_text() == printed.out
    assert "method" in done.out
    values = [row["prediction"] for row in csv.DictReader(printed.out.splitlines())]
    assert run("reuse", answer, "--predict", rows, "-q").out.split() == values
    data = run("reuse", answer, "--predict", rows, "--json").data
    assert data["values"] == values
    assert data["classes"] == ["no", "yes"]
    assert len(data["probabilities"]) == len(values)


def test_reuse_without_rows_says_how_it_would_predict(run, answer):
    assert run("reuse", answer).out.startswith("method")
    assert set(run("reuse", answer, "-q").out.split()) <= {"ada/up@1", UP}
    assert run("reuse", answer, "--json").data["report"]["labels"] == 0


def test_labels_of_ones_own_count(run, answer, rows):
    done = run("reuse", answer, "--labels", rows, "--label", "up", "--json")
    assert done.data["report"]["labels"] == 400


@pytest.mark.parametrize(
    "words", [["--labels", "mine.csv"], ["--label", "up"], ["-o", "p.csv"]], ids=str
)
def test_options_of_reuse_that_do_not_go_together_are_told(run, answer, words):
    done = run("reuse", answer, *words)
    assert done.status == 1
    assert done.err.count("\n") == 1


def test_an_answer_remembers_its_dock_and_an_option_overrules_it(
    run, answer, dock, monkeypatch, tmp_path
):
    monkeypatch.delenv(DOCK)
    assert run("reuse", answer).status == 0
    shutil.copytree(dock, tmp_path / "moved")
    document = json.loads(answer.read_text())
    answer.write_text(json.dumps(document | {"dock": str(tmp_path / "gone")}))
    assert "there is no dock in" in run("reuse", answer).err
    assert run("reuse", answer, "--dock", tmp_path / "moved").status == 0


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"answer": {}, "dock": "x"}', "\x00"])
def test_what_is_no_answer_is_told(run, dock, tmp_path, content):
    (tmp_path / "a.json").write_text(content)
    done = run("reuse", "a.json")
    assert done.status == 1
    assert "learndock search DATA -o" in done.err


# ---------------------------------------------------------------- sketch, pack, submit, withdraw


def test_a_sketch_is_made_in_the_space_of_the_dock(run, dock, rows):
    made = run("sketch", rows, "--json").data
    assert made["space"]["id"] == ld.Dock(dock).spaces()[0].id
    assert made["path"] == str(rows.with_suffix(".sketch"))
    assert made["gate"]["passed"] is True
    assert run("show", made["path"], "-q").out == f"sha256:{made['id']}\n"


def test_without_a_dock_a_sketch_has_a_space_of_its_own(run, rows):
    assert run("sketch", rows, "--json").data["space"]["name"] == "table/data@1"


def test_a_sketch_can_take_the_space_of_another_file(run, dock, packed, rows, monkeypatch):
    monkeypatch.delenv(DOCK)
    wanted = run("show", packed, "--json").data["sketch"]["space"]
    made = run("sketch", rows, "--space", packed, "--json").data
    assert made["space"] == wanted


def test_a_sketch_of_the_current_folder_is_called_as_the_folder_is(run, tmp_path):
    image = pytest.importorskip("PIL.Image")
    folder = tmp_path / "cats"
    folder.mkdir()
    for i in range(25):
        noise = np.random.default_rng(i).integers(0, 256, (8, 8), dtype=np.uint8)
        image.fromarray(noise).save(folder / f"{i}.png")
    os.chdir(folder)
    assert run("sketch", ".", "--json", "--consent").data["path"] == "cats.sketch"
    assert run("sketch", "..", "--json", "--consent").data["path"] == f"{tmp_path.name}.sketch"


def test_the_sketch_of_a_folder_keeps_what_looks_like_an_ending(run, tmp_path):
    (tmp_path / "v1.2").mkdir()
    assert "no pictures" in run("sketch", "v1.2").err
    assert files.title(tmp_path / "v1.2") == "v1.2"


def test_a_space_and_an_encoder_do_not_go_together(run, dock, rows):
    done = run("sketch", rows, "--space", "data", "--encoder", "vector")
    assert done.status == 1
    assert "--space and --encoder do not go together" in done.err


@pytest.mark.parametrize("command", ["sketch", "pack"])
def test_without_a_delta_the_library_chooses_one(run, rows, model, monkeypatch, command):
    chosen = []

    def refuse(*data, delta, **more):
        chosen.append(delta)
        raise Invalid("enough")

    monkeypatch.setattr("learndock.service.sketching.sketch", refuse)
    monkeypatch.setattr("learndock.service.packing.pack", refuse)
    words = {"sketch": [rows], "pack": [model, rows, "--license", "MIT"]}[command]
    run(command, *words, "--epsilon", "4")
    run(command, *words, "--epsilon", "4", "--delta", "1e-7")
    assert chosen == [None, 1e-7]


def test_a_sketch_tells_of_a_file_what_a_fresh_read_tells(run, rows):
    table = pd.read_csv(rows).assign(open=lambda it: it["week"] > 20)
    table.to_csv(rows, index=False)
    told = run("sketch", rows, "--explain", "--json", "--consent").data["explanation"]
    assert next(it for it in told["readings"] if it["name"] == "open")["told"] == "true or false"


def test_a_dry_sketch_merge_or_pack_writes_nothing_and_tells_the_same(run, dock, rows, model):
    run("sketch", rows, "--label", "sales", "-o", "a.sketch", "--consent")
    for words in (
        ["sketch", rows, "--consent", "-o", "new.sketch"],
        ["merge", "a.sketch", "a.sketch", "-o", "new.sketch"],
        ["pack", model, rows, "--label", "sales", "--drop", "up", "--license", "MIT",
         "-o", "new.learnware"],
    ):  # fmt: skip
        before = sorted(rows.parent.iterdir())
        dry = run(*words, "--dry-run", "--json")
        assert dry.status == 0, dry.err
        assert dry.data["path"] is None
        assert "none: a dry run" in run(*words, "--dry-run").out
        assert sorted(rows.parent.iterdir()) == before
        assert run(*words, "--json").data["path"] == words[-1]


def test_what_the_disk_does_not_take_leaves_the_old_file_and_no_trace(run, rows, monkeypatch):
    run("sketch", rows, "-o", "a.sketch", "--consent")
    before = {path: path.read_bytes() for path in rows.parent.iterdir()}

    def full(path, content):
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    done = run("sketch", rows, "-o", "a.sketch", "--consent", "--seed", "1")
    assert done.status == 1
    assert "No space left on device; check permissions and free space" in done.err
    assert {path: path.read_bytes() for path in rows.parent.iterdir()} == before


def test_a_learnware_is_named_after_its_model_in_letters_that_names_have(run, rows, model):
    named = model.rename(model.with_name("My Model (1).skops"))
    words = ["--label", "sales", "--drop", "up", "--license", "MIT"]
    assert run("pack", named, rows, *words, "--json").data["path"] == "my-model-1.learnware"


def test_too_few_rows_are_refused_with_4_unless_there_is_consent(run, tmp_path):
    path = tmp_path / "few.csv"
    path.write_text("n\n" + "".join(f"{i}\n" for i in range(15)))
    done = run("sketch", path)
    assert done.status == 4
    assert "--consent" in done.err
    assert not path.with_suffix(".sketch").exists()
    assert run("sketch", path, "--consent").status == 0


def test_pack_tells_what_is_in_the_learnware(run, packed):
    shown = run("show", packed, "--json").data
    assert shown["manifest"]["name"] == "store-12"
    assert shown["manifest"]["target"] == "sales"
    assert shown["manifest"]["input"]["columns"] == ["week", "price"]
    assert run("show", packed, "-q").out == f"sha256:{shown['id']}\n"


def test_a_pickle_is_refused_with_4(run, rows, tmp_path):
    (tmp_path / "model.joblib").write_bytes(b"\x80\x04.")
    done = run("pack", "model.joblib", rows, "--license", "MIT")
    assert done.status == 4
    assert "learndock.pack(" in done.err


def test_submit_makes_a_dock_and_returns_the_reference(run, packed, tmp_path, monkeypatch):
    monkeypatch.setenv("LEARNDOCK_OWNER", "ben")
    new = tmp_path / "new"
    assert run("--dock", new, "submit", packed, "-q", "--alias", "best").out == "ben/store-12@1\n"
    assert run("--dock", new, "submit", packed, "-q").out == "ben/store-12@1\n"
    assert run("--dock", new, "show", "ben/store-12@best", "-q").out == "ben/store-12@1\n"


def test_a_dry_submit_changes_nothing(run, packed, unchanged):
    done = run("submit", packed, "--dry-run", "--json")
    assert done.status == 0
    assert done.data["dry_run"] is True


def test_a_dry_submit_makes_no_dock(run, packed, tmp_path):
    assert run("--dock", tmp_path / "new", "submit", packed, "--dry-run").status == 1
    assert not (tmp_path / "new").exists()


def test_a_learnware_that_a_check_refuses_is_4_and_changes_nothing(
    run, packed, unchanged, monkeypatch
):
    from learndock.core import registry
    from learndock.core.findings import Finding, Level

    finding = Finding("gate", Level.REFUSE, "too near to rows", "sketch it again")
    strict = types.SimpleNamespace(inspect=lambda learnware: [finding])
    load = registry.load
    monkeypatch.setattr(
        registry, "load", lambda folder, name: strict if folder == "checks" else load(folder, name)
    )
    done = run("submit", packed)
    assert done.status == 4
    assert "too near to rows" in done.err
    assert done.err.endswith("; sketch it again\n")


def test_a_model_is_no_learnware_and_the_way_to_one_is_told(run, dock, model):
    done = run("submit", model)
    assert done.status == 1
    assert f"learndock pack {model} DATA" in done.err


def test_an_altered_learnware_is_told_and_changes_nothing(run, packed, unchanged):
    content = bytearray(packed.read_bytes())
    content[len(content) // 2] ^= 1
    packed.write_bytes(content)
    assert run("submit", packed).status == 1


def test_withdraw_says_why_and_a_dry_one_changes_nothing(run, dock, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(dock, copy)
    assert run("--dock", copy, "withdraw", UP, "--reason", "old", "--dry-run").status == 0
    assert UP in run("--dock", copy, "ls", "-q").out
    assert run("--dock", copy, "withdraw", UP, "--reason", "old", "-q").out == f"{UP}\n"
    assert UP not in run("--dock", copy, "ls", "-q").out
    assert "old" in run("--dock", copy, "ls", "--withdrawn").out
    assert run("--dock", copy, "withdraw", UP, "--reason", " ").status == 1


# ---------------------------------------------------------------- init, verify, backup, alias


def test_init_makes_a_dock_once(run, tmp_path):
    first = run("init", "models", "--json").data
    assert first == {"folder": str(tmp_path / "models"), "created": True, "dry_run": False}
    assert run("init", "models", "--json").data["created"] is False
    assert run("--dock", "models", "ls", "-q").status == 0


def test_a_dry_init_makes_nothing(run, tmp_path):
    assert run("init", "models", "--dry-run").status == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_init_refuses_a_folder_with_other_files(run, tmp_path, dry):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("")
    done = run("init", "other", *dry)
    assert done.status == 1
    assert "other files" in done.err


@pytest.mark.parametrize("words", [["ls"], ["verify"], ["show", "a/b"], ["search", "mine.csv"]])
def test_a_command_that_reads_makes_no_dock(run, rows, tmp_path, words):
    done = run("--dock", "none", *words)
    assert done.status == 1
    assert done.err.endswith("make one with `learndock init none`\n")
    assert not (tmp_path / "none").exists()


def test_without_a_dock_the_ways_to_name_one_are_told(run):
    done = run("ls")
    assert done.status == 1
    for way in ("--dock", DOCK, "learndock init"):
        assert way in done.err


def test_verify_is_1_when_a_byte_is_wrong(run, dock, tmp_path):
    assert run("verify").status == 0
    copy = tmp_path / "copy"
    shutil.copytree(dock, copy)
    blob = max((p for p in (copy / "blobs").rglob("*") if p.is_file()), key=lambda p: p.name)
    content = bytearray(blob.read_bytes())
    content[-1] ^= 1
    blob.chmod(0o644)
    blob.write_bytes(content)
    done = run("--dock", copy, "verify", "--json")
    assert done.status == 1
    assert done.data["well"] is False
    assert len(done.data["problems"]) == 1


def test_a_backup_is_a_dock_and_a_dry_one_is_nothing(run, dock, tmp_path):
    assert run("backup", "copy", "--dry-run").status == 0
    assert not (tmp_path / "copy").exists()
    assert run("backup", "copy").status == 0
    assert run("ls", "-q").out == run("--dock", "copy", "ls", "-q").out
    assert run("backup", "copy").status == 1


def test_an_alias_moves_and_a_dry_one_stays(run, dock, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(dock, copy)
    run("--dock", copy, "alias", "set", UP, "stable", "--dry-run")
    assert run("--dock", copy, "show", "ada/up@stable", "-q").out == "ada/up@1\n"
    assert run("--dock", copy, "alias", "set", UP, "stable", "-q").out == f"{UP}\n"
    assert run("--dock", copy, "show", "ada/up@stable", "-q").out == f"{UP}\n"


# ---------------------------------------------------------------- doctor, demo


def test_doctor_tells_of_adapters_extras_and_the_dock(run, dock):
    from learndock.core import registry

    found = run("doctor", "--json").data
    assert {folder: set(names) for folder, names in found["adapters"].items()} == {
        folder: set(registry.names(folder)) for folder in registry.FOLDERS
    }
    assert found["dock"]["learnwares"] == 3
    assert set(found["extras"]) >= {"lightgbm", "onnx", "parquet", "xgboost", "scale"}
    assert run("doctor").status == 0


def test_doctor_names_what_installs_a_missing_extra(run, monkeypatch):
    from learndock.cli import examination

    monkeypatch.setattr(examination, "installed", lambda name: "" if name == "pyarrow" else "1")
    assert 'pip install "learndock[parquet]"' in run("doctor").out
    assert run("doctor", "--json").data["extras"]["onnx"] == ""


def test_doctor_without_a_dock_is_well_and_with_a_missing_one_is_1(run):
    assert run("doctor").status == 0
    done = run("--dock", "none", "doctor")
    assert done.status == 1
    assert "there is no dock in none" in done.out


def test_demo_prints_what_the_demos_found_and_where_the_pictures_are(run, monkeypatch, tmp_path):
    asked = {}
    found = {"newsgroups": {"all-20": {"answer": 0.8}}, "seconds": {}, "seed": 3}

    def measure(name, **options):
        asked.update(name=name, quick=options["quick"], seed=options["seed"])
        return found

    monkeypatch.setattr(demos, "run", measure)
    monkeypatch.setattr(demos, "tables", lambda measured: "a table")
    monkeypatch.setattr(demos, "draw", lambda measured, folder: (folder / "picture.png",))
    done = run("demo", "newsgroups", "--quick", "--seed", "3", "--json")
    assert done.data == {**found, "pictures": ["picture.png"]}
    assert asked == {"name": "newsgroups", "quick": True, "seed": 3}
    assert run("demo").out == "a table\n\npictures    picture.png\n"
    assert asked["name"] is None


def test_a_demo_that_is_not_there_is_told_with_those_that_are(run):
    done = run("demo", "penguins")
    assert done.status == 1
    assert all(name in done.err for name in demos.names())
