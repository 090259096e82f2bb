"""Runs in the peer's environment: the jobs in a folder, or, without one, tells versions.

Each job is timed by itself, after all imports.
"""

import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

warnings.filterwarnings("ignore")
OVERSAMPLING = 4
"""Of compress++, as in its authors' experiments; the package's own default is 0."""

Float = NDArray[np.float64]
Made = tuple[Float, Float]


def by_learnware(rows: Float, size: int, gamma: float) -> Made:
    """Return the peer's points and weights, with its own number and length of steps."""
    from learnware.specification import (  # type: ignore[import-not-found]
        generate_rkme_table_spec,
    )

    made = generate_rkme_table_spec(rows, gamma=gamma, reduced_set_size=size)
    return made.get_z(), made.get_beta()


def by_compresspp(rows: Float, size: int, gamma: float) -> Made:
    """Return the rows that compress++ picks, with equal weights."""
    from goodpoints.compress import compresspp_kt  # type: ignore[import-not-found]

    del size  # its own: the root of the largest power of four
    picked = compresspp_kt(rows, b"gaussian", np.array([1 / gamma]), g=OVERSAMPLING, seed=0)
    return rows[picked], np.full(len(picked), 1 / len(picked))


METHODS: dict[str, Callable[[Float, int, float], Made]] = {
    "learnware": by_learnware,
    "compress++": by_compresspp,
}


def do(folder: Path) -> None:
    """Do the jobs of a folder, and write what they made beside them."""
    jobs: list[dict[str, Any]] = json.loads((folder / "jobs.json").read_text(encoding="utf-8"))
    warm = np.random.default_rng(0).normal(size=(500, 3))
    for method in {job["method"] for job in jobs}:
        METHODS[method](warm, 20, 0.1)  # imports
    for number, job in enumerate(jobs):
        rows = np.load(folder / f"rows{number}.npy")
        seconds = []
        for _ in range(job["runs"] + (job["runs"] > 1)):
            start = time.perf_counter()
            points, weights = METHODS[job["method"]](rows, job["size"], job["gamma"])
            seconds.append(time.perf_counter() - start)
        median = statistics.median(seconds[job["runs"] > 1 :])
        np.savez(folder / f"made{number}.npz", points=points, weights=weights, seconds=median)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        do(Path(sys.argv[1]))
    else:
        print(json.dumps({name: version(name) for name in ("learnware", "goodpoints", "torch")}))
