"""`learndock search` as a process over the 50 learnwares of a demo, sketch included."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from learndock import demos

TARGETS = {"process_seconds": ("<=", 2.0)}
RUNS = 5
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
"""Set on some machines; it makes every process compile every module again."""


def run(seed: int) -> dict[str, object]:
    """Make the demo's dock, and search it from the command line with one user's documents."""
    found = demos.run("newsgroups", seed=seed, progress=lambda told: print(told, file=sys.stderr))
    about = found["about"]["newsgroups"]
    task = Path(about["task"])
    return {
        "process_seconds": median_seconds(about),
        "learnwares": about["learnwares"],
        "documents": len(task.read_text(encoding="utf-8").splitlines()),
    }


def median_seconds(about: Mapping[str, Any]) -> float:
    """Return the median over 5 processes; one before them compiles the modules."""
    learndock = str(Path(sys.executable).parent / "learndock")
    command = [learndock, "--dock", about["dock"], "--json", "search", about["task"]]
    usual = {name: value for name, value in os.environ.items() if name != NO_BYTECODE}
    seconds = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=usual)
        seconds.append(time.perf_counter() - start)
    return round(statistics.median(seconds[1:]), 3)
