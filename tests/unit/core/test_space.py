"""A space is its content: frozen, strict, and known by its digest."""

import math

import pytest
from pydantic import ValidationError

from learndock.core.space import MAX_COLUMNS, MAX_CONSTANTS, MAX_NAME, MAX_WIDTH, Column, Space

FIELDS = {"name": "sales", "modality": "table", "encoder": "table", "width": 3, "gamma": 0.5}
SPACE = Space(**FIELDS)
CHANGES = [
    {"name": "others"},
    {"version": 2},
    {"modality": "vector"},
    {"encoder": "vector"},
    {"width": 4},
    {"gamma": 0.25},
    {"scales": (1.0,)},
    {"sharpness": 8.0},
    {"columns": (Column(name="price", kind="numeric"),)},
    {"constants": {"seed": 1}},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_every_field_is_part_of_the_identity(change):
    other = Space(**{**FIELDS, **change})
    assert other != SPACE
    assert other.id != SPACE.id


def test_spaces_of_one_content_are_one_space():
    again = Space.model_validate_json(SPACE.model_dump_json())
    assert again == SPACE
    assert {again, SPACE} == {SPACE}


def test_a_space_is_no_other_thing():
    assert SPACE != "sales"


def test_a_space_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        SPACE.width = 5


@pytest.mark.parametrize(
    "change",
    [
        {"width": 0},
        {"gamma": 0.0},
        {"gamma": -1.0},
        {"gamma": math.nan},
        {"gamma": math.inf},
        {"scales": ()},
        {"scales": (0.0,)},
        {"sharpness": 0.0},
        {"version": 0},
        {"modality": "smell"},
        {"name": "Sales"},
        {"name": "../sales"},
        {"name": "x" * 65},
        {"encoder": ""},
        {"unknown": 1},
        {"columns": ({"name": "a", "kind": "numeric", "scale": 0.0},)},
        {"width": MAX_WIDTH + 1},
        {"scales": (1.0,) * 9},
        {"columns": ({"name": "a", "kind": "numeric"},) * (MAX_COLUMNS + 1)},
        {"columns": ({"name": "a" * (MAX_NAME + 1), "kind": "numeric"},)},
        {"constants": {"a": "x" * MAX_CONSTANTS}},
        {"constants": {"a": ["é"] * (MAX_CONSTANTS // 5)}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_field_out_of_range_is_refused(change):
    with pytest.raises(ValidationError):
        Space.model_validate({**FIELDS, **change})


def test_a_space_may_be_as_large_as_the_largest_table():
    names = (f"{i:a>{MAX_NAME}}" for i in range(MAX_COLUMNS))
    columns = tuple(Column(name=name, kind="categorical") for name in names)
    assert Space(**{**FIELDS, "width": MAX_WIDTH, "columns": columns, "scales": (1.0,) * 8})


def test_the_kernel_has_one_term_for_each_scale():
    assert SPACE.gammas == (0.125, 0.5, 2.0)


def test_it_prints_as_modality_name_and_version():
    assert str(SPACE) == "table/sales@1"


def test_two_columns_of_one_name_are_refused():
    twice = (Column(name="a", kind="boolean"), Column(name="a", kind="numeric"))
    with pytest.raises(ValidationError, match="two columns have one name"):
        Space(name="x", modality="table", encoder="table", width=4, gamma=1.0, columns=twice)
