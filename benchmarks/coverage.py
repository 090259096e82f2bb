"""Coverage at search: tasks that a dock knows against tasks that it does not, on real data.

Newsgroups: docks of a few classifiers whose groups come from ten; users of those groups, and of
the other ten. Store sales: eighteen shops; other shops, and rows changed so that they fit no more.
"""

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

import learndock as ld
from learndock.demos import newsgroups, store_sales
from learndock.demos._data import fetch

TARGETS = {
    "newsgroups/10 of 4/300 rows/known/foreign": ("<=", 0.1),
    "newsgroups/10 of 4/300 rows/unknown/foreign": (">=", 0.9),
    "store-sales/other shops/share": (">=", 0.9),
    "store-sales/discounts shifted/foreign": (">=", 0.9),
}
DOCKS = ((2, 2), (3, 4), (10, 4))
"""Owners, and groups that each one knows."""
ROWS = (50, 100, 300, 1000)
USERS = 8


def run(seed: int) -> dict[str, object]:
    """Return mean shares and the rate at which a task is called foreign."""
    return {"newsgroups": of_newsgroups(seed), "store-sales": of_stores(seed)}


def of_newsgroups(seed: int) -> dict[str, Any]:
    """Return figures for each dock and number of rows of a user."""
    news = newsgroups.read(fetch(newsgroups.SOURCE, _say))
    rng = np.random.default_rng(seed)
    groups = rng.permutation(len(news.groups))
    offered, unknown = groups[:10], groups[10:]
    names = np.array(news.groups)
    figures: dict[str, Any] = {}
    for owners, known in DOCKS:
        with tempfile.TemporaryDirectory() as folder:
            dock = ld.Dock(Path(folder) / "dock", owner="bench")
            there: set[int] = set()
            for number in range(owners):
                own = rng.choice(offered, known, replace=False)
                rows = rng.permutation(np.flatnonzero(np.isin(news.y, own)))
                train, test = rows[: len(rows) // 2], rows[len(rows) // 2 :]
                texts, labels = ([[news.texts[i] for i in part] for part in (train, test)],
                                 [names[news.y[part]] for part in (train, test)])  # fmt: skip
                model = newsgroups.pipeline().fit(texts[0], labels[0])
                dock.submit(model, texts[1], labels[1], name=f"m{number}", license="MIT")
                there |= set(own.tolist())
            figures[f"{owners} of {known}"] = {
                f"{count} rows": {
                    "known": _told(dock, _users(news, sorted(there), count, rng)),
                    "unknown": _told(dock, _users(news, unknown.tolist(), count, rng)),
                }
                for count in ROWS
            }
        _say(f"coverage: dock of {owners} done")
    return figures


def _users(
    news: newsgroups.News, groups: list[int], count: int, rng: np.random.Generator
) -> Iterable[list[str]]:
    """Yield test documents of two to five groups for each user."""
    for _ in range(USERS):
        own = rng.choice(groups, min(len(groups), int(rng.integers(2, 6))), replace=False)
        rows = np.flatnonzero(np.isin(news.test_y, own))
        rows = rng.choice(rows, count, replace=count > len(rows))
        yield [news.test_texts[i] for i in rows]


def of_stores(seed: int) -> dict[str, Any]:
    """Return figures for users as they are, and for rows that were changed."""
    shops = store_sales.read(fetch(store_sales.SOURCE, _say))
    order = np.random.default_rng(seed).permutation(len(shops))
    sellers, users = [shops[i] for i in order[:18]], [shops[i].after for i in order[18:]]
    space = ld.space(sellers[0].before[store_sales.COMPARED], name="weekly-sales")
    with tempfile.TemporaryDirectory() as folder:
        dock = ld.Dock(Path(folder) / "dock", owner="bench")
        for shop in sellers:
            dock.submit(store_sales.make(shop, space)[0])
        return {
            "other shops": _told(dock, users),
            "five departments": _told(dock, [_largest(rows, 5) for rows in users]),
            "one department": _told(dock, [_largest(rows, 1) for rows in users]),
            "discounts shifted": _told(
                dock, [rows.assign(discount_share=rows["discount_share"] + 1) for rows in users]
            ),
            "unknown departments": _told(
                dock, [rows.assign(department="unknown") for rows in users]
            ),
        }


def _largest(rows: Any, count: int) -> Any:
    """Return the rows of the departments with most rows."""
    names = rows["department"].value_counts().index[:count]
    return rows[rows["department"].isin(names)]


def _told(dock: ld.Dock, tasks: Iterable[Any]) -> dict[str, float]:
    """Return what is told on average."""
    found = [dock.search(task).coverage for task in tasks]
    return {
        "share": round(float(np.mean([one.share for one in found])), 3),
        "low": round(float(np.mean([one.low for one in found])), 3),
        "high": round(float(np.mean([one.high for one in found])), 3),
        "foreign": round(float(np.mean([one.foreign for one in found])), 3),
    }


def _say(told: str) -> None:
    print(told, file=sys.stderr)
