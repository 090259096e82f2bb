"""The full demos: all users, the figures and the pictures of the README."""

import sys
from typing import Any

from benchmarks import search
from benchmarks.__main__ import RESULTS
from learndock import demos

TARGETS = {
    "newsgroups/2 superclasses/answer": (">=", 0.78),
    "newsgroups/8 classes/answer": (">=", 0.84),
    "newsgroups/all 20/answer": (">=", 0.79),
    "store-sales/0/answer": ("<=", 0.75),
    "store-sales/20/answer": ("<=", 0.66),
    "store-sales/50/answer": ("<=", 0.64),
    "store-sales/200/answer": ("<=", 0.62),
    "seconds/demos": ("<=", 240.0),
    "seconds/search_process": ("<=", 2.0),
}
PLACES = {"dock", "task"}


def run(seed: int) -> dict[str, Any]:
    """Run the demos, draw their pictures beside the figures, and time a search as a process."""
    found = demos.run(seed=seed, progress=lambda told: print(told, file=sys.stderr))
    print(demos.tables(found), file=sys.stderr)
    demos.draw(found, RESULTS)
    seconds = dict(found["seconds"])
    seconds["demos"] = round(sum(of["total"] for of in seconds.values()), 1)
    seconds["search_process"] = search.median_seconds(found["about"]["newsgroups"])
    about = {
        name: {fact: told for fact, told in of.items() if fact not in PLACES}
        for name, of in found["about"].items()
    }
    return {**found, "seconds": seconds, "about": about}
