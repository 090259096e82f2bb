"""Merging: the bound holds, masses are kept, and a merged sketch is nearly the direct one."""

import numpy as np
import pytest

import learndock as ld
from learndock.core.sketch import QUANTILES, Release, ReleasePart
from learndock.errors import BadData, Invalid, SketchMismatch
from learndock.numerics.kernels import mmd
from learndock.numerics.release import gaussian_delta, gaussian_scale
from learndock.service.fitting import Outcomes, sketch_coords

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(3_000, 4)) * [1, 2, 3, 1] + np.sin(3 * RNG.normal(size=(3_000, 1)))
SPACE = ld.space(ROWS, encoder="vector", name="plane")
LABELS = (ROWS[:, 0] > 0).astype(int)


def made(rows, *, classes=("a", "b"), labels=None, **more):
    outcomes = None if labels is None else Outcomes(labels, classes=classes)
    return sketch_coords(rows, SPACE, outcomes=outcomes, **more)


def distance(sketch, rows):
    share = np.full(len(rows), 1 / len(rows))
    return mmd(sketch.points, sketch.weights, rows, share, gammas=SPACE.gammas)


def test_a_merged_sketch_is_within_its_bound_and_nearly_as_near_as_the_direct_one():
    both = ld.merge(made(ROWS[:1_500]), made(ROWS[1_500:]))
    found = distance(both, ROWS)
    assert found <= both.mmd * 1.005
    assert found <= 1.3 * distance(ld.sketch(ROWS, space=SPACE, size=len(both)), ROWS)


def test_parts_count_by_their_rows():
    low, high = made(ROWS[:2_400] - 20), made(ROWS[2_400:] + 20)
    both = ld.merge(low, high)
    assert both.rows == 3_000
    assert both.weights[both.points[:, 0] < 0].sum() == pytest.approx(0.8, abs=0.01)


def test_classes_are_united_and_keep_their_masses():
    left = made(ROWS[:1_500], labels=LABELS[:1_500])
    right = made(ROWS[1_500:], labels=LABELS[1_500:], classes=("b", "c"))
    both = ld.merge(left, right)
    assert both.classes == ("a", "b", "c")
    wanted = [left.prior[0] / 2, (left.prior[1] + right.prior[0]) / 2, right.prior[1] / 2]
    assert both.prior == pytest.approx(wanted, abs=2e-3)


def test_confidence_is_that_of_the_mixture():
    low, high = RNG.uniform(0, 0.5, 9_000), RNG.uniform(0.5, 1, 9_000)
    parts = [made(ROWS, labels=LABELS, confidence=one) for one in (low, high)]
    exact = np.quantile(np.concatenate([low, high]), QUANTILES)
    # Below the least quantile that is kept, and between the parts, nothing is known.
    assert ld.merge(*parts).confidence[1:] == pytest.approx(exact[1:], abs=0.06)


def test_accuracy_is_weighted_by_the_rows_of_the_class():
    left = made(ROWS[:1_000], labels=LABELS[:1_000], accuracy=(0.9, 0.5))
    right = made(ROWS[1_000:], labels=LABELS[1_000:], accuracy=(0.6, 0.8))
    assert ld.merge(left, right).accuracy == pytest.approx((0.7, 0.7), abs=0.01)


def test_the_worst_gate_stands_for_all():
    strict, overruled = made(ROWS[:1_500]), made(ROWS[1_500:], consent=True)
    gate = ld.merge(strict, overruled).gate
    assert gate.consent
    assert gate.nearest == min(strict.gate.nearest, overruled.gate.nearest)


def private(rows, *parts):
    plain = made(rows)
    return ld.Sketch(SPACE, plain.points, plain.weights, rows=len(rows), release=Release.of(*parts))


def noisy(what, epsilon, delta, sensitivity):
    noise = gaussian_scale(epsilon, delta, sensitivity=sensitivity)
    return ReleasePart(what, "gaussian", epsilon, delta, 256, sensitivity, noise)


def test_a_merged_sketch_costs_what_the_dearest_does_and_states_noise_that_gives_it():
    cheap = private(ROWS[:1_000], noisy("points", 1.0, 1e-5, 2.0), noisy("figures", 1.0, 1e-5, 3.0))
    dear = private(ROWS[1_000:], noisy("points", 2.0, 1e-6, 2.0), noisy("figures", 2.0, 1e-6, 2.0))
    release = ld.merge(cheap, dear).release
    assert (release.epsilon, release.delta) == (2.0, 1e-5)
    for part in release.parts:
        found = gaussian_delta(part.epsilon, part.noise, sensitivity=part.sensitivity)
        assert found <= part.delta


def test_private_and_plain_sketches_are_not_merged():
    hidden = private(ROWS[:1_000], noisy("points", 1.0, 1e-5, 2.0))
    with pytest.raises(Invalid, match="private sketch and a plain one"):
        ld.merge(hidden, made(ROWS[1_000:]))
    with pytest.raises(Invalid, match="private sketch and a plain one"):
        ld.update(hidden, ROWS[1_000:])
    with pytest.raises(Invalid, match="private sketch and a plain one"):
        ld.update(made(ROWS[:1_000]), ROWS[1_000:], epsilon=1.0)


def test_a_private_update_of_a_private_sketch_is_private():
    pytest.importorskip("opendp")
    hidden = private(ROWS[:1_500], noisy("points", 1.0, 1e-6, 2.0))
    grown = ld.update(hidden, ROWS[1_500:], epsilon=2.0)
    assert (grown.release.epsilon, grown.gate, grown.rows) == (2.0, None, 3_000)


def test_a_seed_below_zero_is_refused():
    with pytest.raises(Invalid, match="seed is -1"):
        ld.merge(made(ROWS), seed=-1)


def test_one_sketch_merged_alone_stays_nearly_itself():
    alone = made(ROWS)
    again = ld.merge(alone)
    share = mmd(alone.points, alone.weights, again.points, again.weights, gammas=SPACE.gammas)
    assert share < 0.2 * alone.mmd


def test_an_update_stands_for_old_and_new_rows():
    grown = ld.update(made(ROWS[:1_500]), ROWS[1_500:])
    assert grown.rows == 3_000
    assert distance(grown, ROWS) < 0.5 * distance(made(ROWS[:1_500] - 1), ROWS)


def test_an_update_counts_the_answers_of_the_model():
    sketch = made(ROWS[:1_500], labels=np.zeros(1_500, int))
    grown = ld.update(sketch, ROWS[1_500:], ["b"] * 1_500)
    assert grown.prior == pytest.approx([0.5, 0.5], abs=1e-3)


def test_answers_that_do_not_go_with_the_sketch_are_refused():
    sketch = made(ROWS[:1_500], labels=LABELS[:1_500])
    with pytest.raises(BadData, match="0 answers were given for 1500 rows"):
        ld.update(sketch, ROWS[1_500:])
    with pytest.raises(BadData, match="'zebra'"):
        ld.update(sketch, ROWS[1_500:], ["zebra"] * 1_500)


def test_sketches_that_do_not_go_together_are_refused():
    other = ld.space(ROWS * 9, encoder="vector", name="other")
    with pytest.raises(SketchMismatch, match="cannot be merged"):
        ld.merge(made(ROWS), ld.sketch(ROWS, space=other))
    with pytest.raises(SketchMismatch, match="other outcomes"):
        ld.merge(made(ROWS), made(ROWS, labels=LABELS))
    with pytest.raises(Invalid, match="0 sketches"):
        ld.merge()
