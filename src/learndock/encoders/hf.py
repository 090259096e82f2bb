"""Any encoder in ONNX from a repository on Hugging Face: ``hf:OWNER/NAME`` or ``...@REVISION``.

It is fetched by huggingface_hub, into that library's cache, when the user names it, and only the
files that are needed. Spaces keep the commit. Encoding in a space that is there already fetches
nothing, and finds the files in the cache.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from learndock.core.ports import Encoder
from learndock.encoders._exports import MODELS, SETTINGS, VARIABLE, Recipe, need, remember
from learndock.encoders._sessions import Exported, Origin
from learndock.errors import Invalid, NotFound, Unavailable


class Hub(Exported):
    """Encodes with an export in a repository."""

    name = "hf"

    def open(self, source: str) -> Origin:
        """Return the export in a repository, and fetch what is not in the cache."""
        repository, _, revision = source.partition("@")
        if repository.count("/") != 1:
            raise Invalid(
                f"{source!r} names no repository", next='say `encoder="hf:OWNER/NAME@REVISION"`'
            )
        folder = _fetch(repository, revision or None)
        return Origin(remember(folder), repository, revision=folder.name)

    def cached(self, recipe: Recipe) -> Iterator[Path]:
        """Yield the folder of the cache that has the space's commit."""
        with suppress(Unavailable, Invalid):
            yield _snapshot(recipe.repository, recipe.revision, SETTINGS, offline=True)

    def remedy(self, recipe: Recipe) -> str:
        """Say how to fetch the repository, if one trusts it."""
        where = f"{recipe.repository}@{recipe.revision}"
        return (
            f'if you trust it, fetch it: `learndock.space(data, encoder="hf:{where}")`; or name a '
            f"folder that holds them: {VARIABLE}=FOLDER"
        )


def _fetch(repository: str, revision: str | None) -> Path:
    """Return the folder of a commit, with its settings and one model."""
    for models in (MODELS[:2], MODELS[2:]):
        weights = [f"{model}[._]data" for model in models]
        folder = _snapshot(repository, revision, [*SETTINGS, *models, *weights])
        if any((folder / model).is_file() for model in models):
            return folder
        revision = folder.name
    raise NotFound(
        f"repository {repository} has none of {', '.join(MODELS)}",
        next="export it yourself, and use the folder: `onnx:FOLDER`",
    )


def _snapshot(
    repository: str, revision: str | None, files: Sequence[str], *, offline: bool = False
) -> Path:
    """Let huggingface_hub find files of a commit, in its cache or on the network."""
    hub, errors = need("huggingface_hub", "hf"), need("huggingface_hub.errors", "hf")
    try:
        return Path(
            hub.snapshot_download(
                repository, revision=revision, allow_patterns=files, local_files_only=offline
            )
        )
    except errors.HFValidationError as error:
        raise Invalid(f"{repository!r} is no repository: {error}") from error
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
        raise NotFound(
            f"repository {repository} cannot be read at revision {revision or 'main'}",
            next="check its name, and log in with `hf auth login` if it is not public",
        ) from error
    except OSError as error:
        raise Unavailable(
            f"repository {repository} is not in the cache, and cannot be fetched: "
            f"{type(error).__name__}",
            next="connect to the network and unset HF_HUB_OFFLINE, or copy the files into a folder "
            "and use `onnx:FOLDER`",
        ) from error


plugin: Encoder = Hub()
