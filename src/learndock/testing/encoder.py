"""What every encoder keeps. Inherit `EncoderContract` and override its fixtures."""

import copy
from typing import Any

import numpy as np
import pytest

from learndock.core.data import count_rows, is_sparse, recognise, take
from learndock.core.ports import Columnar, Encoder
from learndock.core.sketch import Sketch
from learndock.core.space import Space
from learndock.errors import BadData, SpaceMismatch
from learndock.numerics.kernels import mmd
from learndock.service.sketching import sketch


class EncoderContract:
    """Rules of the port `Encoder`.

    Override the fixtures `name`, `encoder`, `data` and `other`: the name under which the adapter
    is found, its plugin, at least 50 rows of the kind that it encodes, and as many that differ
    from them; and `source`, where its files are, if it has some.
    """

    @pytest.fixture
    def name(self) -> str:
        """Return the name under which the adapter is found."""
        raise NotImplementedError

    @pytest.fixture
    def encoder(self, name: str) -> Encoder:
        """Return the adapter's plugin."""
        raise NotImplementedError

    @pytest.fixture
    def data(self, encoder: Encoder) -> Any:
        """Return at least 50 rows of the kind that the adapter encodes."""
        raise NotImplementedError

    @pytest.fixture
    def other(self, encoder: Encoder) -> Any:
        """Return at least 50 rows that a space of `data` takes, but from elsewhere."""
        raise NotImplementedError

    @pytest.fixture
    def source(self) -> str:
        """Return where the adapter's own files are."""
        return ""

    @pytest.fixture
    def space(self, encoder: Encoder, data: Any, source: str) -> Space:
        """Return a space made of `data`."""
        return encoder.space(data, name="contract", source=source)

    def test_a_space_names_its_encoder(self, name: str, space: Space) -> None:
        assert space.encoder == name

    def test_the_same_data_makes_the_same_space(
        self, encoder: Encoder, data: Any, space: Space, source: str
    ) -> None:
        again = encoder.space(copy.deepcopy(data), name="contract", source=source)
        assert again.id == space.id

    def test_a_space_comes_back_from_json_as_it_was(self, space: Space) -> None:
        assert Space.model_validate_json(space.model_dump_json()).id == space.id

    def test_the_bandwidth_is_rounded_to_three_digits(self, space: Space) -> None:
        assert space.gamma == float(f"{space.gamma:.3g}")

    def test_rows_become_finite_coordinates_as_wide_as_the_space(
        self, encoder: Encoder, data: Any, space: Space
    ) -> None:
        coords = encoder.encode(data, space)
        assert coords.shape == (count_rows(data), space.width)
        assert coords.dtype == np.float64
        assert np.isfinite(coords).all()

    def test_every_row_lies_within_the_bounds_of_the_space(
        self, encoder: Encoder, data: Any, space: Space
    ) -> None:
        coords = encoder.encode(data, space)
        low, high = encoder.bounds(space)
        assert low.shape == high.shape == (space.width,)
        assert ((low <= coords) & (coords <= high)).all()

    def test_rows_that_differ_are_told_apart(
        self, encoder: Encoder, data: Any, space: Space
    ) -> None:
        assert len(np.unique(encoder.encode(data, space), axis=0)) > 1

    def test_encoding_twice_gives_the_same_bits(
        self, encoder: Encoder, data: Any, space: Space
    ) -> None:
        again = encoder.encode(copy.deepcopy(data), space)
        np.testing.assert_array_equal(encoder.encode(data, space), again)

    def test_a_row_is_encoded_the_same_whatever_stands_beside_it(
        self, encoder: Encoder, data: Any, space: Space
    ) -> None:
        rows = np.array([7, 3, 3, 0])
        whole = encoder.encode(data, space)
        np.testing.assert_allclose(encoder.encode(take(data, rows), space), whole[rows], atol=1e-6)

    def test_the_data_is_left_as_it_was(self, encoder: Encoder, data: Any, source: str) -> None:
        before = copy.deepcopy(data)
        space = encoder.space(data, name="contract", source=source)
        encoder.encode(data, space)
        encoder.explain(data, space)
        assert _same(data, before)

    def test_it_is_told_how_everything_was_read(
        self, encoder: Encoder, data: Any, space: Space
    ) -> None:
        readings = encoder.explain(data, space)
        assert [one.name for one in readings] == [one.name for one in space.columns] or [""]
        assert all(one.kind and one.told and 0 <= one.missing <= 1 for one in readings)

    def test_a_space_has_columns_where_coordinates_belong_to_columns(
        self, encoder: Encoder, data: Any, space: Space
    ) -> None:
        if not isinstance(encoder, Columnar):
            assert space.columns == ()
            return
        coords, parts = encoder.encode(data, space), encoder.parts(space)
        assert list(parts) == [column.name for column in space.columns]
        assert [i for part in parts.values() for i in range(space.width)[part]] == list(
            range(space.width)
        )
        same = encoder.carry(coords, space, space, {name: name for name in parts})
        np.testing.assert_allclose(same, coords, atol=1e-9)

    def test_the_same_seed_makes_the_same_sketch(self, data: Any, space: Space) -> None:
        first, again = (sketch(data, space=space, seed=3, consent=True) for _ in range(2))
        assert first == again

    def test_a_sketch_comes_back_from_its_file(self, data: Any, space: Space) -> None:
        made = sketch(data, space=space, consent=True)
        assert Sketch.from_bytes(made.to_bytes()) == made

    def test_no_point_of_a_sketch_is_a_row(self, encoder: Encoder, data: Any, space: Space) -> None:
        points = sketch(data, space=space, consent=True).points
        rows = encoder.encode(data, space)
        assert np.linalg.norm(points[:, None] - rows, axis=2).min() > 1e-3

    def test_data_from_the_same_place_is_nearer_than_other_data(
        self, data: Any, other: Any, space: Space
    ) -> None:
        count = count_rows(data)
        halves = [take(data, np.arange(start, count, 2)) for start in (0, 1)]
        here, near, far = (
            sketch(rows, space=space, consent=True)
            for rows in (*halves, take(other, np.arange(0, count, 2)))
        )
        assert _distance(here, near) < _distance(here, far)

    def test_one_row_is_enough_to_encode(self, encoder: Encoder, data: Any, space: Space) -> None:
        assert encoder.encode(take(data, np.array([5])), space).shape == (1, space.width)

    def test_global_randomness_is_left_alone(
        self, encoder: Encoder, data: Any, source: str
    ) -> None:
        before = np.random.get_state(legacy=False)
        encoder.encode(data, encoder.space(data, name="contract", source=source))
        np.testing.assert_equal(np.random.get_state(legacy=False), before)

    def test_no_rows_are_refused(self, encoder: Encoder, data: Any, space: Space) -> None:
        with pytest.raises(BadData, match="no rows"):
            encoder.space(data[:0], name="contract")
        with pytest.raises(BadData, match="no rows"):
            encoder.encode(data[:0], space)

    def test_a_space_of_another_width_is_refused(
        self, encoder: Encoder, data: Any, space: Space
    ) -> None:
        wider = space.model_copy(update={"width": space.width + 1})
        with pytest.raises(SpaceMismatch):
            encoder.encode(data, wider)

    def test_a_space_of_another_encoder_is_refused(
        self, encoder: Encoder, data: Any, space: Space
    ) -> None:
        foreign = space.model_copy(update={"encoder": "foreign"})
        with pytest.raises(SpaceMismatch):
            encoder.encode(data, foreign)

    @pytest.mark.parametrize("alien", [None, 7, object(), np.float64(1.0), {"a": 1}])
    def test_what_is_no_data_is_not_claimed_and_refused(
        self, encoder: Encoder, space: Space, alien: object
    ) -> None:
        assert not encoder.claims(alien)
        with pytest.raises(BadData):
            encoder.space(alien, name="contract")
        with pytest.raises(BadData):
            encoder.encode(alien, space)


def _distance(one: Sketch, other: Sketch) -> float:
    gammas = one.space.gammas
    return mmd(one.points, one.weights, other.points, other.weights, gammas=gammas)


def _same(data: Any, other: Any) -> bool:
    """Say whether data is what it was, whatever its form."""
    if is_sparse(data):
        return _same(data.toarray(), other.toarray())
    if recognise(data) == "frame":
        return bool(data.equals(other))
    if isinstance(data, list | tuple):
        return all(_same(one, another) for one, another in zip(data, other, strict=True))
    if isinstance(data, np.ndarray):
        np.testing.assert_array_equal(data, other)
        return True
    return bool(data == other)
