"""Adapters are found by their files and entry points, and loaded only when asked for."""

import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from learndock.core import registry
from learndock.errors import NotFound, Unavailable


@pytest.fixture(autouse=True)
def _fresh():
    yield
    registry.names.cache_clear()
    registry.load.cache_clear()


def install(monkeypatch, *points):
    """Let entry points be as if these were installed."""
    registry.names.cache_clear()
    registry.load.cache_clear()
    found = EntryPoints(points)
    monkeypatch.setattr(registry, "entry_points", lambda **wanted: found.select(**wanted))


@pytest.mark.parametrize("folder", registry.FOLDERS)
def test_every_adapter_of_every_folder_loads(folder):
    assert registry.names(folder)
    for name in registry.names(folder):
        assert registry.load(folder, name) is not None


@pytest.mark.parametrize("folder", registry.FOLDERS)
def test_names_are_sorted_and_public(folder):
    names = registry.names(folder)
    assert list(names) == sorted(names)
    assert not [name for name in names if name.startswith("_")]


def test_an_adapter_is_loaded_once():
    assert registry.load("runtimes", "sklearn") is registry.load("runtimes", "sklearn")


def test_an_unknown_name_is_refused_with_those_that_there_are():
    with pytest.raises(NotFound, match=r"no runtime 'pickle'; there are .*sklearn"):
        registry.load("runtimes", "pickle")


def test_an_adapter_of_another_package_is_found_by_its_entry_point(monkeypatch):
    install(monkeypatch, EntryPoint("decimal", "decimal:Decimal", "learndock.runtimes"))
    assert "decimal" in registry.names("runtimes")
    assert "decimal" not in registry.names("stores")
    import decimal

    assert registry.load("runtimes", "decimal") is decimal.Decimal


def test_a_missing_library_is_unavailable_with_the_install_line(monkeypatch):
    registry.load.cache_clear()
    monkeypatch.setitem(sys.modules, "learndock.runtimes.xgboost", None)
    with pytest.raises(Unavailable, match="not installed") as caught:
        registry.load("runtimes", "xgboost")
    assert caught.value.next == 'pip install "learndock[xgboost]"'


def test_names_load_no_adapter():
    code = (
        "import sys; from learndock.core import registry\n"
        "for folder in registry.FOLDERS: registry.names(folder)\n"
        "print([m for m in sys.modules if m.startswith('learndock.runtimes.')])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
