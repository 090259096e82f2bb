"""The code blocks of the README, the tutorial and the how-to pages run.

Of a ```console block the lines that begin with `$ ` run, of a ```python block all of it. The
blocks of one page share a fresh folder and, in Python, their names, and run in their order. A
block after `<!-- not run: REASON -->` is left out. A ```text block right after one that runs is
what it prints: words must be the same, numbers nearly, and times and digests may differ.
"""

import contextlib
import io
import math
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
    r"^(?P<not_run><!-- not run: [^\n]+ -->\n+)?```(?P<kind>console|python)\n(?P<code>.*?)^```$"
    r"(?:\n+```text\n(?P<shown>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)
VOLATILE = re.compile(r"\d+\.\d+ s\b|\b[0-9a-f]{64}\b|\d{4}-\d\d-\d\d|[#.]{22}")
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[-+]\d+)?")
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


def blocks(page: Path) -> list[tuple[int, re.Match[str]]]:
    """Return the blocks of a page that run, each with the number of the line before it."""
    text = page.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, found.start("code")), found)
        for found in BLOCK.finditer(text)
        if not found["not_run"]
    ]


def alike(printed: str, shown: str) -> bool:
    """Say whether a page shows what was printed, but for times, digests and small differences."""
    printed, shown = (VOLATILE.sub("~", " ".join(text.split())) for text in (printed, shown))
    if NUMBER.sub("0", printed) != NUMBER.sub("0", shown):
        return False
    pairs = zip(NUMBER.findall(printed), NUMBER.findall(shown), strict=True)
    return all(math.isclose(float(a), float(b), rel_tol=0.2, abs_tol=0.1) for a, b in pairs)


def run_python(code: str, page: Path, line: int, names: dict[str, object]) -> str:
    # Blank lines before the code, so that a traceback names the line of the page.
    compiled = compile("\n" * line + code, str(page), "exec")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compiled, names)
    return printed.getvalue()


def run_console(code: str, where: str) -> str:
    printed = ""
    for command in lines_to_run(code):
        done = subprocess.run(
            ["bash", "-c", command], check=False, capture_output=True, text=True, timeout=200
        )
        assert done.returncode == 0, f"{where}: {command}\n{done.stdout}{done.stderr}"
        printed += done.stdout
    return printed


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_examples_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # `learndock` is the one that is being tested, on whatever PATH.
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"])
    names: dict[str, object] = {"__name__": "__main__"}
    for line, block in blocks(page):
        where = f"{page.relative_to(ROOT)}:{line + 1}"
        if block["kind"] == "python":
            printed = run_python(block["code"], page, line, names)
        else:
            printed = run_console(block["code"], where)
        if block["shown"]:
            assert alike(printed, block["shown"]), f"{where} prints\n{printed}"


def test_a_console_block_gives_its_commands_and_not_their_output():
    block = (
        "$ git clone URL && cd learndock\n$ make demo\nsome output\n$ learndock ls \\\n    --json\n"
    )
    assert lines_to_run(block) == ["learndock demo --quick", "learndock ls      --json"]


@pytest.mark.parametrize(
    ("printed", "shown", "same"),
    [
        ("0.51  ada/cheap@1\n", "0.50  ada/cheap@1", True),
        ("0.51  ada/cheap@1\n", "0.50  ada/dear@1", False),
        ("coverage 0.9\n", "coverage 0.4", False),
        ("took 12.31 s\n", "took 0.02 s", True),
    ],
)
def test_what_a_page_shows_is_compared_by_words_and_about_by_numbers(printed, shown, same):
    assert alike(printed, shown) == same
