"""Which dock is meant: option, then environment, then the config file."""

import pytest

from learndock.cli.settings import config_file, find_location, find_owner
from learndock.errors import Invalid


@pytest.fixture
def config(tmp_path, monkeypatch):
    path = tmp_path / "config.toml"
    monkeypatch.setenv("LEARNDOCK_CONFIG", str(path))
    monkeypatch.delenv("LEARNDOCK_OWNER", raising=False)
    return path


def test_nothing_is_meant_where_nothing_is_named(config):
    assert find_location("") == ""
    assert find_owner() is None


def test_an_option_goes_before_the_environment_and_that_before_the_config_file(config, monkeypatch):
    config.write_text('dock = "/from/config"')
    assert find_location("") == "/from/config"
    monkeypatch.setenv("LEARNDOCK_DOCK", "/from/environment")
    assert find_location("") == "/from/environment"
    assert find_location("/from/option") == "/from/option"


def test_the_environment_names_the_owner_before_the_config_file(config, monkeypatch):
    config.write_text('owner = "ada"')
    assert find_owner() == "ada"
    monkeypatch.setenv("LEARNDOCK_OWNER", "ben")
    assert find_owner() == "ben"


def test_a_relative_dock_starts_at_the_config_file(config):
    config.write_text('dock = "models"')
    assert find_location("") == str(config.parent / "models")


def test_a_dock_below_home_is_found_there(config, monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    config.write_text('dock = "~/models"')
    assert find_location("") == "/home/ada/models"


def test_a_server_in_the_config_file_stays_as_it_is(config):
    config.write_text('dock = "https://dock.example.org"')
    assert find_location("") == "https://dock.example.org"


@pytest.mark.parametrize(
    ("text", "named"),
    [("dock = ", "no TOML"), ('docks = "a"', "docks"), ("dock = 3", "dock"), ("a.b = 1", "a")],
)
def test_a_config_file_that_says_something_else_is_named_with_what_is_wrong(config, text, named):
    config.write_text(text)
    with pytest.raises(Invalid, match=named) as error:
        find_location("")
    assert str(config) in error.value.next


def test_the_config_file_is_where_the_system_keeps_such_files(monkeypatch, tmp_path):
    monkeypatch.delenv("LEARNDOCK_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config_file().name == "config.toml"
    assert config_file().parent.name == "learndock"
