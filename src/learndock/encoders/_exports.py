"""Encoders exported to ONNX: what a folder holds, and which folder holds what a space names."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from learndock.core.space import Frozen, Space
from learndock.errors import BadModel, Conflict, NotFound, SpaceMismatch, Unavailable, UnsafeModel

VARIABLE = "LEARNDOCK_ENCODERS"
"""Environment variable: folders with exports, or with folders of such."""
MODELS = (
    "model.onnx",
    "onnx/model.onnx",
    "model_quantized.onnx",
    "onnx/model_quantized.onnx",
)
"""Where exports have their model; the first that is there is taken."""
TOKENIZER, PICTURES = "tokenizer.json", "preprocessor_config.json"
POOLING = "1_Pooling/config.json"
SETTINGS = (
    TOKENIZER,
    PICTURES,
    POOLING,
    "config.json",
    "modules.json",
    "sentence_bert_config.json",
    "tokenizer_config.json",
)
MIN_TOKENS = 8
MAX_TOKENS = 512
"""Of a window, also where the model would take more."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Pooling = Literal["mean", "first", "none"]
Positive = Annotated[float, Field(gt=0)]
_POOLINGS: dict[str, Pooling] = {
    "mean": "mean",
    "mean_tokens": "mean",
    "cls": "first",
    "cls_token": "first",
}
"""Ways to make one vector of a text's tokens, as exports call them."""


class ForTexts(Frozen):
    """How texts become tokens."""

    tokenizer: Digest
    tokens: int = Field(ge=MIN_TOKENS, le=MAX_TOKENS)


class ForPictures(Frozen):
    """How pictures become numbers: the shorter side, a square from the middle, mean and scale."""

    side: int = Field(ge=1, le=4096)
    crop: int = Field(ge=1, le=4096)
    mean: tuple[float, float, float]
    std: tuple[Positive, Positive, Positive]


class Recipe(Frozen):
    """The constants of a space: which files, by digest, and how they make coordinates."""

    recipe: Literal[1] = 1
    model: Digest
    weights: dict[str, Digest] = Field(default_factory=dict)
    """Files beside the model that hold its weights, where it is not all in one."""
    reads: ForTexts | ForPictures
    output: str = Field(max_length=200)
    pooling: Pooling
    normalise: bool
    repository: str = Field(default="", pattern=r"^([\w.-]+/[\w.-]+)?$", max_length=200)
    revision: str = Field(default="", pattern=r"^([0-9a-f]{40})?$")

    @property
    def modality(self) -> Literal["text", "image"]:
        """Return what kind of data it takes."""
        return "text" if isinstance(self.reads, ForTexts) else "image"


def recipe_of(space: Space, encoder: str) -> Recipe:
    """Return the recipe in a space's constants.

    Raises
    ------
    SpaceMismatch
        If the space belongs to another encoder, or its constants are no recipe.
    """
    if space.encoder != encoder:
        raise SpaceMismatch(
            f"space {space} belongs to encoder {space.encoder!r}, and this one is {encoder!r}",
            next=f"use the encoder {space.encoder!r}",
        )
    try:
        recipe = Recipe.model_validate(space.constants)
    except ValidationError as error:
        raise SpaceMismatch(
            f"the constants of space {space} are no recipe that this version of learndock knows: "
            f"{error.errors()[0]['msg']}",
            next="update learndock, or use another space",
        ) from error
    if recipe.modality != space.modality:
        raise SpaceMismatch(
            f"space {space} has the recipe of a space for {recipe.modality}s",
            next="make the space again",
        )
    return recipe


def need(library: str, extra: str = "onnx") -> Any:
    """Return a library, or say what to install."""
    try:
        return import_module(library)
    except ModuleNotFoundError as error:
        raise Unavailable(
            f"this encoder needs {error.name!r}, which is not installed",
            next=f'pip install "learndock[{extra}]"',
            missing=error.name,
        ) from error


# ---------------------------------------------------------------- what a folder holds


def model_in(folder: Path) -> Path:
    """Return the model of an export.

    Raises
    ------
    NotFound
        If there is none.
    Conflict
        If there are several, and none has a usual name.
    """
    for name in MODELS:
        if (folder / name).is_file():
            return folder / name
    found = _models(folder)
    if len(found) > 1:
        raise Conflict(
            f"{folder} holds several models: {', '.join(path.name for path in found)}",
            next=f"name the one that is meant {MODELS[0]}",
        )
    if not found:
        raise NotFound(
            f"{folder} holds no ONNX model",
            next=f"give the folder of an export, with {MODELS[0]} and {TOKENIZER} or {PICTURES}",
        )
    return found[0]


def _models(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.onnx"), *folder.glob("onnx/*.onnx")])


def settings(folder: Path, name: str, kind: type = dict) -> Any:
    """Return a JSON file of an export, or an empty object where there is none.

    Raises
    ------
    BadModel
        If the file is no JSON of this kind.
    """
    path = folder / name
    if not path.is_file():
        return kind()
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise BadModel(f"{path} is no JSON: {error}", next="export the model again") from error
    if not isinstance(found, kind):
        raise BadModel(f"{path} is no JSON {kind.__name__}", next="export the model again")
    return found


def tokens_of(folder: Path) -> int:
    """Return how many tokens a window has: the least that the export says, at most 512."""
    told = [
        settings(folder, "sentence_bert_config.json").get("max_seq_length"),
        settings(folder, "tokenizer_config.json").get("model_max_length"),
        settings(folder, "config.json").get("max_position_embeddings"),
    ]
    numbers = [one for one in told if isinstance(one, int | float) and one >= MIN_TOKENS]
    return int(min([*numbers, MAX_TOKENS]))


def pooling_of(folder: Path) -> Pooling:
    """Return how the vectors of a text's tokens become one: their mean, unless the export differs.

    Raises
    ------
    BadModel
        If it is done in a way that is not known here.
    """
    config = settings(folder, POOLING)
    prefix = "pooling_mode_"
    modes = [key.removeprefix(prefix) for key in config if key.startswith(prefix) and config[key]]
    mode = str(config.get("pooling_mode") or "+".join(modes) or "mean")
    further = [kind for kind in _modules(folder) if kind.endswith("Dense")]
    if mode not in _POOLINGS or further:
        raise BadModel(
            f"{folder} makes one vector of tokens by {'+'.join([mode, *further])}; known are "
            f"{', '.join(_POOLINGS)}",
            next="export the model with its pooling inside, as output `sentence_embedding`",
        )
    return _POOLINGS[mode]


def is_normalised(folder: Path) -> bool:
    """Say whether vectors are scaled to length one: yes, unless ``modules.json`` leaves it out."""
    kinds = _modules(folder)
    return not kinds or any(kind.endswith("Normalize") for kind in kinds)


def _modules(folder: Path) -> list[str]:
    """Return the kinds of the steps that make a sentence encoder."""
    modules = settings(folder, "modules.json", list)
    return [str(module.get("type")) for module in modules if isinstance(module, dict)]


def pictures_of(folder: Path) -> ForPictures:
    """Return how the export wants its pictures.

    Raises
    ------
    BadModel
        If it does not say, or says something that cannot be done.
    """
    config = settings(folder, PICTURES)
    try:
        side = _edge(config.get("size"))
        crop = _edge(config.get("crop_size")) if config.get("do_center_crop") else side
        mean, std = _standard(config)
        return ForPictures(side=side, crop=min(crop, side), mean=mean, std=std)
    except (ValidationError, LookupError, TypeError, ZeroDivisionError) as error:
        raise BadModel(
            f"{folder / PICTURES} does not say `size`, `image_mean` and `image_std` of three "
            "colours",
            next="export the model again, with its image processor",
        ) from error


def _standard(config: Any) -> tuple[Any, Any]:
    """Return mean and standard deviation of colours between 0 and 1."""
    if config.get("do_normalize") is False:
        return (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    rescale = config.get("rescale_factor", 1 / 255) if config.get("do_rescale", True) else 1
    white = 255 * rescale
    mean, std = ([x / white for x in config[name]] for name in ("image_mean", "image_std"))
    return mean, std


def _edge(size: Any) -> Any:
    """Return the length of a picture's side from the ways in which image processors write it."""
    if isinstance(size, dict):
        return size.get("shortest_edge") or size.get("height")
    return size


# ---------------------------------------------------------------- digests


def digest_of(path: Path) -> str:
    """Return a file's SHA-256; read once while size and time of the file stay the same."""
    state = path.stat()
    return _digest(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1_000)
def _digest(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_of(model: Path) -> dict[str, str]:
    """Return digests of the files that hold weights of a model.

    Raises
    ------
    BadModel
        If the model is no ONNX file, or such a file is missing.
    UnsafeModel
        If such a file is not in the model's own folder.
    """
    return {name: digest_of(model.with_name(name)) for name in _weights(model, digest_of(model))}


@lru_cache(maxsize=100)
def _weights(model: Path, _digest: str) -> tuple[str, ...]:
    library, protobuf = need("onnx"), need("google.protobuf.message")
    try:
        proto = library.load(model, load_external_data=False)
    except protobuf.DecodeError as error:
        raise BadModel(f"{model} is no ONNX file", next="export the model again") from error
    found = sorted({_place(tensor) for tensor in _tensors(proto)} - {""})
    for name in found:
        if PurePosixPath(name).name != name or "\\" in name:
            raise UnsafeModel(
                f"{model} keeps weights in {name!r}, and only files beside it are read",
                next="save it in one file: `onnx.save(onnx.load(path), target)`",
            )
        if not model.with_name(name).is_file():
            raise BadModel(f"{model} needs {name!r} beside it", next="copy all files of the export")
    return tuple(found)


def _tensors(message: Any) -> Iterator[Any]:
    """Yield all tensors within a message, at any depth."""
    if message.DESCRIPTOR.name == "TensorProto":
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            for item in (value,) if hasattr(value, "ListFields") else value:
                yield from _tensors(item)


def _place(tensor: Any) -> str:
    """Return the file that holds a tensor, or nothing where that is the model itself."""
    return next((entry.value for entry in tensor.external_data if entry.key == "location"), "")


# ---------------------------------------------------------------- which folder


_NAMED: dict[Path, None] = {}
"""Folders that this process was told of, in order."""


def remember(folder: Path) -> Path:
    """Return a folder that the user named, and look there from now on.

    Raises
    ------
    NotFound
        If there is no such folder.
    """
    folder = folder.expanduser().absolute()
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}", next="name the folder of an export")
    _NAMED[folder] = None
    return folder


def known_folders() -> Iterator[Path]:
    """Yield the folders that the user named, here or in the environment."""
    yield from _NAMED
    for entry in filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)):
        folder = Path(entry).expanduser().absolute()
        yield folder
        yield from sorted(path for path in folder.glob("*") if path.is_dir())


def find(recipe: Recipe, folders: Iterable[Path], *, remedy: str) -> tuple[Path, Path]:
    """Return the folder and the model in it that a recipe means.

    Raises
    ------
    Unavailable
        If no folder holds files of these digests; `remedy` says what to do.
    """
    wanted = {"a model": recipe.model, **recipe.weights}
    beside = {TOKENIZER: recipe.reads.tokenizer} if isinstance(recipe.reads, ForTexts) else {}
    for folder in folders:
        if all(_has(folder / name, digest) for name, digest in beside.items()):
            for model in _models(folder):
                if _has(model, recipe.model) and weights_of(model) == recipe.weights:
                    return folder, model
    wanted |= beside
    said = " and ".join(f"{name} of sha256 {digest}" for name, digest in wanted.items())
    raise Unavailable(f"no known folder holds {said}", next=remedy, wanted=wanted)


def _has(path: Path, digest: str) -> bool:
    return path.is_file() and digest_of(path) == digest
