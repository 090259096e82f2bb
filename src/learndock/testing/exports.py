"""Small encoders in ONNX, written as exporters write them: for tests, and to try things out.

They need `onnx`, and `tokenizers` for texts.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

WIDTH = 8
_OPSET, _IR = 17, 8


def write_text_export(folder: Path, *, seed: int = 0) -> Path:
    """Write an encoder of texts: its tokens are bytes, and each has a random vector.

    Returns
    -------
    Path
        The folder, which is made if need be.
    """
    from onnx import helper, numpy_helper
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    folder.mkdir(parents=True, exist_ok=True)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(folder / "tokenizer.json"))
    vectors = np.random.default_rng(seed).normal(size=(len(letters), WIDTH)).astype(np.float32)
    nodes = [helper.make_node("Gather", ["vectors", "input_ids"], ["last_hidden_state"])]
    inputs = [_value("input_ids", "INT64", ["n", "tokens"])]
    outputs = [_value("last_hidden_state", "FLOAT", ["n", "tokens", WIDTH])]
    _save(folder, nodes, inputs, outputs, [numpy_helper.from_array(vectors, "vectors")])
    return folder


def write_picture_export(folder: Path) -> Path:
    """Write an encoder of pictures: one layer of random filters on 16 x 16 pixels.

    Returns
    -------
    Path
        The folder, which is made if need be.
    """
    from onnx import helper, numpy_helper

    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "do_center_crop": True,
        "size": {"shortest_edge": 20},
        "crop_size": {"height": 16, "width": 16},
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.25, 0.25, 0.25],
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(settings), encoding="utf-8")
    filters = np.random.default_rng(0).normal(size=(WIDTH, 3, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["pixel_values", "filters"], ["edges"]),
        helper.make_node("Relu", ["edges"], ["last_hidden_state"]),
    ]
    inputs = [_value("pixel_values", "FLOAT", ["n", 3, "height", "width"])]
    outputs = [_value("last_hidden_state", "FLOAT", ["n", WIDTH, "h", "w"])]
    _save(folder, nodes, inputs, outputs, [numpy_helper.from_array(filters, "filters")])
    return folder


def _value(name: str, kind: str, shape: list[str | int]) -> Any:
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(name, TensorProto.DataType.Value(kind), shape)


def _save(folder: Path, nodes: list[Any], inputs: list[Any], outputs: list[Any],
          weights: list[Any]) -> None:  # fmt: skip
    from onnx import helper, save

    graph = helper.make_graph(nodes, "encoder", inputs, outputs, weights)
    opset = [helper.make_opsetid("", _OPSET)]
    save(helper.make_model(graph, opset_imports=opset, ir_version=_IR), folder / "model.onnx")
