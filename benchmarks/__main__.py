"""Run one benchmark: `python -m benchmarks NAME [--seed N]`.

A benchmark is a module here with `run(seed) -> dict` of figures and, if it has any, `TARGETS`:
for a figure the largest (`<=`) or smallest (`>=`) value that will do; `a/b` is figure b among
those of a. The figures go to `docs/results/NAME.json` and, as one JSON object, to the last line
of standard output. A missed target is exit 1.
"""

import argparse
import importlib
import json
import operator
import os
import platform
import sys
import time
from collections.abc import Mapping
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "docs" / "results"
COMPARE = {"<=": operator.le, ">=": operator.ge}
# What the figures can depend on.
RELEVANT = {
    "faiss-cpu", "learndock", "lightgbm", "numpy", "onnxruntime", "opendp", "pandas", "pillow",
    "pyarrow", "quadprog", "scikit-learn", "scipy", "skops", "sqlalchemy", "torch", "wordllama",
    "xgboost", "xgboost-cpu",
}  # fmt: skip


def names() -> list[str]:
    """Return the benchmarks there are."""
    return sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))


def machine() -> dict[str, object]:
    """Say on what the figures were measured, without naming the machine."""
    cpu = Path("/proc/cpuinfo")
    models = [
        line.partition(":")[2].strip()
        for line in (cpu.read_text(encoding="utf-8").splitlines() if cpu.exists() else [])
        if line.startswith("model name")
    ]
    memory = (
        os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    )
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 2**30),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """Return the version of every installed library that matters."""
    found = {name.lower() for it in distributions() if (name := it.metadata["Name"])}
    return {name: version(name) for name in sorted(found & RELEVANT)}


def missed(figures: Mapping[str, Any], targets: Mapping[str, tuple[str, float]]) -> list[str]:
    """Return a line for every target that a figure does not reach; None was not measured."""
    return [
        f"{name} is {found}; wanted {sign} {limit}"
        for name, (sign, limit) in targets.items()
        if (found := figure(figures, name)) is not None and not COMPARE[sign](found, limit)
    ]


def figure(figures: Mapping[str, Any], name: str) -> Any:
    """Return a figure; `a/b` is figure b among those of a."""
    first, _, rest = name.partition("/")
    return figure(figures[first], rest) if rest else figures[first]


def main() -> int:
    """Run the benchmark that the command line names, and record it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=names())
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()

    module = importlib.import_module(f"benchmarks.{asked.name}")
    targets: dict[str, tuple[str, float]] = getattr(module, "TARGETS", {})
    start = time.perf_counter()
    figures: dict[str, Any] = module.run(asked.seed)
    result = {
        "benchmark": asked.name,
        "command": f"make bench NAME={asked.name}",
        "seed": asked.seed,
        "figures": figures,
        "targets": {name: f"{sign} {limit:g}" for name, (sign, limit) in targets.items()},
        "seconds": round(time.perf_counter() - start, 1),
        "versions": versions(),
        "machine": machine(),
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(result, indent=2, ensure_ascii=False)
    (RESULTS / f"{asked.name}.json").write_text(text + "\n", encoding="utf-8")

    failures = missed(figures, targets)
    for line in failures:
        print(f"missed: {line}", file=sys.stderr)
    print(json.dumps(result, ensure_ascii=False))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
