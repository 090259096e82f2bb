"""The full demos: `learndock demo --json`, all users, the figures of the README."""

import json
import subprocess
import sys
from pathlib import Path


def run(seed: int) -> dict[str, object]:
    """Run the demos as a newcomer would, and return what they print."""
    learndock = str(Path(sys.executable).parent / "learndock")
    command = [learndock, "demo", "--json", "--seed", str(seed)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, object] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures
