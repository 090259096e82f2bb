import numpy as np
import pytest
from hypothesis import given, strategies as st

from learndock.encoders._hashing import LEVEL_WIDTH, TEXT_WIDTH, level_vectors, text_vectors


@given(st.lists(st.text(), unique=True, min_size=2))
def test_levels_are_unit_vectors_and_no_two_are_the_same(levels):
    vectors = level_vectors(levels)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0)
    assert len(np.unique(vectors, axis=0)) == len(levels)


def test_levels_have_the_same_bits_on_every_machine():
    found = level_vectors(["red"]).astype("<f8").tobytes().hex()
    assert found[:48] == "6cd75f16ba53afbfbb2360bcca67d13fcecef599ae7bd83f"


def test_levels_point_in_independent_directions():
    cosines = level_vectors([f"level {i}" for i in range(400)])
    cosines = (cosines @ cosines.T)[np.triu_indices(400, 1)]
    assert cosines.mean() == pytest.approx(0, abs=0.01)
    assert cosines.std() == pytest.approx(LEVEL_WIDTH**-0.5, abs=0.01)


@pytest.mark.parametrize("count", [1, 3, 50])
def test_a_word_that_occurs_several_times_counts_one_plus_its_logarithm(count):
    one, other = level_vectors(["one", "other"], TEXT_WIDTH)
    expected = (1 + np.log(count)) * one + other
    found = text_vectors(["one " * count + "OTHER"])[0]
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), atol=1e-12)


def test_a_text_is_the_same_whatever_stands_beside_it():
    texts = [f"word {i} and {i % 7}" for i in range(5_000)]
    np.testing.assert_array_equal(text_vectors(texts)[4_321], text_vectors([texts[4_321]])[0])


@pytest.mark.parametrize("text", ["", " ", "?!", "\ud800", "\0"])
def test_a_text_without_a_word_is_at_zero(text):
    assert not text_vectors([text]).any()
