"""What is special about ONNX: forms of input and output, names of classes, and what is refused."""

import json

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from learndock.errors import BadModel, UnsafeModel
from learndock.runtimes.onnx import FILE, plugin

RNG = np.random.default_rng(0)
ROWS = 90
ARRAY = RNG.normal(size=(ROWS, 2)).astype(np.float32)
NAMED = np.where(ARRAY[:, 0] > 0.4, "high", np.where(ARRAY[:, 1] > 0, "low", "mid"))
NUMBERED = np.where(ARRAY[:, 0] > 0, 7, 3)
VALUE = ARRAY @ [1.0, 2.0]
FLOAT = TensorProto.FLOAT


def stored(model):
    return plugin.load(plugin.dump(model))


def graph(nodes, inputs, outputs, constants=(), domains=("",), metadata=None):
    """Return a small model by hand."""
    made = helper.make_graph(nodes, "small", inputs, outputs, list(constants))
    imports = [helper.make_opsetid(domain, 1 if domain else 17) for domain in domains]
    model = helper.make_model(made, opset_imports=imports, ir_version=9)
    helper.set_model_props(model, metadata or {})
    return model


def softmax(width=3, **more):
    return graph(
        [helper.make_node("Softmax", ["x"], ["y"], axis=1)],
        [helper.make_tensor_value_info("x", FLOAT, [None, width])],
        [helper.make_tensor_value_info("y", FLOAT, [None, width])],
        **more,
    )


@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize("labels", [NAMED, NUMBERED], ids=["names", "numbers"])
@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        GaussianNB(),
        RandomForestClassifier(3, random_state=0),
        MLPClassifier(max_iter=400, tol=0.1, n_iter_no_change=1),
    ],
    ids=lambda model: type(model).__name__,
)
def test_classifiers_of_skl2onnx_keep_the_names_of_their_classes(model, labels, zipmap):
    model.fit(ARRAY, labels)
    found = stored(to_onnx(model, ARRAY[:1], options={id(model): {"zipmap": zipmap}}))
    assert found.classes == tuple(model.classes_.tolist())
    assert np.allclose(found.outputs(ARRAY), model.predict_proba(ARRAY), atol=1e-5)


def test_columns_are_fed_by_name_and_type():
    frame = pd.DataFrame({"price": ARRAY[:, 0], "shop": RNG.choice(["north", "south"], ROWS)})
    columns = make_column_transformer((StandardScaler(), ["price"]), (OneHotEncoder(), ["shop"]))
    model = make_pipeline(columns, LogisticRegression()).fit(frame, NAMED)
    found = stored(to_onnx(model, frame[:1]))
    shuffled = frame[["shop", "price"]].astype({"price": np.float64})
    assert np.allclose(found.outputs(shuffled), model.predict_proba(frame), atol=1e-5)
    with pytest.raises(BadModel, match="cannot predict these rows"):
        found.outputs(frame[["price"]])


@pytest.mark.parametrize("dimensions", [[None], [None, 1]])
def test_texts_are_fed_to_an_input_of_strings(dimensions):
    known = numpy_helper.from_array(np.array([["yes"]], dtype=object), "known")
    shape = numpy_helper.from_array(np.array([-1, 1]), "shape")
    model = graph(
        [
            helper.make_node("Reshape", ["text", "shape"], ["column"]),
            helper.make_node("Equal", ["column", "known"], ["same"]),
            helper.make_node("Cast", ["same"], ["value"], to=FLOAT),
        ],
        [helper.make_tensor_value_info("text", TensorProto.STRING, dimensions)],
        [helper.make_tensor_value_info("value", FLOAT, [None, 1])],
        [known, shape],
    )
    model.opset_import[0].version = 19
    assert stored(model).outputs(["yes", "no", "yes"]).tolist() == [1, 0, 1]


def test_a_tensor_of_probabilities_has_numbered_classes():
    found = stored(softmax())
    assert found.classes == (0, 1, 2)
    assert np.allclose(found.outputs(np.zeros((2, 3))), 1 / 3)


def test_metadata_names_the_classes():
    found = stored(softmax(metadata={"classes": json.dumps(["a", "b", "c"])}))
    assert found.classes == ("a", "b", "c")


@pytest.mark.parametrize("classes", ["a, b", '{"a": 1}', '["a"]', '[["a"], ["b"]]', "[" * 10**5])
def test_metadata_that_names_no_classes_is_refused(classes):
    with pytest.raises(BadModel):
        stored(softmax(metadata={"classes": classes}))


@pytest.mark.parametrize("shape", [[None], [None, 1]])
def test_one_number_a_row_is_a_value(shape):
    model = graph(
        [helper.make_node("ReduceSum", ["x", "axis"], ["y"], keepdims=len(shape) - 1)],
        [helper.make_tensor_value_info("x", FLOAT, [None, 2])],
        [helper.make_tensor_value_info("y", FLOAT, shape)],
        [numpy_helper.from_array(np.array([1]), "axis")],
    )
    found = stored(model)
    assert found.classes == ()
    assert np.allclose(found.outputs(ARRAY), ARRAY.sum(axis=1), atol=1e-6)


def test_a_path_and_bytes_are_models_too(tmp_path):
    model = to_onnx(LinearRegression().fit(ARRAY, VALUE), ARRAY[:1])
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    for given in (path, str(path), path.read_bytes()):
        assert plugin.claims(given)
        assert np.allclose(stored(given).outputs(ARRAY), VALUE, atol=1e-4)


def test_a_path_to_nothing_is_refused(tmp_path):
    with pytest.raises(BadModel, match="cannot read"):
        plugin.dump(tmp_path / "gone.onnx")


# ---------------------------------------------------------------- refused


def test_weights_in_another_file_are_refused(tmp_path):
    model = graph(
        [helper.make_node("Add", ["x", "w"], ["y"])],
        [helper.make_tensor_value_info("x", FLOAT, [None, 3])],
        [helper.make_tensor_value_info("y", FLOAT, [None, 3])],
        [numpy_helper.from_array(np.ones(3, np.float32), "w")],
    )
    path = tmp_path / "model.onnx"
    onnx.save(model, path, save_as_external_data=True, size_threshold=0)
    with pytest.raises(UnsafeModel, match="'w' in another file"):
        plugin.dump(path)
    with pytest.raises(UnsafeModel):
        plugin.load({FILE: path.read_bytes()})


def test_weights_in_another_file_are_found_in_a_branch_too():
    hidden = TensorProto(name="secret", data_type=FLOAT, dims=[1])
    hidden.data_location = TensorProto.EXTERNAL
    entry = hidden.external_data.add()
    entry.key, entry.value = "location", "../../secret"
    branch = helper.make_graph(
        [helper.make_node("Constant", [], ["c"], value=hidden)],
        "branch",
        [],
        [helper.make_tensor_value_info("c", FLOAT, [1])],
    )
    model = softmax()
    model.graph.node.append(
        helper.make_node("If", ["q"], ["r"], then_branch=branch, else_branch=branch)
    )
    with pytest.raises(UnsafeModel, match="secret"):
        plugin.load({FILE: model.SerializeToString()})


def test_an_operator_from_elsewhere_is_refused():
    model = softmax(domains=("", "org.example"))
    model.graph.node[0].domain = "org.example"
    with pytest.raises(UnsafeModel, match=r"org\.example\.Softmax") as caught:
        plugin.dump(model)
    assert caught.value.facts["operator"] == "org.example.Softmax"


def test_scores_that_are_no_probabilities_are_refused():
    model = softmax()
    model.graph.node[0].op_type = "Identity"
    del model.graph.node[0].attribute[:]
    with pytest.raises(BadModel, match="softmax"):
        stored(model).outputs(ARRAY @ np.ones((2, 3), np.float32))


def test_an_output_of_unknown_width_asks_for_the_classes():
    model = softmax()
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_param = "any"
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "any"
    with pytest.raises(BadModel, match="says neither") as caught:
        stored(model)
    assert "classes" in caught.value.next


def test_two_outputs_of_numbers_are_refused_by_name():
    model = softmax()
    model.graph.node.append(helper.make_node("Identity", ["x"], ["again"]))
    model.graph.output.append(helper.make_tensor_value_info("again", FLOAT, [None, 3]))
    with pytest.raises(BadModel, match="again"):
        stored(model)
