"""What all demos have in common: one object, tables, and pictures."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, strategies as st

from learndock import demos
from learndock.demos._picture import spaced
from learndock.errors import NotFound

METHODS = ("answer", "average", "top1", "oracle_single", "random_single", "own", "everything")


def figures(first: float) -> dict[str, float | None]:
    return {method: round(first + i / 100, 3) for i, method in enumerate(METHODS)}


@pytest.fixture
def found():
    kinds = ("2 superclasses", "8 classes", "all 20")
    counts = ("0", "20", "50", "200")
    common = {
        "better": "higher",
        "learnwares": 5,
        "users": 3,
        "turned_away": 0,
        "dock": "D",
        "task": "T",
    }
    news = {"unit": "accuracy", "title": "News", "groups": "users with", "shows": "This shows."}
    sales = {"unit": "RMSE", "title": "Sales", "groups": "labels", "shows": "That shows."}
    return {
        "newsgroups": {kind: figures(0.11 + i / 5) for i, kind in enumerate(kinds)},
        "store-sales": {count: figures(0.53 + i / 10) for i, count in enumerate(counts)}
        | {"0": figures(0.91) | {"own": None}},
        "seconds": {name: {"total": 9.0, "search": 0.25, "reuse": 0.75} for name in demos.names()},
        "about": {
            "newsgroups": {
                **common,
                **news,
                "own": {kind: {"100": 0.301, "2000": 0.802} for kind in kinds},
            },
            "store-sales": {**common, **sales, "own": {"all users": {"20": 0.97, "all": 0.66}}},
        },
        "quick": False,
        "seed": 7,
    }


def test_a_demo_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(NotFound, match="newsgroups, store-sales"):
        demos.run("no-such-demo")


def test_asking_for_the_names_loads_no_heavy_library():
    code = (
        "import sys; from learndock import demos; demos.names(); "
        "print({'numpy', 'sklearn', 'pandas', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_the_tables_show_every_figure(found):
    page = demos.tables(found)
    for name in demos.names():
        for of in found[name].values():
            shown = [value for method, value in of.items() if method != "own" and value]
            assert all(f"{value:.3f}" in page for value in shown)
    assert "own 2,000" in page
    assert "0.802" in page


def test_the_tables_say_times_places_and_what_to_type_next(found):
    page = demos.tables(found)
    assert "0.25 s for the search and 0.75 s for reuse; 9 s in all" in page
    assert "learndock search T --dock D" in page
    assert "This shows." in page
    assert "seed 7" in page


def test_users_who_were_turned_away_are_told_of(found):
    assert "nothing fits" not in demos.tables(found)
    found["about"]["store-sales"]["turned_away"] = 2
    assert "2 of them were told that nothing fits" in demos.tables(found)


def test_lines_of_a_table_are_equally_long(found):
    lines = demos.tables(found).splitlines()
    start = lines.index(next(line for line in lines if line.startswith("users with")))
    assert len({len(line) for line in lines[start : start + 4]}) == 1


def test_quick_figures_are_not_passed_off_as_the_figures(found):
    assert "not the figures" not in demos.tables(found)
    assert "not the figures" in demos.tables(found | {"quick": True})


def test_what_a_demo_found_survives_json(found, tmp_path):
    assert demos.tables(json.loads(json.dumps(found))) == demos.tables(found)


def test_each_demo_draws_a_png_and_an_svg(found, tmp_path):
    written = demos.draw(found, tmp_path)
    assert [path.name for path in written] == [
        f"learndock-{name}.{kind}" for name in demos.names() for kind in ("png", "svg")
    ]
    starts = {".png": b"\x89PNG", ".svg": b"<?xml"}
    assert all(path.read_bytes().startswith(starts[path.suffix]) for path in written)


def test_the_same_figures_give_the_same_pictures(found, tmp_path):
    (tmp_path / "again").mkdir()
    once, again = demos.draw(found, tmp_path), demos.draw(found, tmp_path / "again")
    assert [path.read_bytes() for path in once] == [path.read_bytes() for path in again]


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=8).map(sorted), st.floats(0.1, 10))
def test_labels_that_are_moved_apart_keep_their_order_and_their_centre(places, gap):
    moved = spaced(np.array(places), gap)
    assert np.all(np.diff(moved) >= gap - 1e-9)
    assert moved.mean() == pytest.approx(np.mean(places), abs=1e-6)


def test_labels_that_are_far_apart_stay_where_they_are():
    places = np.array([0.0, 2.0, 5.0])
    assert spaced(places, 1.0) == pytest.approx(places)
