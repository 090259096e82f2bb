"""What every store keeps. Inherit `StoreContract` and override its fixture."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from learndock.core.identity import digest
from learndock.core.ports import Store
from learndock.errors import Invalid, NotFound

ABSENT = digest(b"nobody put this")


class StoreContract:
    """Rules of the port `Store`.

    Override the fixture `store`: a new and empty store for each test.
    """

    @pytest.fixture
    def store(self) -> Store:
        """Return a new, empty store."""
        raise NotImplementedError

    @pytest.mark.parametrize("content", [b"", b"model", bytes(range(256)), b"x" * 6_000_000])
    def test_content_comes_back_as_it_went_in(self, store: Store, content: bytes) -> None:
        found = store.get(store.put(content))
        assert type(found) is bytes
        assert found == content

    def test_content_is_filed_under_its_sha256(self, store: Store) -> None:
        assert store.put(b"model") == digest(b"model")

    def test_a_put_is_repeatable_without_effect(self, store: Store) -> None:
        first = store.put(b"model")
        assert store.put(b"model") == first
        assert list(store.digests()) == [first]
        assert store.get(first) == b"model"

    def test_a_new_store_is_empty(self, store: Store) -> None:
        assert list(store.digests()) == []

    def test_every_digest_is_listed_once(self, store: Store) -> None:
        expected = sorted(store.put(str(i).encode()) for i in range(120))
        assert sorted(store.digests()) == expected

    def test_absent_content_is_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound, match=ABSENT):
            store.get(ABSENT)

    @pytest.mark.parametrize(
        "wrong", ["", "model", "../" * 22, "A" * 64, "0" * 63, "0" * 64 + "\n"]
    )
    def test_what_is_no_digest_is_refused(self, store: Store, wrong: str) -> None:
        with pytest.raises(Invalid, match="digest"):
            store.get(wrong)

    def test_threads_may_put_the_same_content_at_once(self, store: Store) -> None:
        contents = [str(i % 5).encode() * 1000 for i in range(40)]
        with ThreadPoolExecutor(8) as pool:
            put = list(pool.map(store.put, contents))
        assert put == [digest(content) for content in contents]
        assert [store.get(found) for found in put] == contents
