"""An answer says what was found, or that nothing fits, the same in every form."""

import dataclasses
import functools
import json
import math
import operator
import re

import pytest

from learndock.core.answer import Answer, Coverage, Hit, Mixture, Part
from learndock.errors import Invalid, NothingFits

COVERAGE = Coverage(share=0.78, low=0.73, high=0.82, foreign=False, distance=0.12, noise=0.1)
HITS = (
    Hit(ref="ada/store-12@2", id="a" * 64, distance=0.19, task="regression", license="MIT"),
    Hit(ref="ben/store-88@1", id="b" * 64, distance=0.25, task="regression"),
)
MIXTURE = Mixture(
    parts=(Part("ada/store-12@2", "a" * 64, 0.6), Part("ben/store-88@1", "b" * 64, 0.4)),
    residual=0.05,
    gap=1e-6,
    shares={"a": 0.5, 2: 0.25, 0.5: 0.125, True: 0.125},
)
ANSWER = Answer(
    rows=1200,
    space="table/sales@1",
    task="regression",
    target="sales",
    hits=HITS,
    mixture=MIXTURE,
    coverage=COVERAGE,
    searched=50,
    seconds=0.4,
)
EMPTY = dataclasses.replace(ANSWER, hits=(), mixture=Mixture())
FOREIGN = dataclasses.replace(ANSWER, coverage=dataclasses.replace(COVERAGE, foreign=True))


def test_an_answer_is_true_when_something_fits():
    assert ANSWER
    assert not EMPTY
    assert not FOREIGN


@pytest.mark.parametrize("answer", [EMPTY, FOREIGN], ids=["empty", "foreign"])
def test_when_nothing_fits_every_form_says_so(answer):
    assert answer.sentence.startswith("nothing here fits")
    assert "nothing here fits" in str(answer)
    assert "nothing here fits" in answer._repr_html_()
    with pytest.raises(NothingFits, match="nothing here fits") as caught:
        answer.reuse()
    assert caught.value.exit == 3
    assert caught.value.next


def test_the_sentence_says_how_many_cover_how_much():
    assert ANSWER.sentence == "2 of 50 learnwares together cover about 78% of the task"


def test_it_prints_coverage_members_and_cost():
    said = str(ANSWER)
    for part in ("78% (73%-82%)", "unseen 22%", "0.60  ada/store-12@2", "1,200 rows", "0.40 s"):
        assert part in said


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 1.0])
def test_the_bar_has_one_length(share):
    answer = dataclasses.replace(ANSWER, coverage=dataclasses.replace(COVERAGE, share=share))
    line = next(line for line in str(answer).splitlines() if line.startswith("coverage"))
    assert len(line.split()[1]) == 22


@pytest.mark.parametrize("answer", [ANSWER, EMPTY, FOREIGN])
def test_it_reads_back_from_json(answer):
    again = Answer.from_json(answer.to_json())
    assert again == answer
    assert str(again) == str(answer)


def test_class_shares_keep_their_labels_types():
    shares = Answer.from_json(ANSWER.to_json()).mixture.shares
    assert [type(label) for label in shares] == [str, int, float, bool]


@pytest.mark.parametrize(
    "text", ["", "no json", "[]", "1", "null", "{}", '{"mixture": 1}', '{"mixture": {}}']
)
def test_other_text_is_no_answer(text):
    with pytest.raises(Invalid, match="not an answer"):
        Answer.from_json(text)


def test_an_unknown_field_is_no_answer():
    with pytest.raises(Invalid, match="later"):
        Answer.from_json(ANSWER.to_json()[:-1] + ', "later": 1}')


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("rows", "many"),
        ("rows", True),
        ("space", None),
        ("hits", {}),
        ("hits.0", "ada/store-12"),
        ("hits.0.distance", "near"),
        ("hits.0.later", 1),
        ("coverage", None),
        ("coverage.share", "x"),
        ("coverage.share", 1e18),
        ("coverage.low", -0.1),
        ("coverage.foreign", 0),
        ("coverage.noise", math.nan),
        ("coverage.later", 1),
        ("mixture.parts.0.weight", "0.5"),
        ("mixture.parts.0.weight", -1.0),
        ("mixture.parts.0.later", 1),
        ("mixture.shares", 5),
        ("mixture.shares", {"a": 1.0}),
        ("mixture.shares.0", ["a", "b"]),
        ("mixture.shares.0", [["a"], 0.5]),
    ],
)
def test_a_field_of_another_kind_is_no_answer_and_is_named(path, value):
    data = json.loads(ANSWER.to_json())
    *above, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    functools.reduce(operator.getitem, above, data)[last] = value
    with pytest.raises(Invalid, match=re.escape(f"not an answer: {path}")):
        Answer.from_json(json.dumps(data))


@pytest.mark.parametrize("path", ["rows", "seconds", "hits.0.id", "coverage.low", "mixture.gap"])
def test_a_field_that_is_missing_is_named(path):
    data = json.loads(ANSWER.to_json())
    *above, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    del functools.reduce(operator.getitem, above, data)[last]
    with pytest.raises(Invalid, match=f"not an answer: {path}"):
        Answer.from_json(json.dumps(data))


def test_a_mixture_without_hits_prints():
    made = dataclasses.replace(ANSWER, hits=())
    assert "0.60  ada/store-12@2" in str(made)
    assert "best single" not in str(made)
    assert "best single" in str(ANSWER)


def test_text_of_strangers_is_escaped_in_notebooks():
    hit = dataclasses.replace(HITS[0], ref="<script>", task="<b>", license="<i>")
    made = dataclasses.replace(ANSWER, hits=(hit,), target="<img>")._repr_html_()
    for tag in ("<script>", "<b>", "<i>", "<img>"):
        assert tag not in made


def test_reuse_asks_the_dock_that_answered():
    asked = []

    def reuser(*given, **options):
        asked.append((given, options))
        return "predictor"

    answer = dataclasses.replace(ANSWER, reuser=reuser)
    assert answer.reuse("X", "y", method="stack", seed=3) == "predictor"
    assert asked == [((answer, "X", "y"), {"method": "stack", "seed": 3})]


def test_an_answer_from_a_file_needs_a_dock_to_be_reused():
    with pytest.raises(Invalid, match="not tied to a dock") as caught:
        Answer.from_json(ANSWER.to_json()).reuse()
    assert "dock.reuse" in caught.value.next


def test_the_dock_is_no_part_of_the_answer():
    assert dataclasses.replace(ANSWER, reuser=print) == ANSWER
    assert "reuser" not in dataclasses.replace(ANSWER, reuser=print).to_json()
