"""Sketching: no outcome of few rows, no exact count, and nothing outside the public bounds."""

import numpy as np
import pandas as pd
import pytest

import learndock as ld
from learndock.errors import Invalid
from learndock.numerics.reduced import reduce
from learndock.service.encoding import encoder_of
from learndock.service.fitting import Outcomes, sketch_coords

ROWS = 1_009
COORDS = np.random.default_rng(0).normal(size=(ROWS, 3))
SPACE = ld.space(COORDS, encoder="vector", name="plane")


def classes(*counts):
    """Outcomes of classes with so many rows each."""
    columns = np.repeat(np.arange(len(counts)), counts)
    return Outcomes(columns, classes=tuple("abcdefgh"[: len(counts)]))


def bins(*counts):
    columns = np.repeat(np.arange(len(counts)), counts)
    return Outcomes(columns, edges=tuple(float(i) for i in range(len(counts) - 1)))


def counted(outcomes):
    return np.bincount(outcomes.merged(), minlength=outcomes.count).tolist()


def test_a_class_of_few_rows_counts_as_the_most_frequent():
    assert counted(classes(4, 5, 90, 1)) == [0, 5, 95, 0]


def test_a_bin_of_few_rows_joins_the_nearest_that_has_enough():
    assert counted(bins(4, 5, 90, 1, 2, 7)) == [0, 9, 91, 0, 0, 9]


@pytest.mark.parametrize("make", [classes, bins])
def test_where_all_outcomes_are_of_few_rows_they_are_one(make):
    assert counted(make(2, 3, 1)) == [0, 6, 0]


@pytest.mark.parametrize("consent", [False, True])
@pytest.mark.parametrize("make", [classes, bins])
def test_no_outcome_of_a_sketch_is_that_of_fewer_than_five_rows(make, consent):
    outcomes = make(1, 5, ROWS - 11, 4, 1)
    masses = sketch_coords(COORDS, SPACE, outcomes=outcomes, consent=consent).prior
    assert not ((masses > 0) & (masses < 4.9 / ROWS)).any()
    assert np.count_nonzero(masses) == 2


def test_shares_of_outcomes_do_not_give_the_number_of_rows_away():
    counts = np.array([337, 211, 461])
    masses = sketch_coords(COORDS, SPACE, outcomes=classes(*counts)).prior
    assert masses == pytest.approx(counts / ROWS, abs=1 / ROWS)
    assert np.abs(masses - counts / ROWS).min() > 1e-6
    assert masses * 1_000 == pytest.approx(np.round(masses * 1_000), abs=1e-3)


def test_weights_are_rounded_to_three_digits():
    exact = reduce(COORDS, 20, gammas=SPACE.gammas).weights
    ratio = sketch_coords(COORDS, SPACE, size=20).weights / exact
    assert 1e-4 < np.ptp(ratio) < 1e-2


def test_points_lie_within_the_public_bounds():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"price": rng.normal(size=600), "open": rng.random(600) < 0.9})
    table.loc[table.index[:9], "price"] = np.nan
    made = ld.sketch(table, consent=True)
    low, high = encoder_of(made.space).bounds(made.space)
    assert ((low <= made.points) & (made.points <= high)).all()


@pytest.mark.parametrize(("rows", "points"), [(20, 1), (59, 2), (99, 4)])
def test_few_rows_get_a_coarse_sketch_and_the_odds_of_guessing_a_row(rows, points):
    made = ld.sketch(COORDS[:rows], space=SPACE)
    assert len(made) <= points
    assert 0.3 < made.gate.membership < 0.8
    assert f"{made.gate.membership:.2f}" in str(made)


def test_a_sketch_of_many_rows_tells_no_odds():
    assert ld.sketch(COORDS, space=SPACE).gate.membership is None


def test_of_few_rows_only_classes_leave():
    figures = {"held_out": COORDS, "confidence": np.ones(9), "accuracy": (0.5, 0.5)}
    made = sketch_coords(COORDS[:60], SPACE, outcomes=classes(20, 40), **figures)
    assert made.density == made.confidence == made.accuracy == ()
    assert made.prior == pytest.approx([1 / 3, 2 / 3], abs=0.01)


def test_of_few_rows_values_are_one_bin():
    made = sketch_coords(COORDS[:60], SPACE, outcomes=bins(20, 20, 20))
    assert made.edges == ()
    assert made.prior == pytest.approx([1.0])


def test_consent_gives_few_rows_a_full_sketch():
    made = sketch_coords(
        COORDS[:60], SPACE, consent=True, outcomes=bins(20, 20, 20), held_out=COORDS
    )
    assert len(made) == 5
    assert len(made.edges) == 2
    assert made.density


def test_fewer_than_twenty_rows_need_consent():
    with pytest.raises(ld.DockError, match="19 rows are too few") as caught:
        ld.sketch(COORDS[:19], space=SPACE)
    assert caught.value.code == "privacy-gate"
    assert len(ld.sketch(COORDS[:19], space=SPACE, consent=True)) == 5


def test_a_seed_below_0_is_refused():
    for options in ({}, {"epsilon": 1.0}):
        with pytest.raises(Invalid, match="seed is -1; 0 or more is needed"):
            ld.sketch(COORDS, space=SPACE, seed=-1, **options)


@pytest.mark.parametrize("consent", ["no", 2, None])
def test_consent_is_yes_or_no(consent):
    with pytest.raises(Invalid, match="True or False is needed"):
        ld.sketch(COORDS, space=SPACE, consent=consent)


def test_a_space_may_be_named():
    assert ld.sketch([f"text {i}" for i in range(200)], space="en-static").space.name == "en-static"


def test_arguments_that_say_nothing_together_are_refused():
    with pytest.raises(Invalid, match="delta without epsilon"):
        ld.sketch(COORDS, space=SPACE, delta=1e-6)
    with pytest.raises(Invalid, match="leave one of them out"):
        ld.sketch(COORDS, space=SPACE, encoder="vector")
