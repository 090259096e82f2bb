"""What a demo found, as text."""

from collections.abc import Mapping
from typing import Any

from learndock.demos._road import Figures

TITLES = {
    "random_single": "random",
    "oracle_single": "best single",
    "top1": "top-1",
    "average": "average",
    "answer": "ANSWER",
    "own": "own model",
    "everything": "everything",
}
MEANING = """\
random      a learnware drawn at random        best single  the best one, known afterwards
top-1       the nearest learnware              average      of all learnwares
own model   trained on the user's own labels   everything   one model of all submitters' rows"""
GAP = 2


def page(
    figures: Mapping[str, Figures], seconds: Mapping[str, float], about: Mapping[str, Any]
) -> str:
    """Return a demo's title, table, times, what it shows, and what to type next."""
    rows = {group: _cells(of, about["own"].get(group, {})) for group, of in figures.items()}
    return "\n".join(
        [
            about["title"],
            f"{about['unit']}, {about['better']} is better; mean over {about['users']} users of "
            f"{about['learnwares']} learnwares{_turned_away(about['turned_away'])}",
            "",
            *_grid(about["groups"], rows),
            "",
            *MEANING.splitlines(),
            "",
            about["shows"],
            "",
            f"time        a user waits {seconds['search']:.2f} s for the search and "
            f"{seconds['reuse']:.2f} s for reuse; {seconds['total']:.0f} s in all",
            f"dock        {about['dock']}",
            f"next        learndock search {about['task']} --dock {about['dock']}",
        ]
    )


def _turned_away(users: int) -> str:
    return f"; {users} of them were told that nothing fits, and took the nearest" if users else ""


def _cells(of: Figures, own: Figures) -> dict[str, str]:
    """Return a line of the table by column; several label counts take a column each."""
    cells: dict[str, str] = {}
    for method, title in TITLES.items():
        if method == "own" and own:
            cells |= {f"own {int(count):,}": _number(figure) for count, figure in own.items()}
        else:
            cells[title] = _number(of[method])
    return cells


def _number(figure: float | None) -> str:
    return "" if figure is None else f"{figure:.3f}"


def _grid(heading: str, rows: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return aligned lines: names to the left, label counts and figures to the right."""
    columns = list(next(iter(rows.values())))
    width = max(map(len, (heading, *rows)))
    names = [name.rjust(width) if name.isdigit() else name.ljust(width) for name in rows]
    lines = [columns, *([cells[column] for column in columns] for cells in rows.values())]
    widths = [max(map(len, column)) + GAP for column in zip(*lines, strict=True)]
    return [
        name + "".join(cell.rjust(w) for cell, w in zip(line, widths, strict=True))
        for name, line in zip([heading.ljust(width), *names], lines, strict=True)
    ]
