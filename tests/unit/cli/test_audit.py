"""`learndock audit`: of sketches and learnwares, for people and machines."""

import pytest

from .conftest import sales


@pytest.fixture
def sketched(run, rows, tmp_path):
    path = tmp_path / "mine.sketch"
    assert run("sketch", rows, "--label", "sales", "--drop", "up", "-o", path).status == 0
    return path


def test_audit_ends_in_a_sentence(run, sketched, rows):
    done = run("audit", sketched, rows)
    assert done.status == 0, done.err
    assert "sketches of random halves" in done.out
    assert done.out.splitlines()[-1].startswith("An attacker who holds a row")


def test_audit_attacks_this_sketch_where_rows_are_held_out(run, sketched, rows, tmp_path):
    unseen = tmp_path / "unseen.csv"
    sales(7).to_csv(unseen, index=False)
    words = ("--held-out", unseen, "--attribute", "week", "--json")
    found = run("audit", sketched, rows, *words).data
    assert found["direct"]
    assert found["attribute"] == "week"
    assert 0 <= found["membership"]["auc"]["low"] <= found["membership"]["auc"]["high"] <= 1
    assert "week" in found["sentence"]


def test_audit_takes_a_learnware(run, learnware, rows, tmp_path):
    from learndock.cli.files import learnware_bytes

    path = tmp_path / "up.learnware"
    path.write_bytes(learnware_bytes(learnware()))
    assert run("audit", path, rows).status == 0


def test_an_attribute_that_is_not_there_is_told(run, sketched, rows):
    done = run("audit", sketched, rows, "--attribute", "wek")
    assert done.status == 1
    assert "week" in done.err


def test_rows_of_another_kind_are_refused(run, sketched, tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    done = run("audit", sketched, path)
    assert done.status == 1
    assert "week" in done.err
