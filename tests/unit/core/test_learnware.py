"""A learnware is what its manifest lists, no more and no less."""

import dataclasses

import numpy as np
import pytest

from learndock.core.identity import canonical, digest
from learndock.core.learnware import Learnware, list_files
from learndock.core.manifest import SKETCH, Input, Manifest
from learndock.core.sketch import Sketch
from learndock.core.space import Space
from learndock.errors import BadArchive

SPACE = Space(name="flowers", modality="vector", encoder="vector", width=1, gamma=0.5)
SPREAD = Sketch(space=SPACE, points=np.zeros((2, 1)), weights=np.array([0.5, 0.5]), rows=100)
FILES = {"model.txt": b"model", "model.json": b"{}"}


def make(**fields):
    manifest = Manifest(
        name="store-12",
        task="regression",
        license="MIT",
        input=Input(kind="array", columns=("x0",)),
        runtime="lightgbm",
        space=SPACE.id,
        files=list_files(SPREAD, FILES),
    )
    return Learnware(manifest.model_copy(update=fields), SPREAD, FILES)


def test_its_id_is_the_digest_of_its_manifest():
    assert make().id == digest(canonical(make().manifest))


def test_another_word_in_the_manifest_makes_another_learnware():
    assert make(description="more") != make()
    assert {make(), make()} == {make()}
    assert make() != make().id


def test_files_are_listed_by_name_with_size_and_digest():
    listed = list_files(SPREAD, FILES)
    assert [file.path for file in listed] == ["model.json", "model.txt", SKETCH]
    assert listed[1].size == 5
    assert listed[1].sha256 == digest(b"model")


@pytest.mark.parametrize(
    "files",
    [{}, {**FILES, "more": b""}, {**FILES, "model.txt": b"other"}, {"model.txt": b"model"}],
)
def test_other_files_than_the_manifest_lists_are_refused(files):
    with pytest.raises(BadArchive, match="list of files"):
        Learnware(make().manifest, SPREAD, files)


def test_another_sketch_is_refused():
    moved = dataclasses.replace(SPREAD, points=np.ones((2, 1)))
    with pytest.raises(BadArchive):
        Learnware(make().manifest, moved, FILES)


def test_another_space_than_the_sketch_has_is_refused():
    with pytest.raises(BadArchive, match="space"):
        make(space="0" * 64)


def test_it_prints_what_it_is():
    assert str(make()) == f"store-12 (regression, lightgbm, MIT) sha256:{make().id}"
