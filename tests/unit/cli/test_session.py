"""How a command tells on a terminal that something is going on."""

import io
import sys

import pytest

from learndock.cli.session import Session


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def shown(monkeypatch):
    """Return what a terminal gets while a command says some words."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")

    def call(*said, session=Session(), terminal=Terminal):  # noqa: B008
        monkeypatch.setattr(sys, "stderr", terminal())
        with session.busy("preparing") as say:
            for text in said:
                say(text)
        return sys.stderr.getvalue()

    return call


def last_bar(text):
    return text.rpartition("served: ")[2].partition(" of 4 ")[2].partition("0:00:0")[0]


def test_what_is_counted_fills_a_bar(shown):
    some, half, whole = (last_bar(shown(f"users served: {done} of 4")) for done in (1, 2, 4))
    assert len({some, half, whole}) == 3
    assert "━" in some


def test_what_is_not_counted_tells_how_long_it_takes(shown):
    assert "0:00:0" in shown()


def test_words_without_a_count_follow_a_count(shown):
    assert "training one model" in shown("users served: 4 of 4", "training one model")


def test_words_cannot_steer_the_terminal(shown):
    assert "reading \\x1b[31mred" in shown("reading \x1b[31mred")


@pytest.mark.parametrize(
    "silent",
    [{"session": Session(json=True)}, {"session": Session(quiet=True)}, {"terminal": io.StringIO}],
)
def test_nothing_is_shown_where_no_one_looks(shown, silent):
    assert shown("users served: 1 of 4", **silent) == ""
