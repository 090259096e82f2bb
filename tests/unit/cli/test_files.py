"""Files of learndock's own are measured before they are read, and hold what they must."""

import json
import os
import re
import sys
from pathlib import Path

import pytest

from learndock.cli import files
from learndock.core import manifest, sketch
from learndock.errors import Invalid


@pytest.mark.parametrize(
    ("read", "name", "limit"),
    [
        (files.read_sketch, "a.sketch", sketch.MAX_BYTES),
        (files.read_learnware, "a.learnware", manifest.MAX_BYTES),
        (files.read_answer, "a.json", files.MAX_ANSWER),
    ],
)
def test_a_file_that_is_too_large_is_refused_unread(tmp_path, monkeypatch, read, name, limit):
    path = tmp_path / name
    with path.open("wb") as opened:
        opened.truncate(limit + 1)  # sparse: it takes no room
    monkeypatch.setattr(type(path), "read_bytes", lambda _: pytest.fail("it was read"))
    with pytest.raises(Invalid, match=f"{limit + 1:,} bytes; at most {limit:,}") as error:
        read(path)
    assert error.value.next


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes with a name")
def test_a_pipe_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "a.sketch")
    with pytest.raises(Invalid, match="no regular file"):
        files.read_sketch(tmp_path / "a.sketch")


@pytest.mark.parametrize("name", ["?.csv", ".csv", "___.csv", "日本.csv", "x" * 99, "a  b--c..csv"])
def test_every_file_has_a_name_that_a_space_may_have(name):
    assert re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", files.name_of(Path(name)))


@pytest.mark.parametrize(
    "content",
    [
        '{"answer": {}}',
        '{"answer": {}, "dock": 5}',
        '{"answer": {}, "dock": null}',
        '"answer dock"',
        "[" * 100_000,
        "\udcff",
    ],
    ids=["no dock", "number", "null", "text", "deep", "no UTF-8"],
)
def test_a_document_of_another_form_is_no_answer(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(Invalid, match=re.escape(f"{path} is no answer")):
        files.read_answer(path)


def test_an_answer_with_an_odd_field_names_it(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"answer": {"rows": "many"}, "dock": "models"}))
    with pytest.raises(Invalid, match="not an answer: rows"):
        files.read_answer(path)
