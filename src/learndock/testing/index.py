"""What every index keeps. Inherit `IndexContract` and override its fixture."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from learndock.core.ports import Index
from learndock.core.sketch import Float
from learndock.errors import Invalid, NotFound

WIDTH = 8


class IndexContract:
    """Rules of the port `Index`.

    Override the fixture `make`. An approximate index must find everything among a few hundred
    vectors.
    """

    @pytest.fixture
    def make(self) -> Callable[[int], Index]:
        """Return the adapter's plugin."""
        raise NotImplementedError

    @pytest.fixture
    def index(self, make: Callable[[int], Index]) -> Index:
        """Return a new, empty index of `WIDTH`."""
        return make(WIDTH)

    def test_a_new_index_is_empty_and_finds_nothing(self, index: Index) -> None:
        assert len(index) == 0
        assert index.nearest(np.zeros(WIDTH), 3) == []
        assert index.largest(np.zeros(WIDTH), 3) == []

    def test_the_nearest_are_those_of_a_slow_scan(self, index: Index) -> None:
        keys, vectors = _filled(index, 300)
        query = np.random.default_rng(1).normal(size=WIDTH)
        distances = np.linalg.norm(vectors.astype(np.float64) - query, axis=1)
        _agree(index.nearest(query, 10), keys, distances)

    def test_the_largest_are_those_of_a_slow_scan(self, index: Index) -> None:
        keys, vectors = _filled(index, 300)
        query = np.random.default_rng(1).normal(size=WIDTH)
        products = vectors.astype(np.float64) @ query
        found = index.largest(query, 10)
        _agree([(key, -value) for key, value in found], keys, -products)

    def test_a_vector_is_at_distance_zero_from_itself(self, index: Index) -> None:
        keys, vectors = _filled(index, 50)
        for row in (0, 17, 49):
            key, distance = index.nearest(vectors[row].astype(np.float64), 1)[0]
            assert key == keys[row]
            assert distance == pytest.approx(0.0, abs=1e-6)

    def test_equal_vectors_come_in_the_order_of_their_keys(self, index: Index) -> None:
        index.add(["c", "a", "d", "b"], np.ones((4, WIDTH), dtype=np.float32))
        for find in (index.nearest, index.largest):
            assert [key for key, _ in find(np.ones(WIDTH), 3)] == ["a", "b", "c"]

    @pytest.mark.parametrize("count", [0, 1, 4, 5, 50])
    def test_no_more_are_found_than_asked_for_or_there(self, index: Index, count: int) -> None:
        _filled(index, 5)
        assert len(index.nearest(np.zeros(WIDTH), count)) == min(count, 5)
        assert len(index.largest(np.zeros(WIDTH), count)) == min(count, 5)

    def test_vectors_come_back_in_the_order_asked_for(self, index: Index) -> None:
        keys, vectors = _filled(index, 20)
        rows = [7, 0, 19, 7]
        found = index.vectors([keys[row] for row in rows])
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, vectors[rows])

    def test_vectors_that_come_back_are_a_copy(self, index: Index) -> None:
        keys, vectors = _filled(index, 3)
        index.vectors(keys)[:] = 0
        np.testing.assert_array_equal(index.vectors(keys), vectors)

    def test_a_key_that_is_added_again_is_replaced(self, index: Index) -> None:
        keys, vectors = _filled(index, 10)
        index.add([keys[4]], 100 + vectors[4:5])
        assert len(index) == 10
        np.testing.assert_array_equal(index.vectors([keys[4]]), 100 + vectors[4:5])
        assert index.nearest(100.0 + vectors[4], 1)[0][0] == keys[4]

    def test_of_a_key_that_is_added_twice_at_once_the_last_stays(self, index: Index) -> None:
        vectors = np.arange(2 * WIDTH, dtype=np.float32).reshape(2, WIDTH)
        index.add(["a", "a"], vectors)
        assert len(index) == 1
        np.testing.assert_array_equal(index.vectors(["a"]), vectors[1:])

    def test_what_is_removed_is_found_no_more_and_the_rest_is(self, index: Index) -> None:
        keys, vectors = _filled(index, 30)
        index.remove(keys[:10] + keys[29:])
        kept = slice(10, 29)
        assert len(index) == 19
        np.testing.assert_array_equal(index.vectors(keys[kept]), vectors[kept])
        assert {key for key, _ in index.nearest(np.zeros(WIDTH), 30)} == set(keys[kept])

    def test_removing_what_is_absent_does_nothing(self, index: Index) -> None:
        _filled(index, 3)
        index.remove(["absent"])
        assert len(index) == 3

    def test_an_emptied_index_can_be_filled_again(self, index: Index) -> None:
        keys, _ = _filled(index, 5)
        index.remove(keys)
        assert len(index) == 0
        keys, vectors = _filled(index, 7)
        np.testing.assert_array_equal(index.vectors(keys), vectors)

    def test_adding_nothing_does_nothing(self, index: Index) -> None:
        index.add([], np.empty((0, WIDTH), dtype=np.float32))
        assert len(index) == 0

    def test_absent_vectors_are_not_found(self, index: Index) -> None:
        keys, _ = _filled(index, 2)
        with pytest.raises(NotFound, match="absent"):
            index.vectors([keys[0], "absent"])

    def test_no_keys_have_no_vectors(self, index: Index) -> None:
        _filled(index, 2)
        assert index.vectors([]).shape == (0, WIDTH)

    @pytest.mark.parametrize("shape", [(2, WIDTH + 1), (1, WIDTH), (2 * WIDTH,)])
    def test_vectors_of_another_shape_are_refused(
        self, index: Index, shape: tuple[int, ...]
    ) -> None:
        with pytest.raises(Invalid):
            index.add(["a", "b"], np.zeros(shape, dtype=np.float32))
        assert len(index) == 0

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_what_is_not_finite_is_refused(self, index: Index, value: float) -> None:
        vectors = np.zeros((2, WIDTH), dtype=np.float32)
        vectors[1, 3] = value
        with pytest.raises(Invalid):
            index.add(["a", "b"], vectors)
        assert len(index) == 0
        for find in (index.nearest, index.largest):
            with pytest.raises(Invalid):
                find(vectors[1].astype(np.float64), 1)

    def test_a_query_of_another_length_is_refused(self, index: Index) -> None:
        for find in (index.nearest, index.largest):
            with pytest.raises(Invalid):
                find(np.zeros(WIDTH - 1), 1)


def _filled(index: Index, count: int) -> tuple[list[str], NDArray[np.float32]]:
    keys = [f"{i:04d}" for i in range(count)]
    vectors = np.random.default_rng(0).normal(size=(count, WIDTH)).astype(np.float32)
    index.add(keys, vectors)
    return keys, vectors


def _agree(found: list[tuple[str, float]], keys: list[str], smallest: Float) -> None:
    order = np.argsort(smallest)[: len(found)]
    assert [key for key, _ in found] == [keys[row] for row in order]
    np.testing.assert_allclose([value for _, value in found], smallest[order], rtol=1e-5)
