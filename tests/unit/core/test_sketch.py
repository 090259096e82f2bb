"""A sketch holds what it says, reads back as it was written, and takes nothing else."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as arrays

from learndock.core.sketch import (
    MAX_OUTCOMES,
    MAX_POINTS,
    MAX_ROWS,
    QUANTILES,
    Gate,
    Release,
    ReleasePart,
    Sketch,
    round_rows,
)
from learndock.core.space import Space
from learndock.errors import BadArchive, Invalid

SPACE = Space(name="flowers", modality="vector", encoder="vector", width=2, gamma=0.5)
POINTS = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
WEIGHTS = np.array([0.5, 0.25, 0.25])
OUTCOMES = np.array([[0.5, 0.0], [0.125, 0.125], [0.0, 0.25]])
GATE = Gate(nearest=1.5, close=0.1, limit=0.25)


def make(**changes):
    fields = {"space": SPACE, "points": POINTS, "weights": WEIGHTS, "rows": 100}
    return Sketch(**{**fields, **changes})


FULL = make(
    outcomes=OUTCOMES,
    classes=("rose", "tulip"),
    rows=1200,
    mmd=0.01,
    density=tuple(level / 2 for level in QUANTILES),
    confidence=QUANTILES,
    accuracy=(0.8, 0.7),
    gate=GATE,
)


def test_a_sketch_of_a_later_format_is_told_apart_from_nonsense():
    later = FULL.to_bytes().replace(b'\\"format\\":1,', b'\\"format\\":2,')
    with pytest.raises(BadArchive, match=r"format 2.*reads 1; update learndock"):
        Sketch.from_bytes(later)


@given(
    arrays.arrays(np.float64, (3, 2), elements=st.floats(-1e6, 1e6)),
    st.lists(st.floats(0.01, 1), min_size=3, max_size=3),
)
def test_any_sketch_reads_back_as_it_was_written(points, raw):
    sketch = make(points=points, weights=np.array(raw) / sum(raw))
    again = Sketch.from_bytes(sketch.to_bytes())
    assert again == sketch
    assert np.array_equal(again.points, sketch.points)
    assert np.array_equal(again.weights, sketch.weights)


def test_every_field_reads_back():
    again = Sketch.from_bytes(FULL.to_bytes())
    for name in ("space", "classes", "rows", "mmd", "density", "confidence", "accuracy", "gate"):
        assert getattr(again, name) == getattr(FULL, name)
    assert np.array_equal(again.outcomes, FULL.outcomes)


@pytest.mark.parametrize("classes", [("a", "b"), (0, 1), (0.5, 1.0), (False, True), (1, "1")])
def test_labels_keep_their_type(classes):
    again = Sketch.from_bytes(make(outcomes=OUTCOMES, classes=classes).to_bytes())
    assert again.classes == classes
    assert [type(label) for label in again.classes] == [type(label) for label in classes]


def test_a_regression_sketch_reads_back():
    sketch = make(outcomes=OUTCOMES, edges=(2.5,))
    assert Sketch.from_bytes(sketch.to_bytes()).edges == (2.5,)


def test_what_is_compared_is_what_is_stored():
    third = make(points=POINTS / 3)
    assert np.array_equal(third.points, (POINTS / 3).astype(np.float32))


def test_arrays_cannot_be_changed():
    for name in ("points", "weights", "outcomes"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(FULL, name)[0] = 1.0


def test_the_arrays_given_are_left_alone():
    points = POINTS.copy()
    sketch = make(points=points)
    points[0] = 99.0
    assert sketch.points[0, 0] == 0.0


def test_equal_content_is_one_sketch():
    assert {make(), make()} == {make()}
    assert make(rows=10) != make(rows=20)
    assert make() != "sketch"


def test_the_prior_is_the_sum_of_outcomes():
    assert FULL.prior.tolist() == [0.625, 0.375]
    assert make().prior.shape == (0,)


@pytest.mark.parametrize(
    "changes",
    [
        {"points": POINTS[:2]},
        {"points": POINTS[:, :1]},
        {"points": POINTS + math.nan},
        {"points": POINTS + math.inf},
        {"points": POINTS[:0], "weights": WEIGHTS[:0]},
        {
            "points": np.zeros((MAX_POINTS + 1, 2)),
            "weights": np.full(MAX_POINTS + 1, 1 / (MAX_POINTS + 1)),
        },
        {"weights": WEIGHTS * 2},
        {"weights": WEIGHTS * math.nan},
        {"weights": np.array([1.5, -0.25, -0.25])},
        {"weights": WEIGHTS.reshape(3, 1)},
        {"outcomes": OUTCOMES, "classes": ("one",)},
        {"outcomes": OUTCOMES[:2], "classes": ("a", "b")},
        {"outcomes": OUTCOMES * 2, "classes": ("a", "b")},
        {"outcomes": OUTCOMES * math.nan, "classes": ("a", "b")},
        {"outcomes": OUTCOMES - [[1, -1]], "classes": ("a", "b")},
        {
            "outcomes": np.tile(WEIGHTS[:, None], MAX_OUTCOMES + 1) / (MAX_OUTCOMES + 1),
            "classes": tuple(range(MAX_OUTCOMES + 1)),
        },
        {"mmd": math.nan},
        {"density": (*QUANTILES[:-1], math.inf)},
        {"confidence": (*QUANTILES[:-1], math.nan)},
        {"accuracy": (math.nan,)},
        {"outcomes": OUTCOMES, "edges": (math.inf,)},
        {"rows": 0},
        {"rows": -1},
        {"rows": MAX_ROWS + 1},
        {"rows": 10**400},
        {"mmd": -0.01},
        {"mmd": 1e6},
        {"density": QUANTILES[1:]},
        {"density": QUANTILES[::-1]},
        {"confidence": QUANTILES[1:]},
        {"confidence": QUANTILES[::-1]},
        {"confidence": (*QUANTILES[:-1], 1.01)},
        {"confidence": (-0.01, *QUANTILES[1:])},
        {"classes": ("a", "b"), "accuracy": (0.5, 1.01)},
        {"classes": ("a", "b"), "accuracy": (0.5, -0.01)},
        {"edges": (2.0, 1.0)},
        {"edges": (1.0, 1.0)},
        {"classes": ("a", "a")},
        {"classes": (1, True)},
        {"classes": (1, 1.0)},
    ],
)
def test_arrays_and_figures_that_do_not_fit_are_refused(changes):
    with pytest.raises(Invalid):
        make(**changes)


def test_figures_at_their_bounds_are_taken():
    make(mmd=1, confidence=(1.0,) * len(QUANTILES), classes=("a", "b"), accuracy=(0, 1))
    make(mmd=0, density=(0.0,) * len(QUANTILES), rows=1, accuracy=(1e6,))


def test_the_number_of_rows_must_be_said():
    with pytest.raises(TypeError, match="rows"):
        Sketch(space=SPACE, points=POINTS, weights=WEIGHTS)


@pytest.mark.parametrize("content", [b"", b"sketch", b"\x00" * 8, b"\xff" * 64, b"{}" * 50])
def test_other_bytes_are_no_sketch(content):
    with pytest.raises(BadArchive, match="not a sketch"):
        Sketch.from_bytes(content)


@given(st.binary(max_size=200))
def test_random_bytes_are_no_sketch(content):
    with pytest.raises(BadArchive):
        Sketch.from_bytes(content)


@pytest.mark.parametrize(
    ("gate", "passed"),
    [
        (Gate(nearest=1.0, close=0.2, limit=0.25), True),
        (Gate(nearest=1.0, close=0.25, limit=0.25), True),
        (Gate(nearest=1.0, close=0.3, limit=0.25), False),
        (Gate(nearest=1.0, close=0.0, limit=0.25, copies=1), False),
        (Gate(nearest=1.0, close=0.9, limit=0.25, copies=1, consent=True), True),
    ],
)
def test_the_gate_opens_without_copies_and_within_the_limit_or_by_consent(gate, passed):
    assert gate.passed is passed


def test_it_prints_its_size_and_what_the_gate_saw():
    said = str(FULL)
    for part in ("3 points", "1,200 rows", "vector/flowers@1", "1.50 x", "passed", "10% close"):
        assert part in said
    assert "gate" not in str(make())


@given(st.integers(0, 10**12))
def test_a_rounded_count_has_two_digits_and_is_near(count):
    rounded = round_rows(count)
    assert len(str(rounded).rstrip("0")) <= 2
    assert abs(rounded - count) <= max(0.05 * count, 5 if count >= 10 else 0)


@given(st.integers(10, 99))
def test_a_count_below_a_hundred_is_told_in_tens(count):
    assert round_rows(count) % 10 == 0


NOISY = ReleasePart("points", "analytic Gaussian mechanism", 1.0, 1e-6, 4_097, 2.0, 8.4)
EDGES = ReleasePart("edges", "exponential mechanism", 0.25, 0.0, 9)


def test_a_private_sketch_reads_back_with_its_accounting():
    release = Release.of(NOISY, EDGES)
    sketch = make(release=release)
    assert Sketch.from_bytes(sketch.to_bytes()).release == release
    assert "epsilon 1 " in str(sketch)


@pytest.mark.parametrize(
    "change",
    [
        *({name: value} for name in ("epsilon", "sensitivity", "noise") for value in (0.0, -1.0)),
        *({name: math.inf} for name in ("epsilon", "sensitivity", "noise")),
        *({"delta": value} for value in (0.0, 1.0)),
    ],
)
def test_a_release_that_accounts_for_nothing_is_refused(change):
    with pytest.raises(Invalid, match="private mechanism"):
        make(release=Release.of(replace(NOISY, **change), EDGES))


def test_a_release_costs_what_its_parts_cost():
    with pytest.raises(Invalid, match="parts"):
        make(release=replace(Release.of(NOISY, EDGES), epsilon=0.5))
    with pytest.raises(Invalid, match="points are needed"):
        make(release=Release.of(EDGES))
