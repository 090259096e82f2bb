"""The site builds without warnings, and the changes are such that a release can list them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FRAGMENTS = [path for path in sorted((ROOT / "changes").iterdir()) if path.name != "README.md"]


@pytest.mark.slow
def test_the_site_builds_without_warnings(tmp_path):
    command = ["-m", "sphinx", "-q", "-W", "--keep-going", "--no-color", "-d", tmp_path / "trees"]
    done = subprocess.run(
        [sys.executable, *command, ROOT / "docs", tmp_path / "site"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "reference" / "cli.html").exists()


@pytest.mark.parametrize("path", FRAGMENTS, ids=lambda path: path.name)
def test_a_change_has_a_name_that_a_release_understands(path):
    assert re.fullmatch(r"(\d+|\+[\w-]+)(\.\d+)?\.(added|changed|fixed|removed)\.md", path.name)
    assert path.read_text(encoding="utf-8").strip()


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name
)
def test_the_local_links_of_a_page_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" not in link and not link.startswith("mailto:"):
            assert (page.parent / link).exists(), link
