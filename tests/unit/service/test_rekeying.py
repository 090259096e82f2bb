"""A sketch in another version of its space, without the rows."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from sklearn.linear_model import LogisticRegression

import learndock as ld
from learndock.errors import Invalid, SpaceMismatch
from learndock.numerics.kernels import mmd
from learndock.service.comparing import compare
from learndock.service.encoding import encoder_of
from learndock.service.rekeying import rekey
from learndock.service.spaces import revise


def curved(count=2_000, width=8):
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(count, 3))
    bent = np.sin(hidden @ rng.normal(size=(3, width))) + 0.3 * hidden[:, :1] ** 2
    return pd.DataFrame(bent, columns=[f"c{i}" for i in range(width)])


def mixed(count=1_000):
    rng = np.random.default_rng(1)
    shop = rng.choice(["north", "south", "east"], count, p=[0.6, 0.3, 0.1])
    price = rng.lognormal(np.where(shop == "north", 0, 1))
    return pd.DataFrame(
        {
            "price": price,
            "shop": shop,
            "open": rng.random(count) < 0.8,
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.uniform(0, 300, count), "D"),
            "stock": np.where(rng.random(count) < 0.1, np.nan, 9 * price + rng.normal(size=count)),
        }
    )


TABLES = {
    "cancer": datasets.load_breast_cancer(as_frame=True).data,
    "curved": curved(),
    "mixed": mixed(),
}
CHANGES = {
    "constants": lambda rows, old: revise(old, rows.sort_values(rows.columns[0])[: len(rows) // 2]),
    "columns": lambda rows, old: revise(old, rows.iloc[:, ::2]),
    "sharper": lambda rows, old: old.model_copy(update={"version": 2, "gamma": 3 * old.gamma}),
    "smoother": lambda rows, old: old.model_copy(update={"version": 2, "gamma": old.gamma / 3}),
}


@pytest.fixture(scope="module")
def sketches():
    return {name: ld.sketch(rows, consent=True) for name, rows in TABLES.items()}


@pytest.fixture(scope="module")
def moved(sketches):
    """Return a table's sketch in a changed space, each made once."""

    @cache
    def make(table, change):
        old = sketches[table]
        return rekey(old, CHANGES[change](TABLES[table], old.space))

    return make


def to_rows(sketch, rows):
    """Return the distance between a sketch and the rows that it stands for."""
    coords = encoder_of(sketch.space).encode(rows, sketch.space)
    even = np.full(len(coords), 1 / len(coords))
    return mmd(coords, even, sketch.points, sketch.weights, gammas=sketch.space.gammas)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", TABLES)
def test_a_rekeyed_sketch_is_as_near_to_its_rows_as_it_states(sketches, moved, table, change):
    found, real = moved(table, change), to_rows(moved(table, change), TABLES[table])
    assert real <= found.mmd
    assert found.mmd <= max(2 * real, 1.3 * sketches[table].mmd)


@pytest.mark.parametrize("table", TABLES)
def test_new_constants_cost_little_over_a_sketch_of_the_rows(moved, table):
    found = moved(table, "constants")
    direct = ld.sketch(TABLES[table], space=found.space, consent=True)
    assert to_rows(found, TABLES[table]) < 1.6 * to_rows(direct, TABLES[table])
    assert compare(found, direct).distance < 2 * found.mmd


def test_what_a_sketch_says_of_the_model_stays():
    rows = mixed()
    model = LogisticRegression().fit(rows[["price"]], rows["shop"])
    old = ld.pack(model, rows[["price"]], rows["shop"], name="shop", license="MIT").sketch
    found = rekey(old, old.space.model_copy(update={"version": 2, "gamma": 2 * old.space.gamma}))
    np.testing.assert_array_equal(found.outcomes, old.outcomes)
    kept = ("classes", "edges", "rows", "confidence", "accuracy", "gate", "release")
    for name in kept:
        assert getattr(found, name) == getattr(old, name)
    assert old.density
    assert found.density == ()


def test_a_version_of_the_same_coordinates_and_kernel_costs_nothing(sketches):
    old = replace(sketches["cancer"], density=())
    renamed = old.space.model_copy(update={"version": 7})
    assert rekey(old, renamed) == replace(old, space=renamed)


def test_the_space_that_it_has_leaves_a_sketch_as_it_is(sketches):
    assert rekey(sketches["cancer"], sketches["cancer"].space) is sketches["cancer"]


def test_the_same_arguments_give_the_same_sketch(sketches, moved):
    found = moved("mixed", "sharper")
    assert rekey(sketches["mixed"], found.space) == found


def test_columns_that_the_sketch_lacks_are_refused():
    rows = mixed()
    old = ld.sketch(rows[["price"]])
    with pytest.raises(SpaceMismatch, match=r"lacks columns of space table/data@1.*'shop', 'open'"):
        rekey(old, ld.space(rows[["price", "shop", "open"]]))


def test_a_column_of_another_kind_is_refused():
    rows = mixed()
    other = rows.assign(price=rows["price"].gt(1).map({True: "dear", False: "cheap"}))
    with pytest.raises(SpaceMismatch, match="another kind: 'price'"):
        rekey(ld.sketch(rows[["price"]]), ld.space(other[["price"]]))


def test_vectors_of_another_encoder_are_refused_and_another_kernel_is_not():
    vectors = np.random.default_rng(0).normal(size=(300, 4))
    old = ld.space(vectors, name="acme", encoder="vector")
    sketch = ld.sketch(vectors, space=old)
    sharper = old.model_copy(update={"version": 2, "gamma": 2 * old.gamma})
    np.testing.assert_array_equal(rekey(sketch, sharper).points, sketch.points)
    with pytest.raises(SpaceMismatch, match="made in another way"):
        rekey(sketch, ld.space(vectors[:, :3], name="acme", encoder="vector"))
    with pytest.raises(SpaceMismatch, match="made in another way"):
        rekey(sketch, ld.space(vectors))


@pytest.mark.parametrize(("name", "encoder"), [("acme", "vector:2"), ("other", "vector")])
def test_vectors_of_another_version_or_name_of_the_encoder_are_not_moved(name, encoder):
    vectors = np.random.default_rng(0).normal(size=(300, 4))
    sketch = ld.sketch(vectors, space=ld.space(vectors, name="acme", encoder="vector"))
    with pytest.raises(SpaceMismatch, match="made in another way"):
        rekey(sketch, ld.space(vectors, name=name, encoder=encoder))


def test_a_revision_of_a_vector_space_takes_its_sketches():
    vectors = np.random.default_rng(0).normal(size=(300, 4))
    old = ld.space(vectors, name="acme", encoder="vector:2")
    new = revise(old, 2 * vectors)
    assert rekey(ld.sketch(vectors, space=old), new).space == new


def test_a_seed_below_0_is_refused(sketches):
    with pytest.raises(Invalid, match="seed is -1"):
        rekey(sketches["mixed"], sketches["mixed"].space, seed=-1)
