"""Any encoder of texts or pictures in ONNX, from a folder: ``onnx:FOLDER``.

The folder is what common exporters write: ``model.onnx`` (also in ``onnx/``) with
``tokenizer.json`` for texts, or with ``preprocessor_config.json`` for pictures. A space has the
digests of the files, and no path: other people need the same files, wherever they keep them.
"""

from pathlib import Path

from learndock.core.ports import Encoder
from learndock.encoders._exports import VARIABLE, Recipe, remember
from learndock.encoders._sessions import Exported, Origin
from learndock.errors import NotFound


class Onnx(Exported):
    """Encodes with an export in a folder of one's own.

    Examples
    --------
    >>> from learndock.testing.exports import write_text_export
    >>> toy = write_text_export(Path("toy"))
    >>> texts = ["a cat", "a dog", "an owl", "a pike", "a hen"]
    >>> made = ld.space(texts, name="toy", encoder="onnx:toy")
    >>> made.modality, plugin.encode(texts, made).shape
    ('text', (5, 8))
    """

    name = "onnx"

    def open(self, source: str) -> Origin:
        """Return the export in a folder."""
        if not source:
            raise NotFound("no folder was named", next='say `encoder="onnx:FOLDER"`')
        return Origin(remember(Path(source)))

    def remedy(self, recipe: Recipe) -> str:
        """Say how to name a folder."""
        return f"name the folder that does: {VARIABLE}=FOLDER"


plugin: Encoder = Onnx()
