import shutil
import sys

import numpy as np
import pytest
from huggingface_hub.utils import filter_repo_objects

from learndock.encoders._exports import VARIABLE
from learndock.encoders.hf import plugin
from learndock.errors import Invalid, NotFound, Unavailable
from learndock.testing.exports import write_text_export

COMMIT = "0123456789abcdef" * 2 + "01234567"
TEXTS = [f"text number {i}" for i in range(9)]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A repository as huggingface_hub keeps it: blobs, snapshots of links, and refs. No network."""
    home = tmp_path / "hub"
    repository = home / "models--ada--small"
    (repository / "blobs").mkdir(parents=True)
    snapshot = repository / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    for file in write_text_export(tmp_path / "made").iterdir():
        blob = repository / "blobs" / f"blob-{file.name}"
        file.rename(blob)
        (snapshot / file.name).symlink_to(blob)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(home))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return home


@pytest.fixture
def space(cache):
    return plugin.space(TEXTS, name="own", source="ada/small")


def forget(monkeypatch):
    monkeypatch.setattr("learndock.encoders._exports._NAMED", {})


def test_a_space_keeps_the_repository_and_the_commit(space):
    assert (space.encoder, space.modality) == ("hf", "text")
    assert space.constants["repository"] == "ada/small"
    assert space.constants["revision"] == COMMIT


def test_the_commit_may_be_named(space):
    assert plugin.space(TEXTS, name="own", source=f"ada/small@{COMMIT}") == space


def test_another_process_finds_the_files_in_the_cache(space, monkeypatch):
    expected = plugin.encode(TEXTS, space)
    forget(monkeypatch)
    np.testing.assert_array_equal(plugin.encode(TEXTS, space), expected)


def test_encoding_never_asks_the_network(space, cache, monkeypatch):
    forget(monkeypatch)
    shutil.rmtree(cache)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("socket.socket.connect", lambda *a: pytest.fail("the network was asked"))
    monkeypatch.setattr("socket.getaddrinfo", lambda *a: pytest.fail("the network was asked"))
    with pytest.raises(Unavailable, match=rf"if you trust it, fetch it.*ada/small@{COMMIT}"):
        plugin.encode(TEXTS, space)


def test_a_folder_with_the_same_files_serves_without_the_library(
    space, cache, tmp_path, monkeypatch
):
    forget(monkeypatch)
    monkeypatch.setenv(
        VARIABLE, str(shutil.copytree(cache / "models--ada--small" / "snapshots", tmp_path / "own"))
    )
    shutil.rmtree(cache)
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert plugin.encode(TEXTS, space).any()


def test_a_repository_that_is_not_there_says_what_to_do_offline(cache):
    with pytest.raises(Unavailable, match=r"not in the cache.*unset HF_HUB_OFFLINE"):
        plugin.space(TEXTS, name="own", source="ada/other")


def test_a_repository_without_a_model_is_told(cache):
    (cache / "models--ada--small" / "snapshots" / COMMIT / "model.onnx").unlink()
    with pytest.raises(NotFound, match=r"has none of model\.onnx"):
        plugin.space(TEXTS, name="own", source="ada/small")


@pytest.fixture
def remote(tmp_path, monkeypatch):
    """A repository elsewhere, whose files are fetched as the library fetches them."""
    elsewhere = write_text_export(tmp_path / "elsewhere")
    (elsewhere / "onnx").mkdir()
    (elsewhere / "model.onnx").rename(elsewhere / "onnx" / "model.onnx")
    for name in ("onnx/model.onnx_data", "onnx/model_O3.onnx", "onnx/model_quantized.onnx",
                 "pytorch_model.bin", "modules.json", "vocab.txt"):  # fmt: skip
        (elsewhere / name).write_text("[]")
    fetched = tmp_path / "snapshots" / COMMIT

    def download(repository, *, revision, allow_patterns, local_files_only):
        names = [str(path.relative_to(elsewhere)) for path in elsewhere.rglob("*.*")]
        for name in filter_repo_objects(names, allow_patterns=allow_patterns):
            (fetched / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(elsewhere / name, fetched / name)
        return str(fetched)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    return elsewhere


def names_in(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*.*")}


def test_only_one_model_and_its_settings_are_fetched(remote, tmp_path):
    plugin.space(TEXTS, name="own", source="ada/small")
    wanted = {"tokenizer.json", "modules.json", "onnx/model.onnx", "onnx/model.onnx_data"}
    assert names_in(tmp_path / "snapshots" / COMMIT) == wanted


def test_a_quantised_model_is_fetched_where_there_is_no_other(remote, tmp_path):
    (remote / "onnx" / "model.onnx").replace(remote / "onnx" / "model_quantized.onnx")
    plugin.space(TEXTS, name="own", source="ada/small")
    assert "onnx/model_quantized.onnx" in names_in(tmp_path / "snapshots" / COMMIT)


@pytest.mark.parametrize("source", ["", "small", "a/b/c", "../x", "ada/sm all"])
def test_what_names_no_repository_is_refused(cache, source):
    with pytest.raises(Invalid):
        plugin.space(TEXTS, name="own", source=source)


def test_without_the_library_the_install_line_is_told(cache, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(Unavailable, match=r'pip install "learndock\[hf\]"'):
        plugin.space(TEXTS, name="own", source="ada/small")
