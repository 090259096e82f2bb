import importlib.util
import json
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import safetensors.numpy
import tokenizers

from learndock.core import registry
from learndock.encoders import text
from learndock.errors import BadData, SpaceMismatch, Unavailable

TEXTS = [
    "The engine of the old car needs oil.",
    "God, faith and scripture!",
    "naïve café — 你好, мир",
    "  spaces\tand\nlines  ",
    "x" * 200,
]


def encode(*texts):
    return text.plugin.encode(list(texts), text.SPACE)


def by_the_book(content):
    """The recipe, word for word, over the whole text at once."""
    folder = Path(importlib.util.find_spec("wordllama").submodule_search_locations[0])
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / text.TOKENIZER))
    vectors = safetensors.numpy.load_file(folder / text.VECTORS)["embedding.weight"].astype(float)
    rank = np.arange(259, 32_000) - 248.0
    frequency = np.concatenate([np.zeros(259), 1 / rank / (1 / rank).sum()])
    ids = tokenizer.encode(content, add_special_tokens=False).ids
    mean = np.mean([vectors[i] * 1e-3 / (1e-3 + frequency[i]) for i in ids], axis=0)
    return (mean / np.linalg.norm(mean))[:64]


@pytest.mark.parametrize("content", TEXTS[:3])
def test_a_text_is_the_weighted_mean_of_its_tokens(content):
    np.testing.assert_allclose(encode(content)[0], by_the_book(content), atol=1e-6)


def test_coordinates_are_the_same_on_every_machine():
    found = encode("a learnware dock")[0, :4]
    assert found == pytest.approx([0.06402, 0.11513, -0.04882, 0.00747], abs=1e-5)


def test_the_space_is_built_in_whatever_the_texts_and_the_name_are():
    assert text.plugin.space(["a"], name="mine") == text.plugin.space(TEXTS, name="other")
    assert str(text.SPACE) == "text/en-static@1"


def test_coordinates_are_no_longer_than_one():
    assert (np.linalg.norm(encode(*TEXTS), axis=1) <= 1 + 1e-9).all()


def test_order_repetition_and_white_space_do_not_matter():
    one, *others = encode(
        "cats like milk", "milk like cats", "cats like milk " * 50, "\tcats  like\nmilk "
    )
    np.testing.assert_allclose(others, [one] * 3, atol=1e-6)


@pytest.mark.parametrize("blank", ["", "   \n", None, float("nan")])
def test_a_text_without_a_word_is_at_zero(blank):
    np.testing.assert_array_equal(encode(blank), np.zeros((1, 64)))


@pytest.mark.parametrize(
    "content",
    ["x" * 1_000_000, "two words " * 100_000, "你" * 1_000_000, "\ud800", "\0", "🙂", "<s>"],
)
def test_texts_of_any_length_and_script_are_finite_and_not_nothing(content):
    found = encode(content)
    assert np.isfinite(found).all()
    assert found.any()


def test_blocks_do_not_show(monkeypatch):
    whole = encode(*TEXTS)
    monkeypatch.setattr(text, "_BLOCK", 2)
    np.testing.assert_allclose(encode(*TEXTS), whole, atol=1e-6)


@pytest.mark.parametrize("form", [tuple, np.array, pd.Series, pl.Series])
def test_texts_in_any_form_are_claimed_and_encoded_the_same(form):
    assert text.plugin.claims(form(TEXTS))
    np.testing.assert_array_equal(text.plugin.encode(form(TEXTS), text.SPACE), encode(*TEXTS))


@pytest.mark.parametrize("table", [np.zeros((2, 2)), pd.DataFrame({"a": ["text"]})])
def test_a_table_is_not_claimed_and_refused(table):
    assert not text.plugin.claims(table)
    with pytest.raises(BadData, match="takes texts"):
        text.plugin.encode(table, text.SPACE)
    with pytest.raises(BadData, match="takes texts"):
        text.plugin.space(table, name="x")


def test_blank_texts_alone_make_no_space():
    with pytest.raises(BadData, match="all 3 texts are blank"):
        text.plugin.space(["", " ", "\n"], name="x")


def test_the_share_of_blank_texts_is_told():
    (told,) = text.plugin.explain(["a cat", "", None, "a dog"], text.SPACE)
    assert (told.kind, told.missing) == ("text", 0.5)


def test_a_document_of_a_hundred_megabytes_is_refused_with_its_row():
    with pytest.raises(BadData, match="text 1 has 100,000,000 characters; at most 10,000,000"):
        text.plugin.encode(["short", "x" * 100_000_000], text.SPACE)


def test_what_is_no_string_is_refused_when_the_space_is_asked_for():
    with pytest.raises(BadData, match="text 1 is int"):
        text.plugin.space(["a", 1], name="x")


def test_a_space_of_other_token_vectors_is_refused():
    other = text.SPACE.model_copy(update={"constants": {text.VECTORS: "0" * 64}})
    with pytest.raises(SpaceMismatch, match="the only one"):
        text.plugin.encode(["a"], other)


def test_nothing_is_downloaded(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert text._model.__wrapped__().vectors.shape == (32_000, 256)


def test_wordllama_itself_is_never_imported():
    code = (
        "import sys, json; from learndock.encoders.text import plugin, SPACE;"
        "plugin.encode(['a text'], SPACE); print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"wordllama", "huggingface_hub", "requests", "torch"}.isdisjoint(json.loads(done.stdout))


def test_without_wordllama_the_install_line_is_told(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.delitem(sys.modules, "learndock.encoders.text")
    registry.load.cache_clear()
    with pytest.raises(Unavailable, match=r'needs .wordllama.*pip install "learndock\[text\]"'):
        registry.load("encoders", "text")


@pytest.mark.parametrize("content", [None, b"other vectors"])
def test_an_installed_package_with_other_vectors_is_refused(monkeypatch, tmp_path, content):
    if content is not None:
        (tmp_path / "weights").mkdir()
        (tmp_path / text.VECTORS).write_bytes(content)
    monkeypatch.setattr(text, "_FOLDER", tmp_path)
    with pytest.raises(Unavailable, match=r"other token vectors.*pip install"):
        text._model.__wrapped__()
