"""Hostile archives: each is refused with its reason, and nothing of it is used or written."""

import contextlib
import io
import json
import stat
import struct
import zipfile

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, strategies as st

from learndock.core import archive
from learndock.core.archive import MANIFEST
from learndock.core.identity import canonical, digest
from learndock.core.learnware import Learnware, list_files
from learndock.core.manifest import MAX_BYTES, MAX_FILES, SKETCH, Input, Manifest
from learndock.core.sketch import Gate, Sketch
from learndock.core.space import Space
from learndock.errors import BadArchive, BadManifest, Invalid

SPACE = Space(name="flowers", modality="vector", encoder="vector", width=2, gamma=0.5)
SPREAD = Sketch(
    space=SPACE,
    points=np.arange(6.0).reshape(3, 2),
    weights=np.array([0.5, 0.25, 0.25]),
    outcomes=np.array([[0.5, 0.0], [0.125, 0.125], [0.0, 0.25]]),
    classes=("a", "b"),
    rows=100,
    gate=Gate(nearest=1.5, close=0.1, limit=0.25),
)
FILES = {"model.txt": b"trees " * 50, "model.json": b'{"classes":["a","b"]}'}
LEARNWARE = Learnware(
    Manifest(
        name="store-12",
        task="classification",
        classes=("a", "b"),
        license="MIT",
        input=Input(kind="array", columns=("x0", "x1")),
        runtime="lightgbm",
        space=SPACE.id,
        files=list_files(SPREAD, FILES),
    ),
    SPREAD,
    FILES,
)
GOOD = archive.write(LEARNWARE)
CONTENT = {MANIFEST: canonical(LEARNWARE.manifest), SKETCH: SPREAD.to_bytes(), **FILES}


def zipped(content, *, method=zipfile.ZIP_STORED, entry=None):
    """Return a zip of (name, bytes) pairs; `entry` may change each entry's header."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, body in content.items() if isinstance(content, dict) else content:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            if entry is not None:
                entry(info)
            made.writestr(info, body)
    return buffer.getvalue()


def with_manifest(**changes):
    """Return an archive whose manifest says something else."""
    manifest = {**json.loads(CONTENT[MANIFEST]), **changes}
    return zipped({**CONTENT, MANIFEST: canonical(manifest)})


def with_files(**bodies):
    """Return an archive with other files, all listed with their true sizes and digests."""
    content = {name: body for name, body in CONTENT.items() if name != MANIFEST}
    content |= {SKETCH if name == "sketch" else name: body for name, body in bodies.items()}
    listed = [
        {"path": name, "size": len(body), "sha256": digest(body)}
        for name, body in sorted(content.items())
    ]
    manifest = {**json.loads(CONTENT[MANIFEST]), "files": listed}
    return zipped({MANIFEST: canonical(manifest), **content})


# ---------------------------------------------------------------- what is right


def test_the_archive_reads_back():
    again = archive.read(GOOD)
    assert again == LEARNWARE
    assert again.sketch == SPREAD
    assert again.files == FILES


def test_the_same_content_gives_the_same_bytes():
    shuffled = Learnware(LEARNWARE.manifest, SPREAD, dict(reversed(FILES.items())))
    assert archive.write(shuffled) == GOOD
    assert archive.write(archive.read(GOOD)) == GOOD


def test_reading_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    archive.read(GOOD)
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- the zip


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all", b"\x00" * 1000])
def test_other_bytes_are_refused(content):
    with pytest.raises(BadArchive):
        archive.read(content)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.9, 0.999])
def test_a_cut_archive_is_refused(share):
    with pytest.raises(BadArchive):
        archive.read(GOOD[: int(share * len(GOOD))])


@pytest.mark.parametrize("body", [b"\x00", b"#!/bin/sh\n", b"x" * 70_000])
def test_bytes_before_or_after_are_refused(body):
    for content in (GOOD + body, body + GOOD):
        with pytest.raises(BadArchive):
            archive.read(content)


def test_a_comment_is_refused():
    buffer = io.BytesIO(GOOD)
    with zipfile.ZipFile(buffer, "a") as made:
        made.comment = b"more"
    with pytest.raises(BadArchive):
        archive.read(buffer.getvalue())


def test_bytes_hidden_in_an_entrys_header_are_refused():
    def hide(info):
        info.extra = struct.pack("<HH4s", 0x7075, 4, b"more")

    with pytest.raises(BadArchive):
        archive.read(zipped(CONTENT, entry=hide))


@given(st.data())
def test_a_changed_byte_is_refused_or_without_effect(data):
    where = data.draw(st.integers(0, len(GOOD) - 1))
    content = bytearray(GOOD)
    content[where] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(Invalid):
        assert archive.read(bytes(content)) == LEARNWARE


@given(st.data())
def test_a_removed_or_doubled_stretch_is_refused(data):
    start = data.draw(st.integers(0, len(GOOD) - 1))
    stop = data.draw(st.integers(start + 1, len(GOOD)))
    for content in (GOOD[:start] + GOOD[stop:], GOOD[:stop] + GOOD[start:]):
        with pytest.raises(Invalid):
            archive.read(content)


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "../../etc/passwd",
        "/etc/passwd",
        "C:\\evil",
        "..\\evil",
        "a/b",
        "folder/",
        "a\x00b",
        ".hidden",
        "extra.txt",
        "Model.txt",
        "learnware.json ",
    ],
)
def test_an_unlisted_name_is_refused(name):
    with pytest.raises(BadArchive, match="does not list"):
        archive.read(zipped({**CONTENT, name: b"evil"}))


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/b", "..", "C:evil", "a\\b", "-rf"])
def test_a_listed_name_that_is_a_path_is_refused(name):
    with pytest.raises(BadManifest):
        archive.read(with_files(**{name: b"evil"}))


def test_a_symbolic_link_is_refused():
    def link(info):
        if info.filename == "model.txt":
            info.create_system = 3
            info.external_attr = (stat.S_IFLNK | 0o777) << 16

    with pytest.raises(BadArchive):
        archive.read(zipped({**CONTENT, "model.txt": b"/etc/passwd"}, entry=link))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", [MANIFEST, SKETCH, "model.txt"])
def test_a_doubled_name_is_refused(name):
    pairs = [*CONTENT.items(), (name, b"another")]
    for content in (pairs, pairs[::-1]):
        with pytest.raises(BadArchive, match="two files of one name"):
            archive.read(zipped(content))


@pytest.mark.parametrize("name", CONTENT)
def test_a_missing_file_is_refused(name):
    with pytest.raises(BadArchive, match="missing"):
        archive.read(zipped({k: v for k, v in CONTENT.items() if k != name}))


def test_too_many_files_are_refused():
    many = {f"f{i}": b"" for i in range(MAX_FILES + 2)}
    with pytest.raises(BadArchive, match=f"has {len(many) + len(CONTENT)} files"):
        archive.read(zipped({**CONTENT, **many}))


def test_too_many_bytes_are_refused_in_both_directions(monkeypatch):
    monkeypatch.setattr(archive, "MAX_BYTES", len(GOOD) - 1)
    with pytest.raises(BadArchive, match="bytes; at most"):
        archive.read(GOOD)
    with pytest.raises(BadArchive, match="bytes; at most"):
        archive.write(LEARNWARE)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_bomb_is_refused_before_it_unpacks(method, monkeypatch):
    bomb = zipped({**CONTENT, "model.txt": b"\x00" * (32 << 20)}, method=method)
    assert len(bomb) < 100_000
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(BadArchive):
        archive.read(bomb)


def central(content, name, field, value):
    """Return a zip with a size in the central directory overwritten: offset 20 packed, 24 whole."""
    made = bytearray(content)
    at = 0
    while (at := made.index(b"PK\x01\x02", at)) and made[at + 46 : at + 46 + len(name)] != (
        name.encode()
    ):
        at += 4
    struct.pack_into("<I", made, at + field, value)
    return bytes(made)


@pytest.mark.parametrize("field", [20, 24])
@pytest.mark.parametrize("value", [0, 10, 301, 5000, 2**31, 2**32 - 2, 2**32 - 1])
def test_a_lying_size_in_the_directory_is_refused(field, value):
    with pytest.raises(BadArchive):
        archive.read(central(GOOD, "model.txt", field, value))


def test_sizes_that_lie_together_are_refused():
    lying = central(central(GOOD, "model.txt", 20, 5000), "model.txt", 24, 5000)
    with pytest.raises(BadArchive):
        archive.read(lying)


def test_entries_that_share_bytes_are_refused():
    """The directory lets one file's entry point at another's bytes."""
    made = bytearray(GOOD)
    at = made.index(b"PK\x01\x02")
    second = made.index(b"PK\x01\x02", at + 4)
    made[second + 42 : second + 46] = made[at + 42 : at + 46]
    with pytest.raises(BadArchive):
        archive.read(bytes(made))


def test_an_encrypted_entry_is_refused():
    made = bytearray(GOOD)
    at = made.index(b"PK\x01\x02")
    made[at + 8] |= 1
    with pytest.raises(BadArchive):
        archive.read(bytes(made))


def test_an_altered_file_is_refused_by_its_digest():
    altered = {**CONTENT, "model.txt": CONTENT["model.txt"][:-1] + b"!"}
    with pytest.raises(BadArchive, match=r"'model\.txt' is not what the manifest says") as caught:
        archive.read(zipped(altered))
    assert caught.value.facts["path"] == "model.txt"


def test_a_longer_file_is_refused():
    longer = {**CONTENT, "model.txt": CONTENT["model.txt"] * 2}
    with pytest.raises(BadArchive, match="longer"):
        archive.read(zipped(longer))


# ---------------------------------------------------------------- the manifest


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"{" * 1000,
        b"[" * 200_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"1" * 10_000,
        b'{"name": NaN}',
    ],
    ids=range(10),
)
def test_other_text_is_no_manifest(text):
    with pytest.raises(BadManifest):
        archive.read(zipped({**CONTENT, MANIFEST: text}))


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"format": "1"},
        {"later": "field"},
        {"input": {"kind": "array", "columns": [], "frame": "", "later": 1}},
        {"classes": ["a", None]},
        {"classes": ["a", ["b"]]},
        {"runtime": "../../evil"},
        {"runtime": "pickle; rm -rf /"},
        {"name": "x" * 100_000},
        {"tags": [["nested"]]},
        {"space": "0" * 63},
        {"files": []},
        {"files": "model.txt"},
    ],
    ids=str,
)
def test_a_field_that_is_unknown_or_out_of_range_is_refused(changes):
    with pytest.raises(BadManifest):
        archive.read(with_manifest(**changes))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"classes":["a","b"]', b'"classes":["a",NaN]'),
        (b'"classes":["a","b"]', b'"classes":["a",1e999]'),
        (b'"license":"MIT"', b'"license":"\\ud800"'),
        (b'"license":"MIT"', b'"license":"A","license":"MIT"'),
        (b'"license":"MIT"', b'"license": "MIT"'),
        (b'"license":"MIT"', b'"license":"\\u004dIT"'),
    ],
    ids=["nan", "infinite", "surrogate", "doubled", "spaced", "escaped"],
)
def test_a_manifest_in_another_form_is_refused(old, new):
    assert old in CONTENT[MANIFEST]
    with pytest.raises(BadManifest):
        archive.read(zipped({**CONTENT, MANIFEST: CONTENT[MANIFEST].replace(old, new)}))


def test_a_manifest_that_is_too_long_is_refused():
    long = canonical({**json.loads(CONTENT[MANIFEST]), "description": "x" * (2 << 20)})
    with pytest.raises(BadArchive, match="longer"):
        archive.read(zipped({**CONTENT, MANIFEST: long}))


def test_a_size_beyond_the_limit_is_refused():
    files = json.loads(CONTENT[MANIFEST])["files"]
    files[0]["size"] = MAX_BYTES + 1
    with pytest.raises(BadManifest):
        archive.read(with_manifest(files=files))


def test_a_manifest_for_another_space_is_refused():
    with pytest.raises(BadArchive, match="space"):
        archive.read(with_manifest(space="0" * 64))


# ---------------------------------------------------------------- the sketch


def sketched(arrays=None, facts=None, **more):
    """Return the bytes of a sketch with other arrays and facts."""
    content = SPREAD.to_bytes()
    size = int.from_bytes(content[:8], "little")
    known = json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["learndock"])
    tensors = {**safetensors.numpy.load(content), **(arrays or {})}
    tensors = {name: value for name, value in tensors.items() if value is not None}
    text = json.dumps({**known, **(facts or {})}, sort_keys=True, separators=(",", ":"))
    return safetensors.numpy.save(tensors, metadata={"learndock": text, **more})


def refuse(content):
    with pytest.raises(BadArchive):
        Sketch.from_bytes(content)
    with pytest.raises(BadArchive):
        archive.read(with_files(sketch=content))


def test_the_helper_makes_a_valid_sketch():
    assert Sketch.from_bytes(sketched()) == SPREAD
    assert archive.read(with_files(sketch=sketched())).sketch == SPREAD


F = np.float32


@pytest.mark.parametrize(
    "arrays",
    [
        {"points": np.full((3, 2), np.nan, F)},
        {"points": np.full((3, 2), np.inf, F)},
        {"points": np.zeros((4, 2), F)},
        {"points": np.zeros((3, 2, 1), F)},
        {"points": np.zeros(6, F)},
        {"points": np.zeros((3, 2), np.float64)},
        {"points": np.zeros((3, 2), np.int8)},
        {"points": None},
        {"weights": np.array([0.9, 0.3, -0.2], F)},
        {"weights": np.array([0.5, 0.5, 0.5], F)},
        {"weights": np.array([np.nan, 0.5, 0.5], F)},
        {"weights": np.zeros(0, F)},
        {"weights": np.array(1.0, F)},
        {"weights": None},
        {"outcomes": np.full((3, 2), -1, F)},
        {"outcomes": np.zeros((3, 2), F)},
        {"outcomes": np.zeros((3, 7), F)},
        {"outcomes": np.full((3, 2), np.nan, F)},
        {"extra": np.zeros(1, F)},
    ],
    ids=str,
)
def test_arrays_that_lie_are_refused(arrays):
    refuse(sketched(arrays))


@pytest.mark.parametrize(
    "facts",
    [
        {"format": 2},
        {"later": 1},
        {"rows": "many"},
        {"rows": float("nan")},
        {"mmd": float("inf")},
        {"density": [float("nan")]},
        {"density": "dense"},
        {"classes": ["a"]},
        {"classes": ["a", None]},
        {"classes": [["a"], ["b"]]},
        {"edges": [float("nan")], "classes": []},
        {"gate": {"nearest": "far"}},
        {"gate": {"nearest": 1.0, "close": 0.1, "limit": 0.2, "later": 1}},
        {"gate": []},
        {"space": {}},
        {"space": {**SPACE.model_dump(mode="json"), "width": 10**12}},
        {"space": {**SPACE.model_dump(mode="json"), "gamma": float("nan")}},
        {"space": {**SPACE.model_dump(mode="json"), "later": 1}},
    ],
    ids=str,
)
def test_facts_that_lie_are_refused(facts):
    refuse(sketched(facts=facts))


def test_facts_nested_without_end_are_refused():
    text = '{"a":' * 100_000 + "1" + "}" * 100_000
    refuse(safetensors.numpy.save({"points": np.zeros(1, F)}, metadata={"learndock": text}))


def test_words_hidden_in_the_metadata_are_refused():
    refuse(sketched(hidden="words"))


def header(text, body=b"\x00" * 64):
    return len(text).to_bytes(8, "little") + text + body


@pytest.mark.parametrize(
    "content",
    [
        (2**63).to_bytes(8, "little") + b"{}",
        (2**64 - 1).to_bytes(8, "little") + b"{}",
        (100_000_001).to_bytes(8, "little") + b"{}",
        header(b"{}"),
        header(b"[]"),
        header(b"\xff"),
        header(b'{"points":{"dtype":"F32","shape":[3,2],"data_offsets":[0,999999]}}'),
        header(b'{"points":{"dtype":"F32","shape":[9,9],"data_offsets":[0,24]}}'),
        header(b'{"points":{"dtype":"F32","shape":[-1,2],"data_offsets":[0,24]}}'),
        header(b'{"points":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,64]}}'),
        header(b'{"points":{"dtype":"CODE","shape":[3,2],"data_offsets":[0,24]}}'),
        header(
            b'{"a":{"dtype":"F32","shape":[16],"data_offsets":[0,64]},'
            b'"b":{"dtype":"F32","shape":[16],"data_offsets":[0,64]}}'
        ),
        header(b"[" * 100_000),
    ],
    ids=range(13),
)
def test_a_header_that_lies_is_refused(content):
    refuse(content)


def test_bytes_after_the_arrays_are_refused():
    refuse(SPREAD.to_bytes() + b"more")
