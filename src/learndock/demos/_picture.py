"""One picture a demo, for people who meet it on a page: few colours, labels at the marks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from learndock.core.sketch import Float
from learndock.demos._road import Figures, need

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's blue and vermilion, which every kind of colour vision tells apart.
ANSWER = "#0072B2"
OWN = "#D55E00"
INK = "#222222"
PLAIN = "#666666"
GREY = "#B8B8B8"
FAINT = "#E3E3E3"
SIZE = (8.4, 3.6)
DPI = 200
STYLE: Any = {"font.size": 9.5, "text.color": INK, "svg.hashsalt": "learndock"}


def save(figure: "Figure", stem: Path) -> tuple[Path, Path]:
    """Write a figure as PNG and SVG; the same figure gives the same files."""
    from matplotlib import rc_context

    png, svg = stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}.svg")
    with rc_context(STYLE):
        figure.savefig(png, dpi=DPI, metadata={"Software": None})
        figure.savefig(svg, metadata={"Date": None})
    return png, svg


def bars(
    figures: Mapping[str, Figures], own: Mapping[str, Figures], *, title: str, subtitle: str
) -> "Figure":
    """Return a panel of bars for each user group, a bar for each method."""
    need("matplotlib")
    from matplotlib import rc_context

    with rc_context(STYLE):
        figure = _titled(title, subtitle)
        panels = figure.subplots(1, len(figures))
        figure.subplots_adjust(left=0.2, right=0.97, top=0.73, bottom=0.03, wspace=0.18)
        for axes, (group, of) in zip(panels, figures.items(), strict=True):
            _bars(axes, _methods(of, own[group]), group, named=axes is panels[0])
    return figure


def _methods(of: Figures, own: Figures) -> list[tuple[str, float, str]]:
    """Return a label, a figure and a colour for each bar, from top to bottom."""
    bars = [
        ("random single", of["random_single"], GREY),
        ("best single", of["oracle_single"], GREY),
        ("average of all", of["average"], GREY),
        ("the answer, no label", of["answer"], ANSWER),
        *((f"own, {int(count):,} labels", value, OWN) for count, value in own.items()),
        ("trained on everything", of["everything"], GREY),
    ]
    return [(label, value or 0.0, colour) for label, value, colour in bars]


def _bars(
    axes: "Axes", methods: Sequence[tuple[str, float, str]], group: str, *, named: bool
) -> None:
    """Draw the bars of one user group with their figures; with their names in the first panel."""
    for row, (label, value, colour) in enumerate(methods):
        axes.barh(row, value, height=0.68, color=colour)
        look = _look(colour if colour == ANSWER else None)
        axes.text(value + 0.015, row, f"{value:.0%}", va="center", **look)
        if named:
            axes.text(-0.03, row, label, ha="right", va="center", **look)
    axes.set_xlim(0, 1)
    axes.set_ylim(len(methods) - 0.5, -0.5)
    axes.set_axis_off()
    axes.set_title(group, loc="left", fontsize=9.5, color=PLAIN)


def _look(colour: str | None) -> dict[str, Any]:
    """Return how a label is written: what has a colour of its own is bold."""
    return {"color": colour or INK, "fontweight": "bold" if colour else "normal"}


def lines(
    figures: Mapping[str, Figures], labelled: float, *, title: str, subtitle: str
) -> "Figure":
    """Return errors over label counts: the answer, one's own model, and what needs no label.

    `labelled` is the error of a model of one's own whose whole past is labelled.
    """
    need("matplotlib")
    from matplotlib import rc_context

    first = next(iter(figures.values()))
    levels = {
        "average of all": first["average"] or 0.0,
        "best single": first["oracle_single"] or 0.0,
        "own, whole past labelled": labelled,
        "trained on everything": first["everything"] or 0.0,
    }
    with rc_context(STYLE):
        figure = _titled(title, subtitle)
        axes = figure.subplots()
        figure.subplots_adjust(left=0.06, right=0.73, top=0.8, bottom=0.12)
        own, answer = ([of[name] for of in figures.values()] for name in ("own", "answer"))
        _curve(axes, own, OWN, above=True, told="own model")
        _curve(axes, answer, ANSWER, above=False, told="the answer")
        _frame(axes, list(figures))
        _levels(axes, levels)
    return figure


def _curve(
    axes: "Axes", values: Sequence[float | None], colour: str, *, above: bool, told: str
) -> None:
    """Draw a line with its figures; its name goes above the first, or below the last of them."""
    places = [(x, value) for x, value in enumerate(values) if value is not None]
    axes.plot(*zip(*places, strict=True), "o-", color=colour, linewidth=2.2, zorder=3)
    named = places[0 if above else -1]
    for place in places:
        axes.annotate(
            f"{told} {place[1]:.2f}" if place is named else f"{place[1]:.2f}",
            place,
            xytext=(0, 9 if above else -16),
            textcoords="offset points",
            ha="center",
            zorder=2,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
            **_look(colour),
        )


def _frame(axes: "Axes", counts: Sequence[str]) -> None:
    """Set a logarithmic scale with few marks, and name the label counts."""
    from matplotlib.ticker import FixedLocator, NullFormatter, StrMethodFormatter

    low, high = axes.get_ylim()
    axes.set_yscale("log")
    axes.set_ylim(low * 0.92, high * 1.04)
    axes.yaxis.set_major_locator(FixedLocator([0.6, 0.7, 0.8, 1.0, 1.2]))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:.1f}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(-0.3, len(counts) - 0.85)
    axes.set_xticks(range(len(counts)), [f"{count} labels" for count in counts])
    axes.tick_params(which="both", length=0, labelcolor=PLAIN)
    axes.spines[:].set_visible(False)


def _levels(axes: "Axes", levels: Mapping[str, float]) -> None:
    """Draw what does not depend on labels; name each line at its end, moved apart where close."""
    names = sorted(levels, key=lambda name: levels[name])
    low, high = axes.get_ylim()
    places = spaced(np.log([levels[name] for name in names]), np.log(high / low) * 0.08)
    left, right = axes.get_xlim()
    for name, place in zip(names, np.exp(places), strict=True):
        value = levels[name]
        axes.plot([left, right, right + 0.1], [value, value, place], color=GREY, linewidth=1.1,
                  zorder=1, clip_on=False, scalex=False, scaley=False)  # fmt: skip
        axes.text(right + 0.13, place, f"{name}  {value:.2f}", va="center")


def spaced(places: Float, gap: float) -> Float:
    """Move sorted places apart by at least `gap`, as little as possible in squares.

    Examples
    --------
    >>> spaced(np.array([0.0, 0.1, 5.0]), 1.0)
    array([-0.45,  0.55,  5.  ])
    """
    from sklearn.isotonic import isotonic_regression

    steps = gap * np.arange(len(places))
    return np.asarray(isotonic_regression(places - steps) + steps)


def _titled(title: str, subtitle: str) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, facecolor="white")
    figure.text(0.012, 0.93, title, fontsize=11.5, fontweight="bold")
    figure.text(0.012, 0.865, subtitle, color=PLAIN)
    return figure
