"""Encoding: raw tables, texts and pictures to coordinates, on the way that every sketch takes.

No peer stands beside: its tables have to be numbers already, its texts go through a network that it
downloads, and its pictures are never encoded by themselves, but fitted in a kernel of 16 random
networks, drawn anew in each of 100 steps.
"""

import sys
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import learndock as ld
from benchmarks._timing import median_seconds
from learndock.demos import newsgroups
from learndock.demos._data import fetch
from learndock.service.rows import Blocks

TARGETS = {
    "table/seconds": ("<=", 10.0),
    "texts/seconds": ("<=", 10.0),
    "pictures/seconds": ("<=", 20.0),
}
ROWS = 1_000_000
RUNS = 3
"""Of the table; the others take `RUNS` of all benchmarks."""
DOCUMENTS = 10_000
CHARACTERS = 1_000
PICTURES = 10_000
SIDE = 28


def run(seed: int) -> dict[str, Any]:
    """Return seconds, and what was encoded."""
    frame = mixed(ROWS, seed)
    return {
        "peer": None,
        "no peer because": "it encodes nothing by itself; see the module",
        "table": timed(frame, runs=RUNS) | {"columns": kinds(frame)},
        "texts": timed(documents()) | {"characters": CHARACTERS},
        "pictures": timed(pictures()) | {"side": SIDE},
    }


def timed(data: Any, **runs: int) -> dict[str, Any]:
    """Return the seconds of encoding in a space that exists, and of making the space."""
    space = ld.space(data, name="bench")
    figures = {
        "rows": len(data),
        "coordinates": space.width,
        "seconds": median_seconds(lambda: Blocks.of(data).encoded(space), **runs),
        "space_seconds": median_seconds(lambda: ld.space(data, name="bench"), **runs),
    }
    print(f"encode: {figures}", file=sys.stderr)
    return figures


def mixed(rows: int, seed: int) -> pd.DataFrame:
    """Return 20 columns: numbers of several types, levels from 2 to 50,000, dates, and gaps."""
    rng = np.random.default_rng(seed)
    levels = np.array([f"level {number}" for number in range(50_000)])

    def level(count: int) -> NDArray[Any]:
        """Return levels of which few are frequent, as names are."""
        return levels[(rng.zipf(1.3, rows) - 1) % count]

    columns: dict[str, Any] = {f"number{i}": rng.normal(size=rows) for i in range(5)}
    columns |= {f"skewed{i}": rng.lognormal(sigma=2, size=rows) for i in range(2)}
    columns |= {f"single{i}": rng.normal(size=rows).astype(np.float32) for i in range(2)}
    columns |= {f"whole{i}": rng.integers(1000, size=rows) for i in range(2)}
    columns |= {f"flag{i}": rng.random(rows) < 0.3 for i in range(2)}
    columns |= {f"group{i}": pd.Categorical(level(12)) for i in range(2)}
    columns |= {"town": level(2_000), "article": level(50_000), "yes_no": level(2)}
    for name in ("opened", "closed"):
        start = np.datetime64("2020-01-01", "s")
        columns[name] = start + rng.integers(10**8, size=rows).astype("timedelta64[s]")
    frame = pd.DataFrame(columns)
    for name in ("number0", "single0", "town", "closed"):
        frame.loc[rng.random(rows) < 0.05, name] = None
    return frame


def kinds(frame: pd.DataFrame) -> dict[str, int]:
    """Return how many columns there are of each type."""
    return {
        str(kind): int(count) for kind, count in frame.dtypes.astype(str).value_counts().items()
    }


def documents() -> list[str]:
    """Return pieces of newsgroups, all of the same length."""
    news = newsgroups.read(fetch(newsgroups.SOURCE, lambda told: print(told, file=sys.stderr)))
    words = " ".join(news.texts + news.test_texts)
    return [words[CHARACTERS * i : CHARACTERS * (i + 1)] for i in range(DOCUMENTS)]


def pictures() -> NDArray[np.uint8]:
    """Return handwritten digits, enlarged, moved about, and grey."""
    from sklearn.datasets import load_digits

    small = (load_digits().images * 255 / 16).astype(np.uint8)
    large = np.kron(small, np.ones((3, 3), dtype=np.uint8))
    rng = np.random.default_rng(0)
    out = np.zeros((PICTURES, SIDE, SIDE), dtype=np.uint8)
    for picture, (top, left) in zip(out, rng.integers(SIDE - 24, size=(PICTURES, 2)), strict=True):
        picture[top : top + 24, left : left + 24] = large[rng.integers(len(large))]
    return out
