"""A space in a file, by name, in versions, and in a dock before any learnware."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor

import learndock as ld
from learndock.errors import (
    BadArchive,
    BadData,
    Conflict,
    Invalid,
    NotFound,
    SpaceMismatch,
    StorageFault,
)
from learndock.service.encoding import encoder_of
from learndock.service.spaces import find_space, named, read_space, revise, write_space

ROWS = 300


def table(seed=0, center=50.0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.normal(center, 9, ROWS),
            "ward": rng.choice(["north", "süd", "east"], ROWS),
            "smokes": rng.random(ROWS) < 0.3,
        }
    )


@pytest.fixture(scope="module")
def made():
    return ld.space(table(), name="clinics")


@pytest.fixture
def path(tmp_path, made):
    write_space(made, tmp_path / "clinics.space.json")
    return tmp_path / "clinics.space.json"


def changed(path, **fields):
    document = json.loads(path.read_text(encoding="utf-8")) | fields
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


# ---------------------------------------------------------------- made


@pytest.mark.parametrize("name", ["My Data", "", "-x", "a" * 65, "é", "a/b"])
def test_a_name_that_is_none_is_told_with_what_is_needed(name):
    with pytest.raises(Invalid, match="is no name of a space: 1 to 64 lower-case letters"):
        ld.space(table(), name=name)


def test_private_constants_are_a_tables():
    with pytest.raises(Invalid, match="encoder 'vector' has none"):
        ld.space(np.eye(9), encoder="vector", epsilon=1.0)


@pytest.mark.parametrize("encoder", ["table:foo", "text:foo", "image:foo"])
def test_a_source_is_for_encoders_that_have_one(encoder):
    with pytest.raises(Invalid, match="takes nothing behind the colon, and 'foo' is there"):
        ld.space(table(), encoder=encoder)


# ---------------------------------------------------------------- files


def test_a_space_comes_back_from_a_file_as_it_was(path, made):
    assert read_space(path) == made
    assert read_space(str(path)).model_dump() == made.model_dump()


def test_the_same_space_makes_the_same_bytes(path, made, tmp_path):
    write_space(read_space(path), tmp_path / "again.space.json")
    assert (tmp_path / "again.space.json").read_bytes() == path.read_bytes()


def test_white_space_does_not_change_a_space(path, made):
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")), indent=4), encoding="utf-8")
    assert read_space(path) == made


@pytest.mark.parametrize("field", ["gamma", "version", "name"])
def test_content_that_its_digest_does_not_tell_is_refused(path, made, field):
    other = made.model_copy(update={"gamma": 2.0, "version": 9, "name": "x"}).model_dump(
        mode="json"
    )
    space = made.model_dump(mode="json") | {field: other[field]}
    with pytest.raises(BadArchive, match="it was changed") as caught:
        read_space(changed(path, space=space))
    assert caught.value.facts["stated"] == made.id


@pytest.mark.parametrize("form", [2, "1", None])
def test_another_format_is_refused(path, form):
    with pytest.raises(BadArchive, match="reads 1; update learndock"):
        read_space(changed(path, format=form))


def test_a_field_of_a_later_version_is_refused_by_name(path, made):
    space = made.model_dump(mode="json") | {"rotation": [1]}
    with pytest.raises(BadArchive, match="rotation: Extra inputs"):
        read_space(changed(path, space=space))


def test_a_later_recipe_is_read_but_not_used(path, made):
    later = made.model_copy(update={"constants": {"recipe": 99}})
    write_space(later, path)
    with pytest.raises(SpaceMismatch, match=r"recipe 99 .*update learndock"):
        ld.sketch(table(), space=read_space(path))


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'"space"', b"\xff\xfe", b"{}", b"[" * 100_000]
)
def test_what_is_no_space_is_refused(tmp_path, content):
    bad = tmp_path / "bad.space.json"
    bad.write_bytes(content)
    with pytest.raises(BadArchive, match="holds no space"):
        read_space(bad)


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("learndock.service.spaces.MAX_BYTES", 10)
    bad = tmp_path / "bad.space.json"
    bad.write_bytes(b"x" * 11)
    with pytest.raises(BadArchive, match="has 11 bytes; a space has at most 10"):
        read_space(bad)


def test_no_file_and_no_folder_are_told(tmp_path, made):
    with pytest.raises(NotFound, match="no file"):
        read_space(tmp_path / "none.space.json")
    with pytest.raises(StorageFault):
        write_space(made, tmp_path / "none" / "x.space.json")


# ---------------------------------------------------------------- names


@pytest.fixture(scope="module")
def several(made):
    second = made.model_copy(update={"version": 2})
    return [made, second, made.model_copy(update={"name": "shops"})]


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        ("clinics", 1),
        ("table/clinics", 1),
        ("clinics@1", 0),
        ("table/clinics@1", 0),
        ("shops", 2),
    ],
)
def test_a_space_is_found_by_name_and_the_latest_version_without_one(several, wanted, place):
    assert find_space(several, wanted) == several[place]


@pytest.mark.parametrize("length", [6, 12, 64])
@pytest.mark.parametrize("head", ["", "sha256:"])
def test_a_space_is_found_by_the_first_digits_of_its_digest(several, length, head):
    for space in several:
        assert find_space(several, head + space.id[:length]) == space


@pytest.mark.parametrize("wanted", ["", "clinic", "clinics@3", "text/clinics", "abc", "sha256:"])
def test_what_is_not_there_is_told_with_what_is(several, wanted):
    with pytest.raises(NotFound, match=r"there are table/clinics@1 .*, table/shops@1"):
        find_space(several, wanted)


def test_two_spaces_of_one_name_and_version_are_told_apart_by_digest(several, made):
    twin = made.model_copy(update={"gamma": 2 * made.gamma})
    with pytest.raises(Conflict, match=f"{made.id[:12]}, {twin.id[:12]}"):
        find_space([*several, twin], "clinics@1")


def test_a_built_in_space_is_found_by_name():
    assert named("en-static") == named("text/en-static@1") == ld.space(["a text"])


def test_a_file_is_found_by_its_path(path, made):
    assert named(path) == named(str(path)) == ld.space(path) == ld.space(str(path)) == made


def test_an_unknown_name_is_told_with_the_built_in_ones():
    with pytest.raises(
        NotFound, match=r"no built-in space is called 'de-static'.*text/en-static@1"
    ):
        named("de-static")


# ---------------------------------------------------------------- versions


def test_a_revision_has_the_name_the_next_version_and_new_constants(made):
    new = revise(made, table(1, center=70))
    assert (new.name, new.version) == ("clinics", 2)
    assert new.columns[0].center == pytest.approx(70, abs=2)
    assert revise(new, table(2)).version == 3


def test_without_a_change_of_kinds_a_revision_is_what_a_new_space_would_be(made):
    rows = table(1, center=70)
    expected = ld.space(rows, name="clinics").model_copy(update={"version": 2})
    assert revise(made, rows) == expected


def test_a_revision_keeps_the_kernels_shape(made):
    shaped = made.model_copy(update={"scales": (0.5, 2.0), "sharpness": 9.0})
    new = revise(shaped, table(1))
    assert (new.scales, new.sharpness) == ((0.5, 2.0), 9.0)


def test_private_constants_are_not_followed_by_others(made):
    private = made.model_copy(update={"constants": made.constants | {"epsilon": 1.0}})
    with pytest.raises(Invalid, match="differentially private"):
        revise(private, table(1))


def test_columns_may_come_and_go(made):
    rows = table()[["age", "smokes"]].assign(height=1.8)
    assert [column.name for column in revise(made, rows).columns] == ["age", "smokes", "height"]


def test_columns_keep_their_kind_though_newer_data_looks_otherwise():
    codes = pd.DataFrame({"code": ["a1", "7"] * 100, "rate": np.arange(200.0)})
    old = ld.space(codes, name="codes")
    rows = pd.DataFrame({"rate": np.tile([0, 1], 100).astype(bool), "code": ["7", "8"] * 100})
    assert ld.space(rows).columns[0].kind == "boolean"
    new = revise(old, rows)
    assert {column.name: column.kind for column in new.columns} == {
        "code": "categorical",
        "rate": "numeric",
    }
    assert np.isfinite(encoder_of(new).encode(rows, new)).all()
    assert new.gamma == float(f"{new.gamma:.3g}")


def test_units_that_an_owner_told_are_kept():
    rows = table()[["age"]]
    rows.attrs["unit"] = {"age": "years"}
    old = ld.space(rows, name="clinics")
    assert revise(old, table(1)[["age"]]).columns[0].unit == "years"


def test_data_that_cannot_be_read_as_the_old_kinds_is_refused(made):
    with pytest.raises((SpaceMismatch, BadData), match="age"):
        revise(made, table().assign(age="old"))


def test_what_is_built_in_has_no_other_version():
    with pytest.raises(Invalid, match="built in"):
        revise(named("en-static"), ["a text"])


def test_vectors_have_versions_too():
    vectors = np.random.default_rng(0).normal(size=(200, 4))
    old = ld.space(vectors, name="acme", encoder="vector")
    new = revise(old, 2 * vectors)
    assert (str(new), new.width) == ("vector/acme@2", 4)
    assert new.gamma == pytest.approx(old.gamma / 4, rel=0.01)


def test_vectors_stay_those_of_their_encoder():
    vectors = np.random.default_rng(0).normal(size=(200, 4))
    old = ld.space(vectors, name="acme", encoder="vector:7")
    assert revise(old, vectors).constants == {"of": "acme", "version": 7}
    with pytest.raises(SpaceMismatch, match="width 3"):
        revise(old, vectors[:, :3])


def test_too_few_vectors_make_no_revision():
    vectors = np.random.default_rng(0).normal(size=(200, 4))
    with pytest.raises(BadData, match="4 rows were given"):
        revise(ld.space(vectors, encoder="vector"), vectors[:4])


# ---------------------------------------------------------------- docks


@pytest.fixture
def dock(tmp_path):
    return ld.Dock(tmp_path / "models", owner="ada")


def test_a_published_space_is_there_for_the_first_learnware(dock, made):
    assert dock.add_space(made) == made
    rows = table(1)
    assert dock.space_for(rows) == made
    dock.submit(
        DummyRegressor().fit(rows, rows["age"]), rows, rows["age"], name="age", license="MIT"
    )
    assert dock.ls(space=made.id)
    assert dock.spaces() == [made]
    assert dock.verify()


def test_the_same_space_again_has_no_effect(dock, made):
    for _ in range(2):
        dock.add_space(made)
    assert dock.spaces() == [made]


def test_a_dry_run_publishes_nothing(dock, made):
    dock.add_space(made, dry_run=True)
    assert dock.spaces() == []


def test_another_space_of_the_same_name_and_version_is_refused(dock, made):
    dock.add_space(made)
    with pytest.raises(Conflict, match="another space table/clinics@1"):
        dock.add_space(made.model_copy(update={"gamma": 2 * made.gamma}))
    dock.add_space(made.model_copy(update={"version": 2}))
    assert len(dock.spaces()) == 2


def test_a_search_in_a_space_without_learnwares_finds_nothing(dock, made):
    dock.add_space(made)
    assert not dock.search(table(1))
