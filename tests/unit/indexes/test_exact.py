import numpy as np
import pytest
from hypothesis import example, given, strategies as st
from hypothesis.extra.numpy import arrays

from learndock.errors import Invalid
from learndock.indexes.exact import Exact

SIMPLE = st.sampled_from([0.0, 1.0, -1.0, 1.0000001, 1e-7, 3.0, 1e-30, 2.0**50])
ANY = st.floats(-(2.0**56), 2.0**56, width=32)


@st.composite
def scenes(draw):
    width, count = draw(st.integers(1, 4)), draw(st.integers(1, 25))
    values = draw(st.sampled_from([SIMPLE, ANY]))
    vectors = draw(arrays(np.float32, (count, width), elements=values))
    query = draw(arrays(np.float64, width, elements=values))
    return vectors, query, draw(st.integers(1, 6))


def filled(vectors):
    index = Exact(vectors.shape[1])
    keys = [f"{37 * i % 100:02d}-{i}" for i in range(len(vectors))]
    index.add(keys, vectors)
    return index, keys


@given(scenes())
@example((np.ones((9, 4), np.float32), np.ones(4), 3))
@example((np.array([[0.0], [3e-32]], np.float32), np.ones(1), 1))  # equal in float64 only
def test_the_nearest_are_exactly_those_of_a_slow_scan(scene):
    vectors, query, count = scene
    index, keys = filled(vectors)
    distances = np.linalg.norm(vectors.astype(np.float64) - query, axis=1)
    expected = sorted(zip(distances.tolist(), keys, strict=True))[:count]
    assert index.nearest(query, count) == [(key, value) for value, key in expected]


@given(scenes())
@example((np.ones((9, 4), np.float32), np.ones(4), 3))
def test_the_largest_are_exactly_those_of_a_slow_scan(scene):
    vectors, query, count = scene
    index, keys = filled(vectors)
    products = (vectors.astype(np.float64) * query).sum(axis=1)
    expected = sorted(zip((-products).tolist(), keys, strict=True))[:count]
    assert index.largest(query, count) == [(key, -value) for value, key in expected]


def test_near_equal_vectors_far_from_zero_keep_their_digits_and_order():
    steps = np.arange(200, dtype=np.float32)[::-1]
    vectors = np.full((200, 64), 1000.0, dtype=np.float32)
    vectors[:, 0] += steps * np.float32(2**-13)
    index, _ = filled(vectors)
    found = [distance for _, distance in index.nearest(np.full(64, 1000.0), 200)]
    np.testing.assert_allclose(found, np.arange(200) * 2.0**-13, rtol=1e-12)
    best = [distance for _, distance in index.nearest(np.full(64, 1000.0), 5)]
    np.testing.assert_allclose(best, np.arange(5) * 2.0**-13, rtol=1e-12)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=60))
def test_any_adding_and_removing_leaves_what_a_dictionary_would_hold(steps):
    index, model = Exact(2), {}
    for number, (adds, key) in enumerate(steps):
        if adds:
            model[str(key)] = np.array([number, key], dtype=np.float32)
            index.add([str(key)], model[str(key)][None])
        else:
            model.pop(str(key), None)
            index.remove([str(key)])
    assert len(index) == len(model)
    np.testing.assert_array_equal(
        index.vectors(list(model)), np.array(list(model.values())).reshape(-1, 2)
    )
    assert {key for key, _ in index.nearest(np.zeros(2), 10)} == set(model)


def test_adding_one_by_one_copies_the_matrix_seldom():
    index, sizes = Exact(1), set()
    for number in range(1000):
        index.add([str(number)], np.array([[number]], dtype=np.float32))
        sizes.add(len(index._matrix))
    assert len(sizes) <= 11


@pytest.mark.parametrize("length", [2e18, 1e39])
def test_lengths_that_would_overflow_are_refused(length):
    index = Exact(1)
    with pytest.raises(Invalid, match="longer"):
        index.add(["a"], np.array([[length]]))
    with pytest.raises(Invalid, match="longer"):
        index.nearest(np.array([length]), 1)


def test_a_width_below_one_is_refused():
    with pytest.raises(Invalid, match="at least 1"):
        Exact(0)
