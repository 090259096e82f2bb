"""What leaves the machine is told as it is."""

import dataclasses
import json

import numpy as np

import learndock as ld

ROWS = np.random.default_rng(0).normal(size=(400, 2))
SKETCH = ld.sketch(ROWS, size=5)


def test_every_byte_of_the_file_is_told_once():
    sections = ld.explain(SKETCH, ROWS).sections
    ends = [0, *(section.end for section in sections)]
    assert [section.start for section in sections] == ends[:-1]
    assert ends[-1] == len(SKETCH.to_bytes())


def test_minus_zero_is_told_as_zero():
    points = np.where(SKETCH.points < 0, -0.0, SKETCH.points)
    told = ld.explain(dataclasses.replace(SKETCH, points=points), ROWS)
    assert "-0.0" not in json.dumps(told.to_dict())
    assert "-0.0" not in str(told)
