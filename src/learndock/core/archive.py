"""One learnware as one zip: written reproducibly, read strictly."""

import io
import json
import zipfile
from collections.abc import Iterable

from pydantic import ValidationError

from learndock.core.identity import canonical, digest
from learndock.core.learnware import Learnware
from learndock.core.manifest import MAX_BYTES, MAX_FILES, SKETCH, File, Manifest
from learndock.core.sketch import Sketch
from learndock.errors import BadArchive, BadManifest

MANIFEST = "learnware.json"
MAX_MANIFEST = 1 << 20
CHUNK = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write(learnware: Learnware) -> bytes:
    """Return a learnware as a zip; the same content gives the same bytes.

    Files are in alphabetical order after the manifest, with one fixed date, and stored as they
    are: deflate differs between zlib builds, and model formats compress themselves.

    Raises
    ------
    BadArchive
        If the learnware has more bytes than an archive may have.
    """
    content = {
        MANIFEST: canonical(learnware.manifest),
        SKETCH: learnware.sketch.to_bytes(),
        **{path: learnware.files[path] for path in sorted(learnware.files)},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path, body in content.items():
            entry = zipfile.ZipInfo(path, date_time=_EPOCH)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, body)
    _refuse_large(buffer.tell())
    return buffer.getvalue()


def read(content: bytes) -> Learnware:
    """Return the learnware in a zip, and refuse whatever is not exactly one.

    Every file must be listed in the manifest with its size and digest, which are checked while
    it is read; nothing is written anywhere.

    Raises
    ------
    BadArchive
        If the zip is broken, too large, holds anything unlisted, or a digest differs.
    BadManifest
        If the manifest is not valid.
    """
    _refuse_large(len(content))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = _entries(archive.infolist(), len(content))
            manifest = _manifest(_read(archive, entries.pop(MANIFEST), MAX_MANIFEST))
            _same_names(entries, manifest)
            files = {
                file.path: _verified(archive, entries[file.path], file) for file in manifest.files
            }
    except KeyError as error:
        raise BadArchive(f"not a learnware: {MANIFEST} is missing") from error
    except (zipfile.BadZipFile, UnicodeDecodeError, EOFError, RuntimeError) as error:
        raise BadArchive(f"not a readable zip: {error}", next="fetch or pack it again") from error
    return Learnware(manifest, Sketch.from_bytes(files.pop(SKETCH)), files)


def _refuse_large(length: int) -> None:
    if length > MAX_BYTES:
        raise BadArchive(f"the zip has {length:,} bytes; at most {MAX_BYTES:,} are allowed")


def _entries(found: list[zipfile.ZipInfo], length: int) -> dict[str, zipfile.ZipInfo]:
    """Return the zip's entries by name, refusing too many, doubled, or packed ones, and gaps."""
    if len(found) > MAX_FILES + 1:
        raise BadArchive(f"the zip has {len(found)} files; at most {MAX_FILES + 1} are allowed")
    entries = {entry.filename: entry for entry in found}
    if len(entries) != len(found):
        raise BadArchive("the zip holds two files of one name")
    for entry in found:
        if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
            raise BadArchive(f"{entry.filename!r} is packed; files are stored as they are")
    if not _is_tight(found, length):
        raise BadArchive("the zip holds bytes that belong to no file", next="pack it again")
    return entries


def _is_tight(entries: Iterable[zipfile.ZipInfo], length: int) -> bool:
    """Say whether files follow each other without a gap, and nothing but the directory follows.

    So nothing unpacks to more than it is, no two files share bytes, and nothing is hidden before,
    between or after them. A file has a header of 30 bytes and its name, an entry in the directory
    of 46 and its name, and the directory ends with 22 bytes.
    """
    end = directory = 0
    for entry in entries:
        if entry.header_offset != end:
            return False
        end += 30 + len(entry.filename) + entry.file_size
        directory += 46 + len(entry.filename)
    return end + directory + 22 == length


def _same_names(entries: dict[str, zipfile.ZipInfo], manifest: Manifest) -> None:
    listed = {file.path for file in manifest.files}
    if extra := entries.keys() - listed:
        raise BadArchive(f"files that the manifest does not list: {sorted(extra)}")
    if missing := listed - entries.keys():
        raise BadArchive(f"files that the manifest lists are missing: {sorted(missing)}")


def _manifest(content: bytes) -> Manifest:
    try:
        manifest = Manifest.model_validate(json.loads(content))
    except (ValidationError, ValueError, RecursionError) as error:
        raise BadManifest(f"the manifest is not valid: {error}") from error
    if canonical(manifest) != content:
        raise BadManifest("the manifest is not in canonical form", next="pack it again")
    return manifest


def _verified(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: File) -> bytes:
    body = _read(archive, entry, file.size)
    if len(body) != file.size or digest(body) != file.sha256:
        raise BadArchive(f"{file.path!r} is not what the manifest says", path=file.path)
    return body


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    """Return one file's bytes; stop as soon as it is longer than it may be."""
    body = bytearray()
    with archive.open(entry) as stream:
        while chunk := stream.read(CHUNK):
            body += chunk
            if len(body) > limit:
                raise BadArchive(f"{entry.filename!r} is longer than its {limit:,} bytes")
    return bytes(body)
