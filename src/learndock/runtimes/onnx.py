"""ONNX models (a `ModelProto`, its bytes, or a path to an ``.onnx`` file), as they are.

The inputs are one matrix, one input for each column by name, or one list of texts. The output is
a classifier's (what skl2onnx writes, with or without its ZipMap, or an (n, C) tensor of
probabilities) or a regressor's ((n,) or (n, 1) values); a label output beside it is not needed.
Class names are taken from the metadata entry ``classes`` (a JSON list), else from the graph,
else they are 0 to C - 1. Weights in other files and operators outside ONNX and ONNX Runtime are
refused: what runs must be in the file, and known.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from learndock.core.data import array_of
from learndock.core.ports import Model, Runtime
from learndock.core.sketch import Label
from learndock.errors import BadModel, UnsafeModel
from learndock.runtimes._shared import (
    FAILURES,
    Loaded,
    comes_from,
    labels,
    need,
    part,
    reason_of,
    whole_numbers,
)

FILE = "model.onnx"
DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
"""Of operators: ONNX's own, and those that come with ONNX Runtime."""
_TYPES: dict[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
    "tensor(string)": np.object_,
}


class Onnx:
    """Stores a graph as it came."""

    suffixes = (".onnx",)

    def claims(self, model: Any) -> bool:
        """Say whether it is a `ModelProto`, bytes, or a path that ends in ``.onnx``."""
        if isinstance(model, str | Path):
            return Path(model).suffix == ".onnx"
        return isinstance(model, bytes) or (
            comes_from(model, "onnx") and type(model).__name__ == "ModelProto"
        )

    def open(self, content: bytes) -> Any:
        """Return the graph, once it is known to need nothing else."""
        _parse(content)
        return content

    def dump(self, model: Any) -> dict[str, bytes]:
        """Return the graph, once it is known to need nothing else."""
        content = _content(model)
        _parse(content)
        return {FILE: content}

    def load(self, files: Mapping[str, bytes]) -> Model:
        """Return the model of a graph; it predicts on one thread of the CPU."""
        content = part(files, FILE)
        proto = _parse(content)
        failures = (*FAILURES, *_native_failures())
        try:
            session = _session(content)
        except failures as error:
            raise BadModel(f"ONNX Runtime cannot load it: {reason_of(error)}") from error
        output = _chosen(session.get_outputs())
        classes = _stated_classes(proto) or _counted_classes(output)
        inputs = session.get_inputs()

        def predict(data: Any) -> Any:
            (found,) = session.run([output.name], _feed(data, inputs))
            if output.type.startswith("seq(map"):
                return [[row[label] for label in classes] for row in found]
            return found if classes else found.reshape(len(found), -1).squeeze(axis=1)

        return Loaded(predict, classes, failures, flat=False)

    def original(self, model: Any) -> Model | None:
        """Return nothing: the graph is stored as it came."""
        return None

    def requires(self) -> dict[str, str]:
        """Return the version of ONNX Runtime."""
        return {"onnxruntime": need("onnxruntime", extra="onnx").__version__}


def _content(model: Any) -> bytes:
    if isinstance(model, bytes):
        return model
    if not isinstance(model, str | Path):
        return bytes(model.SerializeToString(deterministic=True))
    try:
        return Path(model).read_bytes()
    except OSError as error:
        raise BadModel(f"cannot read {str(model)!r}: {error.strerror}", path=str(model)) from error


def _parse(content: bytes) -> Any:
    """Return the graph as a message; refuse one that needs other files or unknown operators."""
    library = need("onnx", extra="onnx")
    proto = library.ModelProto()
    try:
        proto.ParseFromString(content)
    except need("google.protobuf.message", extra="onnx").DecodeError as error:
        raise BadModel(f"not an ONNX file: {reason_of(error)}") from error
    if not proto.graph.output:
        raise BadModel("not an ONNX file: it has no graph with an output")
    for message in _messages(proto):
        _refuse_foreign(message)
    return proto


def _messages(message: Any) -> Iterator[Any]:
    """Yield a message and all messages within it: graphs, nodes, tensors, at any depth."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for item in (value,) if hasattr(value, "ListFields") else value:
                yield from _messages(item)


def _refuse_foreign(message: Any) -> None:
    kind = message.DESCRIPTOR.name
    if kind == "TensorProto" and (message.external_data or message.data_location):
        raise UnsafeModel(
            f"the ONNX model keeps {message.name!r} in another file",
            next="save it in one file: `onnx.save(onnx.load(path), target)`",
        )
    if kind == "NodeProto" and message.domain not in DOMAINS:
        raise UnsafeModel(
            f"the ONNX model has an operator {message.domain}.{message.op_type}, which is not "
            "part of ONNX Runtime",
            next="export it with operators of ONNX alone",
            operator=f"{message.domain}.{message.op_type}",
        )


def _native_failures() -> tuple[type[Exception], ...]:
    """Return the errors of ONNX Runtime, which have no common root."""
    native = need("onnxruntime.capi.onnxruntime_pybind11_state", extra="onnx")
    found = (kind for kind in vars(native).values() if isinstance(kind, type))
    return tuple(kind for kind in found if issubclass(kind, Exception))


def _session(content: bytes) -> Any:
    library = need("onnxruntime", extra="onnx")
    options = library.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return library.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _stated_classes(proto: Any) -> tuple[Label, ...]:
    """Return the labels that the metadata or the graph name; the last word in the graph counts."""
    for entry in proto.metadata_props:
        if entry.key == "classes":
            return labels(_listed(entry.value))
    constants = {tensor.name: tensor for tensor in proto.graph.initializer}
    found: Sequence[Any] = ()
    for node in proto.graph.node:
        for attribute in node.attribute:
            if attribute.name.startswith("classlabels_"):
                found = attribute.strings or attribute.ints or found
        if node.op_type == "ArrayFeatureExtractor" and node.input[0] in constants:
            found = _array(constants[node.input[0]]).ravel().tolist()
    named = [label.decode() if isinstance(label, bytes) else label for label in found]
    return labels(named) if named else ()


def _listed(text: str) -> list[Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadModel(f"the metadata entry `classes` is no JSON: {error}") from error
    if not isinstance(found, list):
        raise BadModel("the metadata entry `classes` is no JSON list")
    return found


def _array(tensor: Any) -> Any:
    return need("onnx.numpy_helper", extra="onnx").to_array(tensor)


def _chosen(outputs: Sequence[Any]) -> Any:
    """Return the one output that holds probabilities or values."""
    maps = [output for output in outputs if output.type.startswith("seq(map")]
    tensors = [output for output in outputs if output.type in {"tensor(float)", "tensor(double)"}]
    found = maps or tensors
    if len(found) != 1:
        raise BadModel(
            f"the ONNX model has the outputs {', '.join(f'{o.name}: {o.type}' for o in outputs)}; "
            "exactly one of probabilities or values is needed",
            next="export it with one output of floating-point numbers",
        )
    return found[0]


def _counted_classes(output: Any) -> tuple[Label, ...]:
    """Return 0 to C - 1 for an (n, C) output, and nothing for (n,) or (n, 1) values."""
    shape = list(output.shape)
    if len(shape) == 1 or shape[1:] == [1]:
        return ()
    if len(shape) != 2 or not isinstance(shape[1], int):
        raise BadModel(
            f"output {output.name!r} has shape {shape}, which says neither classes nor values",
            next="add a metadata entry `classes` to the model: a JSON list of its labels",
        )
    return labels(whole_numbers(shape[1]))


def _feed(data: Any, inputs: Sequence[Any]) -> dict[str, Any]:
    """Return rows as the model's inputs: one for all columns, or one for each by its name."""
    if isinstance(data, list):
        return {inputs[0].name: _typed(np.array(data, dtype=object), inputs[0])}
    if isinstance(data, np.ndarray) and data.ndim > 2:
        return {inputs[0].name: data.astype(_TYPES[inputs[0].type])}
    if len(inputs) == 1:
        return {inputs[0].name: _typed(_matrix(data, inputs[0]), inputs[0])}
    frame = nw.from_native(data, eager_only=True)
    return {entry.name: _typed(frame[entry.name].to_numpy(), entry) for entry in inputs}


def _matrix(data: Any, entry: Any) -> Any:
    if entry.type == "tensor(string)":
        return nw.from_native(data, eager_only=True).to_numpy()
    return array_of(data)


def _typed(values: Any, entry: Any) -> Any:
    """Return values with the input's type and number of dimensions."""
    typed = values.astype(_TYPES[entry.type])
    if typed.ndim == 1 and len(entry.shape) == 2:
        return typed.reshape(-1, 1)
    return typed.ravel() if len(entry.shape) == 1 else typed


plugin: Runtime = Onnx()
