"""Private release: what is spent, what is taken from rows, what is refused, and that it is near."""

import math
import sys

import numpy as np
import pandas as pd
import pytest

import learndock as ld
from learndock.core.sketch import QUANTILES, Sketch
from learndock.errors import Invalid, PrivacyGate, SpaceMismatch, Unavailable
from learndock.numerics.density import density
from learndock.numerics.kernels import mmd
from learndock.numerics.release import SENSITIVITY, UNIT, gaussian_delta, gaussian_scale
from learndock.service import releasing
from learndock.service.fitting import Outcomes
from learndock.service.releasing import (
    HeldOut,
    least_rows,
    private_edges,
    private_quantiles,
    private_space,
    release_coords,
)

pytest.importorskip("opendp")

BUDGET = {"epsilon": 1.0, "delta": 1e-6}
PLANE = ld.Space(name="plane", modality="vector", encoder="vector", width=4, gamma=0.125)


def rows(count, seed=0):
    return np.random.default_rng(seed).normal(size=(count, 4)) * [1.0, 0.5, 1.5, 0.2] + 0.5


def classes(coords):
    return Outcomes(
        (coords[:, 0] > 0.5).astype(int) + (coords[:, 2] > 2.5), classes=("a", "b", "c")
    )


@pytest.fixture(scope="module")
def made():
    """A private sketch with all figures, and the rows held out."""
    coords, held = rows(12_000), rows(8_000, seed=1)
    truth = classes(held).columns
    rng = np.random.default_rng(2)
    said = np.where(rng.random(8_000) < 0.2, (truth + 1) % 3, truth)
    known = HeldOut(held, confidence=rng.beta(8, 1, 8_000), said=said, truth=truth)
    sketch = release_coords(coords, PLANE, **BUDGET, outcomes=classes(coords), held_out=known)
    return sketch, coords, known


def test_the_sketch_is_near_the_rows_and_says_so(made):
    sketch, coords, _ = made
    share = np.full(5_000, 1 / 5_000)
    far = mmd(sketch.points, sketch.weights, coords[:5_000], share, gammas=PLANE.gammas)
    assert far < 0.08
    assert sketch.mmd == pytest.approx(far, abs=0.04)


def test_outcomes_are_shared_as_in_the_rows(made):
    sketch, coords, _ = made
    shares = np.bincount(classes(coords).columns) / len(coords)
    assert sketch.prior == pytest.approx(shares, abs=0.01)


def test_thresholds_and_accuracy_are_near_those_of_the_rows_held_out(made):
    sketch, _, known = made
    gamma = PLANE.sharpness * PLANE.gamma
    read = density(known.coords, sketch.points, sketch.weights, gamma=gamma)
    for values, found in ((read, sketch.density), (known.confidence, sketch.confidence)):
        below = [np.mean(values < threshold) for threshold in found]
        assert below == pytest.approx(QUANTILES, abs=0.025)
    assert sketch.accuracy[:2] == pytest.approx((0.8, 0.8), abs=0.1)
    assert sketch.accuracy[2] == pytest.approx(0.8, abs=0.3)  # one row in twenty


def test_the_accounting_is_stated_and_survives_a_file(made):
    sketch, *_ = made
    release = sketch.release
    assert (release.epsilon, release.delta, sketch.gate) == (1.0, 1e-6, None)
    assert [(part.what, part.entries) for part in release.parts] == [
        ("points", 3 * 4_097),
        ("figures", 48 + 50 + 6),
    ]
    for part in release.parts:
        found = gaussian_delta(part.epsilon, part.noise, sensitivity=part.sensitivity)
        assert found <= part.delta
    assert Sketch.from_bytes(sketch.to_bytes()) == sketch


def test_the_same_call_twice_gives_another_sketch():
    coords = rows(2_000)
    first, second = (release_coords(coords, PLANE, **BUDGET, size=5) for _ in range(2))
    assert first != second


def test_all_that_is_read_of_rows_are_the_noisy_sums(monkeypatch):
    """With the noise replaced by a fixed answer, other rows give the same sketch."""
    answers = iter([np.random.default_rng(0).normal(size=(1, 4_097)) * UNIT] * 2)
    monkeypatch.setattr(releasing, "_noisy", lambda sums, noise: next(answers))
    first = release_coords(rows(2_000), PLANE, **BUDGET, size=5)
    assert release_coords(9 * rows(2_000, seed=4), PLANE, **BUDGET, size=5) == first


def test_the_noise_has_the_scale_that_is_stated():
    noise = gaussian_scale(**BUDGET, sensitivity=SENSITIVITY)
    found = releasing._noisy(np.full(4_000, 7 * UNIT), noise) / UNIT
    assert found.mean() == pytest.approx(7, abs=5 * noise / math.sqrt(4_000))
    assert found.std() == pytest.approx(noise, rel=0.06)


def test_points_lie_within_the_public_bounds():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"open": rng.random(3_000) < 0.9, "city": rng.choice(list("ab"), 3_000)})
    space = ld.space(table)
    encoder = releasing.encoder_of(space)
    found = release_coords(encoder.encode(table, space), space, **BUDGET)
    low, high = encoder.bounds(space)
    assert ((low <= found.points) & (found.points <= high)).all()


def test_regression_has_the_error_and_edges_that_cost_their_part():
    coords, held = rows(6_000), rows(6_000, seed=1)
    values = held @ [1.0, 2.0, 0.0, 0.0]
    edges = private_edges(values, bins=4, epsilon=0.3)
    assert edges == pytest.approx(np.quantile(values, [0.25, 0.5, 0.75]), abs=0.3)
    outcomes = Outcomes(np.searchsorted(edges, coords @ [1.0, 2.0, 0.0, 0.0]), edges=edges)
    errors = np.random.default_rng(3).normal(0, 0.5, 6_000)
    known = HeldOut(held, errors=errors, spent=0.3)
    found = release_coords(coords, PLANE, **BUDGET, outcomes=outcomes, held_out=known)
    assert [(part.what, part.epsilon) for part in found.release.parts] == [
        ("points", 1.0),
        ("edges", 0.3),
        ("figures", 0.7),
    ]
    assert found.release.epsilon == pytest.approx(1.0)
    assert found.accuracy == pytest.approx((0.5,), rel=0.15)
    assert found.prior == pytest.approx(np.full(len(edges) + 1, 1 / (len(edges) + 1)), abs=0.1)


@pytest.mark.parametrize("few", [0, 240])
def test_figures_that_would_be_noise_are_left_out(few):
    coords, held = rows(1_200), rows(few, seed=1)
    truth = classes(held).columns
    known = HeldOut(held, confidence=np.full(few, 0.9), said=truth, truth=truth)
    found = release_coords(coords, PLANE, **BUDGET, outcomes=classes(coords), held_out=known)
    assert (found.density, found.confidence) == ((), ())


def test_an_error_that_would_be_noise_is_left_out():
    errors = np.random.default_rng(3).normal(0, 0.5, 100)
    known = HeldOut(rows(100, seed=1), errors=errors)
    assert release_coords(rows(2_000), PLANE, **BUDGET, held_out=known).accuracy == ()


@pytest.mark.parametrize(
    ("count", "delta"), [(2_000, 1e-6), (100_000, 1e-6), (123_456, 8e-7), (3_000_000, 3e-8)]
)
def test_delta_is_by_default_below_a_tenth_of_a_row_to_one_digit(count, delta):
    assert releasing._checked_delta(None, count) == delta


def test_a_seed_below_zero_is_refused():
    with pytest.raises(Invalid, match="seed is -1"):
        release_coords(rows(2_000), PLANE, **BUDGET, seed=-1)


def test_rows_that_have_spent_all_are_refused():
    with pytest.raises(Invalid, match="epsilon"):
        release_coords(rows(2_000), PLANE, **BUDGET, held_out=HeldOut(rows(500), spent=1.0))


def test_too_few_rows_are_refused_with_the_number_that_is_needed():
    with pytest.raises(PrivacyGate, match="useless below about 960 rows at epsilon 1") as caught:
        release_coords(rows(900), PLANE, **BUDGET)
    assert caught.value.facts["needed"] == least_rows(**BUDGET) == 960
    assert release_coords(rows(900), PLANE, **BUDGET, consent=True).release is not None


@pytest.mark.parametrize("delta", [0.0, 1e-3, -1.0, math.nan])
def test_a_delta_that_may_give_a_row_away_is_refused(delta):
    with pytest.raises(Invalid, match="delta"):
        release_coords(rows(2_000), PLANE, epsilon=1, delta=delta)


def test_a_delta_that_a_dock_would_refuse_for_the_rounded_number_of_rows_is_refused():
    with pytest.raises(Invalid, match="delta"):
        release_coords(rows(1_960), PLANE, epsilon=1, delta=0.999 / 1_960)


@pytest.mark.parametrize("size", [0, 101])
def test_a_number_of_points_out_of_range_is_refused(size):
    with pytest.raises(Invalid, match="points"):
        release_coords(rows(2_000), PLANE, **BUDGET, size=size)


def test_without_opendp_the_line_that_installs_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "opendp.prelude", None)
    with pytest.raises(Unavailable, match=r"learndock\[private\]"):
        release_coords(rows(2_000), PLANE, **BUDGET)


def test_quantiles_are_as_uncertain_as_their_budget():
    values = np.linspace(0, 1, 4_001)
    grid = np.linspace(0, 1, 1_001).tolist()

    def error(epsilon):
        found = [
            private_quantiles(values, (0.5,), epsilon=epsilon, candidates=grid) for _ in range(9)
        ]
        return np.mean(np.abs(np.array(found) - 0.5))

    assert error(1.0) < 0.01
    assert error(0.005) > 5 * error(1.0)


@pytest.fixture(scope="module")
def mixed():
    rng = np.random.default_rng(0)
    count = 20_000
    return pd.DataFrame(
        {
            "price": np.where(rng.random(count) < 0.1, np.nan, rng.lognormal(3, 1, count)),
            "open": rng.random(count) < 0.5,
            "when": pd.to_datetime(rng.integers(1.5e9, 1.7e9, count), unit="s"),
            "city": rng.choice(list("abcdefgh"), count),
            "note": [f"some words {number} here" for number in range(count)],
        }
    )


def test_a_private_space_is_near_the_plain_one(mixed):
    found, plain = private_space(mixed, name="shop", epsilon=2.0), ld.space(mixed, name="shop")
    assert [(c.name, c.kind) for c in found.columns] == [(c.name, c.kind) for c in plain.columns]
    assert found.width == plain.width
    assert found.columns[0].center == pytest.approx(plain.columns[0].center, rel=0.2)
    assert found.columns[2].scale == pytest.approx(plain.columns[2].scale, rel=0.2)
    assert found.gamma == pytest.approx(plain.gamma, rel=0.4)
    assert np.isfinite(releasing.encoder_of(found).encode(mixed, found)).all()


def test_the_constants_of_a_private_space_come_from_private_quartiles_alone(mixed, monkeypatch):
    answers = {"numeric": (1.0, 2.0, 4.0), "datetime": (0.0, 86_400.0, 2 * 86_400.0)}
    spent = []

    def answer(values, levels, *, epsilon, candidates):
        spent.append(epsilon)
        kind = "numeric" if candidates is releasing.CANDIDATES["numeric"] else "datetime"
        return np.array(answers[kind])

    monkeypatch.setattr(releasing, "private_quantiles", answer)
    other = mixed.assign(price=7 * mixed["price"], open=False, city="x").iloc[::-1]
    other.loc[other.index[:2], "open"] = True
    first, second = (private_space(data, name="shop", epsilon=2.0) for data in (mixed, other))
    assert first == second
    assert sum(spent) == pytest.approx(2 * 2.0)


def test_what_the_space_cost_is_part_of_what_the_sketch_costs(mixed):
    space = private_space(mixed, name="shop", epsilon=2.0)
    assert space.constants["epsilon"] == 2.0
    coords = releasing.encoder_of(space).encode(mixed, space)
    release = release_coords(coords, space, **BUDGET, size=5).release
    assert [(part.what, part.epsilon) for part in release.parts] == [
        ("space", 2.0),
        ("points", 1.0),
    ]
    assert release.epsilon == 3.0


def test_a_space_without_numbers_and_dates_costs_nothing(mixed):
    assert "epsilon" not in private_space(mixed[["open"]], name="shop", epsilon=2.0).constants


def test_a_space_that_noise_drowns_is_refused_by_the_number_of_rows_alone(mixed):
    with pytest.raises(PrivacyGate, match="useless below about"):
        private_space(mixed.head(500), name="shop", epsilon=1.0)
    gaps = pd.DataFrame({"price": mixed["price"].where(mixed.index < 50)})
    assert private_space(gaps, name="shop", epsilon=1.0).width == 2


def test_only_tables_have_constants_to_hide():
    with pytest.raises(SpaceMismatch, match="built-in"):
        private_space(["a text", "another"], name="texts", epsilon=1.0)
