"""What every runtime keeps. Inherit `RuntimeContract` and override its fixtures."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest

from learndock.core.archive import MANIFEST
from learndock.core.data import count_rows, take
from learndock.core.manifest import SKETCH, File
from learndock.core.ports import Model, Runtime
from learndock.core.sketch import Float, Label
from learndock.errors import BadModel, UnsafeModel

HEAVY = ("lightgbm", "onnx", "onnxruntime", "sklearn", "skops", "torch", "xgboost")

OTHER_CONTENT = (b"", b"no model", b"{}", b"\x00" * 64)


@dataclass(frozen=True, eq=False)
class Sample:
    """A trained model, rows that it can predict, and what it answers there.

    Attributes
    ----------
    model : Any
        As its owner has it.
    rows : data
        At least three, in the form in which the model predicts.
    expected : (n, C) or (n,) float64
        Class probabilities or values, by the model's own library.
    classes : tuple of labels
        Of the columns of `expected`; empty for a regressor.
    """

    model: Any
    rows: Any
    expected: Float
    classes: tuple[Label, ...] = ()


def outputs_elsewhere(runtime: Runtime, files: Mapping[str, bytes], rows: Any) -> Float:
    """Return what a stored model answers; sent to another process by the suite."""
    return runtime.load(files).outputs(rows)


class RuntimeContract:
    """The suite. Override `runtime` and `sample`, or parametrize them."""

    @pytest.fixture
    def runtime(self) -> Runtime:
        """Return the adapter's `plugin`."""
        raise NotImplementedError

    @pytest.fixture
    def sample(self) -> Sample:
        """Return a model of this runtime, best once a classifier and once a regressor."""
        raise NotImplementedError

    @pytest.fixture
    def files(self, runtime: Runtime, sample: Sample) -> dict[str, bytes]:
        """Return the sample as files."""
        return runtime.dump(sample.model)

    @pytest.fixture
    def model(self, runtime: Runtime, files: dict[str, bytes]) -> Model:
        """Return the sample, stored and loaded again."""
        return runtime.load(files)

    @pytest.fixture(scope="class")
    @classmethod
    def elsewhere(cls) -> Iterator[ProcessPoolExecutor]:
        """Yield another process that shares nothing with this one."""
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            yield pool

    def test_it_claims_its_own_models(self, runtime: Runtime, sample: Sample) -> None:
        assert runtime.claims(sample.model)

    @pytest.mark.parametrize("other", [None, 1, "text", object(), {"a": 1}, np.zeros(2)])
    def test_it_claims_nothing_that_is_no_model(self, runtime: Runtime, other: Any) -> None:
        assert not runtime.claims(other)

    def test_a_stored_model_answers_as_the_original(self, model: Model, sample: Sample) -> None:
        np.testing.assert_allclose(model.outputs(sample.rows), sample.expected, atol=1e-6)

    def test_the_original_answers_for_itself_unless_it_is_a_file(
        self, runtime: Runtime, sample: Sample
    ) -> None:
        original = runtime.original(sample.model)
        if original is None:
            content = next(iter(runtime.dump(sample.model).values()))
            assert runtime.dump(content).keys() == runtime.dump(sample.model).keys()
        else:
            assert original.classes == sample.classes
            np.testing.assert_allclose(original.outputs(sample.rows), sample.expected, atol=1e-6)

    def test_classes_are_plain_and_in_the_order_of_the_columns(
        self, model: Model, sample: Sample
    ) -> None:
        assert model.classes == sample.classes
        assert [type(label) for label in model.classes] == [type(c) for c in sample.classes]
        json.dumps(model.classes)

    def test_outputs_are_float64(self, model: Model, sample: Sample) -> None:
        assert model.outputs(sample.rows).dtype == np.float64

    def test_a_row_alone_is_answered_as_among_others(self, model: Model, sample: Sample) -> None:
        alone = model.outputs(take(sample.rows, np.array([2])))
        np.testing.assert_allclose(alone, model.outputs(sample.rows)[2:3], atol=1e-6)

    def test_predicting_changes_nothing(self, model: Model, sample: Sample) -> None:
        first = model.outputs(sample.rows)
        assert np.array_equal(model.outputs(sample.rows), first)

    def test_the_same_model_gives_the_same_bytes(
        self, runtime: Runtime, sample: Sample, files: dict[str, bytes], model: Model
    ) -> None:
        model.outputs(sample.rows)
        assert runtime.dump(sample.model) == files

    def test_files_have_names_that_a_manifest_takes(self, files: dict[str, bytes]) -> None:
        assert files
        assert not {SKETCH, MANIFEST} & files.keys()
        for path, content in files.items():
            File(path=path, size=len(content), sha256="0" * 64)

    def test_a_stored_model_works_in_another_process(
        self,
        runtime: Runtime,
        sample: Sample,
        files: dict[str, bytes],
        elsewhere: ProcessPoolExecutor,
    ) -> None:
        found = elsewhere.submit(outputs_elsewhere, runtime, files, sample.rows).result(120)
        np.testing.assert_allclose(found, sample.expected, atol=1e-6)

    def test_a_file_of_ones_own_opens_as_a_model(
        self, runtime: Runtime, sample: Sample, files: dict[str, bytes]
    ) -> None:
        path = next(path for path in files if path.endswith(runtime.suffixes))
        opened = runtime.open(files[path])
        assert runtime.claims(opened)
        found = runtime.load(runtime.dump(opened)).outputs(sample.rows)
        np.testing.assert_allclose(found, sample.expected, atol=1e-6)

    def test_suffixes_are_in_lower_case_with_their_dot(self, runtime: Runtime) -> None:
        for suffix in runtime.suffixes:
            assert re.fullmatch(r"\.[a-z0-9]+", suffix)

    def test_other_content_does_not_open(self, runtime: Runtime) -> None:
        for content in OTHER_CONTENT:
            with pytest.raises((BadModel, UnsafeModel)):
                runtime.open(content)

    def test_missing_files_are_refused(self, runtime: Runtime) -> None:
        with pytest.raises(BadModel):
            runtime.load({})

    @pytest.mark.parametrize("content", OTHER_CONTENT)
    def test_other_content_is_refused(
        self, runtime: Runtime, files: dict[str, bytes], content: bytes
    ) -> None:
        for path in files:
            with pytest.raises((BadModel, UnsafeModel)):
                _answer(runtime, {**files, path: content})

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
    def test_a_file_that_is_cut_short_is_refused(
        self, runtime: Runtime, files: dict[str, bytes], share: float
    ) -> None:
        for path, content in files.items():
            with pytest.raises((BadModel, UnsafeModel)):
                runtime.load({**files, path: content[: int(share * len(content))]})

    @pytest.mark.filterwarnings("ignore:X does not have valid feature names")
    def test_rows_of_another_form_are_refused(self, model: Model, sample: Sample) -> None:
        other = np.zeros((3, 997)) if isinstance(sample.rows, list) else ["no", "table", "here"]
        with pytest.raises(BadModel):
            model.outputs(other)

    def test_one_answer_for_each_row(self, model: Model, sample: Sample) -> None:
        assert len(model.outputs(sample.rows)) == count_rows(sample.rows)

    def test_it_names_the_versions_that_loading_needs(self, runtime: Runtime) -> None:
        needed = runtime.requires()
        assert needed
        for name, version in needed.items():
            assert re.fullmatch(r"[a-z][a-z0-9._-]*", name)
            assert re.match(r"\d+\.\d+", version)

    def test_claiming_imports_no_library(self, runtime: Runtime) -> None:
        code = (
            f"import sys; from {type(runtime).__module__} import plugin; plugin.claims(object());"
            f"print(sorted({set(HEAVY)!r} & sys.modules.keys()))"
        )
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)  # noqa: S603
        assert said.stdout.strip() == "[]", said.stderr


def _answer(runtime: Runtime, files: Mapping[str, bytes]) -> Float:
    """Load a model and, if that goes well, let it answer: some damage shows only then."""
    return runtime.load(files).outputs(np.zeros((3, 1)))
