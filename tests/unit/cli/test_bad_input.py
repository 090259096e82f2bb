"""Bad rows: each is told in one line or handled, and the dock stays as it was."""

import numpy as np
import pytest

ROWS = range(200)
TABLES = {
    "one row": "week,price\n1,2\n",
    "no rows": "week,price\n",
    "nothing": "",
    "blank lines": "\n\n",
    "a column all missing": "week,price\n" + "".join(f"{i},\n" for i in ROWS),
    "a constant column": "week,price\n" + "1,1\n" * 200,
    "infinity": "week,price\n" + "".join(f"{i},inf\n" for i in ROWS),
    "other names": "weak,prices\n" + "".join(f"{i},{i}\n" for i in ROWS),
    "other types": "week,price\n" + "".join(f"w{i},{i}\n" for i in ROWS),
    "ten thousand columns": ",".join(f"c{i}" for i in range(10_000)) + ("\n" + "1," * 9_999 + "1"),
    "strings of a megabyte": "week,price\n" + ("x" * 1_000_000 + ",1\n") * 3,
    "fields missing": "week,price\n" + "1\n" * 200,
    "fields too many": "week,price\n" + "1,2,3\n" * 200,
}
ARRAYS = {
    "no rows": np.zeros((0, 2)),
    "five dimensions": np.zeros((200, 2, 2, 2, 2)),
    "one dimension": np.zeros(200),
    "no columns": np.zeros((200, 0)),
    "complex numbers": np.zeros((200, 2), dtype=complex),
}


@pytest.fixture(params=TABLES)
def bad_table(request, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text(TABLES[request.param])
    return path


@pytest.fixture(params=ARRAYS)
def bad_array(request, tmp_path):
    path = tmp_path / "bad.npy"
    np.save(path, ARRAYS[request.param])
    return path


@pytest.fixture
def told_in_one_line(run, dock, unchanged):
    """Run a command that may fail, but in its own words only, and changes no dock."""

    def call(*words):
        done = run(*words)
        assert done.status in {0, 1, 3, 4}
        lines = done.err.splitlines()
        assert len(lines) == (done.status in {1, 4})
        assert all(line.startswith("learndock: ") and "; " in line for line in lines)
        return done

    return call


def test_a_search_with_bad_rows(told_in_one_line, bad_table):
    told_in_one_line("search", bad_table)


def test_a_sketch_of_bad_rows(told_in_one_line, bad_table):
    told_in_one_line("sketch", bad_table)


def test_a_learnware_of_bad_rows(told_in_one_line, bad_table, model):
    done = told_in_one_line("pack", model, bad_table, "--license", "MIT")
    assert done.status != 0 or bad_table.with_name("store-12.learnware").exists()


@pytest.mark.parametrize("command", ["search", "sketch"])
def test_a_bad_array(told_in_one_line, bad_array, command):
    assert told_in_one_line(command, bad_array).status == 1


def test_names_that_look_alike_are_told(run, dock, tmp_path):
    (tmp_path / "a.csv").write_text(TABLES["other names"])
    told = run("search", "a.csv").err
    assert "'week'" in told
    assert "'price' looks like 'prices'" in told


@pytest.mark.parametrize(
    ("labels", "told"), [("maybe", "'maybe'"), ("", "missing")], ids=["unknown", "missing"]
)
def test_labels_that_no_member_knows(run, dock, rows, tmp_path, labels, told):
    run("search", rows, "--task", "classification", "-o", "a.json")
    few = "week,price,up\n" + "".join(f"{i % 50},{i % 3},{labels}\n" for i in range(60))
    (tmp_path / "few.csv").write_text(few)
    done = run("reuse", "a.json", "--labels", "few.csv", "--label", "up")
    assert done.status == 1
    assert told in done.err
