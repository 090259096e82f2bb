"""How the command line is entered and left: options everywhere, exit statuses, errors."""

import re
import subprocess
import sys
import warnings
from itertools import permutations

import pytest

from learndock import errors
from learndock.cli import app, main
from learndock.cli.session import Session

TOP = {
    "init", "demo", "pack", "submit", "search", "reuse", "ls", "show", "fetch", "withdraw",
    "verify", "sketch", "backup", "doctor", "version", "alias", "completion", "space",
    "audit", "merge",
}  # fmt: skip
NESTED = {"alias": ["set"], "space": ["show"]}
"""A command of each group, whose help has its example."""
HEAVY = {"numpy", "pandas", "pydantic", "scipy", "sklearn", "sqlalchemy"}
ERRORS = sorted(
    {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.DockError)
    },
    key=lambda cls: cls.__name__,
)


@pytest.fixture
def failing(monkeypatch):
    """Let every command that opens a dock fail with an error."""

    def set_error(error: BaseException) -> None:
        def fail(*args: object, **options: object) -> None:
            raise error

        monkeypatch.setattr(Session, "dock", fail)

    return set_error


def visible_commands() -> list[str]:
    return [name for name in app if not name.startswith("-")]


def test_the_commands_are_those_of_the_design():
    assert set(visible_commands()) == TOP


@pytest.mark.parametrize("command", sorted(TOP))
def test_the_help_of_a_command_has_an_example(run, command):
    words = [command, *NESTED.get(command, ())]
    done = run(*words, "--help")
    assert done.status == 0
    assert f"$ learndock {' '.join(words)}" in done.out


@pytest.mark.parametrize("words", sorted(set(permutations(["ls", "--json", "--dock=here"]))))
def test_an_option_for_all_commands_stands_anywhere(run, words, monkeypatch):
    seen = []
    monkeypatch.setattr(Session, "dock", lambda self: seen.append(self) or _Empty())
    assert run(*words).data == {"learnwares": []}
    assert seen == [Session("here", json=True)]


class _Empty:
    def ls(self, words: str, **wanted: object) -> list[object]:
        return []


@pytest.mark.parametrize("cls", ERRORS, ids=lambda cls: cls.__name__)
def test_an_error_is_one_line_that_ends_with_what_to_type_next(run, failing, cls):
    failing(cls("the first line\nand a second", next="type `learndock this`"))
    done = run("ls")
    assert done.status == cls.exit
    assert done.out == ""
    assert done.err == "learndock: the first line and a second; type `learndock this`\n"


@pytest.mark.parametrize("cls", ERRORS, ids=lambda cls: cls.__name__)
def test_an_error_in_json_is_one_object_on_standard_error(run, failing, cls):
    failing(cls("no", next="type that", rows=3))
    done = run("ls", "--json")
    assert done.status == cls.exit
    assert done.out == ""
    wanted = {"error": cls.code, "message": "no", "next": "type that", "facts": {"rows": 3}}
    assert done.error == wanted


def test_nothing_fits_is_3_and_a_refusal_4():
    assert errors.NothingFits.exit == 3
    assert {cls.exit for cls in ERRORS if issubclass(cls, errors.Refused)} == {4}
    others = {
        cls.exit for cls in ERRORS if not issubclass(cls, errors.Refused | errors.NothingFits)
    }
    assert others == {1}


def test_an_error_that_does_not_say_what_to_do_names_the_help_of_the_command(run, failing):
    failing(errors.Corrupt("broken"))
    assert run("--dock", "there", "ls").err == "learndock: broken; see `learndock ls --help`\n"


def test_an_error_of_the_system_is_one_line(run, failing):
    failing(PermissionError(13, "Permission denied", "/models"))
    done = run("ls")
    assert done.status == 1
    assert done.err.startswith("learndock: /models: Permission denied; ")


def test_an_error_cannot_steer_the_terminal(run, failing):
    failing(errors.NotFound("\x1b[31mred\x07 \u202egnp.exe"))
    assert run("ls").err.startswith("learndock: \\x1b[31mred\\x07 \\u202egnp.exe; ")
    in_json = run("ls", "--json")
    assert in_json.err.isascii()
    assert "\x1b" not in in_json.err
    assert in_json.error["message"] == "\x1b[31mred\x07 \u202egnp.exe"


@pytest.mark.filterwarnings("default")
def test_a_warning_of_a_library_is_one_line_and_none_beside_json(run, monkeypatch):
    def old(self: Session) -> _Empty:
        warnings.warn("stored by\nan older version", stacklevel=1)
        return _Empty()

    monkeypatch.setattr(Session, "dock", old)
    assert run("ls").err == "learndock: warning: stored by an older version\n"
    assert run("ls", "--json").err == ""


def test_an_interrupt_is_130_without_words(run, failing):
    failing(KeyboardInterrupt())
    done = run("ls")
    assert (done.status, done.out, done.err) == (130, "", "")


@pytest.mark.parametrize(
    ("words", "named", "then"),
    [
        (["serch"], '"search"', "learndock --help"),
        (["search"], "DATA", "learndock search --help"),
        (["search", "x.csv", "--limt", "3"], "--limit", "learndock search --help"),
        (["search", "x.csv", "-k", "many"], "many", "learndock search --help"),
        (["search", "x.csv", "-k", "0"], "0", "learndock search --help"),
        (["sketch", "x.csv", "--seed=-1"], "-1", "learndock sketch --help"),
        (["ls", "--offset=-1"], "-1", "learndock ls --help"),
        (["alias", "put", "a", "b"], "put", "learndock alias --help"),
        (["pack", "a.onnx", "b.csv"], "--license", "learndock pack --help"),
        (["withdraw", "ada/up@1"], "--reason", "learndock withdraw --help"),
        (["ls", "--dock"], "--dock", "learndock --help"),
        (["completion", "csh"], "csh", "learndock completion --help"),
    ],
)
def test_misuse_is_2_and_names_the_help(run, words, named, then):
    done = run(*words)
    assert done.status == 2
    assert done.out == ""
    assert named in done.err
    assert done.err.endswith(f"; see `{then}`\n")
    assert done.err.count("\n") == 1


def test_misuse_in_json_is_one_object(run):
    assert run("search", "--json").error["error"] == "usage"


def test_no_words_show_the_help(run):
    assert "Usage: learndock" in run().out


@pytest.mark.parametrize("words", [["--version"], ["version"]])
def test_the_version_is_printed(run, words):
    import learndock

    assert run(*words).out == f"learndock {learndock.__version__}\n"


@pytest.mark.parametrize("words", [["version"], ["--help"], ["search", "--help"], ["serch"]])
def test_what_needs_no_data_loads_no_heavy_library(words):
    code = (
        "import sys; from learndock.cli import main; main(sys.argv[1:]); "
        f"sys.exit(' '.join({HEAVY!r} & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_a_reader_that_goes_away_leaves_no_traceback():
    process = subprocess.Popen(
        [sys.executable, "-m", "learndock", "completion", "bash"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 141


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_every_command_and_the_options_of_all(run, shell):
    script = run("completion", shell).out
    for name in TOP:
        assert re.search(rf"\b{name}\b", script)
    assert "dock" in script


def test_the_completion_for_bash_is_a_script_that_bash_reads(run):
    script = run("completion", "bash").out
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_without_words_the_words_of_the_process_are_run(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["learndock", "version", "-q"])
    assert main() == 0
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", capsys.readouterr().out)
