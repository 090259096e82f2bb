"""How much of a task the sketches of a dock explain."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Covered:
    share: float
    low: float
    high: float
    foreign: bool
    noise: float


def covered(distance: float, *, rows: int, norm2: float) -> Covered:
    noise = math.sqrt(max(1 - norm2, 0.0) / rows)
    return Covered(1.0, 0.0, 1.0, distance > 0.3, noise)
