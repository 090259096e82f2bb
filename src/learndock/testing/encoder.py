"""What every encoder keeps. Inherit `EncoderContract` and override its fixtures."""

import copy
from typing import Any

import numpy as np
import pytest

from learndock.core.data import count_rows, take
from learndock.core.ports import Encoder
from learndock.core.space import Space
from learndock.errors import BadData, SpaceMismatch


class EncoderContract:
    """Rules of the port `Encoder`.

    Override the fixtures `name`, `encoder` and `data`: the name under which the adapter is
    found, its plugin, and at least 50 rows of the kind that it encodes.
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
    def space(self, encoder: Encoder, data: Any) -> Space:
        """Return a space made of `data`."""
        return encoder.space(data, name="contract")

    def test_a_space_names_its_encoder(self, name: str, space: Space) -> None:
        assert space.encoder == name

    def test_the_same_data_makes_the_same_space(
        self, encoder: Encoder, data: Any, space: Space
    ) -> None:
        assert encoder.space(copy.deepcopy(data), name="contract").id == space.id

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

    def test_one_row_is_enough_to_encode(self, encoder: Encoder, data: Any, space: Space) -> None:
        assert encoder.encode(take(data, np.array([5])), space).shape == (1, space.width)

    def test_global_randomness_is_left_alone(self, encoder: Encoder, data: Any) -> None:
        before = np.random.get_state(legacy=False)
        encoder.encode(data, encoder.space(data, name="contract"))
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
