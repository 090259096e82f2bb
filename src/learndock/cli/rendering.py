"""How results look: each function takes what the service returned, and makes a page of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learndock.cli.session import Page

if TYPE_CHECKING:
    from learndock.cli.predictions import Predictions
    from learndock.core.answer import Answer
    from learndock.core.learnware import Learnware
    from learndock.core.manifest import Manifest
    from learndock.core.ports import Entry
    from learndock.core.sketch import Sketch
    from learndock.core.space import Space
    from learndock.service.dock import Dock, Health
    from learndock.service.explaining import Explanation
    from learndock.service.predictor import Report

WIDTH = 12
"""Of the names on the left; the same as in a printed `Answer`."""
MENTIONED = 12
"""How many columns or labels a line lists."""
UNIT = 1000


def fields(pairs: Iterable[tuple[str, str]]) -> str:
    """Return lines of a name and a value; those without a value are left out.

    Examples
    --------
    >>> print(fields([("task", "regression"), ("target", "")]))
    task        regression
    """
    return "\n".join(f"{name:<{WIDTH - 1}} {value}" for name, value in pairs if value)


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose columns are as wide as they need to be, nothing cut off.

    Examples
    --------
    >>> print(columns([("MMD", "learnware"), ("0.012", "ada/store-12@1")]))
    MMD    learnware
    0.012  ada/store-12@1
    """
    flat = [[" ".join(cell.split()) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*flat, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in flat
    )


def size(count: int) -> str:
    """Return a number of bytes in a unit that fits.

    Examples
    --------
    >>> size(512), size(31_400), size(2_600_000)
    ('512 B', '31.4 kB', '2.6 MB')
    """
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < UNIT:
            return f"{amount:.3g} {unit}"
        amount /= UNIT
    return f"{amount:.3g} GB"


def some(values: Iterable[Any]) -> str:
    """Return values on one line; of many the first ones, and how many more there are.

    Examples
    --------
    >>> some(range(14))
    '0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more'
    """
    found = [str(value) for value in values]
    rest = len(found) - MENTIONED
    return ", ".join(found[:MENTIONED]) + (f" and {rest} more" if rest > 0 else "")


def answer(found: "Answer", document: Mapping[str, Any], *, then: str) -> Page:
    """Show what a search found, best first, and what to type then."""
    parts = [str(found), fields([("next", then)])]
    if found:
        head = ("MMD", "learnware", "task", "target", "licence", "")
        rows = [
            (f"{hit.distance:.3f}", hit.ref, hit.task, hit.target, hit.license, hit.description)
            for hit in found.hits
        ]
        parts.insert(1, f"\n{columns([head, *rows])}\n")
    return Page("\n".join(parts), document, tuple(hit.ref for hit in found.hits if found))


def entries(found: Sequence["Entry"]) -> Page:
    """List learnwares, one a line."""
    head = ("learnware", "task", "target", "licence", "size", "submitted", "")
    rows = [
        (
            entry.ref,
            entry.manifest.task,
            entry.manifest.target,
            entry.manifest.license,
            size(entry.size),
            day(entry.submitted),
            f"withdrawn: {entry.withdrawn}" if entry.withdrawn else entry.manifest.description,
        )
        for entry in found
    ]
    text = columns([head, *rows]) if rows else "no such learnware here"
    data = {"learnwares": [_entry_data(entry) for entry in found]}
    return Page(text, data, tuple(entry.ref for entry in found))


def entry(found: "Entry") -> Page:
    """Show all that the dock knows of one learnware."""
    lines = [
        ("learnware", f"{found.ref}{''.join(f'  @{alias}' for alias in found.aliases)}"),
        ("withdrawn", found.withdrawn),
        ("id", f"sha256:{found.id}"),
        *_manifest_lines(found.manifest),
        ("size", f"{size(found.size)}, submitted {day(found.submitted)}"),
        ("next", "" if found.withdrawn else f"learndock fetch {found.ref}"),
    ]
    return Page(fields(lines), _entry_data(found), (found.ref,))


def learnware(found: "Learnware", *, path: Path | None, then: str) -> Page:
    """Show a learnware: its manifest, its sketch, and its file unless none was written."""
    lines = [
        ("learnware", found.manifest.name),
        ("id", f"sha256:{found.id}"),
        *_manifest_lines(found.manifest),
        *_sketch_lines(found.sketch),
        *_file_lines(path, then),
    ]
    data = {
        "id": found.id,
        "path": None if path is None else str(path),
        "manifest": found.manifest.model_dump(mode="json"),
        "sketch": sketch_data(found.sketch),
    }
    return Page(fields(lines), data, (f"sha256:{found.id}",))


def sketch(found: "Sketch", *, path: Path | None, explanation: "Explanation | None" = None) -> Page:
    """Show a sketch, what the privacy gate says of it, and all of it where that was asked for.

    Without a path none was written.
    """
    lines = [*_sketch_lines(found), *_file_lines(path, f"learndock search {path}")]
    text = fields(lines)
    data = {"path": None if path is None else str(path), **sketch_data(found)}
    if explanation is not None:
        text = f"{explanation}\n\n{text}"
        data["explanation"] = explanation.to_dict()
    return Page(text, data, (f"sha256:{found.id}",))


def sketch_data(found: "Sketch") -> dict[str, Any]:
    """Return what a sketch says of itself, without its points."""
    return {
        "id": found.id,
        "space": {"name": str(found.space), "id": found.space.id},
        "points": len(found),
        "width": found.space.width,
        "rows": found.rows,
        "bytes": len(found.to_bytes()),
        "mmd": found.mmd,
        "classes": list(found.classes),
        "accuracy": list(found.accuracy),
        "gate": None if found.gate is None else asdict(found.gate) | {"passed": found.gate.passed},
        "release": None if found.release is None else asdict(found.release),
    }


def spaces(found: Sequence[tuple["Space", int]]) -> Page:
    """List spaces and the number of learnwares on offer in each, one a line."""
    head = ("space", "digest", "columns", "coordinates", "learnwares")
    rows = [
        (
            str(space),
            space.id[:12],
            str(len(space.columns) or ""),
            str(space.width),
            str(offered),
        )
        for space, offered in found
    ]
    text = columns([head, *rows]) if rows else "no space here"
    data = [{**space_data(space), "learnwares": offered} for space, offered in found]
    return Page(text, {"spaces": data}, tuple(str(space) for space, _ in found))


def space(found: "Space") -> Page:
    """Show a space and its columns."""
    lines = fields(
        [
            ("space", str(found)),
            ("id", f"sha256:{found.id}"),
            ("encoder", f"{found.encoder}, {found.width} coordinates"),
            ("kernel", f"g0 {found.gamma:g}, times {some(found.scales)}"),
        ]
    )
    head = ("column", "kind", "unit", "centre", "scale")
    rows = [
        (
            column.name,
            column.kind,
            column.unit,
            *(
                (f"{column.center:g}", f"{column.scale:g}")
                if column.kind in ("numeric", "datetime")
                else ("", "")
            ),
        )
        for column in found.columns
    ]
    text = f"{lines}\n\n{columns([head, *rows])}" if rows else lines
    return Page(text, space_data(found), (f"sha256:{found.id}",))


def space_data(found: "Space") -> dict[str, Any]:
    """Return a space as JSON data, with its digest."""
    return {"id": found.id, "label": str(found), **found.model_dump(mode="json")}


def space_written(found: "Space", became: str, *, dry_run: bool, then: str) -> Page:
    """Tell what a write did to a space, or would do."""
    return _written(str(found), became, space_data(found), dry_run=dry_run, then=then)


def report(found: "Report", *, then: str = "", output: Path | None = None, rows: int = 0) -> Page:
    """Show how an answer predicts, and where the predictions are."""
    where = "" if output is None else f"{output}, {rows:,} rows"
    lines = fields([("predictions", where), ("next", then)])
    data = {"report": asdict(found), "output": None if output is None else str(output)}
    return Page(f"{found}\n{lines}", data, tuple(ref for ref, _ in found.members))


def predicted(found: "Predictions", report: "Report") -> Page:
    """Show predictions as CSV; as JSON with how they came about."""
    data = {"report": asdict(report), "output": None, **asdict(found)}
    return Page(found.to_csv().removesuffix("\n"), data, tuple(map(str, found.values)))


def health(found: "Health", dock: "Dock") -> Page:
    """Show what a verification found."""
    return Page(str(found), {"dock": str(dock.folder), "well": bool(found), **asdict(found)})


def changed(ref: str, done: str, *, dry_run: bool, then: str = "", **facts: Any) -> Page:
    """Tell what a write did to a learnware, or would do."""
    return _written(ref, done, {"ref": ref, **facts}, dry_run=dry_run, then=then)


def made(folder: Path, what: str, *, dry_run: bool, then: str, **facts: Any) -> Page:
    """Tell what a folder has become, or would become."""
    data = {"folder": str(folder.resolve()), **facts}
    return _written(str(folder), what, data, dry_run=dry_run, then=then)


def _written(thing: str, became: str, data: dict[str, Any], *, dry_run: bool, then: str) -> Page:
    told = f"{thing} {'would be' if dry_run else 'is'} {became}"
    lines = told if dry_run or not then else f"{told}\n{fields([('next', then)])}"
    return Page(lines, {**data, "dry_run": dry_run}, (thing,))


def demo(found: Mapping[str, Any], tables: str, pictures: Sequence[Path]) -> Page:
    """Show what a demo measured, and where its pictures are."""
    paths = [str(path) for path in pictures]
    lines = fields([("pictures", ", ".join(paths))])
    return Page(f"{tables}\n\n{lines}".rstrip(), {**found, "pictures": paths})


def examination(found: Mapping[str, Any]) -> Page:
    """Show what `doctor` found out."""
    adapters = [
        (folder, ", ".join(f"{name} ({lack})" if lack else name for name, lack in names.items()))
        for folder, names in found["adapters"].items()
    ]
    parts = [
        fields([(name, found[name]) for name in ("learndock", "python", "system")]),
        fields([(name, version) for name, version in found["libraries"].items()]),
        fields(adapters),
        fields([(name, missing or "installed") for name, missing in found["extras"].items()]),
        fields([(name, found[name]) for name in ("config", "cache")]),
        fields([("dock", found["dock"]["told"])]),
    ]
    return Page("\n\n".join(parts), found)


def day(moment: datetime) -> str:
    """Return the day of a moment."""
    return moment.strftime("%Y-%m-%d")


def _manifest_lines(shown: "Manifest") -> list[tuple[str, str]]:
    target = f" of {shown.target}" if shown.target else ""
    needs = ", ".join(f"{name} {version}" for name, version in shown.requires.items())
    taken = f": {some(shown.input.columns)}" if shown.input.columns else ""
    return [
        ("about", " ".join(shown.description.split())),
        ("task", f"{shown.task}{target}"),
        ("classes", some(shown.classes)),
        ("licence", shown.license),
        ("tags", ", ".join(shown.tags)),
        ("input", f"{shown.input.kind}{taken}"),
        ("runtime", f"{shown.runtime} ({needs})" if needs else shown.runtime),
        ("space", f"sha256:{shown.space}"),
    ]


def _sketch_lines(found: "Sketch") -> list[tuple[str, str]]:
    said, *privacy = str(found).splitlines()
    names = ["privacy"] + [""] * len(privacy)
    return [("sketch", said), *zip(names, privacy, strict=False)]


def _file_lines(path: Path | None, then: str) -> list[tuple[str, str]]:
    if path is None:
        return [("file", "none: a dry run")]
    return [("file", str(path)), ("next", then)]


def _entry_data(found: "Entry") -> dict[str, Any]:
    return {
        "ref": found.ref,
        "id": found.id,
        "owner": found.owner,
        "name": found.name,
        "version": found.version,
        "aliases": list(found.aliases),
        "archive": found.archive,
        "size": found.size,
        "submitted": found.submitted.isoformat(),
        "withdrawn": found.withdrawn,
        "manifest": found.manifest.model_dump(mode="json"),
    }
