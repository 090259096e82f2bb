"""Search: spaces that go with the data, nearest sketches, a mixture, class shares, coverage."""

import math
import time
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, get_args

import numpy as np

from learndock.core import registry
from learndock.core.answer import Answer, Coverage, Hit, Mixture, Part, Requirement
from learndock.core.data import Form, count_rows, form_of, take
from learndock.core.manifest import Task
from learndock.core.ports import Atoms, Catalogue, Entry, Filter, Index
from learndock.core.sketch import Float, Label, Sketch
from learndock.core.space import Space
from learndock.errors import (
    BadData,
    DockError,
    Invalid,
    NotFound,
    SketchMismatch,
    SpaceMismatch,
    Unavailable,
)
from learndock.numerics.coverage import covered, spread
from learndock.numerics.features import Features, random_features
from learndock.numerics.kernels import mmd
from learndock.numerics.mixture import mixture
from learndock.numerics.shares import chosen, hull, temper
from learndock.service.encoding import encoder_of

FEATURES = 2048
RECIPE = "orthogonal-2048-1"
"""How embeddings are made; those of another recipe are made anew."""
CANDIDATES = 200
"""How many nearest embeddings are ordered again by the exact kernel."""
LEAST_WEIGHT = 0.01
NEGLIGIBLE = 1e-6
MUCH_LESS = 20
"""A regressor under `LEAST_WEIGHT`, and so many times lighter than the first, is left out."""
SUPPORT = 10
"""Of how many members single points are tried."""
MODALITIES: dict[Form, tuple[str, ...]] = {
    "texts": ("text",),
    "frame": ("table",),
    "array": ("table", "vector"),
    "images": ("image",),
}
"""Which spaces each form of data is tried in: an array is a table, unless no table fits."""
SAID: dict[Form, str] = {
    "frame": "a data frame",
    "array": "an array",
    "texts": "a list of texts",
    "images": "pictures",
}
HEAD = 200
"""How many rows are read to see which spaces go with the data."""


@lru_cache(maxsize=16)
def features_of(space: Space) -> Features:
    """Return the random features of a space: the same everywhere, from its digest."""
    seed = int(space.id[:8], 16)
    return random_features(space.width, FEATURES, gammas=space.gammas, seed=seed)


def embed(sketch: Sketch) -> Atoms:
    """Return a sketch as vectors: distances between them are about the MMD."""
    features = features_of(sketch.space)
    whole = features.embed(sketch.points, sketch.weights)
    parts = np.zeros((0, FEATURES))
    if sketch.outcomes is not None:
        mass = np.where(sketch.prior > 0, sketch.prior, 1.0)
        parts = features.embed(sketch.points, sketch.outcomes / mass)
    return Atoms(whole.astype(np.float32), parts.astype(np.float32), recipe=RECIPE)


@dataclass(frozen=True, eq=False)
class _Shelf:
    """The embeddings of one space, as they were at one moment of the catalogue."""

    stamp: int
    index: Index
    parts: dict[str, Float]
    """(C, D) for each learnware."""


class Searcher:
    """Answers requirements from a catalogue; keeps the embeddings of each space in memory."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._shelves: dict[str, _Shelf] = {}

    def space_for(self, data: Any) -> Space:
        """Return the space that goes with data and holds most learnwares.

        Raises
        ------
        NotFound
            If the dock is empty.
        SpaceMismatch
            If no space goes with the data; names the columns that the nearest one misses.
        """
        form = form_of(data)
        spaces = self._catalogue.spaces()
        if not spaces:
            raise NotFound("the dock is empty", next="submit a learnware first")
        head = take(data, np.arange(min(count_rows(data), HEAD)))
        reasons: list[DockError] = []
        for modality in MODALITIES[form]:
            fitting: list[Space] = []
            for space in spaces:
                if space.modality == modality:
                    try:
                        encoder_of(space).encode(head, space)
                        fitting.append(space)
                    except (SpaceMismatch, BadData, NotFound, Unavailable) as error:
                        reasons.append(error)
            if fitting:
                return max(fitting, key=lambda space: len(self._shelf(space.id).index))
        if reasons:
            raise min(reasons, key=_how_far)
        kinds = sorted({space.modality for space in spaces})
        raise SpaceMismatch(
            f"the data is {SAID[form]}, and the dock's spaces are for {', '.join(kinds)}",
            next="give such data; of a table's texts, one column",
        )

    def search(
        self,
        wanted: Requirement,
        *,
        limit: int,
        members: int,
        start: float,
        reuser: Callable[..., Any],
    ) -> Answer:
        """Return hits, mixture, class shares and coverage for a requirement.

        `start` is when the user began to wait, as `time.perf_counter` tells it.
        """
        if limit < 1 or members < 1:
            raise Invalid(
                f"limit {limit} and members {members} were given", next="give 1 or more of each"
            )
        if wanted.task not in ("", *get_args(Task)):
            raise Invalid(
                f"there is no task {wanted.task!r}", next=f"say one of {', '.join(get_args(Task))}"
            )
        space, sketch = wanted.sketch.space, wanted.sketch
        if space not in self._catalogue.spaces():
            raise SketchMismatch(
                f"the sketch is in space {space} (sha256:{space.id[:12]}), which the dock does not "
                "have",
                next="sketch your data in one of the dock's spaces, `dock.spaces()`",
                space=space.id,
            )
        shelf = self._shelf(space.id)
        # What another process withdrew or submitted meanwhile is in one of the two only.
        entries = {key: entry for key, entry in self._offered(wanted).items() if key in shelf.parts}
        target = features_of(space).embed(sketch.points, sketch.weights)
        hits = self._hits(shelf, entries, sketch, target)
        if hits:
            # One answer predicts one thing: what the nearest learnware predicts.
            best = entries[hits[0].id].manifest
            entries = {
                key: entry
                for key, entry in entries.items()
                if (entry.manifest.task, entry.manifest.target) == (best.task, best.target)
            }
        mixed, cover = self._combine(shelf, entries, wanted, target, members)
        return Answer(
            rows=sketch.rows,
            space=str(space),
            task=hits[0].task if hits else wanted.task,
            target=hits[0].target if hits else wanted.target,
            hits=tuple(hits[:limit]),
            mixture=mixed,
            coverage=cover,
            searched=len(entries),
            seconds=time.perf_counter() - start,
            reuser=reuser,
        )

    def _offered(self, wanted: Requirement) -> dict[str, Entry]:
        """Return the learnwares of the space that meet the wishes, by id."""
        meeting = Filter(
            words=wanted.want,
            task=wanted.task,
            target=wanted.target,
            license=wanted.license,
            space=wanted.sketch.space.id,
        )
        return {entry.id: entry for entry in self._catalogue.find(meeting, limit=None)}

    def _shelf(self, space: str) -> _Shelf:
        """Return the embeddings of a space, loaded again when the catalogue has changed."""
        stamp = self._catalogue.stamp()
        found = self._shelves.get(space)
        if found is None or found.stamp != stamp:
            atoms = dict(self._catalogue.atoms(space))
            stale = [key for key, atom in atoms.items() if atom.recipe != RECIPE]
            for key, sketch in self._catalogue.sketches(stale).items():
                atoms[key] = embed(sketch)
            index: Index = registry.load("indexes", "exact")(FEATURES)
            if atoms:
                index.add(list(atoms), np.stack([atom.whole for atom in atoms.values()]))
            parts = {key: atom.parts.astype(np.float64) for key, atom in atoms.items()}
            found = self._shelves[space] = _Shelf(stamp, index, parts)
        return found

    def _hits(
        self, shelf: _Shelf, entries: dict[str, Entry], sketch: Sketch, target: Float
    ) -> list[Hit]:
        """Return the learnwares nearest to the task, ordered by the exact kernel, ties by id."""
        ask = partial(shelf.index.nearest, target)
        near = _first(ask, entries, CANDIDATES, len(shelf.index))
        found = self._catalogue.sketches(near)
        distances = {
            key: mmd(found[key].points, found[key].weights, sketch.points, sketch.weights,
                     gammas=sketch.space.gammas)
            for key in near
        }  # fmt: skip
        return [
            Hit(
                ref=entries[key].ref,
                id=key,
                distance=distances[key],
                task=entries[key].manifest.task,
                target=entries[key].manifest.target,
                license=entries[key].manifest.license,
                description=entries[key].manifest.description,
            )
            for key in sorted(near, key=lambda key: (distances[key], key))
        ]

    def _combine(
        self,
        shelf: _Shelf,
        entries: dict[str, Entry],
        wanted: Requirement,
        target: Float,
        members: int,
    ) -> tuple[Mixture, Coverage]:
        """Return the mixture over these learnwares, with class shares, and the coverage."""

        def look(direction: Float, count: int) -> tuple[Sequence[str], Float]:
            ask = partial(shelf.index.largest, direction)
            keys = _first(ask, entries, count, len(shelf.index))
            return keys, shelf.index.vectors(keys).astype(np.float64)

        names, atoms = _class_atoms(entries, shelf.parts)
        if not names:
            return Mixture(), Coverage(0.0, 0.0, 0.0, foreign=True, distance=1.0, noise=0.0)
        shares, distance = hull(atoms, target)
        mixed = mixture(target, look, size=members, least=LEAST_WEIGHT)
        # A member counts by its place in the mixture of whole sketches, and by the class-wise
        # parts of it that the task has; each is a simplex.
        by_key: dict[str, float] = {}
        by_label: dict[Label, float] = {}
        for (key, column), share in zip(names, shares.tolist(), strict=True):
            by_key[key] = by_key.get(key, 0.0) + share
            if classes := entries[key].manifest.classes:
                by_label[classes[column]] = by_label.get(classes[column], 0.0) + share
        whole = dict(zip(mixed.keys, mixed.weights.tolist(), strict=True))
        counts = {key: (share + whole.get(key, 0.0)) / 2 for key, share in by_key.items()}
        parts = self._parts(entries, counts, by_label, members)
        shown = Mixture(parts, mixed.residual, mixed.gap, by_label)
        return shown, self._coverage(distance, names, shares, atoms, wanted.sketch, target)

    def _parts(
        self,
        entries: dict[str, Entry],
        counts: dict[str, float],
        shares: dict[Label, float],
        members: int,
    ) -> tuple[Part, ...]:
        """Return the members, heaviest first, with weights that sum to one.

        Regressors are those that count most, and half of a weight is the same for all: what
        sketches say of them is rough. Classifiers are those that together know the classes.
        """
        keys = sorted(counts, key=lambda key: (-counts[key], key))
        least = NEGLIGIBLE if shares else min(LEAST_WEIGHT, counts[keys[0]] / MUCH_LESS)
        keys = [key for key in keys if counts[key] > least]
        if shares and len(keys) > members:
            found = self._catalogue.sketches(keys)
            known = [dict(zip(found[key].classes, found[key].prior, strict=True)) for key in keys]
            priors = np.array([[own.get(label, 0.0) for label in shares] for own in known])
            scores = np.array([counts[key] for key in keys])
            asked = temper(np.array(list(shares.values())), known=len(shares))
            keys = [keys[i] for i in sorted(chosen(scores, priors, asked, size=members))]
        kept = keys[:members]
        total = sum(counts[key] for key in kept)
        weights = np.array([counts[key] / total for key in kept])
        if not shares:
            weights = (weights + 1 / len(kept)) / 2
        return tuple(
            Part(entries[key].ref, key, weight)
            for key, weight in zip(kept, weights.tolist(), strict=True)
        )

    def _coverage(
        self,
        distance: float,
        names: list[tuple[str, int]],
        shares: Float,
        atoms: Float,
        sketch: Sketch,
        target: Float,
    ) -> Coverage:
        """Return how much of the task is covered by the nearest mixture of class-wise atoms.

        A part of a table's population, such as one department of a shop, is no mixture of
        classes. Where classes do not explain a table, single points of the nearest sketches
        are tried before it is called foreign.
        """
        held = sorted(np.flatnonzero(shares), key=lambda i: -shares[i])
        known = self._catalogue.sketches(list(dict.fromkeys(names[i][0] for i in held)))
        error2 = sketch.mmd**2 + sum(
            shares[i] ** 2 * _error2(known[names[i][0]], names[i][1], atoms[i]) for i in held
        )
        told = partial(
            covered,
            error=math.sqrt(error2),
            rows=sketch.rows,
            norm2=float(target @ target),
            spread=spread(atoms),
        )
        found = told(distance)
        if found.foreign and sketch.space.modality == "table":
            points = np.concatenate([one.points for one in list(known.values())[:SUPPORT]])
            single = features_of(sketch.space).embed(points, np.eye(len(points)))
            found = told(hull(single, target)[1])
        return Coverage(**vars(found))


def _error2(sketch: Sketch, column: int, atom: Float) -> float:
    """Return the squared error of a sketch for one outcome: greater, the rarer that is.

    What an owner states is believed up to the error of as many random rows as there are points.
    """
    random = (1 - float(atom @ atom)) / len(sketch)
    return min(sketch.mmd**2, random) / float(sketch.prior[column])


def _first(
    ask: Callable[[int], list[tuple[str, float]]],
    wanted: Container[str],
    count: int,
    total: int,
) -> list[str]:
    """Return the first `count` keys that are wanted, asking an index for ever more."""
    asked = count
    while True:
        keys = [key for key, _ in ask(min(asked, total)) if key in wanted]
        if len(keys) >= count or asked >= total:
            return keys[:count]
        asked *= 4


def _how_far(error: DockError) -> tuple[bool, int]:
    """Return how little an error says of the data: unlike columns say most, the fewer they are."""
    return not isinstance(error, SpaceMismatch), len(error.facts.get("missing", ()))


def _class_atoms(
    entries: dict[str, Entry], parts: dict[str, Float]
) -> tuple[list[tuple[str, int]], Float]:
    """Return one embedding for each learnware and outcome that it answers, with both's names."""
    names = [(key, column) for key in entries for column, row in enumerate(parts[key]) if row.any()]
    return names, np.array([parts[key][column] for key, column in names])
