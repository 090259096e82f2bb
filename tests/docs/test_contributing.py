"""The adapter that CONTRIBUTING.md adds is found, keeps its contract, and passes its test."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILE = re.compile(r"^`(?P<path>[\w/]+\.py)`:\n+```python\n(?P<code>.*?)^```$", re.M | re.S)
# As if the file lay in the folder: the package looks for modules in a second folder, too.
RUN = """
import sys
import pytest
import learndock.reusers
learndock.reusers.__path__.append(sys.argv[1])
sys.exit(pytest.main(sys.argv[2:]))
"""


def files() -> dict[str, str]:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return {found["path"]: found["code"] for found in FILE.finditer(page)}


def run_tests(folder: Path, *words: str) -> str:
    """Run tests with the new adapter in its place; return what pytest says."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, folder, "-v", "-p", "no:cacheprovider", *words],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_new_adapter_keeps_its_contract_and_passes_its_own_test(tmp_path):
    (source, adapter), (_, own) = files().items()
    assert Path(source).parent == Path("src/learndock/reusers")
    (tmp_path / Path(source).name).write_text(adapter, encoding="utf-8")
    (tmp_path / "test_own.py").write_text(own, encoding="utf-8")
    run_tests(tmp_path, str(tmp_path / "test_own.py"))
    name = Path(source).stem
    assert f"[{name}" in run_tests(tmp_path, "tests/contracts/test_reuser.py", "-k", name)
