"""Others that sketch, in an environment and a process of their own: `tools/setup-peer` lays it.

`learnware` is the peer, with its own steps; `compress++` is goodpoints', which picks rows.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

ROOT = Path(__file__).parents[1]
PYTHON = ROOT / ".venv-peer" / "bin" / "python"
TASK = Path(__file__).with_name("_peer_task.py")


@dataclass(frozen=True, eq=False)
class Job:
    """Rows to be sketched by one method.

    Attributes
    ----------
    method : str
        ``learnware`` or ``compress++``.
    rows : (n, d) float64
    size : int
        Points K; compress++ has its own, the root of the largest power of four up to n.
    gamma : float
        Of the kernel exp(-g r^2); the default is the peer's.
    runs : int
        How often it is timed; if more than once, after a run that warms up.
    """

    method: str
    rows: Float
    size: int = 100
    gamma: float = 0.1
    runs: int = 1


@dataclass(frozen=True, eq=False)
class Made:
    """Points with their weights, and the median of the seconds that they took."""

    points: Float
    weights: Float
    seconds: float


@cache
def missing() -> str:
    """Return why there is no peer to compare with; empty if there is one."""
    if not PYTHON.exists():
        return "no environment .venv-peer; tools/setup-peer lays it"
    tried = subprocess.run([PYTHON, TASK], capture_output=True, text=True, check=False)
    return tried.stderr.strip().splitlines()[-1] if tried.returncode else ""


def versions() -> dict[str, str] | None:
    """Return the versions of the others, or None if they are missing."""
    if missing():
        return None
    found: dict[str, str] = json.loads(subprocess.check_output([PYTHON, TASK]))
    return found


def sketches(jobs: Mapping[str, Job]) -> dict[str, Made]:
    """Return what becomes of each job, all in one process; nothing if there is no peer."""
    if missing() or not jobs:
        return {}
    told = {
        name: {"method": job.method, "size": job.size, "gamma": job.gamma, "runs": job.runs}
        for name, job in jobs.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for number, job in enumerate(jobs.values()):
            np.save(work / f"rows{number}.npy", job.rows)
        (work / "jobs.json").write_text(json.dumps(list(told.values())), encoding="utf-8")
        # The peer writes into the home folder when it is imported.
        environment = {**os.environ, "HOME": folder}
        subprocess.run([PYTHON, TASK, work], check=True, env=environment, stdout=subprocess.DEVNULL)
        made = {}
        for number, name in enumerate(jobs):
            with np.load(work / f"made{number}.npz") as found:
                made[name] = Made(found["points"], found["weights"], float(found["seconds"]))
    return made
