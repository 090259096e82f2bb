import json
import shutil
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import learndock as ld
from learndock.core.space import Space
from learndock.encoders import _exports, _sessions
from learndock.encoders._exports import VARIABLE
from learndock.encoders.onnx import plugin
from learndock.errors import (
    BadData,
    BadModel,
    Conflict,
    NotFound,
    SpaceMismatch,
    Unavailable,
    UnsafeModel,
)
from learndock.numerics.kernels import mmd
from learndock.testing.encoder import EncoderContract
from learndock.testing.exports import WIDTH, write_picture_export

TEXTS = [f"{word} and {other}" for word in ("apple", "pear", "fig") for other in ("ham", "egg")]


def space_of(folder, texts=TEXTS) -> Space:
    return plugin.space(texts, name="own", source=str(folder))


def write(folder, name, content):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


# ---------------------------------------------------------------- what a space keeps


def test_a_space_keeps_digests_and_no_path(small):
    made = space_of(small)
    assert (made.modality, made.encoder, made.width) == ("text", "onnx", WIDTH)
    assert made.constants["model"] == _exports.digest_of(small / "model.onnx")
    assert made.constants["reads"]["tokenizer"] == _exports.digest_of(small / "tokenizer.json")
    assert str(small.parent) not in made.model_dump_json()


def test_the_same_files_in_another_folder_make_the_same_space(small, tmp_path):
    moved = shutil.copytree(small, tmp_path / "moved")
    assert space_of(moved) == space_of(small)


def test_another_tokenizer_makes_another_space(small, tmp_path):
    other = shutil.copytree(small, tmp_path / "other")
    (other / "tokenizer.json").write_bytes((small / "tokenizer.json").read_bytes() + b"\n")
    assert space_of(other) != space_of(small)


def test_at_most_250_rows_are_encoded_for_a_space(small, monkeypatch):
    seen = []
    run = _sessions._each
    monkeypatch.setattr(
        _sessions, "_each", lambda one, rows: (seen.append(len(rows)), run(one, rows))[1]
    )
    space_of(small, [f"text {i}" for i in range(400)])
    assert seen == [250]


def test_fewer_than_five_texts_make_no_space(small):
    with pytest.raises(BadData, match="4 rows were given"):
        space_of(small, TEXTS[:4])


# ---------------------------------------------------------------- how texts become vectors


def token_vectors(folder):
    (weights,) = onnx.load(folder / "model.onnx").graph.initializer
    return numpy_helper.to_array(weights).astype(np.float64)


def tokens(text, folder):
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text).ids


def test_a_text_is_the_mean_of_its_tokens_scaled_to_length_one(small):
    mean = token_vectors(small)[tokens("a fig", small)].mean(axis=0)
    found = plugin.encode(["a fig"], space_of(small))[0]
    np.testing.assert_allclose(found, mean / np.linalg.norm(mean), atol=1e-6)


def test_the_export_may_want_the_first_token(small):
    write(small, "1_Pooling/config.json", {"pooling_mode_cls_token": True})
    first = token_vectors(small)[tokens("a fig", small)[0]]
    found = plugin.encode(["a fig"], space_of(small))[0]
    np.testing.assert_allclose(found, first / np.linalg.norm(first), atol=1e-6)


def test_pooling_that_is_not_known_is_refused(small):
    write(small, "1_Pooling/config.json", {"pooling_mode_max_tokens": True})
    with pytest.raises(BadModel, match="of tokens by max_tokens; known are mean"):
        space_of(small)


def test_a_layer_after_pooling_that_the_network_lacks_is_refused(small):
    write(small, "modules.json", [{"type": "sentence_transformers.models.Dense"}])
    with pytest.raises(BadModel, match=r"mean\+sentence_transformers\.models\.Dense"):
        space_of(small)


@pytest.mark.parametrize("told", [0, -1, None, "many", 1e30])
def test_a_window_has_512_tokens_unless_the_export_has_a_sound_number(small, told):
    write(small, "tokenizer_config.json", {"model_max_length": told})
    assert space_of(small).constants["reads"]["tokens"] == 512


def test_modules_without_normalize_leave_the_length(small):
    write(small, "modules.json", [{"type": "sentence_transformers.models.Pooling"}])
    made = space_of(small)
    mean = token_vectors(small)[tokens("a fig", small)].mean(axis=0)
    np.testing.assert_allclose(plugin.encode(["a fig"], made)[0], mean, atol=1e-6)
    assert plugin.bounds(made)[1][0] == np.inf


def test_an_output_that_is_pooled_already_is_taken(small):
    model = onnx.load(small / "model.onnx")
    model.graph.node.append(
        helper.make_node(
            "ReduceMax", ["last_hidden_state"], ["sentence_embedding"], axes=[1], keepdims=0
        )
    )
    model.graph.output.append(
        helper.make_tensor_value_info("sentence_embedding", onnx.TensorProto.FLOAT, ["n", WIDTH])
    )
    onnx.save(model, small / "model.onnx")
    most = token_vectors(small)[tokens("a fig", small)].max(axis=0)
    found = plugin.encode(["a fig"], space_of(small))[0]
    np.testing.assert_allclose(found, most / np.linalg.norm(most), atol=1e-6)


def test_up_to_eight_windows_are_the_mean_of_all_tokens(small):
    write(small, "tokenizer_config.json", {"model_max_length": 8})
    text = "".join(np.random.default_rng(0).choice(list("abcdefgh"), 61))
    mean = token_vectors(small)[tokens(text, small)].mean(axis=0)
    found = plugin.encode([text], space_of(small))[0]
    np.testing.assert_allclose(found, mean / np.linalg.norm(mean), atol=1e-6)


def test_a_longer_text_is_read_at_its_beginning_and_end(small):
    write(small, "tokenizer_config.json", {"model_max_length": 8})
    made = space_of(small)
    text = "m" * 100_000
    plain, begun, ended = plugin.encode([text, "a" * 8 + text[8:], text[8:] + "a" * 8], made)
    assert np.abs(begun - plain).max() > 0.01
    np.testing.assert_allclose(begun, ended, atol=1e-9)


def test_a_text_is_never_run_in_more_than_eight_windows(small, monkeypatch):
    made = space_of(small)
    runs = []
    answer = _sessions._answer
    monkeypatch.setattr(_sessions, "_answer", lambda *a: (runs.append(1), answer(*a))[1])
    plugin.encode(["word " * 200_000], made)
    assert len(runs) == 8


@pytest.mark.parametrize("text", ["\ud800", "\0", "🙂", "你" * 10_000, "x" * 1_000_000])
def test_texts_of_any_script_are_finite_and_not_nothing(small, text):
    found = plugin.encode([text], space_of(small))
    assert np.isfinite(found).all()
    assert found.any()


def test_blank_texts_are_at_zero_alone_and_in_company(small):
    made = space_of(small)
    assert not plugin.encode(["", " \n"], made).any()
    assert not plugin.encode(["", "a fig"], made)[0].any()
    assert plugin.explain(["", "a fig"], made)[0].missing == 0.5


def test_a_space_is_made_of_the_texts_that_are_not_blank(small):
    assert space_of(small, [""] * 1_000 + TEXTS) == space_of(small)


def test_blank_texts_alone_make_no_space(small):
    with pytest.raises(BadData, match="all 9 texts are blank"):
        space_of(small, [""] * 9)


def test_a_document_of_a_hundred_megabytes_is_refused(small):
    with pytest.raises(BadData, match="text 0 has 100,000,000 characters; at most 10,000,000"):
        plugin.encode(["x" * 100_000_000], space_of(small))


def test_a_table_is_refused(small):
    with pytest.raises(BadData, match="takes texts"):
        plugin.encode(np.zeros((2, 2)), space_of(small))


# ---------------------------------------------------------------- which files


def test_files_are_found_again_by_digest_where_the_environment_says(small, tmp_path, monkeypatch):
    made = space_of(small)
    expected = plugin.encode(TEXTS, made)
    shelf = tmp_path / "shelf"
    shutil.copytree(small, shelf / "some name")
    shutil.rmtree(small)
    with pytest.raises(Unavailable, match=f"{made.constants['model']}.*{VARIABLE}=FOLDER"):
        plugin.encode(TEXTS, made)
    for place in (shelf, shelf / "some name"):
        monkeypatch.setenv(VARIABLE, str(place))
        np.testing.assert_array_equal(plugin.encode(TEXTS, made), expected)


def test_a_folder_whose_files_changed_is_passed_over(small):
    made = space_of(small)
    (small / "tokenizer.json").write_bytes((small / "tokenizer.json").read_bytes() + b"\n")
    with pytest.raises(Unavailable, match="no known folder holds a model of sha256"):
        plugin.encode(TEXTS, made)


def test_the_model_may_lie_in_a_folder_of_its_own(small):
    plain = space_of(small)
    (small / "onnx").mkdir()
    (small / "model.onnx").rename(small / "onnx" / "model.onnx")
    assert space_of(small) == plain


def test_of_several_models_the_one_of_the_usual_name_is_taken(small):
    plain = space_of(small)
    (small / "model_other.onnx").write_bytes(b"not this one")
    assert space_of(small) == plain
    (small / "model.onnx").rename(small / "model_mine.onnx")
    with pytest.raises(Conflict, match=r"several models: model_mine\.onnx, model_other\.onnx"):
        space_of(small)


def test_weights_beside_the_model_count_as_part_of_it(small):
    model = onnx.load(small / "model.onnx")
    onnx.save(model, small / "model.onnx", save_as_external_data=True,
              location="model.onnx_data", size_threshold=0)  # fmt: skip
    made = space_of(small)
    assert plugin.encode(TEXTS, made).any()
    weights = small / "model.onnx_data"
    weights.write_bytes(bytes(len(weights.read_bytes())))
    with pytest.raises(Unavailable, match=r"model\.onnx_data of sha256"):
        plugin.encode(TEXTS, made)
    assert space_of(small) != made


@pytest.mark.parametrize("place", ["../weights", "/etc/passwd", "..\\weights"])
def test_weights_outside_the_folder_are_refused(small, place):
    model = onnx.load(small / "model.onnx")
    (weights,) = model.graph.initializer
    onnx.external_data_helper.set_external_data(weights, place)
    weights.ClearField("raw_data")
    (small / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(UnsafeModel, match="only files beside it"):
        space_of(small)


def test_operators_from_elsewhere_are_refused(small):
    model = onnx.load(small / "model.onnx")
    model.graph.node[0].domain = "elsewhere"
    model.opset_import.append(helper.make_opsetid("elsewhere", 1))
    onnx.save(model, small / "model.onnx")
    with pytest.raises(BadModel, match="elsewhere:Gather"):
        space_of(small)


@pytest.mark.parametrize("content", [b"", b"junk", b"\x08\x08" * 50])
def test_what_is_no_model_is_refused(small, content):
    (small / "model.onnx").write_bytes(content)
    with pytest.raises(BadModel):
        space_of(small)


@pytest.mark.parametrize("content", [b"", b"{}", b"junk"])
def test_what_is_no_tokenizer_is_refused(small, content):
    (small / "tokenizer.json").write_bytes(content)
    with pytest.raises(BadModel, match="is no tokenizer"):
        space_of(small)


@pytest.mark.parametrize("content", [b"[1", b"[]"])
def test_settings_that_are_no_json_are_refused(small, content):
    (small / "config.json").write_bytes(content)
    with pytest.raises(BadModel, match=r"config.json is no JSON"):
        space_of(small)


def test_an_input_that_no_tokenizer_has_is_refused_by_name(small):
    model = onnx.load(small / "model.onnx")
    model.graph.input[0].name = "task_id"
    model.graph.node[0].input[1] = "task_id"
    onnx.save(model, small / "model.onnx")
    with pytest.raises(BadModel, match="an input 'task_id'"):
        space_of(small)


def test_a_folder_has_to_be_named_and_there(tmp_path):
    with pytest.raises(NotFound, match='encoder="onnx:FOLDER"'):
        plugin.space(TEXTS, name="own")
    with pytest.raises(NotFound, match="there is no folder"):
        space_of(tmp_path / "none")
    with pytest.raises(NotFound, match="holds no ONNX model"):
        space_of(tmp_path)


def test_a_space_with_other_constants_is_refused(small):
    made = space_of(small)
    other = made.model_copy(update={"constants": {**made.constants, "recipe": 2}})
    with pytest.raises(SpaceMismatch, match="update learndock"):
        plugin.encode(TEXTS, other)


def test_a_space_for_pictures_with_a_recipe_for_texts_is_refused(small):
    with pytest.raises(SpaceMismatch, match="recipe of a space for texts"):
        plugin.encode(TEXTS, space_of(small).model_copy(update={"modality": "image"}))


def test_a_recipe_that_makes_no_vectors_is_refused(small):
    made = space_of(small)
    other = made.model_copy(update={"constants": {**made.constants, "pooling": "none"}})
    with pytest.raises(BadModel, match=r"answers in shape \(1, \d+, 8\)"):
        plugin.encode(TEXTS, other)


def test_an_output_that_the_model_lacks_is_refused(small):
    made = space_of(small)
    other = made.model_copy(update={"constants": {**made.constants, "output": "logits"}})
    with pytest.raises(BadModel, match="cannot read a row"):
        plugin.encode(TEXTS, other)


def test_a_model_without_embeddings_is_refused_with_its_outputs(small):
    model = onnx.load(small / "model.onnx")
    model.graph.node.append(helper.make_node("Size", ["last_hidden_state"], ["loss"]))
    model.graph.output[0].CopyFrom(
        helper.make_tensor_value_info("loss", onnx.TensorProto.INT64, [])
    )
    onnx.save(model, small / "model.onnx")
    with pytest.raises(BadModel, match="the outputs loss, none of which"):
        space_of(small)


def test_loading_the_adapter_loads_no_runtime():
    code = (
        "import sys; from learndock.encoders import hf, onnx;"
        "print({'onnx', 'onnxruntime', 'tokenizers', 'huggingface_hub'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_without_onnxruntime_the_install_line_is_told(small, monkeypatch):
    made = space_of(small)
    _sessions._session.cache_clear()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(Unavailable, match=r'pip install "learndock\[onnx\]"'):
        plugin.encode(TEXTS, made)


# ---------------------------------------------------------------- a real encoder

PAIRS = [
    ("A man is eating food.", "A man eats a meal."),
    ("Someone rides a horse.", "A person is on a horse."),
    ("Stocks fell sharply today.", "The market went down a lot."),
    ("The baby is asleep in its crib.", "An infant sleeps in a cot."),
]


def test_minilm_puts_what_means_the_same_nearest(minilm):
    texts = [text for pair in PAIRS for text in pair]
    coords = plugin.encode(texts, space_of(minilm, texts))
    assert coords.shape == (8, 384)
    alike = coords @ coords.T - 2 * np.eye(8)
    np.testing.assert_array_equal(alike.argmax(axis=1), [1, 0, 3, 2, 5, 4, 7, 6])


def test_minilm_reads_256_tokens_as_its_export_says(minilm):
    assert space_of(minilm).constants["reads"]["tokens"] == 256


def test_a_text_has_the_same_coordinates_whatever_stands_beside_it(minilm):
    texts = [text for pair in PAIRS for text in pair]
    made = space_of(minilm, texts)
    alone = np.concatenate([plugin.encode([text], made) for text in texts])
    np.testing.assert_array_equal(plugin.encode([*texts, "word " * 900], made)[:8], alone)


@pytest.mark.slow
def test_a_sketch_in_the_space_of_minilm_is_nearer_to_its_own_topic(minilm):
    rng = np.random.default_rng(0)

    def about(things, count=300):
        return [f"a {rng.choice(things)} near the {rng.choice(things)}" for _ in range(count)]

    food = ["soup", "bread", "cheese", "apple", "rice", "cake", "onion", "butter"]
    cars = ["engine", "wheel", "brake", "truck", "garage", "tyre", "driver", "fuel"]
    made = space_of(minilm, about(food + cars))
    first, second, third = (
        ld.sketch(about(things), space=made, consent=True) for things in (food, food, cars)
    )

    def apart(a, b):
        return mmd(a.points, a.weights, b.points, b.weights, gammas=made.gammas)

    assert apart(first, second) < 0.5 * apart(first, third)


# ---------------------------------------------------------------- pictures

PICTURES = np.random.default_rng(0).integers(0, 256, (60, 24, 24, 3), dtype=np.uint8)


@pytest.fixture
def filters(tmp_path):
    return write_picture_export(tmp_path / "filters")


class TestPictures(EncoderContract):
    @pytest.fixture
    def name(self):
        return "onnx"

    @pytest.fixture
    def encoder(self):
        return plugin

    @pytest.fixture
    def data(self):
        return PICTURES

    @pytest.fixture
    def other(self):
        return PICTURES // 2

    @pytest.fixture
    def source(self, filters):
        return str(filters)


def test_a_folder_with_an_image_processor_makes_a_space_for_pictures(filters):
    made = space_of(filters, PICTURES)
    assert (made.modality, made.width) == ("image", WIDTH)
    assert plugin.explain(PICTURES, made)[0].kind == "image"
    with pytest.raises(BadData, match="pictures are needed, and these are texts"):
        plugin.encode(TEXTS, made)


@pytest.mark.parametrize("level", [0, 100, 255])
def test_a_plain_picture_has_the_closed_form_of_the_network(filters, level):
    weights = numpy_helper.to_array(onnx.load(filters / "model.onnx").graph.initializer[0])
    edges = np.maximum(weights.sum(axis=(1, 2, 3)) * (level / 255 - 0.5) / 0.25, 0)
    plain = np.full((1, 20, 20, 3), level, dtype=np.uint8)
    found = plugin.encode(plain, space_of(filters, PICTURES))[0]
    np.testing.assert_allclose(found, edges / np.linalg.norm(edges), atol=1e-5)


def test_only_the_middle_of_a_picture_is_read(filters):
    made = space_of(filters, PICTURES)
    picture = PICTURES[:1, :20, :20].copy()
    before = plugin.encode(picture, made)
    picture[:, :2] = picture[:, -2:] = picture[:, :, :2] = picture[:, :, -2:] = 0
    np.testing.assert_array_equal(plugin.encode(picture, made), before)


def test_a_picture_that_cannot_be_read_is_named(filters, tmp_path):
    made = space_of(filters, PICTURES)
    (tmp_path / "cut.png").write_bytes(b"\x89PNG")
    with pytest.raises(BadData, match=r"cut\.png"):
        plugin.encode([tmp_path / "cut.png"], made)
    with pytest.raises(BadData, match="picture 1 "):
        plugin.encode([PICTURES[0], np.full((9, 9), np.nan)], made)


def test_grey_and_colour_pictures_of_any_size_have_coordinates(filters):
    made = space_of(filters, PICTURES)
    mixed = [PICTURES[0], PICTURES[1, :9, :, 0], np.zeros((3, 50, 4))]
    assert plugin.encode(mixed, made).shape == (3, WIDTH)


def test_a_model_that_takes_no_colour_pictures_is_refused(filters):
    model = onnx.load(filters / "model.onnx")
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 1
    (weights,) = model.graph.initializer
    weights.CopyFrom(numpy_helper.from_array(np.ones((8, 1, 3, 3), np.float32), "filters"))
    onnx.save(model, filters / "model.onnx")
    with pytest.raises(BadModel, match=r"one of \(n, 3, height, width\) is needed"):
        space_of(filters, PICTURES)


def test_colours_may_be_wanted_between_0_and_255(filters):
    wanted = json.loads((filters / "preprocessor_config.json").read_text())
    plain = space_of(filters, PICTURES)
    changed = {"image_mean": [127.5] * 3, "image_std": [63.75] * 3, "do_rescale": False}
    write(filters, "preprocessor_config.json", wanted | changed)
    assert space_of(filters, PICTURES) == plain


@pytest.mark.parametrize(
    "change",
    [{"size": None}, {"size": {"longest_edge": 9}}, {"image_std": [0, 1, 1]}, {"image_mean": [1]},
     {"image_mean": None}, {"size": "large"}, {"rescale_factor": 0}],
)  # fmt: skip
def test_an_image_processor_that_does_not_say_enough_is_refused(filters, change):
    wanted = json.loads((filters / "preprocessor_config.json").read_text())
    write(filters, "preprocessor_config.json", wanted | change)
    with pytest.raises(BadModel, match="does not say `size`"):
        space_of(filters, PICTURES)
