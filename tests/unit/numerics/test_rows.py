"""Rows in blocks, and the threads that work on them."""

import threading

import numpy as np
import pytest
from hypothesis import given, strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from learndock.errors import BadData
from learndock.numerics.rows import InMemory, as_rows, each_block, each_tile, one_thread_each


def blas_threads():
    return [found["num_threads"] for found in threadpool_info() if found["user_api"] == "blas"]


@given(count=st.integers(1, 50), block=st.integers(1, 60))
def test_blocks_are_all_rows_in_order(count, block):
    array = np.arange(2.0 * count).reshape(count, 2)
    rows = InMemory(array, block=block)
    np.testing.assert_array_equal(np.vstack(list(rows.blocks())), array)
    assert (len(rows), rows.width) == array.shape


def test_picked_rows_are_those_of_the_numbers():
    array = np.arange(10.0)[:, None]
    np.testing.assert_array_equal(InMemory(array).pick(np.array([2, 5]))[:, 0], [2, 5])


def test_tiles_are_all_rows_of_a_block_in_order():
    block = np.arange(5_000.0)[:, None]
    found = list(each_tile(7, block))
    np.testing.assert_array_equal(np.vstack([tile for _, tile in found]), block)
    assert [first for first, _ in found] == [7 + tile[0, 0] for _, tile in found]


def test_rows_pass_through_and_other_arrays_are_refused():
    rows = InMemory(np.zeros((2, 2)))
    assert as_rows(rows) is rows
    with pytest.raises(BadData, match=r"shape \(3,\)"):
        as_rows(np.zeros(3))


def test_results_come_in_the_order_of_the_blocks_on_any_number_of_threads():
    rows = InMemory(np.arange(200.0)[:, None], block=3)
    waits = np.random.default_rng(0).uniform(0, 2e-3, size=200)

    def work(start, block):
        threading.Event().wait(waits[start])
        return start, block.sum()

    expected = [
        (start, rows.pick(np.arange(start, min(start + 3, 200))).sum())
        for start in range(0, 200, 3)
    ]
    for threads in (1, 4):
        with threadpool_limits(threads, user_api="blas"):
            assert list(each_block(rows, work)) == expected


def test_only_a_few_blocks_are_held_at_once():
    held = []

    class Counted(InMemory):
        def blocks(self):
            for block in super().blocks():
                held.append(len(block))
                yield block

    with threadpool_limits(2, user_api="blas"):
        results = each_block(Counted(np.zeros((1_000, 1)), block=1), lambda start, _: start)
        next(results)
        assert len(held) <= 3
        results.close()


def test_an_error_in_a_block_comes_out():
    def work(start, block):
        raise BadData("bad", next="")

    with pytest.raises(BadData):
        list(each_block(InMemory(np.zeros((5, 1)), block=2), work))


def test_matrix_products_have_one_thread_inside_and_as_many_as_before_outside():
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with one_thread_each() as threads:
            assert threads == max(before)
            with one_thread_each():
                assert set(blas_threads()) == {1}
            assert set(blas_threads()) == {1}
        assert blas_threads() == before


def test_threads_that_overlap_leave_as_many_as_before():
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        first, second = one_thread_each(), one_thread_each()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert set(blas_threads()) == {1}
        second.__exit__(None, None, None)
        assert blas_threads() == before
