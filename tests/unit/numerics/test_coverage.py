"""Coverage: what is left over, and what chance explains of it."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from learndock.errors import Invalid
from learndock.numerics.coverage import covered, spread

TASK = {"error": 0.1, "rows": 500, "norm2": 0.3, "spread": 0.03}


def test_a_task_inside_the_hull_is_covered_whole():
    found = covered(0.0, **TASK)
    assert (found.share, found.high, found.foreign) == (1.0, 1.0, False)


def test_what_is_left_over_is_the_squared_distance_less_errors_and_chance():
    chance = (1 - TASK["norm2"]) / (TASK["rows"] - 1)
    assert covered(0.5, **TASK).distance == pytest.approx(np.sqrt(0.25 - 0.01 - chance))


def test_a_task_far_from_everything_is_foreign_and_not_covered():
    found = covered(0.8, **TASK)
    assert found.foreign
    assert (found.share, found.low) == (0.0, 0.0)


@given(st.floats(0, 1), st.floats(0, 1))
def test_further_away_is_never_covered_more(one, other):
    near, far = sorted((one, other))
    assert covered(near, **TASK).share >= covered(far, **TASK).share


@given(st.floats(0, 1), st.integers(1, 10**6))
def test_the_share_lies_in_its_interval(distance, rows):
    found = covered(distance, **{**TASK, "rows": rows})
    assert 0 <= found.low <= found.share <= found.high <= 1


@given(st.floats(0, 1))
def test_more_rows_narrow_the_interval(distance):
    few, many = (covered(distance, **{**TASK, "rows": rows}) for rows in (100, 10_000))
    assert many.high - many.low <= few.high - few.low


def test_few_rows_are_not_called_foreign_where_many_are():
    few, many = (covered(0.125, **{**TASK, "rows": rows}) for rows in (100, 10_000))
    assert (few.foreign, many.foreign) == (False, True)


def test_the_spread_of_equal_atoms_is_their_squared_length():
    assert spread(np.full((3, 4), 0.5)) == pytest.approx(1.0)


def test_a_spread_of_zero_is_refused():
    with pytest.raises(Invalid, match="spread"):
        covered(0.1, **{**TASK, "spread": 0.0})
