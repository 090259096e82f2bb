"""What every catalogue keeps. Inherit `CatalogueContract` and override its fixtures."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from learndock.core.identity import digest
from learndock.core.learnware import Learnware, list_files
from learndock.core.manifest import Input, Manifest
from learndock.core.ports import Atoms, Catalogue, Entry, Filter, Holding
from learndock.core.reference import Reference
from learndock.core.sketch import Sketch
from learndock.core.space import Space
from learndock.errors import BadReference, Conflict, Invalid, NotFound

SPACE = Space(name="flowers", modality="vector", encoder="vector", width=2, gamma=0.5)
OTHER_SPACE = SPACE.model_copy(update={"name": "sales"})
ARCHIVE = digest(b"archive")


def make_learnware(
    name: str = "store-12", *, seed: int = 0, space: Space = SPACE, **fields: Any
) -> Learnware:
    """Return a small classifier's learnware; another seed gives another one.

    Parameters
    ----------
    name : str
        Its name.
    seed : int
        What its sketch and its only file are made from.
    space : Space
        Of two coordinates.
    **fields
        Any other field of the manifest.

    Examples
    --------
    >>> make_learnware("store-12", tags=("retail",)).manifest.tags
    ('retail',)
    """
    points = np.random.default_rng(seed).normal(size=(4, 2))
    outcomes = np.array([[0.25, 0.0], [0.25, 0.0], [0.0, 0.25], [0.125, 0.125]])
    sketch = Sketch(space, points, np.full(4, 0.25), outcomes, classes=("a", "b"), rows=100)
    files = {"model.txt": str(seed).encode()}
    said = {
        "task": "classification",
        "classes": ("a", "b"),
        "license": "MIT",
        "input": Input(kind="array", columns=("x0", "x1")),
        "runtime": "none",
        **fields,
    }
    listed = list_files(sketch, files)
    return Learnware(Manifest(name=name, space=space.id, files=listed, **said), sketch, files)


def make_atoms(learnware: Learnware) -> Atoms:
    """Return an embedding of three coordinates that differs between learnwares."""
    parts = np.random.default_rng(list(bytes.fromhex(learnware.id))).normal(size=(2, 3))
    return Atoms(parts.sum(axis=0).astype(np.float32), parts.astype(np.float32))


def submit(
    catalogue: Catalogue, learnware: Learnware, owner: str = "ada", alias: str = ""
) -> Entry:
    """Enter a learnware with an embedding and an archive that do not matter."""
    atoms = make_atoms(learnware)
    return catalogue.add(learnware, owner=owner, archive=ARCHIVE, size=10, atoms=atoms, alias=alias)


def names(entries: list[Entry]) -> list[str]:
    """Return how the entries are referred to, in their order."""
    return [entry.ref for entry in entries]


class CatalogueContract:
    """Rules of the port `Catalogue`.

    Override the fixtures `make` and `location`: the adapter's plugin, and a place for one new,
    empty catalogue.
    """

    @pytest.fixture
    def make(self) -> Callable[[str], Catalogue]:
        """Return the adapter's plugin."""
        raise NotImplementedError

    @pytest.fixture
    def location(self, tmp_path: Path) -> str:
        """Return the URL of a catalogue that is not there yet."""
        raise NotImplementedError

    @pytest.fixture
    def catalogue(self, make: Callable[[str], Catalogue], location: str) -> Catalogue:
        """Return a new, empty catalogue."""
        return make(location)

    @pytest.fixture
    def other(
        self, make: Callable[[str], Catalogue], location: str, catalogue: Catalogue
    ) -> Catalogue:
        """Return the same catalogue, opened a second time."""
        return make(location)

    # ------------------------------------------------------------ add and get

    def test_an_entry_says_what_was_entered(self, catalogue: Catalogue) -> None:
        learnware = make_learnware("store-12", description="Sales", tags=("retail",))
        entry = submit(catalogue, learnware, alias="stable")
        assert (entry.id, entry.ref) == (learnware.id, "ada/store-12@1")
        assert (entry.archive, entry.size) == (ARCHIVE, 10)
        assert entry.manifest == learnware.manifest
        assert (entry.aliases, entry.withdrawn) == (("stable",), "")

    def test_an_entry_bears_the_time_of_its_submission_in_utc(self, catalogue: Catalogue) -> None:
        entry = submit(catalogue, make_learnware())
        assert entry.submitted.utcoffset() == timedelta(0)
        assert abs(datetime.now(UTC) - entry.submitted) < timedelta(minutes=1)

    def test_what_is_got_is_what_add_returned(self, catalogue: Catalogue) -> None:
        entry = submit(catalogue, make_learnware(classes=("1", 1.5)), alias="stable")
        for text in ("ada/store-12", "ada/store-12@1", "ada/store-12@stable", f"sha256:{entry.id}"):
            assert catalogue.get(Reference.parse(text)) == entry

    def test_versions_count_from_one_for_each_owner_and_name(self, catalogue: Catalogue) -> None:
        entries = [
            submit(catalogue, make_learnware("a", seed=0)),
            submit(catalogue, make_learnware("a", seed=1)),
            submit(catalogue, make_learnware("b", seed=2)),
            submit(catalogue, make_learnware("a", seed=3), owner="ben"),
        ]
        assert names(entries) == ["ada/a@1", "ada/a@2", "ada/b@1", "ben/a@1"]

    def test_the_same_again_returns_the_entry_it_has(self, catalogue: Catalogue) -> None:
        entry = submit(catalogue, make_learnware())
        stamp = catalogue.stamp()
        assert submit(catalogue, make_learnware()) == entry
        assert catalogue.find(Filter()) == [entry]
        assert catalogue.stamp() == stamp

    def test_the_same_again_takes_a_new_alias(self, catalogue: Catalogue) -> None:
        submit(catalogue, make_learnware(), alias="stable")
        assert submit(catalogue, make_learnware(), alias="best").aliases == ("best", "stable")

    def test_one_learnware_may_have_two_owners(self, catalogue: Catalogue) -> None:
        learnware = make_learnware()
        submit(catalogue, learnware, owner="ada")
        submit(catalogue, learnware, owner="ben")
        assert names(catalogue.find(Filter())) == ["ada/store-12@1", "ben/store-12@1"]
        assert [id for id, _ in catalogue.atoms(SPACE.id)] == [learnware.id]
        assert catalogue.problems() == []

    def test_a_preview_names_what_add_would_and_changes_nothing(self, catalogue: Catalogue) -> None:
        for seed in (0, 1, 0):
            learnware = make_learnware(seed=seed)
            stamp = catalogue.stamp()
            told = catalogue.preview(learnware, owner="ada")
            assert catalogue.stamp() == stamp
            assert submit(catalogue, learnware).ref == told
        with pytest.raises(BadReference):
            catalogue.preview(make_learnware(), owner="Ada")

    @pytest.mark.parametrize("owner", ["", "Ada", "a/b", "a b", "a@1", "../x"])
    def test_an_owner_that_no_reference_can_name_is_refused(
        self, catalogue: Catalogue, owner: str
    ) -> None:
        with pytest.raises(BadReference):
            submit(catalogue, make_learnware(), owner=owner)
        assert catalogue.find(Filter()) == []

    @pytest.mark.parametrize(
        ("whole", "parts"),
        [((3,), (2, 4)), ((3, 1), (2, 3)), ((3,), (3,))],
    )
    def test_embeddings_of_another_shape_are_refused(
        self, catalogue: Catalogue, whole: tuple[int, ...], parts: tuple[int, ...]
    ) -> None:
        atoms = Atoms(np.zeros(whole, np.float32), np.zeros(parts, np.float32))
        with pytest.raises(Invalid, match="shape"):
            catalogue.add(make_learnware(), owner="ada", archive=ARCHIVE, size=1, atoms=atoms)

    def test_embeddings_that_are_not_finite_are_refused(self, catalogue: Catalogue) -> None:
        atoms = Atoms(np.full(3, np.nan, np.float32), np.zeros((2, 3), np.float32))
        with pytest.raises(Invalid, match="finite"):
            catalogue.add(make_learnware(), owner="ada", archive=ARCHIVE, size=1, atoms=atoms)

    def test_what_is_refused_leaves_no_trace(self, catalogue: Catalogue) -> None:
        stamp = catalogue.stamp()
        with pytest.raises(Invalid, match="number"):
            submit(catalogue, make_learnware(), alias="7")
        assert catalogue.find(Filter(withdrawn=True)) == []
        assert catalogue.spaces() == []
        assert catalogue.stamp() == stamp
        assert catalogue.problems() == []

    # ------------------------------------------------------------ not found

    def test_a_missing_name_names_what_looks_alike(self, catalogue: Catalogue) -> None:
        submit(catalogue, make_learnware("store-12"))
        submit(catalogue, make_learnware("newsgroups", seed=1))
        with pytest.raises(NotFound, match="did you mean ada/store-12") as caught:
            catalogue.get(Reference.parse("ada/stor-12"))
        assert caught.value.facts["alike"] == ["ada/store-12"]

    @pytest.mark.parametrize("version", ["2", "9" * 60, "01", "beta"])
    def test_a_missing_version_names_those_that_are_there(
        self, catalogue: Catalogue, version: str
    ) -> None:
        submit(catalogue, make_learnware(), alias="stable")
        with pytest.raises(NotFound, match="1, stable"):
            catalogue.get(Reference.parse(f"ada/store-12@{version}"))

    def test_a_missing_digest_is_not_found(self, catalogue: Catalogue) -> None:
        with pytest.raises(NotFound, match="sha256:0000"):
            catalogue.get(Reference(digest=64 * "0"))

    # ------------------------------------------------------------ find

    def test_entries_come_by_owner_name_and_version(self, catalogue: Catalogue) -> None:
        for seed, (owner, name) in enumerate([("b", "x"), ("a", "y"), ("a", "x"), ("a", "x")]):
            submit(catalogue, make_learnware(name, seed=seed), owner=owner)
        assert names(catalogue.find(Filter())) == ["a/x@1", "a/x@2", "a/y@1", "b/x@1"]

    def test_pages_together_are_the_whole(self, catalogue: Catalogue) -> None:
        for seed in range(7):
            submit(catalogue, make_learnware(f"n{seed}", seed=seed, tags=("t",)))
        for wanted in (Filter(), Filter(words="t")):
            whole = catalogue.find(wanted)
            pages = [catalogue.find(wanted, limit=3, offset=start) for start in (0, 3, 6, 9)]
            assert [len(page) for page in pages] == [3, 3, 1, 0]
            assert [entry for page in pages for entry in page] == whole

    def test_without_a_limit_all_are_found(self, catalogue: Catalogue) -> None:
        for seed in range(101):
            submit(catalogue, make_learnware(seed=seed))
        assert len(catalogue.find(Filter(), limit=None)) == 101
        assert len(catalogue.find(Filter(), limit=None, offset=99)) == 2

    def test_holdings_are_those_of_every_entry(self, catalogue: Catalogue) -> None:
        entries = [submit(catalogue, make_learnware(seed=seed)) for seed in range(3)]
        catalogue.withdraw(Reference.parse(entries[1].ref), reason="old")
        expected = [Holding(entry.ref, entry.id, ARCHIVE) for entry in entries]
        assert catalogue.holdings() == expected

    @pytest.mark.parametrize("page", [{"limit": -1}, {"offset": -1}])
    def test_negative_pages_are_refused(self, catalogue: Catalogue, page: dict[str, int]) -> None:
        with pytest.raises(Invalid, match="negative"):
            catalogue.find(Filter(), **page)

    @pytest.mark.parametrize(
        "wanted",
        [
            Filter(task="regression"),
            Filter(target="sales"),
            Filter(space=OTHER_SPACE.id),
            Filter(space="sales"),
            Filter(space="vector/sales@1"),
            Filter(owner="ben"),
            Filter(license="cc-by-4.0"),
            Filter(words="weekly"),
            Filter(words="weekly", task="regression", owner="ben", license="CC-BY-4.0"),
        ],
    )
    def test_a_filter_keeps_what_it_says(self, catalogue: Catalogue, wanted: Filter) -> None:
        submit(catalogue, make_learnware("flowers"))
        learnware = make_learnware(
            "sales", seed=1, space=OTHER_SPACE, task="regression", classes=(), target="sales",
            license="CC-BY-4.0", description="Weekly sales",
        )  # fmt: skip
        submit(catalogue, learnware, owner="ben")
        assert names(catalogue.find(wanted)) == ["ben/sales@1"]

    @pytest.mark.parametrize(
        "wanted", [Filter(task="none"), Filter(space="none"), Filter(words="sales", owner="eve")]
    )
    def test_a_filter_that_nothing_passes_finds_nothing(
        self, catalogue: Catalogue, wanted: Filter
    ) -> None:
        submit(catalogue, make_learnware("sales"))
        assert catalogue.find(wanted) == []

    # ------------------------------------------------------------ words

    @pytest.mark.parametrize(
        "words",
        [
            "store-12",  # name
            "stor",  # beginning of a word
            "STORE",
            "café",
            "cafe",
            "weekly revenue",  # words in any order
            "revenue weekly",
            "regression",  # task
            "turnover",  # target
            "unit_price",  # column
            "price",
            "cc-by",  # licence
            "retail",  # tag
            "  retail  ",
        ],
    )
    def test_words_find_every_field(self, catalogue: Catalogue, words: str) -> None:
        learnware = make_learnware(
            "store-12", description="Revenue of a Café, weekly", task="regression", classes=(),
            target="turnover", license="CC-BY-4.0", tags=("retail",),
            input=Input(kind="frame", columns=("unit_price", "week")),
        )  # fmt: skip
        submit(catalogue, learnware)
        submit(catalogue, make_learnware("other", seed=1))
        assert names(catalogue.find(Filter(words=words))) == ["ada/store-12@1"]

    def test_words_find_labels(self, catalogue: Catalogue) -> None:
        submit(catalogue, make_learnware(classes=("rec.sport.hockey", "sci.space")))
        submit(catalogue, make_learnware("other", seed=1))
        assert names(catalogue.find(Filter(words="hockey"))) == ["ada/store-12@1"]

    def test_every_word_must_be_found(self, catalogue: Catalogue) -> None:
        submit(catalogue, make_learnware(description="weekly revenue"))
        assert catalogue.find(Filter(words="weekly hockey")) == []

    def test_what_fits_the_words_better_comes_first(self, catalogue: Catalogue) -> None:
        filler = "a long text about a great many things of which only one is hockey " * 5
        submit(catalogue, make_learnware("a-text", seed=1, description=filler))
        submit(catalogue, make_learnware("hockey", seed=2))
        found = names(catalogue.find(Filter(words="hockey")))
        assert found == ["ada/hockey@1", "ada/a-text@1"]

    def test_what_fits_the_words_equally_comes_by_name(self, catalogue: Catalogue) -> None:
        for seed, name in enumerate(["b1", "c1", "a1"]):
            submit(catalogue, make_learnware(name, seed=seed, tags=("hockey",)))
        found = names(catalogue.find(Filter(words="hockey")))
        assert found == ["ada/a1@1", "ada/b1@1", "ada/c1@1"]

    @pytest.mark.parametrize(
        "words",
        [
            '"', "'", '"""', "*", "sales*", "(", ")", "a AND", "NOT", "OR OR", "NEAR(a b)", "name:",
            "name: sales", "{name} : x", "^sales", "-sales", "+", "a + b", ";", "\\", "%", "_",
            "---", "\0", "sa\0les", "\ud800", "👩‍🔬", "\u0301", "x" * 100_000, "sales " * 3_000,
        ],
    )  # fmt: skip
    def test_no_words_are_an_error(self, catalogue: Catalogue, words: str) -> None:
        submit(catalogue, make_learnware("sales"))
        assert len(catalogue.find(Filter(words=words))) <= 1

    def test_blank_words_mean_any(self, catalogue: Catalogue) -> None:
        submit(catalogue, make_learnware())
        assert len(catalogue.find(Filter(words=" \t"))) == 1

    # ------------------------------------------------------------ withdraw

    def test_the_withdrawn_is_offered_no_more(self, catalogue: Catalogue) -> None:
        entry = submit(catalogue, make_learnware())
        withdrawn = catalogue.withdraw(Reference.parse("ada/store-12@1"), reason="wrong labels")
        assert (withdrawn.id, withdrawn.withdrawn) == (entry.id, "wrong labels")
        assert catalogue.find(Filter()) == []
        assert catalogue.find(Filter(withdrawn=True)) == [withdrawn]
        assert list(catalogue.atoms(SPACE.id)) == []
        assert catalogue.problems() == []

    def test_without_a_version_the_latest_on_offer_is_meant(self, catalogue: Catalogue) -> None:
        for seed in range(3):
            submit(catalogue, make_learnware(seed=seed))
        latest = Reference.parse("ada/store-12")
        assert catalogue.get(latest).version == 3
        catalogue.withdraw(latest, reason="old")
        assert catalogue.get(latest).version == 2

    def test_the_withdrawn_is_still_there_for_who_names_it(self, catalogue: Catalogue) -> None:
        entry = submit(catalogue, make_learnware(), alias="stable")
        catalogue.withdraw(Reference.parse("ada/store-12"), reason="old")
        for text in ("ada/store-12@1", "ada/store-12@stable", f"sha256:{entry.id}"):
            assert catalogue.get(Reference.parse(text)).withdrawn == "old"
        with pytest.raises(NotFound, match=r"withdrawn.*old.*ada/store-12@1"):
            catalogue.get(Reference.parse("ada/store-12"))

    def test_withdrawing_again_keeps_the_first_reason(self, catalogue: Catalogue) -> None:
        submit(catalogue, make_learnware())
        this = Reference.parse("ada/store-12@1")
        first = catalogue.withdraw(this, reason="first")
        stamp = catalogue.stamp()
        assert catalogue.withdraw(this, reason="second") == first
        assert catalogue.stamp() == stamp

    @pytest.mark.parametrize("reason", ["", " \n"])
    def test_withdrawing_needs_a_reason(self, catalogue: Catalogue, reason: str) -> None:
        submit(catalogue, make_learnware())
        with pytest.raises(Invalid, match="reason"):
            catalogue.withdraw(Reference.parse("ada/store-12"), reason=reason)

    def test_withdrawing_what_is_absent_is_not_found(self, catalogue: Catalogue) -> None:
        with pytest.raises(NotFound):
            catalogue.withdraw(Reference.parse("ada/store-12"), reason="old")

    def test_withdrawing_for_one_owner_keeps_the_offer_of_the_other(
        self, catalogue: Catalogue
    ) -> None:
        learnware = make_learnware()
        submit(catalogue, learnware, owner="ada")
        submit(catalogue, learnware, owner="ben")
        catalogue.withdraw(Reference.parse("ada/store-12"), reason="old")
        assert [id for id, _ in catalogue.atoms(SPACE.id)] == [learnware.id]
        assert catalogue.get(Reference(digest=learnware.id)).owner == "ben"

    def test_a_digest_of_two_entries_does_not_say_which_to_change(
        self, catalogue: Catalogue
    ) -> None:
        learnware = make_learnware()
        submit(catalogue, learnware, owner="ada")
        submit(catalogue, learnware, owner="ben")
        this = Reference(digest=learnware.id)
        with pytest.raises(Conflict, match="ada/store-12@1, ben/store-12@1"):
            catalogue.withdraw(this, reason="old")
        with pytest.raises(Conflict, match="ada/store-12@1, ben/store-12@1"):
            catalogue.set_alias(this, "stable")

    # ------------------------------------------------------------ aliases

    def test_an_alias_moves_to_the_version_it_is_set_to(self, catalogue: Catalogue) -> None:
        submit(catalogue, make_learnware(seed=0), alias="stable")
        submit(catalogue, make_learnware(seed=1))
        moved = catalogue.set_alias(Reference.parse("ada/store-12@2"), "stable")
        assert (moved.version, moved.aliases) == (2, ("stable",))
        assert catalogue.get(Reference.parse("ada/store-12@stable")).version == 2
        assert catalogue.get(Reference.parse("ada/store-12@1")).aliases == ()

    def test_an_alias_belongs_to_one_name(self, catalogue: Catalogue) -> None:
        submit(catalogue, make_learnware("a"), alias="stable")
        submit(catalogue, make_learnware("b", seed=1), alias="stable")
        assert catalogue.get(Reference.parse("ada/a@stable")).name == "a"
        assert catalogue.get(Reference.parse("ada/b@stable")).name == "b"

    def test_setting_an_alias_again_changes_nothing(self, catalogue: Catalogue) -> None:
        entry = submit(catalogue, make_learnware(), alias="stable")
        stamp = catalogue.stamp()
        assert catalogue.set_alias(Reference.parse("ada/store-12"), "stable") == entry
        assert catalogue.stamp() == stamp

    @pytest.mark.parametrize("alias", ["1", "007", "", "Stable", "a b", "a/b", "x\n", "-x"])
    def test_an_alias_is_a_word_and_no_number(self, catalogue: Catalogue, alias: str) -> None:
        submit(catalogue, make_learnware())
        with pytest.raises(Invalid):
            catalogue.set_alias(Reference.parse("ada/store-12"), alias)

    def test_an_alias_cannot_point_at_the_withdrawn(self, catalogue: Catalogue) -> None:
        submit(catalogue, make_learnware())
        catalogue.withdraw(Reference.parse("ada/store-12"), reason="old")
        with pytest.raises(Conflict, match="withdrawn"):
            catalogue.set_alias(Reference.parse("ada/store-12@1"), "stable")

    # ------------------------------------------------------------ spaces, sketches, embeddings

    def test_spaces_come_in_the_order_in_which_they_came(self, catalogue: Catalogue) -> None:
        catalogue.add_space(OTHER_SPACE)
        submit(catalogue, make_learnware())
        catalogue.add_space(OTHER_SPACE)
        assert catalogue.spaces() == [OTHER_SPACE, SPACE]

    def test_a_space_that_is_there_changes_nothing(self, catalogue: Catalogue) -> None:
        catalogue.add_space(SPACE)
        stamp = catalogue.stamp()
        catalogue.add_space(SPACE)
        assert catalogue.stamp() == stamp

    def test_of_two_spaces_of_one_name_and_version_only_the_first_is_entered(
        self, catalogue: Catalogue, other: Catalogue
    ) -> None:
        namesakes = [SPACE.model_copy(update={"gamma": float(g)}) for g in range(1, 9)]

        def add(number: int) -> bool:
            try:
                (catalogue, other)[number % 2].add_space(namesakes[number])
            except Conflict as error:
                return "another space vector/flowers@1" not in str(error)
            return True

        with ThreadPoolExecutor() as pool:
            assert sum(pool.map(add, range(8))) == 1
        assert len(catalogue.spaces()) == 1

    def test_a_dry_run_enters_no_space_and_refuses_the_same(self, catalogue: Catalogue) -> None:
        catalogue.add_space(SPACE, dry_run=True)
        assert catalogue.spaces() == []
        catalogue.add_space(SPACE)
        with pytest.raises(Conflict, match="another space"):
            catalogue.add_space(SPACE.model_copy(update={"gamma": 9.0}), dry_run=True)

    def test_learnwares_may_bring_spaces_of_one_name_along(self, catalogue: Catalogue) -> None:
        twin = SPACE.model_copy(update={"gamma": 9.0})
        submit(catalogue, make_learnware())
        submit(catalogue, make_learnware("other", space=twin))
        assert catalogue.spaces() == [SPACE, twin]

    def test_sketches_come_back_as_they_went_in(self, catalogue: Catalogue) -> None:
        learnwares = [make_learnware(f"n{seed}", seed=seed) for seed in range(3)]
        for learnware in learnwares:
            submit(catalogue, learnware)
        expected = {learnware.id: learnware.sketch for learnware in learnwares[:2]}
        assert catalogue.sketches([*expected, 64 * "0"]) == expected

    def test_embeddings_come_in_the_order_of_submission(self, catalogue: Catalogue) -> None:
        learnwares = [make_learnware(f"n{seed}", seed=seed) for seed in range(5)]
        for learnware in learnwares:
            submit(catalogue, learnware)
        found = list(catalogue.atoms(SPACE.id))
        assert [id for id, _ in found] == [learnware.id for learnware in learnwares]
        for learnware, (_, atoms) in zip(learnwares, found, strict=True):
            expected = make_atoms(learnware)
            np.testing.assert_array_equal(atoms.whole, expected.whole)
            np.testing.assert_array_equal(atoms.parts, expected.parts)

    def test_embeddings_keep_the_name_of_their_recipe(self, catalogue: Catalogue) -> None:
        atoms = Atoms(np.ones(3, np.float32), np.ones((2, 3), np.float32), recipe="rff-2048")
        catalogue.add(make_learnware(), owner="ada", archive=ARCHIVE, size=1, atoms=atoms)
        submit(catalogue, make_learnware("other", seed=1))
        assert [atoms.recipe for _, atoms in catalogue.atoms(SPACE.id)] == ["rff-2048", ""]

    def test_embeddings_without_outcomes_keep_their_shape(self, catalogue: Catalogue) -> None:
        atoms = Atoms(np.ones(3, np.float32), np.empty((0, 3), np.float32))
        catalogue.add(make_learnware(), owner="ada", archive=ARCHIVE, size=1, atoms=atoms)
        [(_, found)] = catalogue.atoms(SPACE.id)
        assert found.parts.shape == (0, 3)
        assert catalogue.problems() == []

    def test_embeddings_are_those_of_the_space_asked_for(self, catalogue: Catalogue) -> None:
        submit(catalogue, make_learnware())
        other = make_learnware("other", space=OTHER_SPACE)
        submit(catalogue, other)
        assert [id for id, _ in catalogue.atoms(OTHER_SPACE.id)] == [other.id]

    def test_embeddings_are_read_while_others_write(
        self, catalogue: Catalogue, other: Catalogue
    ) -> None:
        for seed in range(3):
            submit(catalogue, make_learnware(f"n{seed}", seed=seed))
        reading = catalogue.atoms(SPACE.id)
        next(reading)
        submit(catalogue, make_learnware("mine", seed=3))
        submit(other, make_learnware("theirs", seed=4))
        assert len(list(reading)) == 2
        assert len(list(catalogue.atoms(SPACE.id))) == 5

    # ------------------------------------------------------------ the whole

    def test_every_change_makes_the_stamp_grow_for_everyone(
        self, catalogue: Catalogue, other: Catalogue
    ) -> None:
        reference = Reference.parse("ada/store-12@1")
        changes: list[Callable[[], object]] = [
            lambda: catalogue.add_space(OTHER_SPACE),
            lambda: submit(catalogue, make_learnware()),
            lambda: catalogue.set_alias(reference, "stable"),
            lambda: catalogue.withdraw(reference, reason="old"),
        ]
        stamps = [other.stamp()]
        for change in changes:
            change()
            stamps.append(other.stamp())
        assert stamps == sorted(set(stamps))
        assert catalogue.stamp() == stamps[-1]

    def test_what_was_entered_is_there_for_who_opens_it_later(
        self, catalogue: Catalogue, make: Callable[[str], Catalogue], location: str
    ) -> None:
        entry = submit(catalogue, make_learnware(), alias="stable")
        assert make(location).find(Filter()) == [entry]

    def test_threads_may_submit_at_once(self, catalogue: Catalogue) -> None:
        learnwares = [make_learnware(seed=seed % 6) for seed in range(24)]
        with ThreadPoolExecutor(6) as pool:
            entries = list(pool.map(lambda learnware: submit(catalogue, learnware), learnwares))
        assert len({entry.id for entry in entries}) == 6
        assert {entry.version for entry in entries} == set(range(1, 7))
        assert catalogue.problems() == []

    def test_a_backup_is_written_once_and_never_over_another(
        self, catalogue: Catalogue, tmp_path: Path
    ) -> None:
        submit(catalogue, make_learnware())
        target = tmp_path / "backup"
        catalogue.backup(target)
        content = target.read_bytes()
        with pytest.raises(Conflict, match="backup"):
            catalogue.backup(target)
        assert target.read_bytes() == content
        assert content

    def test_a_new_catalogue_is_empty_and_sound(self, catalogue: Catalogue) -> None:
        assert catalogue.find(Filter(withdrawn=True)) == []
        assert catalogue.spaces() == []
        assert catalogue.sketches([]) == {}
        assert list(catalogue.atoms(SPACE.id)) == []
        assert catalogue.problems() == []
