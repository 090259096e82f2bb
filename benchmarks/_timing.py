"""How long something takes, the same way in every benchmark."""

import statistics
import time
from collections.abc import Callable
from typing import Any

RUNS = 5


def median_seconds(work: Callable[[], Any], *, runs: int = RUNS) -> float:
    """Return the median of several runs, after one that warms up."""
    work()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return round(statistics.median(seconds), 3)
