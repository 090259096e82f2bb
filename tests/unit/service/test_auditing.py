"""Audits: this sketch or ones like it, found out where it leaks, the same through every door."""

import functools
import json
import sys

import numpy as np
import pandas as pd
import pytest

import learndock as ld
from learndock.core.audit import Audit, Closeness
from learndock.core.sketch import Sketch
from learndock.errors import BadData, Invalid, SpaceMismatch, Unavailable
from learndock.numerics.attacks import Membership, Share
from learndock.service import auditing
from learndock.service.auditing import audit, audit_coords
from learndock.service.encoding import encoder_of
from learndock.service.simulating import simulated_membership

ROWS, UNSEEN = np.random.default_rng(0).normal(size=(2, 800, 3))
SPACE = ld.space(ROWS, encoder="vector", name="plane")


def leaking(count=200):
    """A sketch whose points are rows."""
    return Sketch(SPACE, ROWS[:count], np.full(count, 1 / count), rows=len(ROWS))


@functools.cache
def private_sketch():
    pytest.importorskip("opendp")
    return ld.sketch(ROWS, space=SPACE, epsilon=8.0, delta=1e-6, consent=True)


@pytest.fixture(scope="module")
def honest():
    return ld.sketch(ROWS, space=SPACE)


def test_a_sketch_that_hands_out_rows_is_found_out():
    found = audit(leaking(), ROWS, held_out=UNSEEN)
    assert found.direct
    assert found.closeness == Closeness(median=0.0, least=0.0, close=200, copies=200)
    assert found.membership.auc.low > 0.55
    assert "better than a coin" in found.sentence
    assert "200 of the points are a copy of a row" in found.sentence


def test_a_sketch_of_other_rows_tells_no_better_than_a_coin(honest):
    fresh = np.random.default_rng(5).normal(size=(800, 3))
    found = audit(honest, fresh, held_out=UNSEEN)
    assert found.membership.auc.low < 0.5
    assert "barely" not in found.sentence
    assert found.closeness.copies == 0


def test_without_rows_held_out_sketches_of_halves_are_attacked(honest):
    found = audit(honest, ROWS)
    assert not found.direct
    assert found.trials == 5
    assert "a sketch made like this one" in found.sentence
    assert "5 sketches of random halves, 20 points for 400 rows each, made like this" in str(found)


def test_a_careless_sketch_is_found_out_without_rows_held_out():
    rows, unseen = ROWS[:200], UNSEEN[:200]
    careless = ld.sketch(rows, space=SPACE, size=150, consent=True)
    direct = audit(careless, rows, held_out=unseen).membership.auc
    found = audit(careless, rows)
    assert found.trial_points == 75
    assert direct.value > 0.9
    assert found.membership.auc.value == pytest.approx(direct.value, abs=0.1)


def test_halves_with_more_points_to_a_row_are_told():
    few = ld.sketch(ROWS, space=SPACE, size=1)
    found = audit_coords(few, encoder_of(SPACE).encode(ROWS[:100], SPACE))
    assert "made like this one but for more points to a row" in str(found)


def test_a_private_sketch_is_audited_by_private_ones(monkeypatch):
    budgets = []
    spent = private_sketch().release.parts[0]

    def recorded(*args, **options):
        budgets.append((options["epsilon"], options["delta"]))
        return release_coords(*args, **options)

    release_coords = auditing.release_coords
    monkeypatch.setattr(auditing, "release_coords", recorded)
    monkeypatch.setattr("learndock.service.simulating.TRIALS", 1)
    found = audit(private_sketch(), ROWS)
    assert budgets == [(spent.epsilon, spent.delta)]
    assert found.membership.auc.value < 0.6


def test_without_opendp_a_private_sketch_needs_rows_held_out(monkeypatch):
    made = private_sketch()
    monkeypatch.setitem(sys.modules, "opendp.prelude", None)
    with pytest.raises(Unavailable, match="held_out="):
        audit(made, ROWS)
    assert audit(made, ROWS, held_out=UNSEEN).direct


def test_rows_in_a_file_give_the_same_audit(tmp_path):
    table = pd.DataFrame(ROWS, columns=list("abc"))
    made = ld.sketch(table)
    table.to_csv(tmp_path / "rows.csv", index=False)
    table.to_csv(tmp_path / "unseen.csv", index=False)
    there = audit(made, tmp_path / "rows.csv", held_out=tmp_path / "unseen.csv")
    here = audit(made, table, held_out=table)
    assert there.closeness.median == pytest.approx(here.closeness.median)
    assert there.membership.auc.value == pytest.approx(here.membership.auc.value, abs=1e-3)


def test_a_seed_below_0_is_refused(honest):
    with pytest.raises(Invalid, match="seed is -1"):
        audit(honest, ROWS, seed=-1)


def test_the_same_audit_twice_is_the_same(honest):
    assert audit(honest, ROWS, seed=3) == audit(honest, ROWS, seed=3)


def test_encoded_rows_give_the_same_audit():
    table = pd.DataFrame(ROWS, columns=list("abc"))
    made = ld.sketch(table)
    coords = encoder_of(made.space).encode(table, made.space)
    assert audit(made, table, attribute="b") == audit_coords(made, coords, attribute="b")


def test_a_column_is_guessed_better_for_members_where_points_are_rows():
    table = pd.DataFrame(ROWS, columns=list("abc"))
    space = ld.space(table)
    coords = encoder_of(space).encode(table, space)
    copied = Sketch(space, coords, np.full(800, 1 / 800), rows=800)
    unseen = pd.DataFrame(UNSEEN, columns=list("abc"))
    fresh = pd.DataFrame(np.random.default_rng(9).normal(size=(800, 3)), columns=list("abc"))
    found = audit(copied, table, held_out=unseen, attribute="c")
    assert found.advantage.low > 0.1
    assert "gains something" in found.sentence
    other = audit(copied, fresh, held_out=unseen, attribute="c")
    assert other.advantage.low < 0
    assert "gains nothing measurable" in other.sentence


def test_an_attribute_has_to_be_a_column(honest):
    with pytest.raises(SpaceMismatch, match="no columns"):
        audit(honest, ROWS, attribute="a")
    table = pd.DataFrame(ROWS, columns=["price", "weight", "size"])
    with pytest.raises(SpaceMismatch, match="pric"):
        audit(ld.sketch(table), table, attribute="pric")


def test_the_only_column_cannot_be_guessed_from_others():
    table = pd.DataFrame(ROWS[:, :1], columns=["price"])
    with pytest.raises(SpaceMismatch, match="only column"):
        audit(ld.sketch(table), table, attribute="price")


def test_too_few_rows_held_out_are_refused(honest):
    with pytest.raises(BadData, match="6 of each"):
        audit(honest, ROWS, held_out=UNSEEN[:7])


def test_the_simulation_of_few_rows_is_near_a_coin_and_repeatable():
    rows = np.random.default_rng(0).normal(size=(90, 6))
    space = ld.space(rows, encoder="vector")
    few = np.mean([simulated_membership(rows, space, seed=seed) for seed in range(6)])
    assert 0.4 < few < 0.65
    assert simulated_membership(rows, space, seed=1) == simulated_membership(rows, space, seed=1)


@pytest.mark.parametrize(
    ("low", "value", "word"),
    [
        (0.48, 0.5, "sketched no better"),
        (0.45, 0.51, "not measurably better"),
        (0.505, 0.515, "barely better"),
        (0.55, 0.6, "row was sketched better"),
    ],
)
def test_the_sentence_says_no_more_than_the_interval(low, value, word):
    guess = Membership("nearest", Share(value, low, 2 * value - low), Share(0.0, 0.0, 0.01), 0.001)
    assert word in Audit(9, 200, True, 1, 9, 200, Closeness(2.0, 1.0, 0, 0), guess).sentence


def test_the_audit_as_json_holds_all_figures_and_the_sentence(honest):
    found = audit(honest, ROWS, held_out=UNSEEN)
    data = json.loads(found.to_json())
    assert data == found.to_dict()
    assert data["sentence"] == found.sentence
    assert data["membership"]["auc"]["value"] == found.membership.auc.value
    assert str(found).endswith(found.sentence)


def test_rows_of_another_number_than_was_sketched_are_refused():
    rows = np.random.default_rng(0).normal(size=(1_000, 3))
    sketch = ld.sketch(rows)
    with pytest.raises(BadData, match="about 1,000 rows, and 40 were given"):
        ld.audit(sketch, rows[:40])
