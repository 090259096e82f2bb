"""Sketches: time, distance to the data beside others at the same size, 10 million rows, merging.

Times are those of `ld.sketch` in a space that exists: encoding, points, weights and privacy gate.
Distances are under one Gaussian, g = 1 / (2 d), for everybody; ours is also told when it was made
under its own kernel. In tight clusters the centres of k-means, from which the peer starts, are near
the best there is; one of the three data sets is of that kind.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import learndock as ld
from benchmarks import _curved, _peer
from benchmarks._exact import Exact, Float
from benchmarks._timing import RUNS, median_seconds
from learndock.service.fitting import Outcomes, sketch_coords

TARGETS = {
    "seconds/1k x 20/ours": ("<=", 0.1),
    "seconds/10k x 50/ours": ("<=", 0.3),
    "seconds/100k x 50/ours": ("<=", 0.5),
    "mmd/share of the peer's/waves": ("<=", 1 / 6),
    "mmd/share of the peer's/network": ("<=", 1 / 6),
    "mmd/share of the peer's/bananas": ("<=", 1 / 6),
    "mmd/share of compress++'s/waves": ("<=", 1.0),
    "mmd/share of compress++'s/network": ("<=", 1.0),
    "mmd/share of compress++'s/bananas": ("<=", 1.0),
    "large/seconds": ("<=", 60.0),
    "large/peak_mb": ("<=", 1_000.0),
    "bytes/size": ("<=", 60_000),
    "merge/ratio": ("<=", 1.3),
}
SPEED = ((1_000, 20, 50, RUNS), (10_000, 50, 100, RUNS), (100_000, 50, 100, 3))
"""Rows, columns, points, and runs of the peer, which takes half a minute for the last."""
COLUMNS = 50
ROWS = (10_000, 20_000)
SIZES = (50, 100)
DRAWS = 5
"""Of random rows."""
LARGE = 10_000_000
GROUP = 500_000
"""Rows that are written at a time."""
PARTS = (0, 1)


def run(seed: int) -> dict[str, Any]:
    """Return all figures; what needs others is None where they are missing."""
    return {
        "peer": _peer.versions(),
        "no peer because": _peer.missing() or None,
        "large": of_large(seed, LARGE),
        "seconds": of_speed(seed),
        "mmd": of_distance(seed),
        "bytes": of_size(seed),
        "merge": of_merging(seed),
    }


# ---------------------------------------------------------------- time


def of_speed(seed: int) -> dict[str, Any]:
    """Return seconds for vectors as they are, for the same as a table, and for the peer."""
    data = {
        f"{rows // 1000}k x {columns}": _curved.draw("waves", rows, columns=columns, seed=seed)
        for rows, columns, _, _ in SPEED
    }
    jobs = {
        name: _peer.Job("learnware", rows, size=size, runs=runs)
        for (name, rows), (_, _, size, runs) in zip(data.items(), SPEED, strict=True)
    }
    theirs = _peer.sketches(jobs)
    figures: dict[str, Any] = {}
    for (name, rows), (_, _, size, _) in zip(data.items(), SPEED, strict=True):
        ours, table = (
            _seconds(rows, ld.space(rows, encoder=encoder), size) for encoder in ("vector", "table")
        )
        peer = theirs[name].seconds if name in theirs else None
        figures[name] = {
            "points": size,
            "ours": ours,
            "ours as a table": table,
            "peer": peer and round(peer, 3),
            "peer / ours": peer and round(peer / ours, 1),
        }
        _say(f"sketch, {name}: {figures[name]}")
    return figures


def _seconds(rows: Float, space: ld.Space, size: int) -> float:
    return median_seconds(lambda: ld.sketch(rows, space=space, size=size))


# ---------------------------------------------------------------- distance


def of_distance(seed: int) -> dict[str, Any]:
    """Return distances on curved data at the sizes of the peer, and at that of compress++."""
    figures: dict[str, Any] = {}
    for name in _curved.DRAWN:
        figures[name] = {}
        for rows in ROWS:
            data = _curved.draw(name, rows, columns=COLUMNS, seed=seed)
            figures[name][f"{rows:,} rows"] = compare(data, seed)
            _say(f"sketch, distances on {name}: {figures[name]}")
    return {
        "gamma": 1 / (2 * COLUMNS),
        **figures,
        "share of the peer's": {name: _most(of, "peer") for name, of in figures.items()},
        "share of compress++'s": {name: _most(of, "compress++") for name, of in figures.items()},
    }


def compare(data: Float, seed: int) -> dict[str, Any]:
    """Return the distances of everybody, by the number of points."""
    gamma = 1 / (2 * data.shape[1])
    picked = coreset_size(len(data))
    sizes = (*SIZES, picked)
    jobs = {str(size): _peer.Job("learnware", data, size, gamma) for size in sizes}
    theirs = _peer.sketches({**jobs, "compress++": _peer.Job("compress++", data, picked, gamma)})
    exact = Exact(data, [gamma])
    found = {name: _digits(exact.mmd(made.points, made.weights)) for name, made in theirs.items()}
    own_kernel = ld.space(data, encoder="vector")
    space = own_kernel.model_copy(update={"gamma": gamma, "scales": (1.0,)})
    rng = np.random.default_rng(seed)

    def ours(space: ld.Space, size: int) -> float:
        made = ld.sketch(data, space=space, size=size, seed=seed)
        return _digits(exact.mmd(made.points, made.weights))

    def random_rows(size: int) -> float:
        picks = [rng.choice(len(data), size, replace=False) for _ in range(DRAWS)]
        return _digits(float(np.mean([exact.mmd(data[pick]) for pick in picks])))

    return {
        f"{size} points": {
            "ours": ours(space, size),
            "ours, own kernel": ours(own_kernel, size),
            "peer": found.get(str(size)),
            "compress++": found.get("compress++") if size == picked else None,
            "random rows": random_rows(size),
        }
        for size in sizes
    }


def coreset_size(rows: int) -> int:
    """Return how many points compress++ picks: the root of the largest power of four."""
    size = 1
    while (2 * size) ** 2 <= rows:
        size *= 2
    return size


def _most(figures: dict[str, Any], other: str) -> float | None:
    """Return our largest distance as a share of another's at the same size."""
    shares = [by["ours"] / by[other] for of in figures.values() for by in of.values() if by[other]]
    return _digits(max(shares)) if shares else None


# ---------------------------------------------------------------- 10 million rows

CHILD = """
import json, sys, time
from pathlib import Path
import pyarrow.parquet
import learndock as ld
from learndock.encoders import table

def memory(kind):  # of this process alone; what getrusage tells starts with the parent's
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(kind)) / 1024

ld.sketch
before, start = memory("VmRSS"), time.perf_counter()
made = ld.sketch(Path(sys.argv[1]), size=100)
seconds = time.perf_counter() - start
print(json.dumps({"seconds": round(seconds, 1), "peak_mb": round(memory("VmHWM") - before),
                  "imported_mb": round(before), "points": len(made),
                  "coordinates": made.space.width, "mmd": made.mmd}))
"""


def of_large(seed: int, rows: int) -> dict[str, Any]:
    """Return time and peak memory of a process that sketches a Parquet file, space included."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        kinds = write_large(path, rows, seed)
        _say(f"sketch, {rows:,} rows: {path.stat().st_size / 1e9:.2f} GB written")
        said = subprocess.run(
            [sys.executable, "-c", CHILD, path], check=True, stdout=subprocess.PIPE, text=True
        )
        megabytes = path.stat().st_size / 1e6
    found: dict[str, Any] = json.loads(said.stdout)
    _say(f"sketch, {rows:,} rows: {found}")
    return {"rows": rows, "columns": kinds, "file_mb": round(megabytes), **found}


def write_large(path: Path, rows: int, seed: int) -> dict[str, int]:
    """Write 20 columns, group by group, and return how many there are of each type."""
    import pyarrow as pa
    from pyarrow import parquet

    writer = None
    for start in range(0, rows, GROUP):
        table = _group(min(GROUP, rows - start), np.random.default_rng([seed, start]))
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()
    types = ["levels" if pa.types.is_dictionary(kind) else str(kind) for kind in table.schema.types]
    return {kind: types.count(kind) for kind in dict.fromkeys(types)}


def _group(rows: int, rng: np.random.Generator) -> Any:
    """Return bent columns of several types, heavy tails, gaps, a boolean and 12 levels."""
    import pyarrow as pa

    latent = rng.normal(size=(rows, 4))
    bent = np.sin(latent @ np.random.default_rng(1).normal(size=(4, 18)))
    bent += 0.1 * rng.normal(size=bent.shape)
    columns: dict[str, Any] = {f"double{i}": bent[:, i] for i in range(8)}
    columns["double6"] = np.exp(2 * bent[:, 6])
    columns["double7"] = pa.array(bent[:, 7], mask=rng.random(rows) < 0.02)
    columns |= {f"single{i}": bent[:, 8 + i].astype(np.float32) for i in range(6)}
    columns |= {f"whole{i}": (100 * bent[:, 14 + i]).astype(np.int32) for i in range(4)}
    columns["flag"] = latent[:, 0] > 0
    levels = pa.array([f"level {i}" for i in range(12)])
    numbers = np.clip(np.abs(3 * latent[:, 1]), 0, 11).astype(np.int8)
    columns["level"] = pa.DictionaryArray.from_arrays(pa.array(numbers), levels)
    return pa.table(columns)


# ---------------------------------------------------------------- size and merging


def of_size(seed: int) -> dict[str, int]:
    """Return the bytes of a sketch with all that a classifier of 20 classes adds."""
    rng = np.random.default_rng(seed)
    rows = _curved.draw("bananas", 10_000, columns=64, seed=seed)
    made = sketch_coords(
        rows,
        ld.space(rows, encoder="vector", name="text"),
        size=100,
        outcomes=Outcomes(rng.integers(20, size=len(rows)), tuple(f"class.{i}" for i in range(20))),
        held_out=rows,
        confidence=rng.random(len(rows)),
        accuracy=tuple(rng.random(20)),
    )
    width, classes = made.space.width, len(made.classes)
    size = len(made.to_bytes())
    return {"points": len(made), "coordinates": width, "classes": classes, "size": size}


def of_merging(seed: int) -> dict[str, Any]:
    """Return how far a merge of two halves' sketches is from all rows, and the direct sketch.

    One half is of other rows than the other: they are split along a coordinate.
    """
    worst: dict[str, Any] = {"ratio": 0.0}
    for name in _curved.DRAWN:
        data = _curved.draw(name, ROWS[0], columns=COLUMNS, seed=seed)
        space = ld.space(data, encoder="vector")
        exact = Exact(data, space.gammas)
        shuffled = np.random.default_rng(seed).permutation(len(data)) % 2
        for how, halves in {"at random": shuffled, "apart": data[:, 0] > 0}.items():
            parts = [ld.sketch(data[halves == part], space=space, size=100) for part in PARTS]
            merged, direct = ld.merge(*parts), ld.sketch(data, space=space, size=100)
            far = [exact.mmd(made.points, made.weights) for made in (merged, direct)]
            found = {
                "data": name,
                "split": how,
                "points": len(merged),
                "merged": _digits(far[0]),
                "direct": _digits(far[1]),
                "ratio": _digits(far[0] / far[1]),
            }
            _say(f"sketch, merging: {found}")
            worst = max(worst, found, key=lambda one: float(one["ratio"]))
    return worst


def _digits(value: float) -> float:
    return float(f"{value:.3g}")


def _say(told: str) -> None:
    print(told, file=sys.stderr)
