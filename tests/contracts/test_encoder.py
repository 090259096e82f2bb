"""Every encoder that is found passes the suite of its port."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from learndock.core import registry
from learndock.core.ports import Encoder
from learndock.testing.encoder import EncoderContract
from learndock.testing.exports import write_text_export

ROWS = 60
RNG = np.random.default_rng(0)
COMMIT = "0" * 40
VECTORS = RNG.normal(size=(ROWS, 4))
KINDS = ["apple", "engine", "senator"] * 20
TEXTS = [f"the {kind} number {row}" for row, kind in enumerate(KINDS)]


def table(shift: int) -> pd.DataFrame:
    """Columns of every kind, as they come; the shift moves their values and changes their words."""
    words = RNG.choice([f"word{i + shift}" for i in range(40)], (ROWS, 5))
    return pd.DataFrame(
        {
            "price": np.where(RNG.random(ROWS) < 0.1, np.nan, shift + RNG.lognormal(size=ROWS)),
            "week": RNG.integers(1, 53, ROWS),
            "department": RNG.choice([f"{name} {shift}" for name in ("dairy", "bakery")], ROWS),
            "open": RNG.random(ROWS) < 0.5,
            "day": pd.date_range("2024-01-01", periods=ROWS, freq="7h"),
            "sales (eur)": [f"{1_000 * value:,.2f}" for value in RNG.random(ROWS) + shift],
            "holiday": RNG.choice(["yes", "no"], ROWS),
            "note": [" ".join(line) for line in words],
            "nothing": [None] * ROWS,
        }
    )


def pictures(*, lying: bool) -> NDArray[np.uint8]:
    """Stripes that stand or lie, with some noise."""
    stripes = np.tile(np.arange(12) % 4 < 2, (ROWS, 12, 1))
    drawn = stripes.transpose(0, 2, 1) if lying else stripes
    return (200 * drawn + RNG.integers(0, 50, drawn.shape)).astype(np.uint8)


SAMPLES = (table(0), TEXTS, pictures(lying=False), VECTORS)
OTHERS = (
    table(100),
    [f"a {kind} in {row} days" for row, kind in enumerate(["storm", "wedding", "verdict"] * 20)],
    pictures(lying=True),
    VECTORS + 3,
)


def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    return str(write_text_export(tmp_path))


def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A repository in the cache, and no network."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    write_text_export(tmp_path / "models--ada--small" / "snapshots" / COMMIT)
    return f"ada/small@{COMMIT}"


SOURCES = {"onnx": folder, "hf": repository}
"""Of encoders with files of their own; these read texts."""


@pytest.mark.parametrize("name", registry.names("encoders"))
class TestEncoders(EncoderContract):
    @pytest.fixture
    def encoder(self, name: str) -> Encoder:
        return registry.load("encoders", name)

    @pytest.fixture
    def source(self, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
        return SOURCES[name](tmp_path, monkeypatch) if name in SOURCES else ""

    @pytest.fixture
    def place(self, name: str, encoder: Encoder) -> int:
        """The first sample that the encoder claims; one that claims nothing takes vectors."""
        if name in SOURCES:
            return next(i for i, sample in enumerate(SAMPLES) if sample is TEXTS)
        claimed = (i for i, sample in enumerate(SAMPLES) if encoder.claims(sample))
        return next(claimed, len(SAMPLES) - 1)

    @pytest.fixture
    def data(self, place: int) -> Any:
        return SAMPLES[place]

    @pytest.fixture
    def other(self, place: int) -> Any:
        return OTHERS[place]
