"""Newsgroups: who knows what, who asks for what, and what the answer is compared with."""

import numpy as np
import pytest

from learndock.demos import _data, _road, newsgroups
from learndock.demos._road import Served
from learndock.demos.newsgroups import (
    ALL,
    EIGHT,
    FULL,
    KNOWN,
    PAIR,
    News,
    Plan,
    Rivals,
    User,
    compare,
    draw_sellers,
    draw_users,
    read,
)

GROUPS = (
    "alt.atheism",
    "comp.graphics", "comp.os.ms-windows.misc", "comp.sys.ibm.pc.hardware",
    "comp.sys.mac.hardware", "comp.windows.x",
    "misc.forsale",
    "rec.autos", "rec.motorcycles", "rec.sport.baseball", "rec.sport.hockey",
    "sci.crypt", "sci.electronics", "sci.med", "sci.space",
    "soc.religion.christian",
    "talk.politics.guns", "talk.politics.mideast", "talk.politics.misc",
    "talk.religion.misc",
)  # fmt: skip
METHODS = {"answer", "average", "top1", "oracle_single", "random_single", "own", "everything"}


def documents(rng, count):
    """Return `count` documents a group: words of its own among words of all."""
    common = np.array(["the", "and", "people", "time", "good", "year", "work"])
    for group in GROUPS:
        own = np.array(group.split("."))
        for _ in range(count):
            words = np.concatenate([rng.choice(own, 6), rng.choice(common, 6)])
            yield group, " ".join(rng.permutation(words))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The two files, as the package has them, with made-up documents."""
    place = tmp_path_factory.mktemp("news")
    rng = np.random.default_rng(0)
    for part, count in (("train", 60), ("test", 30)):
        lines = ["Category\tText", "d\tstring", "class\t"]
        lines += ["\t".join(document) for document in documents(rng, count)]
        path = place / f"20newsgroups-{part}.tab"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def news(folder) -> News:
    return read(folder)


def test_both_parts_are_read_with_their_groups(news):
    assert news.groups == GROUPS
    assert (len(news.texts), len(news.test_texts)) == (1200, 600)
    assert np.bincount(news.y).tolist() == [60] * 20
    assert "hockey" in news.texts[GROUPS.index("rec.sport.hockey") * 60]


def test_a_quick_demo_reads_a_part_of_every_group(folder):
    part = read(folder, step=2)
    assert part.groups == GROUPS
    assert np.bincount(part.y).tolist() == [30] * 20


def test_a_learnware_is_sketched_on_documents_that_it_has_not_seen(news):
    for seller in draw_sellers(news, FULL, 0):
        assert len(seller.groups) == KNOWN
        assert not set(seller.train) & set(seller.held_out)
        both = np.concatenate([seller.train, seller.held_out])
        assert np.array_equal(np.sort(both), np.flatnonzero(np.isin(news.y, seller.groups)))
        assert len(seller.train) == len(seller.held_out)


def test_users_bring_test_documents_of_their_groups_only(news):
    users = draw_users(news, FULL, 0)
    assert [user.kind for user in users] == [PAIR] * 10 + [EIGHT] * 10 + [ALL] * 3
    for user in users:
        assert set(news.test_y[user.rows]) == set(user.groups)
        assert len(set(user.rows)) == len(user.rows) <= FULL.rows
    assert all(len(user.groups) == 8 for user in users if user.kind == EIGHT)


def test_pairs_are_of_five_superclasses_and_all_different(news):
    pairs = {tuple(user.groups) for user in draw_users(news, FULL, 0) if user.kind == PAIR}
    assert len(pairs) == 10
    names = {news.groups[group] for pair in pairs for group in pair}
    assert names == set(GROUPS) - {"misc.forsale"}
    assert {len(pair) for pair in pairs} == {9, 8, 7, 6}


def test_the_seed_decides_everything(news):
    def drawn(seed):
        parts = draw_sellers(news, FULL, seed), draw_users(news, FULL, seed)
        return [rows.tolist() for part in parts for one in part
                for rows in vars(one).values() if not isinstance(rows, str)]  # fmt: skip

    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)


def test_each_method_has_the_accuracy_that_can_be_counted():
    # Two groups. The first learnware always says 0, the second 1, and is surer of it.
    y = np.array([0, 0, 0, 1])
    votes = tuple((np.array([0, 1]), np.tile([share, 1 - share], (4, 1))) for share in (0.6, 0.1))
    hashed = newsgroups.pipeline()[0].transform(["red"] * 3 + ["blue"])
    rivals = Rivals(("a", "b"), hashed, y, hashed, y, votes, np.array([0, 0, 1, 1]))
    user = User(EIGHT, np.array([0, 1]), np.arange(4))
    served = Served((np.array(["a", "a", "a", "b"]),), "news-01", True, 0.0, 0.0)
    found = compare(rivals, user, served, Plan(labels=(4, 4, 4)), seed=0)
    assert found.figures == {
        EIGHT: {
            "answer": 1.0,
            "average": 0.25,
            "top1": 0.25,
            "oracle_single": 0.75,
            "random_single": 0.5,
            "own": 1.0,
            "everything": 0.75,
        }
    }
    assert found.own == {"4": 1.0}


@pytest.mark.slow
def test_a_dock_is_made_and_searched_from_end_to_end(folder, tmp_path, monkeypatch):
    plan = Plan(learnwares=8, pairs=1, eights=1, alls=1, rows=120, labels=(20, 40, 80))
    monkeypatch.setattr(newsgroups, "QUICK", plan)
    monkeypatch.setattr(newsgroups, "fetch", lambda *_: folder)
    monkeypatch.setattr(_road, "WORKERS", 1)
    monkeypatch.setattr(_road, "cache", lambda: tmp_path)
    told: list[str] = []
    found = newsgroups.run(quick=True, seed=0, progress=told.append)
    assert set(found.figures) == {PAIR, EIGHT, ALL}
    assert all(set(of) == METHODS for of in found.figures.values())
    assert found.figures[ALL]["answer"] > found.figures[ALL]["oracle_single"]
    assert "newsgroups, users served: 3 of 3" in told
    assert (found.dock / "dock.db").exists()
    assert len(found.task.read_text(encoding="utf-8").splitlines()) == 120
    assert [path.name for path in (tmp_path / "demos").iterdir()] == ["newsgroups-quick"]
    assert _data.cache() != tmp_path
