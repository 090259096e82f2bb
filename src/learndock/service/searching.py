"""Search: spaces that go with the data, nearest sketches, a mixture, class shares, coverage."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np

from learndock.core import registry
from learndock.core.answer import Answer, Coverage, Hit, Mixture, Part, Requirement
from learndock.core.data import count_rows, form_of, take
from learndock.core.ports import Atoms, Catalogue, Entry, Filter, Index
from learndock.core.sketch import Float, Label, Sketch
from learndock.core.space import Space
from learndock.errors import NotFound, SketchMismatch, SpaceMismatch
from learndock.numerics.coverage import covered, spread
from learndock.numerics.features import Features, random_features
from learndock.numerics.kernels import mmd
from learndock.numerics.mixture import mixture
from learndock.numerics.shares import chosen, hull, temper
from learndock.service.sketching import encoder_of

FEATURES = 2048
CANDIDATES = 200
"""How many nearest embeddings are ordered again by the exact kernel."""
LEAST_WEIGHT = 0.01
NEGLIGIBLE = 1e-6
MUCH_LESS = 20
"""A regressor that counts so many times less than the first is left out."""
SUPPORT = 10
"""Of how many members single points are tried."""
EVERYTHING = 2**31 - 1
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
    return Atoms(whole.astype(np.float32), parts.astype(np.float32))


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
        fitting, near = [], []
        for space in spaces:
            if (form == "texts") != (space.modality == "text"):
                continue
            try:
                encoder_of(space).encode(head, space)
            except SpaceMismatch as error:
                near.append(error)
            else:
                fitting.append(space)
        if fitting:
            return max(fitting, key=lambda space: len(self._shelf(space.id).index))
        if near:
            raise min(near, key=lambda error: len(error.facts.get("missing", ())))
        kinds = sorted({space.modality for space in spaces})
        said = {"frame": "a data frame", "array": "an array", "texts": "a list of texts"}[form]
        raise SpaceMismatch(
            f"the data is {said}, and the dock's spaces are for {', '.join(kinds)}",
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
        space, sketch = wanted.sketch.space, wanted.sketch
        if space not in self._catalogue.spaces():
            raise SketchMismatch(
                f"the sketch is in space {space} (sha256:{space.id[:12]}), which the dock does not "
                "have",
                next="sketch your data in one of the dock's spaces, `dock.spaces()`",
                space=space.id,
            )
        entries = self._offered(wanted)
        target = features_of(space).embed(sketch.points, sketch.weights)
        hits = self._hits(entries, sketch, target)
        if hits:
            # One answer predicts one thing: what the nearest learnware predicts.
            best = entries[hits[0].id].manifest
            entries = {
                key: entry
                for key, entry in entries.items()
                if (entry.manifest.task, entry.manifest.target) == (best.task, best.target)
            }
        mixed, cover = self._combine(entries, wanted, target, members)
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
        return {entry.id: entry for entry in self._catalogue.find(meeting, limit=EVERYTHING)}

    def _shelf(self, space: str) -> _Shelf:
        """Return the embeddings of a space, loaded again when the catalogue has changed."""
        stamp = self._catalogue.stamp()
        found = self._shelves.get(space)
        if found is None or found.stamp != stamp:
            atoms = dict(self._catalogue.atoms(space))
            index: Index = registry.load("indexes", "exact")(FEATURES)
            if atoms:
                index.add(list(atoms), np.stack([atom.whole for atom in atoms.values()]))
            parts = {key: atom.parts.astype(np.float64) for key, atom in atoms.items()}
            found = self._shelves[space] = _Shelf(stamp, index, parts)
        return found

    def _hits(self, entries: dict[str, Entry], sketch: Sketch, target: Float) -> list[Hit]:
        """Return the learnwares nearest to the task, ordered by the exact kernel, ties by id."""
        index = self._shelf(sketch.space.id).index
        near = [key for key, _ in index.nearest(target, len(index)) if key in entries][:CANDIDATES]
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
        self, entries: dict[str, Entry], wanted: Requirement, target: Float, members: int
    ) -> tuple[Mixture, Coverage]:
        """Return the mixture over these learnwares, with class shares, and the coverage."""
        shelf = self._shelf(wanted.sketch.space.id)

        def look(direction: Float, count: int) -> tuple[Sequence[str], Float]:
            found = shelf.index.largest(direction, len(shelf.index))
            keys = [key for key, _ in found if key in entries][:count]
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
        held = [(*name, share) for name, share in zip(names, shares.tolist(), strict=True) if share]
        return shown, self._coverage(distance, held, atoms, wanted.sketch, target)

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
        least = NEGLIGIBLE if shares else counts[keys[0]] / MUCH_LESS
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
        held: list[tuple[str, int, float]],
        atoms: Float,
        sketch: Sketch,
        target: Float,
    ) -> Coverage:
        """Return how much of the task is covered.

        `held` are the learnwares, outcomes and shares that make up the nearest mixture. A sketch
        is less exact for an outcome, the rarer that is: its squared error is divided by its share.

        A part of a table's population, such as one department of a shop, is no mixture of
        classes. Where classes do not explain a table, single points of the nearest sketches
        are tried before it is called foreign.
        """
        known = self._catalogue.sketches(list(dict.fromkeys(key for key, _, _ in held)))
        error2 = sketch.mmd**2 + sum(
            (share * known[key].mmd) ** 2 / known[key].prior[column] for key, column, share in held
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
            heaviest = dict.fromkeys(key for key, _, _ in sorted(held, key=lambda one: -one[2]))
            points = np.concatenate([known[key].points for key in list(heaviest)[:SUPPORT]])
            single = features_of(sketch.space).embed(points, np.eye(len(points)))
            found = told(hull(single, target)[1])
        return Coverage(**vars(found))


def _class_atoms(
    entries: dict[str, Entry], parts: dict[str, Float]
) -> tuple[list[tuple[str, int]], Float]:
    """Return one embedding for each learnware and outcome that it answers, with both's names."""
    names = [(key, column) for key in entries for column, row in enumerate(parts[key]) if row.any()]
    return names, np.array([parts[key][column] for key, column in names])
