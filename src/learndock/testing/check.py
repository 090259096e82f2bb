"""The contract of checks: what every admission rule must keep."""

import numpy as np
import pytest

from learndock.core.learnware import Learnware, list_files
from learndock.core.manifest import Input, Manifest
from learndock.core.ports import Check
from learndock.core.sketch import Gate, Sketch
from learndock.core.space import Space


def make_learnware(*, model: bytes = b"model", gate: Gate | None = None) -> Learnware:
    """Return a small learnware that every check lets pass; its model is never loaded."""
    space = Space(name="plane", modality="vector", encoder="vector", width=2, gamma=0.5)
    sketch = Sketch(
        space=space,
        points=np.arange(10.0).reshape(5, 2),
        weights=np.full(5, 0.2),
        outcomes=np.full((5, 2), 0.1),
        classes=("no", "yes"),
        rows=200,
        gate=gate or Gate(nearest=1.0, close=0.0, limit=0.1),
    )
    files = {"model.skops": model}
    manifest = Manifest(
        name="sample",
        task="classification",
        classes=("no", "yes"),
        license="MIT",
        input=Input(kind="array", columns=("x0", "x1")),
        runtime="sklearn",
        space=space.id,
        files=list_files(sketch, files),
    )
    return Learnware(manifest, sketch, files)


class CheckContract:
    """Inherit this and give a `check` fixture."""

    @pytest.fixture
    def learnware(self) -> Learnware:
        return make_learnware()

    def test_a_sound_learnware_passes_without_a_word(
        self, check: Check, learnware: Learnware
    ) -> None:
        assert check.inspect(learnware) == []

    def test_a_model_is_never_loaded(self, check: Check) -> None:
        # These bytes are no model: a check that loaded them would raise.
        assert check.inspect(make_learnware(model=b"\x80\x04.")) == []

    def test_the_same_learnware_gives_the_same_findings(self, check: Check) -> None:
        doubtful = make_learnware(gate=Gate(nearest=0.1, close=0.9, limit=0.1, consent=True))
        first, second = check.inspect(doubtful), check.inspect(doubtful)
        assert first == second
        assert all(finding.message for finding in first)
