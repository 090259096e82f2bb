"""Write what follows from the code and from measurements: `python docs/generate.py`.

That is most of the reference, and the figures of the README between two comments. All of it is
committed, so that it can be read without building anything; a test compares it with what this
script would write.
"""

import ast
import importlib
import inspect
import json
import re
import textwrap
import types
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import learndock
from learndock.errors import DockError

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
RESULTS = ROOT / "docs" / "results"
README = ROOT / "README.md"
SOURCE = Path(learndock.__file__).parent
NOTE = "<!-- Written by docs/generate.py: change the code, then run `make docs`. -->\n"

PORTS = {
    "encoders": ("Encoder", "Raw data to coordinates of a space."),
    "runtimes": ("Runtime", "Each loads and runs one model format."),
    "stores": ("Store", "Bytes, each under its digest."),
    "catalogues": ("Catalogue", "What is known about each learnware, found by words and fields."),
    "indexes": ("Index", "The nearest sketches."),
    "reusers": ("Reuser", "What a search found, to one predictor."),
    "checks": ("Check", "Rules of admission."),
}

EMPTY = '""'
METHODS = {
    "answer": "the answer",
    "top1": "nearest learnware",
    "average": "average of all",
    "oracle_single": "best single",
    "own": "own model",
    "everything": "trained on everything",
}


def first_sentence(docstring: str | None) -> str:
    """Return the first paragraph of a docstring on one line, for a cell of a table."""
    paragraph = inspect.cleandoc(docstring or "").split("\n\n")[0]
    return " ".join(paragraph.split()).replace("``", "`").replace("|", "\\|")


def errors() -> list[type[DockError]]:
    """Return the error tree of learndock, each class after its parent."""

    def walk(cls: type[DockError]) -> Iterator[type[DockError]]:
        if cls.__module__.split(".")[0] == "learndock":  # not those that a test makes
            yield cls
            for child in cls.__subclasses__():
                yield from walk(child)

    return list(dict.fromkeys(walk(DockError)))


def adapters() -> dict[str, dict[str, str]]:
    """Return for each folder of adapters the names in it, each with its first sentence.

    Files are read, not imported: an adapter whose extra is missing is documented all the same.
    """
    found: dict[str, dict[str, str]] = {}
    for folder in PORTS:
        for file in sorted((SOURCE / folder).glob("*.py")):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            if any(_assigns_plugin(node) for node in tree.body):
                found.setdefault(folder, {})[file.stem] = first_sentence(ast.get_docstring(tree))
    return found


def _assigns_plugin(node: ast.stmt) -> bool:
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        targets = [node.target]
    return any(isinstance(target, ast.Name) and target.id == "plugin" for target in targets)


def python_page() -> str:
    """Every public name: in short, to be read anywhere, and in full by autodoc."""
    parts = [
        "# Python\n",
        NOTE,
        "Everything here is reached as `ld.NAME` after `import learndock as ld`.\n",
    ]
    for name in sorted(learndock.__all__, key=lambda name: (name.lower(), name)):
        thing = getattr(learndock, name)
        if inspect.isclass(thing):
            options = "\n:members:" + (
                "\n:show-inheritance:" if issubclass(thing, DockError) else ""
            )
            directive = f"```{{eval-rst}}\n.. autoclass:: learndock.{name}{_indent(options)}\n```\n"
        elif callable(thing):
            directive = f"```{{eval-rst}}\n.. autofunction:: learndock.{name}\n```\n"
        elif inspect.ismodule(thing):
            directive = f"{first_sentence(thing.__doc__)}\n"
        else:
            directive = f"```{{eval-rst}}\n.. autodata:: learndock.{name}\n   :no-value:\n```\n"
        parts.append(f"## {name}\n\n{_in_short(name, thing)}{directive}")
    return "\n".join(parts)


def _in_short(name: str, thing: Any) -> str:
    """Return the call and the first sentence of a class or function, and of a class's members."""
    if not callable(thing):
        return ""
    lines = [f"`{_call(name, thing)}`: {_plain(thing)}", ""]
    if inspect.isclass(thing):
        lines += [
            f"- `{_call(key, found, bound=True)}`: {_plain(found)}"
            for key, found in _members(thing)
        ]
    return "\n".join(lines).rstrip() + "\n\n"


def _members(cls: type) -> Iterator[tuple[str, Any]]:
    """Yield the public methods and properties that learndock itself gives a class."""
    own = [base for base in cls.__mro__ if base.__module__.split(".")[0] == "learndock"]
    for name in dict.fromkeys(key for base in own for key in vars(base)):
        found = inspect.getattr_static(cls, name)
        kinds = (types.FunctionType, classmethod, staticmethod, property)
        if not name.startswith("_") and isinstance(found, kinds) and found.__doc__:
            yield name, found


def _call(name: str, thing: Any, *, bound: bool = False) -> str:
    """Return how something is called, without types: those print differently by version."""
    if isinstance(thing, property):
        return name
    skipped = bound and not isinstance(thing, staticmethod)
    signature = inspect.signature(getattr(thing, "__func__", thing))
    given = [one.replace(annotation=one.empty) for one in signature.parameters.values()][skipped:]
    return f"{name}{signature.replace(parameters=given, return_annotation=signature.empty)}"


def _plain(thing: Any) -> str:
    return first_sentence(thing.__doc__).replace("\\|", "|")


def _indent(options: str) -> str:
    return textwrap.indent(options, "   ")


def errors_page() -> str:
    """Every error: its code, its class, how the command line and a server tell it."""
    rows = [
        f"| `{cls.code}` | {'&nbsp;&nbsp;' * _depth(cls)}`{cls.__name__}` "
        f"| {cls.exit} | {cls.status} | {first_sentence(cls.__doc__)} |"
        for cls in errors()
    ]
    return "\n".join(
        [
            "# Errors\n",
            NOTE,
            "One tree: whoever catches a class catches those indented under it. A code is stable",
            "once released. *Exit* is the command line's exit status, *HTTP* a server's status.\n",
            *table(["Code", "Class", "Exit", "HTTP", "Meaning"], rows),
            "",
        ]
    )


def _depth(cls: type[DockError]) -> int:
    return sum(issubclass(parent, DockError) for parent in cls.__mro__) - 1


def adapters_page() -> str:
    """Every adapter that comes with learndock, by what it is for."""
    parts = [
        "# Adapters\n",
        NOTE,
        "Each is one file in its folder of `src/learndock`. Another package adds its own through",
        "the entry-point group `learndock.FOLDER`, with what is a `plugin` here as the object.\n",
    ]
    for folder, names in adapters().items():
        port, purpose = PORTS[folder]
        rows = [f"| `{name}` | {text} |" for name, text in names.items()]
        parts += [
            f"## {folder}\n",
            f"{purpose} Port: `learndock.core.ports.{port}`.{_suite(port)}\n",
            *table(["Name", ""], rows),
            "",
        ]
    return "\n".join(parts)


def _suite(port: str) -> str:
    """Name the suite that every adapter of a port passes, if there is one."""
    if not (SOURCE / "testing" / f"{port.lower()}.py").exists():
        return ""
    return f" Suite: `learndock.testing.{port.lower()}.{port}Contract`."


def table(titles: Iterable[str], rows: Iterable[str]) -> list[str]:
    """Return the lines of a table."""
    listed = list(titles)
    return [f"| {' | '.join(listed)} |", f"|{' --- |' * len(listed)}", *rows]


def cli_page() -> str:
    """Every command, as cyclopts describes it."""
    app = importlib.import_module("learndock.cli").app
    title, _, rest = app.generate_docs(output_format="markdown").partition("\n")
    assert title == "# learndock"
    return f"# Command line\n\n{NOTE}\n{rest.strip()}\n"


def manifest_schema() -> str:
    """The JSON Schema of `learnware.json`."""
    manifest = importlib.import_module("learndock.core.manifest").Manifest
    return json.dumps(manifest.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def manifest_page() -> str:
    """The fields of a manifest and of what is in it, as tables."""
    module = importlib.import_module("learndock.core.manifest")
    parts = [
        "# Manifest\n",
        NOTE,
        "`learnware.json`: the semantic part of a learnware's specification, and the digest",
        "of every other file. Its own digest is the learnware's id. For machines:",
        "[manifest.schema.json](manifest.schema.json).\n",
        *_fields(module.Manifest),
    ]
    for part in (module.Input, module.File):
        parts += [f"\n## {part.__name__}\n", f"{first_sentence(part.__doc__)}\n", *_fields(part)]
    return "\n".join([*parts, ""])


def _fields(model: Any) -> list[str]:
    """Return the fields of a pydantic model as a table, described where the code does."""
    schema = model.model_json_schema()
    required = set(schema.get("required", ()))
    told = attributes(model.__doc__)
    rows = [
        f"| `{name}` | {_type(field)} | {'yes' if name in required else ''} "
        f"| {first_sentence(field.get('description', told.get(name)))} |"
        for name, field in schema["properties"].items()
    ]
    return table(["Field", "Type", "Needed", ""], rows)


def attributes(docstring: str | None) -> dict[str, str]:
    """Return what the section "Attributes" of a docstring says of each name."""
    _, _, section = inspect.cleandoc(docstring or "").partition("Attributes\n----------\n")
    found = re.finditer(r"^(\w+) : .*\n((?:    .*(?:\n|$))+)", section, re.MULTILINE)
    return {match[1]: inspect.cleandoc(match[2]) for match in found}


def _type(field: dict[str, object]) -> str:
    """Return a short word for the type of one property of a JSON Schema."""
    if "$ref" in field:
        return str(field["$ref"]).rsplit("/", 1)[-1]
    if "const" in field:
        return f"`{field['const']}`"
    if isinstance(field.get("enum"), list):
        return " or ".join(f"`{value or EMPTY}`" for value in field["enum"])  # type: ignore[attr-defined]
    if isinstance(field.get("anyOf"), list):
        return " or ".join(_type(option) for option in field["anyOf"])  # type: ignore[attr-defined]
    if field.get("type") == "array" and isinstance(field.get("items"), dict):
        return f"list of {_type(field['items'])}"  # type: ignore[arg-type]
    return str(field.get("type", "any"))


def readme() -> str:
    """Return the README with the figures of today between its comments."""
    text = README.read_text(encoding="utf-8")
    for name, write in {"demo": demo_figures, "install": install_figures}.items():
        begin, end = f"<!-- figures of docs/results/{name}.json -->\n", "<!-- end of figures -->"
        head, _, rest = text.partition(begin)
        _, _, tail = rest.partition(end)
        text = f"{head}{begin}\n{write(results(name))}\n\n{end}{tail}"
    return text


def results(name: str) -> Mapping[str, Any] | None:
    """Return what a benchmark measured, or nothing if it has not run yet."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def install_figures(found: Mapping[str, Any] | None) -> str:
    """Say what the core weighs."""
    if found is None:
        return "Not measured yet: `make bench NAME=install`, then `make docs`."
    figures = found["figures"]
    return (
        f"The core takes {figures['installed_mb']:.0f} MB with all that it needs, and no torch; "
        f"`import learndock` takes {figures['import_seconds']:.2f} s."
    )


def demo_figures(found: Mapping[str, Any] | None) -> str:
    """Return the picture of the demo, a table for each of its parts, and how long it took."""
    if found is None:
        return "Not measured yet: `make evaluate`, then `make docs`."
    figures = found["figures"]
    parts = [f"![{figures['about']['newsgroups']['title']}](docs/results/learndock-newsgroups.png)"]
    for name, about in figures["about"].items():
        parts.append(
            f"**{about['title']}** ({about['unit']}, {about['better']} is better; mean over "
            f"{about['users']} users of {about['learnwares']} learnwares):"
        )
        parts.append("\n".join(_compared(figures[name], about)))
    parts.append(
        f"*Best single* is picked in hindsight. Measured by `{found['command']}` in "
        f"{figures['seconds']['demos']:.0f} s on {found['machine']['cores']} cores, "
        f"seed {found['seed']}."
    )
    return "\n\n".join(parts)


def _compared(figures: Mapping[str, Mapping[str, float | None]], about: Any) -> list[str]:
    """Return a demo's figures: a line for each kind of user, a column for each method."""
    rows = {group: _cells(of, about["own"].get(group)) for group, of in figures.items()}
    lines = [
        f"| {group} | {' | '.join(_number(value) for value in cells.values())} |"
        for group, cells in rows.items()
    ]
    return table([about["groups"], *next(iter(rows.values()))], lines)


def _cells(
    of: Mapping[str, float | None], own: Mapping[str, float] | None
) -> dict[str, float | None]:
    """Return a user's figures by title; one's own model may have a column for each label count."""
    cells: dict[str, float | None] = {}
    for method, title in METHODS.items():
        if method == "own" and own:
            cells |= {f"own model, {int(count):,} labels": figure for count, figure in own.items()}
        else:
            cells[title] = of[method]
    return cells


def _number(figure: float | None) -> str:
    return "" if figure is None else f"{figure:.3f}"


def pages() -> dict[str, str]:
    """Return each generated file's name and text."""
    return {
        "adapters.md": adapters_page(),
        "cli.md": cli_page(),
        "errors.md": errors_page(),
        "manifest.md": manifest_page(),
        "manifest.schema.json": manifest_schema(),
        "python.md": python_page(),
    }


if __name__ == "__main__":
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
    README.write_text(readme(), encoding="utf-8")
