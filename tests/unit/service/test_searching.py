"""Search: which space is meant, what another process changes meanwhile, coverage at every size."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import learndock as ld
from learndock.errors import Invalid, SpaceMismatch

from .conftest import linear, regressor, rows


def add_vectors(dock, width=4):
    """Submit a learnware in a vector space."""
    vectors = np.random.default_rng(0).normal(size=(300, width))
    space = ld.space(vectors, name="mine", encoder="vector")
    model = LinearRegression().fit(vectors, vectors[:, 0])
    return dock.submit(model, vectors, name="vectors", license="MIT", space=space)


def test_a_frame_is_never_taken_for_vectors(filled):
    add_vectors(filled, width=3)
    assert filled.search(rows(0, seed=1)).hits[0].ref == "ada/at-4@1"
    with pytest.raises(SpaceMismatch, match="looks like"):
        filled.search(rows(0, seed=1).rename(columns={"a": "aa"}))


def test_an_array_is_a_table_unless_no_table_fits(dock):
    vectors = add_vectors(dock)
    array = np.random.default_rng(1).normal(size=(300, 4))
    assert dock.search(array).hits[0].ref == vectors
    model = LinearRegression().fit(array, array[:, 0])
    table = dock.submit(model, array, name="table", license="MIT", space=ld.space(array))
    assert dock.search(array).hits[0].ref == table


def test_a_space_of_words_is_no_trouble_beside_one_of_categories(filled):
    add_vectors(filled)
    data = rows(0, seed=1).assign(colour="red")
    answer = filled.search(data)
    assert answer.hits[0].ref == "ada/at-4@1"


def test_what_is_withdrawn_during_a_search_is_left_out(filled, monkeypatch):
    searcher = filled._searcher
    offered = searcher._offered

    def withdrawn_meanwhile(wanted):
        found = offered(wanted)
        ld.Dock(filled.folder).withdraw("ada/at-4@1", reason="meanwhile")
        searcher._shelves.clear()
        return found

    monkeypatch.setattr(searcher, "_offered", withdrawn_meanwhile)
    assert filled.search(rows(0, seed=1)).hits


@pytest.mark.parametrize("count", [20, 60, 100, 200, 1000])
def test_a_task_that_the_dock_knows_is_covered_whatever_its_size(filled, count):
    shares = [filled.search(rows(4, seed=seed, count=count)).coverage.share for seed in range(8)]
    assert np.mean(shares) >= 0.9


@pytest.mark.parametrize("count", [20, 60, 200, 1000])
def test_a_task_that_nothing_knows_is_foreign_whatever_its_size(filled, count):
    assert not filled.search(rows(30, seed=1, count=count))


def test_an_owner_cannot_switch_off_that_nothing_fits(dock, space):
    import dataclasses

    from learndock.core.learnware import Learnware, list_files

    data = rows(0, seed=0)
    packed = ld.pack(regressor(data), data, name="m", license="MIT", space=space)
    boast = dataclasses.replace(packed.sketch, mmd=1.0)
    manifest = packed.manifest.model_copy(update={"files": list_files(boast, packed.files)})
    dock.submit(Learnware(manifest, boast, packed.files))
    assert not dock.search(rows(30, seed=1))


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"members": 0}, {"task": "clustering"}])
def test_senseless_wishes_are_refused(filled, wrong):
    with pytest.raises(Invalid):
        filled.search(rows(0, seed=1), **wrong)


def test_fewer_members_may_be_asked_for(filled):
    import pandas as pd

    both = pd.concat([rows(-4, seed=1), rows(4, seed=2)])
    answer = filled.search(both, members=1)
    assert len(answer.mixture.parts) == 1
    assert answer.reuse().predict(both).shape == linear(both).shape


def test_embeddings_of_another_recipe_are_made_anew(filled, monkeypatch):
    from learndock.service import searching

    before = filled.search(rows(0, seed=1))
    monkeypatch.setattr(searching, "RECIPE", "another")
    after = ld.Dock(filled.folder).search(rows(0, seed=1))
    assert after.mixture == before.mixture


def test_other_targets_that_fit_are_named(filled, space):
    from .conftest import band, classifier

    data = rows(0, seed=5)
    filled.submit(
        classifier(data), data, band(data), name="band", target="band", license="MIT", space=space
    )
    answer = filled.search(data)
    assert {hit.task for hit in answer.hits} == {"classification", "regression"}
    other = {"classification", "regression"} - {answer.task}
    assert f"also here   {other.pop()}" in str(answer)
