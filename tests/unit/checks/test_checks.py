"""Each admission rule, on the learnware that breaks it."""

import dataclasses

import pytest

from learndock.core import registry
from learndock.core.findings import Level, Verdict
from learndock.core.learnware import Learnware, list_files
from learndock.core.sketch import Gate, Release, ReleasePart
from learndock.testing.check import make_learnware


def changed(learnware, *, sketch=None, **manifest):
    """Return the learnware with another sketch or other fields, consistent in itself."""
    sketch = sketch or learnware.sketch
    fields = {"files": list_files(sketch, learnware.files), **manifest}
    return Learnware(learnware.manifest.model_copy(update=fields), sketch, learnware.files)


def levels(name, learnware):
    return [finding.level for finding in registry.load("checks", name).inspect(learnware)]


def test_a_sketch_that_never_met_the_gate_is_refused():
    sound = make_learnware()
    bare = dataclasses.replace(sound.sketch, gate=None)
    assert levels("gate", changed(sound, sketch=bare)) == [Level.REFUSE]


def test_a_sketch_that_failed_the_gate_is_refused():
    failed = make_learnware(gate=Gate(nearest=0.1, close=0.9, limit=0.1))
    assert levels("gate", failed) == [Level.REFUSE]


def test_a_copy_of_a_row_fails_the_gate_however_few_points_are_close():
    assert not Gate(nearest=1.0, close=0.0, limit=1.0, copies=1).passed


def test_consent_is_let_through_and_said():
    agreed = make_learnware(gate=Gate(nearest=0.1, close=0.9, limit=0.1, consent=True))
    assert levels("gate", agreed) == [Level.WARN]


def test_a_sketch_without_outcomes_is_refused():
    sound = make_learnware()
    silent = dataclasses.replace(sound.sketch, outcomes=None, classes=())
    assert levels("outcomes", changed(sound, sketch=silent)) == [Level.REFUSE]


def test_classes_of_sketch_and_manifest_must_agree():
    assert levels("outcomes", changed(make_learnware(), classes=("yes", "no"))) == [Level.REFUSE]


def test_a_format_that_no_runtime_knows_is_refused():
    assert levels("runtime", changed(make_learnware(), runtime="pickle")) == [Level.REFUSE]


@pytest.mark.parametrize("name", registry.names("checks"))
def test_a_refusal_says_what_to_do(name):
    broken = changed(make_learnware(gate=Gate(0.1, 0.9, 0.1)), runtime="pickle", classes=("a", "b"))
    assert all(finding.next for finding in registry.load("checks", name).inspect(broken))


def test_a_verdict_is_as_bad_as_its_worst_finding():
    broken = changed(make_learnware(gate=Gate(0.1, 0.9, 0.1, consent=True)), runtime="pickle")
    found = [
        f for n in registry.names("checks") for f in registry.load("checks", n).inspect(broken)
    ]
    assert Verdict(tuple(found)).level is Level.REFUSE
    assert Verdict().level is Level.PASS


POINTS = ReleasePart("points", "Gaussian noise", 1.0, 1e-6, 4_097, 2.0, 9.0)
FIGURES = ReleasePart("figures", "Gaussian noise", 0.75, 1e-6, 216, 2.0, 12.0)
RELEASE = Release.of(POINTS, FIGURES)


def private(*parts, **space):
    """Return a learnware whose sketch and manifest state the same release."""
    sound, release = make_learnware(), Release.of(*parts)
    coordinates = sound.sketch.space.model_copy(update=space)
    sketch = dataclasses.replace(sound.sketch, space=coordinates, gate=None, release=release)
    return changed(sound, sketch=sketch, release=release, space=coordinates.id)


def test_a_private_sketch_needs_no_gate_where_the_manifest_states_its_accounting():
    assert levels("gate", private(POINTS, FIGURES)) == []


@pytest.mark.parametrize("stated", [None, dataclasses.replace(RELEASE, epsilon=0.1)])
def test_another_accounting_than_the_sketchs_is_refused(stated):
    sound = make_learnware()
    sketch = dataclasses.replace(sound.sketch, release=RELEASE)
    assert levels("gate", changed(sound, sketch=sketch, release=stated)) == [Level.REFUSE]


@pytest.mark.parametrize("part", [POINTS, FIGURES])
def test_noise_that_hides_less_than_is_stated_is_refused(part):
    weaker = dataclasses.replace(part, noise=part.noise / 2)
    others = {POINTS, FIGURES} - {part}
    assert levels("gate", private(weaker, *others)) == [Level.REFUSE]


def test_a_delta_that_may_give_a_row_away_is_refused():
    careless = dataclasses.replace(POINTS, delta=1 / make_learnware().sketch.rows)
    assert levels("gate", private(careless)) == [Level.REFUSE]


def test_a_large_epsilon_is_let_through_and_said():
    assert levels("gate", private(dataclasses.replace(POINTS, epsilon=11.0))) == [Level.WARN]


@pytest.mark.parametrize("stated", [1.0, -1.0, "none"])
def test_the_cost_of_the_space_has_to_be_counted(stated):
    assert levels("gate", private(POINTS, constants={"epsilon": stated})) == [Level.REFUSE]


def test_a_space_whose_cost_is_counted_passes():
    space = ReleasePart("space", "exponential mechanism", 1.0, 0.0, 6)
    assert levels("gate", private(space, POINTS, constants={"epsilon": 1.0})) == []
