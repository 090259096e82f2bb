"""A trained model with its specification, as one immutable, content-addressed thing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from learndock.core.identity import canonical, digest
from learndock.core.manifest import SKETCH, File, Manifest
from learndock.core.sketch import Sketch
from learndock.errors import BadArchive


@dataclass(frozen=True, eq=False)
class Learnware:
    """A trained model plus its specification. Immutable; known by its digest.

    Attributes
    ----------
    manifest : Manifest
        What it does, in words and typed fields.
    sketch : Sketch
        Where it is good, and what it answers there.
    files : mapping of str to bytes
        The model, in a format that runs no code.
    """

    manifest: Manifest
    sketch: Sketch
    files: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        listed = self.manifest.files
        if tuple(sorted(listed, key=lambda f: f.path)) != list_files(self.sketch, self.files):
            raise BadArchive("the manifest's list of files is not what the learnware holds")
        if self.manifest.space != self.sketch.space.id:
            raise BadArchive("the manifest names another space than the sketch")

    @cached_property
    def id(self) -> str:
        """SHA-256 of the canonical manifest."""
        return digest(canonical(self.manifest))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Learnware) and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __str__(self) -> str:
        shown = self.manifest
        return f"{shown.name} ({shown.task}, {shown.runtime}, {shown.license}) sha256:{self.id}"


def list_files(sketch: Sketch, files: Mapping[str, bytes]) -> tuple[File, ...]:
    """Return the entries a manifest must have for a sketch and model files, sorted by name."""
    content = {**files, SKETCH: sketch.to_bytes()}
    return tuple(
        File(path=path, size=len(content[path]), sha256=digest(content[path]))
        for path in sorted(content)
    )
