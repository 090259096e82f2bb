"""A manifest is strict: its fields fit together, and no other field is taken."""

import pytest
from pydantic import ValidationError

from learndock.core.manifest import MAX_BYTES, MAX_FILES, MAX_INPUTS, SKETCH, Manifest
from learndock.core.space import MAX_NAME

FILES = [
    {"path": "model.txt", "size": 3, "sha256": "0" * 64},
    {"path": SKETCH, "size": 5, "sha256": "1" * 64},
]
FIELDS = {
    "name": "store-12",
    "task": "classification",
    "classes": ["a", "b"],
    "license": "MIT",
    "input": {"kind": "frame", "columns": ["price"], "frame": "pandas"},
    "runtime": "sklearn",
    "space": "2" * 64,
    "files": FILES,
}


def test_the_least_manifest_is_valid():
    made = Manifest.model_validate(FIELDS)
    assert Manifest.model_validate_json(made.model_dump_json()) == made


@pytest.mark.parametrize("field", FIELDS.keys() - {"classes"})
def test_a_missing_field_is_refused(field):
    with pytest.raises(ValidationError, match=field):
        Manifest.model_validate({k: v for k, v in FIELDS.items() if k != field})


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"format": 0},
        {"later": "field"},
        {"license": ""},
        {"name": "Store 12"},
        {"runtime": "../sklearn"},
        {"task": "clustering"},
        {"classes": []},
        {"classes": ["a"]},
        {"classes": [["a"], ["b"]]},
        {"classes": list(range(1001))},
        {"task": "regression"},
        {"space": "2" * 63},
        {"space": "Z" * 64},
        {"description": "x" * 10_001},
        {"tags": ["x"] * 51},
        {"classes": ["a", "a"]},
        {"classes": [1, True]},
        {"requires": {"numpy": 2}},
        {"requires": {f"p{i}": "1" for i in range(51)}},
        {"input": {"kind": "array", "columns": ["x"] * (MAX_INPUTS + 1)}},
        {"input": {"kind": "array", "columns": ["x" * (MAX_NAME + 1)]}},
        {"input": {"kind": "audio"}},
        {"input": {"kind": "array", "rows": 5}},
        {"files": []},
        {"files": FILES[:1]},
        {"files": [*FILES, FILES[0]]},
        {"files": [{**FILES[1], "path": f"f{i}"} for i in range(MAX_FILES)] + [FILES[1]]},
        {"files": [{**FILES[1], "size": -1}]},
        {"files": [{**FILES[1], "size": MAX_BYTES + 1}]},
        {"files": [{**FILES[1], "sha256": "1" * 65}]},
    ],
    ids=lambda change: str(change)[:60],
)
def test_a_field_out_of_range_is_refused(change):
    with pytest.raises(ValidationError):
        Manifest.model_validate({**FIELDS, **change})


@pytest.mark.parametrize(
    "path",
    ["", ".", "..", ".hidden", "-rf", "a/b", "a\\b", "/etc/passwd", "C:x", "a\n", "a\x00", "é",
     "x" * 101],
)  # fmt: skip
def test_a_file_name_is_flat_and_plain(path):
    with pytest.raises(ValidationError):
        Manifest.model_validate({**FIELDS, "files": [{**FILES[0], "path": path}, FILES[1]]})


def test_labels_that_only_look_alike_are_two_classes():
    made = Manifest.model_validate({**FIELDS, "classes": [1, "1", False]})
    assert made.classes == (1, "1", False)


def test_a_regressor_has_no_classes():
    made = Manifest.model_validate({**FIELDS, "task": "regression", "classes": []})
    assert made.classes == ()
