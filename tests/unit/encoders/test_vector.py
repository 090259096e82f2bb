import numpy as np
import pandas as pd
import pytest

from learndock.core.space import Space
from learndock.encoders.vector import plugin
from learndock.errors import BadData, Invalid, SpaceMismatch

ROWS = np.random.default_rng(0).normal(size=(20, 3))


@pytest.fixture
def space() -> Space:
    return plugin.space(ROWS, name="acme")


def test_the_space_has_the_name_and_the_width_of_the_vectors(space):
    assert str(space) == "vector/acme@1"
    assert space.width == 3


def test_the_bandwidth_is_one_over_the_median_squared_distance():
    assert plugin.space(np.eye(6), name="x").gamma == 0.5


def test_vectors_are_asked_for_by_name_only():
    assert not plugin.claims(ROWS)


@pytest.mark.parametrize("form", [np.asarray, list, np.ndarray.tolist, pd.DataFrame])
def test_vectors_in_any_form_come_back_as_they_were(space, form):
    np.testing.assert_array_equal(plugin.encode(form(ROWS), space), ROWS)


def test_coordinates_do_not_share_memory_with_the_data(space):
    rows = ROWS.copy()
    plugin.encode(rows, space)[:] = 0.0
    np.testing.assert_array_equal(rows, ROWS)


def test_another_width_is_refused_with_both(space):
    with pytest.raises(SpaceMismatch, match=r"width 2, and space vector/acme@1 .* takes 3"):
        plugin.encode(np.zeros((4, 2)), space)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_counted_with_the_first_row(space, value):
    rows = ROWS.copy()
    rows[[2, 5], 1] = value
    with pytest.raises(BadData, match="2 vectors hold NaN or infinity, the first in row 2"):
        plugin.encode(rows, space)
    with pytest.raises(BadData, match="2 vectors hold NaN or infinity"):
        plugin.space(rows, name="x")


@pytest.mark.parametrize(
    "bad", [["a", "b"], np.zeros(3), np.zeros((5, 8, 8)), np.zeros((5, 0)), [["a"]]]
)
def test_what_is_no_set_of_vectors_is_refused(space, bad):
    with pytest.raises(BadData):
        plugin.encode(bad, space)
    with pytest.raises(BadData):
        plugin.space(bad, name="x")


def test_too_few_vectors_to_hide_one_make_no_space():
    with pytest.raises(BadData, match="4 vectors were given, and a space needs at least 5"):
        plugin.space(ROWS[:4], name="x")


def test_vectors_wider_than_any_space_are_refused_with_the_limit():
    with pytest.raises(BadData, match="26,001 coordinates; at most 26,000"):
        plugin.space(np.zeros((5, 26_001)), name="x")


def test_vectors_that_are_all_the_same_make_a_space():
    assert plugin.space(np.ones((9, 2)), name="x").gamma == 1.0


@pytest.mark.parametrize(
    "other", [("acme", "2", ROWS), ("other", "", ROWS), ("acme", "", ROWS[:, :2])]
)
def test_another_version_name_or_dimension_is_another_space(space, other):
    name, version, rows = other
    made = plugin.space(rows, name=name, source=version)
    assert made != space
    assert made.constants == {"of": name, "version": int(version or 1)}


def test_the_encoders_version_comes_behind_the_colon_and_is_told():
    made = plugin.space(ROWS, name="acme", source="3")
    assert (made.version, made.constants["version"]) == (1, 3)
    assert plugin.explain(ROWS, made)[0].told == "vectors of acme version 3, as they are"


@pytest.mark.parametrize("source", ["0", "-1", "v2", "1.5", "9" * 5_000])
def test_what_is_no_version_is_refused(source):
    with pytest.raises(Invalid, match="no version of an encoder"):
        plugin.space(ROWS, name="acme", source=source)
