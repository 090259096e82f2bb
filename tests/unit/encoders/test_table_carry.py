import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from learndock.core.space import Column, Space
from learndock.encoders._blocks import WIDTHS
from learndock.encoders.table import RECIPE, plugin
from learndock.errors import SpaceMismatch

SAMPLES = {
    "numeric": [1.5, None, -3e8, 0.0, 7.25],
    "boolean": [True, None, False, True, True],
    "datetime": pd.to_datetime(
        ["2024-02-29T12:30", None, "1969-01-01T00:00", "1999-12-31T12:00", None]
    ),
    "categorical": ["red", None, "blue", "", "red"],
    "text": ["a red bike", None, "an old house", "?", "a bike, red"],
}


def make(**columns):
    """A space of these columns, each given as (kind, centre, scale)."""
    made = tuple(
        Column(name=name, kind=kind, center=center, scale=scale)
        for name, (kind, center, scale) in columns.items()
    )
    return Space(
        name="made",
        modality="table",
        encoder="table",
        width=sum(WIDTHS[column.kind] for column in made),
        gamma=1.0,
        columns=made,
        constants={"recipe": RECIPE},
    )


@pytest.mark.parametrize("kind", SAMPLES)
def test_rows_that_are_carried_are_the_rows_encoded_there(kind):
    source, target = make(a=(kind, 3.0, 2.0)), make(b=(kind, 1e5, 86_400.0))
    values = SAMPLES[kind]
    carried = plugin.carry(
        plugin.encode(pd.DataFrame({"a": values}), source), source, target, {"b": "a"}
    )
    expected = plugin.encode(pd.DataFrame({"b": values}), target)
    np.testing.assert_allclose(carried, expected, rtol=0, atol=1e-9)


@given(
    st.lists(st.floats(-1e12, 1e12), min_size=1),
    st.floats(-1e6, 1e6),
    st.floats(1e-2, 1e6),
)
def test_numbers_are_carried_between_any_centres_and_scales(values, center, scale):
    source, target = make(a=("numeric", 3.0, 2.0)), make(b=("numeric", center, scale))
    frame = pd.DataFrame({"a": values, "b": values})
    carried = plugin.carry(plugin.encode(frame, source), source, target, {"b": "a"})
    digits = 1e-14 * (np.abs(values).max() + abs(center) + 5) / scale  # what a float64 can tell
    expected = plugin.encode(frame, target)
    np.testing.assert_allclose(carried, expected, rtol=1e-9, atol=1e-9 + digits)


@given(st.integers(0, 2**32 - 1))
def test_carrying_to_the_same_space_changes_nothing(seed):
    space = make(**{kind: (kind, 3.0, 2.0) for kind in SAMPLES})
    points = np.random.default_rng(seed).normal(size=(4, space.width))
    carried = plugin.carry(points, space, space, {kind: kind for kind in SAMPLES})
    np.testing.assert_array_equal(carried, points)


@given(st.floats(0, 0.95), st.floats(-3, 3))
def test_a_point_between_rows_with_and_without_a_value_comes_back(missing, coordinate):
    one, other = make(x=("numeric", 3.0, 2.0)), make(x=("numeric", -50.0, 0.25))
    points = np.array([[(1 - missing) * coordinate, missing]])
    there = plugin.carry(points, one, other, {"x": "x"})
    back = plugin.carry(there, other, one, {"x": "x"})
    np.testing.assert_allclose(back, points, atol=1e-6)


@pytest.mark.parametrize(("kind", "other"), [("boolean", "numeric"), ("numeric", "boolean")])
def test_booleans_and_zeros_and_ones_stand_for_each_other(kind, other):
    source, target = make(x=(kind, 0.3, 0.7)), make(x=(other, 0.3, 0.7))
    frame = pd.DataFrame({"x": [1, 0, None, 1]})
    carried = plugin.carry(plugin.encode(frame, source), source, target, {"x": "x"})
    np.testing.assert_allclose(carried, plugin.encode(frame, target), atol=1e-12)


def test_a_number_beyond_zero_and_one_is_no_boolean():
    source, target = make(x=("numeric", 0.0, 1.0)), make(y=("boolean", 0.0, 1.0))
    points = plugin.encode(pd.DataFrame({"x": [0.0, 2.0]}), source)
    with pytest.raises(SpaceMismatch, match="'x' is numeric, and 'y' is boolean"):
        plugin.carry(points, source, target, {"y": "x"})


@pytest.mark.parametrize(
    ("kind", "other"),
    [("numeric", "categorical"), ("text", "categorical"), ("datetime", "numeric")],
)
def test_columns_of_other_kinds_are_refused_by_name(kind, other):
    source, target = make(a=(kind, 0.0, 1.0)), make(b=(other, 0.0, 1.0))
    with pytest.raises(SpaceMismatch, match=f"'a' is {kind}, and 'b' is {other}"):
        plugin.carry(np.zeros((2, source.width)), source, target, {"b": "a"})


def test_a_column_without_a_partner_has_no_coordinates():
    source = make(a=("numeric", 0.0, 1.0))
    target = make(other=("text", 0.0, 1.0), b=("numeric", 0.0, 1.0))
    carried = plugin.carry(np.ones((3, 2)), source, target, {"b": "a"})
    parts = plugin.parts(target)
    assert np.isnan(carried[:, parts["other"]]).all()
    np.testing.assert_array_equal(carried[:, parts["b"]], np.ones((3, 2)))


@pytest.mark.parametrize("pairs", [{"b": "none"}, {"none": "a"}])
def test_a_column_that_is_not_there_is_named(pairs):
    source, target = make(a=("numeric", 0.0, 1.0)), make(b=("numeric", 0.0, 1.0))
    with pytest.raises(SpaceMismatch, match="'none'"):
        plugin.carry(np.ones((3, 2)), source, target, pairs)


def test_parts_lie_side_by_side_and_end_with_the_space():
    space = make(**{kind: (kind, 0.0, 1.0) for kind in SAMPLES})
    parts = list(plugin.parts(space).values())
    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert parts[-1].stop == space.width


def test_values_are_the_numbers_and_seconds_that_were_encoded():
    space = make(**{kind: (kind, 3.0, 2.0) for kind in SAMPLES})
    values = plugin.values(plugin.encode(pd.DataFrame(SAMPLES), space), space)
    assert set(values) == {"numeric", "datetime"}
    np.testing.assert_allclose(values["numeric"], [1.5, np.nan, -3e8, 0, 7.25], atol=1e-9)
    assert values["datetime"][0] == pytest.approx(pd.Timestamp("2024-02-29 12:30").timestamp())
    assert np.isnan(values["datetime"][[1, 4]]).all()


@pytest.mark.parametrize("coordinate", [-1e300, 1e300])
def test_values_of_the_farthest_points_are_finite(coordinate):
    space = make(x=("numeric", 1e300, 1e300))
    assert np.isfinite(plugin.values(np.array([[coordinate, 0.0]]), space)["x"]).all()
