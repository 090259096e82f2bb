"""Privacy: can members be told from others by a sketch, and does it hold rows?

Attacks are those of `learndock audit`, with rows that the sketch did not see. Copies are looked for
pair by pair, by none of learndock's code, and beside the peer. The last part audits the sketches
of all learnwares of the demos.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

import learndock as ld
from benchmarks import _curved, _peer
from benchmarks._exact import Exact, Float
from learndock.core.audit import Audit
from learndock.core.data import count_rows, joined, take
from learndock.core.learnware import Learnware
from learndock.demos import newsgroups, store_sales
from learndock.demos._data import fetch
from learndock.demos._road import spread
from learndock.errors import PrivacyGate
from learndock.service.auditing import audit
from learndock.service.packing import _split as split_of_pack
from learndock.service.releasing import release_coords

MEMBERS = (1_000, 10_000)
FEW = (120, 300, 1_000)
TABLES = ("gaussian", "clustered", "store sales", "newsgroups")
TARGETS = {
    **{f"membership/{name}/{rows:,} rows/auc": ("<=", 0.52) for name in TABLES for rows in MEMBERS},
    **{f"copies/{rows} rows/ours/copies": ("<=", 0.0) for rows in FEW},
    **{f"copies/{rows} rows/ours/within 1 %": ("<=", 0.0) for rows in FEW},
    "demos/all/auc": ("<=", 0.52),
    "demos/all/copies": ("<=", 0.0),
}
SKETCHES = 5
"""How many are attacked, each of other rows."""
DRAWS = 20
COLUMNS = 10
NEAR = 0.01
"""Of the nearest-neighbour distance of a row."""
SAME = 1e-6
"""The same, for what is a row in single precision."""
RELEASED = (300, 1_000, 10_000, 30_000)
EPSILONS = (0.5, 1.0, 4.0)
DELTA = 1e-6


def run(seed: int) -> dict[str, Any]:
    """Return all figures; those of the peer are None where it is missing."""
    return {
        "peer": _peer.versions(),
        "no peer because": _peer.missing() or None,
        "copies": of_copies(seed),
        "membership": of_membership(seed),
        "release": of_release(seed),
        "demos": of_demos(seed),
    }


# ---------------------------------------------------------------- members


def of_membership(seed: int) -> dict[str, Any]:
    """Return how well the best attack does, by table and number of rows."""
    sources = _sources(seed)
    return {
        name: {f"{rows:,} rows": attacked(sources[name], rows, seed) for rows in MEMBERS}
        for name in TABLES
    }


def _sources(seed: int) -> dict[str, Any]:
    """Return far more rows of each kind than are sketched at once."""
    shops = store_sales.read(fetch(store_sales.SOURCE, _say))
    news = newsgroups.read(fetch(newsgroups.SOURCE, _say))
    count = 3 * max(MEMBERS)
    return {
        "gaussian": np.random.default_rng(seed).normal(size=(count, COLUMNS)),
        "clustered": _curved.draw("bananas", count, columns=COLUMNS, seed=seed),
        "store sales": joined(
            [part[store_sales.COMPARED] for shop in shops for part in (shop.before, shop.after)]
        ),
        "newsgroups": news.texts + news.test_texts,
    }


def attacked(source: Any, rows: int, seed: int) -> dict[str, Any]:
    """Return the attacks on sketches of so many rows, each with half as many again unseen."""
    count = count_rows(source)
    rows = min(rows, 2 * count // 3)
    order = np.random.default_rng(seed).permutation(count)
    space = ld.space(take(source, order[:rows]), name="bench")
    audits = []
    for number in range(SKETCHES):
        order = np.random.default_rng([seed, number]).permutation(count)
        members, unseen = (take(source, part) for part in (order[:rows], order[rows:][: rows // 2]))
        made = ld.sketch(members, space=space, seed=number)
        audits.append(audit(made, members, held_out=unseen, seed=number))
    return {"members": rows, "points": len(made), **_pooled(audits)}


def _pooled(audits: Sequence[Audit]) -> dict[str, Any]:
    """Return the mean over sketches; the intervals are of separate rows, and add up squared."""
    areas = [one.membership.auc for one in audits]
    mean = float(np.mean([area.value for area in areas]))
    reach = float(np.linalg.norm([(area.high - area.low) / 2 for area in areas])) / len(areas)
    figures = {
        "sketches": len(audits),
        "auc": round(mean, 4),
        "auc_95": [round(mean - reach, 4), round(mean + reach, 4)],
        "largest_auc": round(max(area.value for area in areas), 4),
        "attack": Counter(one.membership.attack for one in audits).most_common(1)[0][0],
        "tpr": round(float(np.mean([one.membership.tpr.value for one in audits])), 5),
        "tpr_of_chance": round(float(np.mean([one.membership.fpr for one in audits])), 5),
        "copies": sum(one.closeness.copies for one in audits),
        "within 1 %": sum(one.closeness.close for one in audits),
    }
    _say(f"privacy, membership: {figures}")
    return figures


# ---------------------------------------------------------------- copies


def of_copies(seed: int) -> dict[str, Any]:
    """Return the share of points that are rows, or nearly, ours and the peer's."""
    figures = {}
    for rows in FEW:
        tables = list(_small(rows, seed))
        jobs = {str(number): _peer.Job("learnware", table) for number, table in enumerate(tables)}
        theirs = _peer.sketches(jobs)
        ours = [_points(table, seed) for table in tables]
        made = [points for points in ours if points is not None]
        kept = [table for table, points in zip(tables, ours, strict=True) if points is not None]
        figures[f"{rows} rows"] = {
            "tables": len(tables),
            "refused by the gate": len(tables) - len(made),
            "ours": _near(made, kept),
            "peer": _near([theirs[name].points for name in jobs], tables) if theirs else None,
        }
        _say(f"privacy, copies: {rows} rows {figures[f'{rows} rows']}")
    return figures


def _small(rows: int, seed: int) -> Iterator[Float]:
    """Yield tables of so many rows, half of them clustered."""
    for draw in range(DRAWS):
        yield np.random.default_rng([seed, draw]).normal(size=(rows, COLUMNS))
        yield _curved.draw("bananas", rows, columns=COLUMNS, seed=seed + draw)


def _points(table: Float, seed: int) -> Float | None:
    """Return our points at the default size, or None if the gate lets none leave."""
    try:
        return ld.sketch(table, space=ld.space(table, encoder="vector"), seed=seed).points
    except PrivacyGate:
        return None


def _near(sketches: Sequence[Float], tables: Sequence[Float]) -> dict[str, float]:
    """Return the share of all points that lie on a row, and within 1 % of its own distance."""
    ratios = np.concatenate([_ratios(*pair) for pair in zip(sketches, tables, strict=True)])
    return {
        "copies": round(float(np.mean(ratios <= SAME)), 4),
        "within 1 %": round(float(np.mean(ratios <= NEAR)), 4),
        "nearest of all": float(f"{ratios.min():.3g}"),
    }


def _ratios(points: Float, rows: Float) -> Float:
    """Return each point's distance to its nearest row over that row's to its nearest other."""
    apart = cdist(rows, rows)
    np.fill_diagonal(apart, np.inf)
    distances = cdist(points, rows)
    ratios: Float = distances.min(axis=1) / apart.min(axis=1)[distances.argmin(axis=1)]
    return ratios


# ---------------------------------------------------------------- differential privacy


def of_release(seed: int) -> dict[str, Any]:
    """Return distances to the rows with and without differential privacy, in a public space."""
    public = _curved.draw("waves", RELEASED[0], columns=2 * COLUMNS, seed=seed + 1)
    space = ld.space(public, encoder="vector")
    figures = {}
    for rows in RELEASED:
        data = _curved.draw("waves", rows, columns=2 * COLUMNS, seed=seed)
        exact = Exact(data, space.gammas)
        plain = ld.sketch(data, space=space, seed=seed)
        figures[f"{rows:,} rows"] = {
            "points": len(plain),
            "without": _digits(exact.mmd(plain.points, plain.weights)),
            **{f"epsilon {epsilon}": _released(data, space, epsilon, exact)
               for epsilon in EPSILONS},
        }  # fmt: skip
        _say(f"privacy, release of {rows:,} rows: {figures[f'{rows:,} rows']}")
    return {"delta": DELTA, **figures}


def _released(data: Float, space: ld.Space, epsilon: float, exact: Exact) -> dict[str, Any]:
    """Return the distance, and whether the release is refused since noise drowns it."""
    try:
        made = release_coords(data, space, epsilon=epsilon, delta=DELTA)
        refused = False
    except PrivacyGate:
        made = release_coords(data, space, epsilon=epsilon, delta=DELTA, consent=True)
        refused = True
    return {"mmd": _digits(exact.mmd(made.points, made.weights)), "refused": refused}


# ---------------------------------------------------------------- the demos' learnwares


def of_demos(seed: int) -> dict[str, Any]:
    """Return the audit of the sketches of all learnwares of both demos."""
    audits = {"newsgroups": _of_newsgroups(seed), "store-sales": _of_stores(seed)}
    everything = [one for of in audits.values() for one in of]
    return {"all": _pooled(everything), **{name: _pooled(of) for name, of in audits.items()}}


def _of_newsgroups(seed: int) -> list[Audit]:
    """Audit sketches of held-out documents with those that the models were trained on."""
    news = newsgroups.read(fetch(newsgroups.SOURCE, _say))
    sellers = newsgroups.draw_sellers(news, newsgroups.FULL, seed)
    jobs = [newsgroups._job(news, seller, number) for number, seller in enumerate(sellers)]
    made = _made(newsgroups.make, jobs, "newsgroups")
    return [
        audit(learnware.sketch, held_out, held_out=trained, seed=seed)
        for learnware, (_, trained, _, held_out, _) in zip(made, jobs, strict=True)
    ]


def _of_stores(seed: int) -> list[Audit]:
    """Audit sketches of four fifths of a shop's rows with the rest."""
    shops = store_sales.read(fetch(store_sales.SOURCE, _say))
    order = np.random.default_rng(seed).permutation(len(shops))
    sellers = [shops[number] for number in order[: store_sales.FULL.learnwares]]
    space = ld.space(sellers[0].before[store_sales.COMPARED], name="weekly-sales")
    audits = []
    made = _made(store_sales.make, [(shop, space) for shop in sellers], "store sales")
    for shop, learnware in zip(sellers, made, strict=True):
        rows, rest = (take(shop.before, part) for part in split_of_pack(len(shop.before), 0))
        audits.append(audit(learnware.sketch, rows, held_out=rest, seed=seed))
    return audits


def _made(
    make: Callable[..., tuple[Learnware, Any]], jobs: Sequence[tuple[Any, ...]], name: str
) -> list[Learnware]:
    return [learnware for learnware, _ in spread(make, jobs, _say, f"privacy, {name} made")]


def _digits(value: float) -> float:
    return float(f"{value:.3g}")


def _say(told: str) -> None:
    print(told, file=sys.stderr)
