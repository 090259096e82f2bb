"""The code blocks of the README, the tutorial and the how-to pages run.

Of a ```console block the lines that begin with `$ ` run, of a ```python block all of it. The
blocks of one page share a fresh folder and, in Python, their names, and run in their order. A
block after `<!-- not run: REASON -->` is left out.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs" / "tutorial").glob("*.md")),
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
]
BLOCK = re.compile(
    r"^(?P<not_run><!-- not run: [^\n]+ -->\n+)?```(?P<kind>console|python)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
# What a test cannot do as written, and what it does instead. None: nothing, because this very
# run has done it already (clone, install) or is it (make test).
INSTEAD = {
    "git clone": None,
    "cd learndock": None,
    "pip install": None,
    "make test": None,
    "make demo": "learndock demo --quick",
}


def as_tested(command: str) -> str | None:
    for start, instead in INSTEAD.items():
        if command == start or command.startswith(f"{start} "):
            return instead
    return command


def lines_to_run(console: str) -> list[str]:
    """Return the commands of a console block; a command may be continued with a backslash."""
    joined = console.replace("\\\n", " ")
    found = [line[2:].strip() for line in joined.splitlines() if line.startswith("$ ")]
    steps = [step for line in found for step in line.split(" && ")]
    return [command for step in steps if (command := as_tested(step.strip()))]


def blocks(page: Path) -> list[tuple[int, str, str]]:
    text = page.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, found.start("code")), found["kind"], found["code"])
        for found in BLOCK.finditer(text)
        if not found["not_run"]
    ]


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_examples_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # `learndock` is the one that is being tested, on whatever PATH.
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"])
    names: dict[str, object] = {"__name__": "__main__"}
    for line, kind, code in blocks(page):
        where = f"{page.relative_to(ROOT)}:{line + 1}"
        if kind == "python":
            # Blank lines before the code, so that a traceback names the line of the page.
            exec(compile("\n" * line + code, str(page), "exec"), names)
            continue
        for command in lines_to_run(code):
            done = subprocess.run(
                ["bash", "-c", command], check=False, capture_output=True, text=True, timeout=200
            )
            assert done.returncode == 0, f"{where}: {command}\n{done.stdout}{done.stderr}"


def test_a_console_block_gives_its_commands_and_not_their_output():
    block = (
        "$ git clone URL && cd learndock\n$ make demo\nsome output\n$ learndock ls \\\n    --json\n"
    )
    assert lines_to_run(block) == ["learndock demo --quick", "learndock ls      --json"]
