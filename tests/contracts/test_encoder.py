"""Every encoder that is found passes the suite of its port."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from learndock.core import registry
from learndock.core.ports import Encoder
from learndock.testing.encoder import EncoderContract

ROWS = 60
RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(ROWS, 4))
SAMPLES = (
    pd.DataFrame(
        {
            "price": np.where(RNG.random(ROWS) < 0.1, np.nan, RNG.lognormal(size=ROWS)),
            "week": RNG.integers(1, 53, ROWS),
            "department": RNG.choice(["dairy", "bakery", "seafood"], ROWS),
            "open": RNG.random(ROWS) < 0.5,
            "day": pd.date_range("2024-01-01", periods=ROWS, freq="7h"),
        }
    ),
    [f"the {kind} number {row}" for row, kind in enumerate(["apple", "engine", "senator"] * 20)],
    VECTORS,
)


@pytest.mark.parametrize("name", registry.names("encoders"))
class TestEncoders(EncoderContract):
    @pytest.fixture
    def encoder(self, name: str) -> Encoder:
        return registry.load("encoders", name)

    @pytest.fixture
    def data(self, encoder: Encoder) -> Any:
        """The first sample that the encoder claims; one that claims nothing takes vectors."""
        return next((sample for sample in SAMPLES if encoder.claims(sample)), VECTORS)
