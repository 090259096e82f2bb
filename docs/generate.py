"""Write the pages of the reference that follow from the code: `python docs/generate.py`.

The pages are committed, so that they can be read without building anything; a test compares
them with what this script would write.
"""

import ast
import importlib
import inspect
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path

import learndock
from learndock.errors import DockError

REFERENCE = Path(__file__).parent / "reference"
SOURCE = Path(learndock.__file__).parent
NOTE = "<!-- Written by docs/generate.py: change the code, then run `make docs`. -->\n"

PORTS = {
    "encoders": "Raw data to coordinates of a space.",
    "runtimes": "Each loads and runs one model format.",
    "stores": "Bytes, each under its digest.",
    "catalogues": "What is known about each learnware, found by words and fields.",
    "indexes": "The nearest sketches.",
    "reusers": "What a search found, to one predictor.",
    "checks": "Rules of admission.",
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
    """Every public name, by autodoc."""
    parts = [
        "# Python\n",
        NOTE,
        "Everything here is reached as `ld.NAME` after `import learndock as ld`.\n",
    ]
    for name in sorted(set(learndock.__all__), key=str.lower):
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
        parts.append(f"## {name}\n\n{directive}")
    return "\n".join(parts)


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
            "| Code | Class | Exit | HTTP | Meaning |",
            "| --- | --- | --- | --- | --- |",
            *rows,
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
        rows = [f"| `{name}` | {text} |" for name, text in names.items()]
        parts += [f"## {folder}\n", f"{PORTS[folder]}\n", "| Name | |", "| --- | --- |", *rows, ""]
    return "\n".join(parts)


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
    """The fields of a manifest, as a table."""
    schema = importlib.import_module("learndock.core.manifest").Manifest.model_json_schema()
    required = set(schema.get("required", ()))
    rows = [
        f"| `{name}` | {_type(field)} | {'yes' if name in required else ''} "
        f"| {first_sentence(field.get('description'))} |"
        for name, field in schema["properties"].items()
    ]
    return "\n".join(
        [
            "# Manifest\n",
            NOTE,
            "`learnware.json`: the semantic part of a learnware's specification, and the digest",
            "of every other file. Its own digest is the learnware's id. For machines:",
            "[manifest.schema.json](manifest.schema.json).\n",
            "| Field | Type | Needed | |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def _type(field: dict[str, object]) -> str:
    """Return a short word for the type of one property of a JSON Schema."""
    if "$ref" in field:
        return str(field["$ref"]).rsplit("/", 1)[-1]
    if "const" in field:
        return f"`{field['const']}`"
    if isinstance(field.get("enum"), list):
        return " or ".join(f"`{value}`" for value in field["enum"])  # type: ignore[attr-defined]
    if isinstance(field.get("anyOf"), list):
        return " or ".join(_type(option) for option in field["anyOf"])  # type: ignore[attr-defined]
    if field.get("type") == "array" and isinstance(field.get("items"), dict):
        return f"list of {_type(field['items'])}"  # type: ignore[arg-type]
    return str(field.get("type", "any"))


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
