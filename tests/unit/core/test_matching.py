"""What a matching says, and how it is printed."""

from learndock.core.matching import Comparison, Match, Matching
from learndock.core.space import Column

MATCHING = Matching(
    (
        Match("age", "age", 1.0, "same name"),
        Match("temp", "temperature", 0.85, "names alike"),
        Match("w", "weight", 0.4, "names alike"),
    ),
    (Column(name="ward", kind="categorical"),),
    (Column(name="height", kind="numeric", unit="cm"),),
)


def test_matches_are_sure_from_the_least_confidence_on():
    assert [found.source for found in MATCHING.sure] == ["age", "temp"]
    assert [found.source for found in MATCHING.doubtful] == ["w"]


def test_pairs_lead_from_right_to_left_and_hold_no_doubtful_match():
    assert MATCHING.pairs == {"age": "age", "temperature": "temp"}


def test_a_matching_prints_all_that_it_knows():
    assert str(MATCHING).splitlines() == [
        "same        age = age           1.00  same name",
        "same        temp = temperature  0.85  names alike",
        "doubtful    w = weight          0.40  names alike",
        "left only   ward (categorical)",
        "right only  height (numeric, cm)",
    ]


def test_a_comparison_prints_its_distance_first():
    assert str(Comparison(0.1234, MATCHING)).startswith("MMD         0.123\nsame ")


def test_a_comparison_without_columns_is_one_line():
    assert str(Comparison(0.5, Matching(()))) == "MMD         0.500"
