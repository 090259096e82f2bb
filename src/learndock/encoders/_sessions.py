"""What `onnx` and `hf` have in common: running an exported encoder on texts or pictures.

Each row runs alone. A batch would be padded, and a network with dynamic quantisation takes its
scales from the whole batch: a row's coordinates would depend on its neighbours. As many rows run
at once as there are processors, each on one thread.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from learndock.core.data import form_of, take
from learndock.core.pictures import Pixels, read_square
from learndock.core.ports import Reading
from learndock.core.sketch import Float
from learndock.core.space import Space
from learndock.encoders._exports import (
    TOKENIZER,
    ForPictures,
    ForTexts,
    Pooling,
    Recipe,
    digest_of,
    find,
    is_normalised,
    known_folders,
    model_in,
    need,
    pictures_of,
    pooling_of,
    recipe_of,
    tokens_of,
    weights_of,
)
from learndock.encoders._texts import is_blank, read_texts, require_words, share_of_blank
from learndock.errors import BadData, BadModel, SpaceMismatch
from learndock.numerics.kernels import median_gamma
from learndock.numerics.rounding import significant

MIN_ROWS = 5
"""Fewer rows do not hide one another behind a median distance."""
SAMPLE = 250
"""Rows that the median distance is taken from."""
WINDOWS = 8
"""Windows of a long text that are read."""
REACH = 16
"""Characters of a passage for each token of a window: enough to fill it in any script."""

_OUTPUTS = {
    "text": ("sentence_embedding", "last_hidden_state", "token_embeddings"),
    "image": ("image_embeds", "pooler_output", "last_hidden_state"),
}
"""Outputs that are taken, the best first."""
_RANKS = {"text": (3, 2), "image": (2, 4, 3)}
"""Where none has such a name: dimensions of the output, the best first."""
_PARTS = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
"""Inputs of a network for texts, and where a tokenizer has them."""
Run = Callable[[dict[str, Any]], Float]
"""Inputs of a network by name to the vector of one row."""
_INTEGERS = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}


@dataclass(frozen=True)
class Origin:
    """An export that the user named: its folder, and for `hf` where it came from."""

    folder: Path
    repository: str = ""
    revision: str = ""


class Exported:
    """An encoder in ONNX with its tokenizer or image processor. An adapter says where it is."""

    builtin: Space | None = None

    name: str

    def open(self, source: str) -> Origin:
        """Return the export that the user named, fetching it if need be."""
        raise NotImplementedError

    def cached(self, recipe: Recipe) -> Iterable[Path]:
        """Return folders where a space's files may be, besides those that the user named."""
        return ()

    def remedy(self, recipe: Recipe) -> str:
        """Say what to do when a space's files are not found."""
        raise NotImplementedError

    def claims(self, data: Any) -> bool:
        """Say no: which export is meant has to be said."""
        return False

    def space(self, data: Any, *, name: str, source: str = "") -> Space:
        """Make a space for an export; of the data only the median distance is kept.

        Parameters
        ----------
        data : list of texts, or pictures
            What the export is for; at least 5, of which at most 250 are encoded.
        name : str
            What people call the space.
        source : str
            Where the export is.

        Raises
        ------
        BadData
            If the data cannot be read, or there are too few rows that are not blank.
        NotFound, Conflict, Unavailable
            If the export is not there, holds several models, or cannot be fetched.
        BadModel, UnsafeModel
            If it is no encoder that can be run, or keeps weights in other folders.
        """
        form_of(data)
        origin = self.open(source)
        model = model_in(origin.folder)
        recipe = _recipe(origin, model)
        rows = _read(data, recipe)
        if recipe.modality == "text":
            require_words(rows)
            rows = [text for text in rows if not is_blank(text)]
        if len(rows) < MIN_ROWS:
            raise BadData(
                f"{len(rows)} rows were given, and a space needs at least {MIN_ROWS}",
                next="give more, or use a space that the dock has",
                rows=len(rows),
            )
        chosen = np.random.default_rng(0).permutation(len(rows))[:SAMPLE]
        coords = _coordinates(take(rows, chosen), recipe, origin.folder, model)
        return Space(
            name=name,
            modality=recipe.modality,
            encoder=self.name,
            width=coords.shape[1],
            gamma=significant(median_gamma(coords)),
            scales=(0.25, 1.0, 4.0, 16.0),
            constants=recipe.model_dump(mode="json", exclude_none=True),
        )

    def encode(self, data: Any, space: Space) -> Float:
        """Return (n, width) coordinates; a text without a word is at zero.

        Nothing is downloaded: a space may come from a stranger, and a file that it names is
        opened only if the user named it, too.

        Raises
        ------
        SpaceMismatch
            If the space belongs to another encoder, or has another width than the export.
        BadData
            If the data cannot be read.
        Unavailable
            If no folder that the user named holds the files that the space names.

        Notes
        -----
        A text longer than a window is the mean of up to 8 windows, evenly spread and weighted by
        their tokens. Costs one run of the network for each window or picture.
        """
        recipe = recipe_of(space, self.name)
        rows = _read(data, recipe)
        folder, model = find(recipe, self._folders(recipe), remedy=self.remedy(recipe))
        if recipe.modality == "text" and share_of_blank(rows) == 1:
            return np.zeros((len(rows), space.width))
        coords = _coordinates(rows, recipe, folder, model)
        if coords.shape[1] != space.width:
            raise SpaceMismatch(
                f"the encoder makes {coords.shape[1]} coordinates, and space {space} has "
                f"{space.width}",
                next="make the space again",
            )
        return coords

    def bounds(self, space: Space) -> tuple[Float, Float]:
        """Return -1 and 1 where vectors have length one, else infinities."""
        limit = 1.0 if recipe_of(space, self.name).normalise else np.inf
        return np.full(space.width, -limit), np.full(space.width, limit)

    def explain(self, data: Any, space: Space) -> tuple[Reading, ...]:
        """Say which model reads the rows, and how much of them."""
        recipe = recipe_of(space, self.name)
        rows = _read(data, recipe)
        told = f"{space.width} numbers from the model of sha256 {recipe.model[:12]}, "
        if isinstance(recipe.reads, ForTexts):
            told += f"up to {WINDOWS} windows of {recipe.reads.tokens} tokens of each text"
            return (Reading(name="", kind="text", told=told, missing=share_of_blank(rows)),)
        told += f"each picture as {recipe.reads.crop} x {recipe.reads.crop} pixels"
        return (Reading(name="", kind="image", told=told),)

    def _folders(self, recipe: Recipe) -> Iterator[Path]:
        yield from known_folders()
        yield from self.cached(recipe)


def _recipe(origin: Origin, model: Path) -> Recipe:
    """Return what a space keeps of an export."""
    folder, digest = origin.folder, digest_of(model)
    weights = weights_of(model)
    reads = _reads(folder)
    output, pooling = _output(_session(model, digest), reads)
    if isinstance(reads, ForTexts) and pooling != "none":
        pooling = pooling_of(folder)
    return Recipe(
        model=digest,
        weights=weights,
        reads=reads,
        output=output,
        pooling=pooling,
        normalise=is_normalised(folder),
        repository=origin.repository,
        revision=origin.revision,
    )


def _reads(folder: Path) -> ForTexts | ForPictures:
    tokenizer = folder / TOKENIZER
    if tokenizer.is_file():
        return ForTexts(tokenizer=digest_of(tokenizer), tokens=tokens_of(folder))
    return pictures_of(folder)


def _read(data: Any, recipe: Recipe) -> Any:
    if recipe.modality == "text":
        return read_texts(data)
    if (form := form_of(data)) != "images":
        raise BadData(f"pictures are needed, and these are {form}", next="give pictures")
    return data


# ---------------------------------------------------------------- rows to vectors


def _coordinates(rows: Any, recipe: Recipe, folder: Path, model: Path) -> Float:
    """Return (n, width) coordinates of rows, of which one at least is not blank."""
    session = _session(model, recipe.model)

    def run(feed: dict[str, Any]) -> Float:
        return _pooled(_answer(session, recipe.output, feed), recipe.pooling)

    if isinstance(reads := recipe.reads, ForTexts):
        full = [row for row, text in enumerate(rows) if not is_blank(text)]
        tokenizer = _tokenizer(folder / TOKENIZER, reads.tokenizer, reads.tokens)
        parts = _parts(session)
        vectors = _each(lambda row: _text_vector(rows[row], tokenizer, parts, run), full)
    else:
        full = list(range(len(rows)))
        entry = _picture_entry(session)
        vectors = _each(lambda row: run({entry: _pixels(rows[row], row, reads)}), full)
    if not np.isfinite(vectors).all():
        raise BadModel("the encoder makes numbers that are not finite", next="use another one")
    coords = np.zeros((len(rows), vectors.shape[1]))
    coords[full] = _of_length_one(vectors) if recipe.normalise else vectors
    return coords


def _each(vector_of: Callable[[int], Float], rows: list[int]) -> Float:
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        return np.stack(list(pool.map(vector_of, rows)))


def _of_length_one(vectors: Float) -> Float:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Float = vectors / np.where(length == 0, 1.0, length)
    return scaled


def _text_vector(text: str, tokenizer: Any, parts: dict[str, Any], run: Run) -> Float:
    """Return the mean of a text's windows, weighted by their tokens."""
    windows = list(_windows(text, tokenizer))
    vectors = [
        run({name: np.array([getattr(window, _PARTS[name])], kind) for name, kind in parts.items()})
        for window in windows
    ]
    mean: Float = np.average(vectors, axis=0, weights=[len(window.ids) for window in windows])
    return mean


def _windows(text: str, tokenizer: Any) -> Iterator[Any]:
    """Yield the tokens of up to 8 windows, evenly spread over a text.

    Of a long text only passages are tokenised; half a surrogate pair counts as a question mark.
    """
    found: list[Any] = []
    for passage in _passages(text, REACH * tokenizer.truncation["max_length"]):
        readable = passage.encode("utf-8", "replace").decode()
        first = tokenizer.encode(readable)  # no batch: its threads would warn in forked processes
        found += [first, *first.overflowing]
    for place in np.linspace(0, len(found) - 1, min(WINDOWS, len(found))).round().astype(int):
        yield found[place]


def _passages(text: str, reach: int) -> list[str]:
    """Return a text, or of a long one 8 passages of `reach` characters, evenly spread."""
    if len(text) <= WINDOWS * reach:
        return [text]
    starts = np.linspace(0, len(text) - reach, WINDOWS).astype(int)
    return [text[start : start + reach] for start in starts]


def _pixels(picture: Any, row: int, wanted: ForPictures) -> Pixels:
    """Return a picture as a network takes it, (1, 3, crop, crop): its middle, standardised."""
    square = read_square(picture, wanted.side, name=f"picture {row}")
    edge = (wanted.side - wanted.crop) // 2
    middle = square[edge : edge + wanted.crop, edge : edge + wanted.crop]
    mean, std = np.array((wanted.mean, wanted.std), dtype=np.float32)
    standard: Pixels = (middle - mean) / std
    return standard.transpose(2, 0, 1)[None]


# ---------------------------------------------------------------- networks


@lru_cache(maxsize=2)
def _session(model: Path, _digest: str) -> Any:
    """Return a network that runs on one thread of the processor.

    ONNX Runtime itself refuses operators that are not its own, and weights outside the folder.
    """
    library = need("onnxruntime")
    options = library.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return library.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except _failures() as error:
        raise BadModel(
            f"ONNX Runtime cannot load {model.name}: {_reason(error)}", next="export it again"
        ) from error


@lru_cache(maxsize=4)
def _tokenizer(path: Path, _digest: str, tokens: int) -> Any:
    """Return a tokenizer that cuts texts into windows and pads none."""
    library = need("tokenizers")
    try:
        tokenizer = library.Tokenizer.from_buffer(path.read_bytes())
    except ValueError as error:
        raise BadModel(f"{path} is no tokenizer: {error}", next="export it again") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(tokens)
    return tokenizer


def _failures() -> tuple[type[Exception], ...]:
    """Return the errors of ONNX Runtime, which have no common root."""
    native = need("onnxruntime.capi.onnxruntime_pybind11_state")
    kinds = [kind for kind in vars(native).values() if isinstance(kind, type)]
    return (RuntimeError, ValueError, *(kind for kind in kinds if issubclass(kind, Exception)))


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:500]


def _output(session: Any, reads: ForTexts | ForPictures) -> tuple[str, Pooling]:
    """Return the output that holds embeddings, and how it becomes one vector a row."""
    modality = "text" if isinstance(reads, ForTexts) else "image"
    found = {output.name: len(output.shape) for output in session.get_outputs()}
    ranks = _RANKS[modality]
    named = [name for name in _OUTPUTS[modality] if found.get(name) in ranks]
    others = [name for rank in ranks for name in found if found[name] == rank]
    if not (named or others):
        raise BadModel(
            f"the model has the outputs {', '.join(found)}, none of which holds embeddings",
            next="export an encoder, for example with `--task feature-extraction`",
        )
    chosen = [*named, *others][0]
    pooling: dict[int, Pooling] = {2: "none", 3: "first", 4: "mean"}
    return chosen, pooling[found[chosen]]


def _parts(session: Any) -> dict[str, Any]:
    """Return the types of a network's inputs, all of which a tokenizer provides."""
    found = {entry.name: entry.type for entry in session.get_inputs()}
    odd = [name for name, kind in found.items() if name not in _PARTS or kind not in _INTEGERS]
    if odd:
        raise BadModel(
            f"the model has an input {odd[0]!r}, and only {', '.join(_PARTS)} can be given",
            next="export the part that encodes texts alone",
        )
    return {name: _INTEGERS[kind] for name, kind in found.items()}


def _picture_entry(session: Any) -> str:
    """Return the name of a network's one input, which takes pictures of three colours."""
    entries = session.get_inputs()
    shape = entries[0].shape
    if len(entries) != 1 or len(shape) != 4 or (isinstance(shape[1], int) and shape[1] != 3):
        shapes = ", ".join(f"{entry.name} {entry.shape}" for entry in entries)
        raise BadModel(
            f"the model has the inputs {shapes}; one of (n, 3, height, width) is needed",
            next="export the part that encodes pictures alone",
        )
    return str(entries[0].name)


def _answer(session: Any, output: str, feed: dict[str, Any]) -> Any:
    try:
        return session.run([output], feed)[0]
    except _failures() as error:
        raise BadModel(
            f"the encoder cannot read a row: {_reason(error)}", next="export it again"
        ) from error


def _pooled(answer: Any, pooling: Pooling) -> Float:
    """Return one vector from an answer about one row: (1, d), (1, tokens, d) or (1, d, h, w)."""
    values: Float = np.asarray(answer, dtype=np.float64)[0]
    if pooling == "first" and values.ndim == 2:
        values = values[0]
    elif pooling == "mean" and values.ndim in (2, 3):
        values = values.mean(axis=0 if values.ndim == 2 else (1, 2))
    if values.ndim != 1:
        raise BadModel(
            f"the encoder answers in shape {np.shape(answer)}, which pooling {pooling!r} does not "
            "make one vector",
            next="make the space again",
        )
    return values
