"""How much the core weighs: installed size, and the time of `import learndock`.

The import is lazy, so the time until the first name is there, `learndock.Dock`, is told as well.
"""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TARGETS = {"installed_mb": ("<=", 400.0), "import_seconds": ("<=", 0.3)}
ROOT = Path(__file__).parents[1]
TIMED = "import time; t = time.perf_counter(); {}; print(time.perf_counter() - t)"


def run(seed: int) -> dict[str, object]:
    """Install the built wheel without extras into a fresh environment, and measure that."""
    del seed  # nothing here is random
    own = Path(sys.executable).parent / "uv"
    uv = str(own) if own.exists() else "uv"
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        fresh = work / "venv"
        python = fresh / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        do: list[str | Path] = [uv, "--quiet"]
        subprocess.run([*do, "build", "--wheel", "--out-dir", work, ROOT], check=True)
        wheel = next(work.glob("*.whl"))
        subprocess.run([*do, "venv", "--python", sys.executable, fresh], check=True)
        # The versions of the lock, so that the figure changes only when the project does.
        locked = [*do, "export", "--frozen", "--no-default-groups", "--no-emit-project"]
        exported = work / "requirements.txt"
        subprocess.run([*locked, "--output-file", exported], check=True, cwd=ROOT)
        install: list[str | Path] = [*do, "pip", "install", "--python", python]
        install += ["--link-mode", "copy"]
        subprocess.run([*install, "--requirement", exported], check=True)
        subprocess.run([*install, "--no-deps", wheel], check=True)

        files = [path for path in fresh.rglob("*") if path.is_file() and not path.is_symlink()]
        size = sum(path.stat().st_size for path in files)
        imported = _median_seconds("import learndock", python, work)
        used = _median_seconds("import learndock; learndock.Dock", python, work)
        wheel_kb = wheel.stat().st_size / 1e3
    return {
        "installed_mb": round(size / 1e6, 1),
        "wheel_kb": round(wheel_kb, 1),
        "import_seconds": round(imported, 4),
        "first_use_seconds": round(used, 3),
    }


def _median_seconds(statement: str, python: Path, cwd: Path) -> float:
    """Return the median over 7 fresh processes; one before them compiles the modules."""
    command: list[str | Path] = [python, "-c", TIMED.format(statement)]
    runs = [
        subprocess.run(command, check=True, capture_output=True, text=True, cwd=cwd)
        for _ in range(8)
    ]
    return statistics.median(float(run.stdout) for run in runs[1:])
