"""The same content always has the same form and the same digest."""

import json
import math

import pytest
from hypothesis import given, strategies as st

from learndock.core.identity import canonical, digest
from learndock.core.space import Column

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc_é"), inner),
    max_leaves=20,
)


@given(VALUES)
def test_the_form_reads_back_as_the_value(value):
    assert json.loads(canonical(value)) == value


@given(st.dictionaries(st.text("abcdef"), st.integers(), min_size=2))
def test_the_order_of_keys_does_not_matter(value):
    assert canonical(dict(reversed(value.items()))) == canonical(value)


@given(VALUES)
def test_there_is_no_white_space_outside_strings(value):
    spaced = json.dumps(value, sort_keys=True, ensure_ascii=False)
    assert len(canonical(value)) <= len(spaced.encode())


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, {"a": [math.nan]}])
def test_what_is_not_finite_has_no_form(value):
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical(value)


def test_a_frozen_model_has_the_form_of_its_fields():
    column = Column(name="price", kind="numeric", scale=2.5)
    assert canonical(column) == canonical(column.model_dump())


def test_letters_of_all_languages_stay_themselves():
    assert canonical("éß中") == '"éß中"'.encode()


def test_the_digest_is_sha_256():
    assert digest(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
