"""Whatever is public is documented, and the generated pages are what the code says now."""

import functools
import importlib.util
import inspect
import pkgutil
import re
import types
from pathlib import Path

import pytest

import learndock
from learndock.errors import DockError

DOCS = Path(__file__).parents[2] / "docs"


@functools.cache
def generate() -> types.ModuleType:
    """Return docs/generate.py as a module."""
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def reference() -> str:
    return "\n".join(
        page.read_text(encoding="utf-8") for page in sorted((DOCS / "reference").glob("*.md"))
    )


def commands(app, path: tuple[str, ...] = ()) -> list[str]:
    """Return every command of a cyclopts app, nested ones as `noun verb`."""
    found = []
    for name in app:
        if not name.startswith("-") and app[name].show:
            deeper = commands(app[name], (*path, name))
            found += deeper or [" ".join((*path, name))]
    return found


@pytest.mark.parametrize(
    "name",
    ["adapters.md", "cli.md", "errors.md", "manifest.md", "manifest.schema.json", "python.md"],
)
def test_a_generated_page_is_what_the_code_says_now(name):
    committed = DOCS / "reference" / name
    assert committed.exists(), "run: make docs"
    assert committed.read_text(encoding="utf-8") == generate().pages()[name], "run: make docs"


def test_the_figures_of_the_readme_are_those_that_were_measured():
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert "<!-- figures of docs/results/demo.json -->" in readme
    assert readme == generate().readme(), "run: make docs"


@pytest.mark.parametrize("name", sorted(learndock.__all__))
def test_a_public_name_is_documented(name):
    thing = getattr(learndock, name)
    assert re.search(rf"^## {re.escape(name)}$", reference(), re.MULTILINE)
    if inspect.isclass(thing) or inspect.isroutine(thing):
        assert vars(thing).get("__doc__", thing.__doc__), f"{name} has no docstring"


@pytest.mark.parametrize("command", commands(importlib.import_module("learndock.cli").app))
def test_a_command_is_documented_and_says_what_it_does(command):
    assert re.search(rf"^#+ learndock {re.escape(command)}$", reference(), re.MULTILINE)
    app = importlib.import_module("learndock.cli").app
    for word in command.split():
        app = app[word]
    assert app.help, f"learndock {command} has no docstring"


@pytest.mark.parametrize("cls", generate().errors(), ids=lambda cls: cls.__name__)
def test_an_error_is_documented_and_has_its_own_code(cls):
    assert "code" in vars(cls), f"{cls.__name__} takes over its parent's code"
    assert cls.__doc__, f"{cls.__name__} has no docstring"
    assert f"| `{cls.code}` |" in reference()
    assert [other for other in generate().errors() if other.code == cls.code] == [cls]


def test_all_errors_are_in_one_module():
    for module in pkgutil.walk_packages(learndock.__path__, "learndock."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    assert {cls.__module__ for cls in generate().errors()} == {DockError.__module__}


@pytest.mark.parametrize(
    ("folder", "name"),
    [(folder, name) for folder, names in generate().adapters().items() for name in names],
)
def test_an_adapter_is_documented(folder, name):
    page = (DOCS / "reference" / "adapters.md").read_text(encoding="utf-8")
    section = page.partition(f"## {folder}\n")[2].partition("\n## ")[0]
    row = re.search(rf"^\| `{re.escape(name)}` \| (.*) \|$", section, re.MULTILINE)
    assert row, "run: make docs"
    assert row[1], f"{folder}/{name}.py has no docstring"
