"""The documentation site; `make docs` builds it, without warnings."""

import re
from importlib.metadata import version as _version
from typing import Any

from sphinx.application import Sphinx

project = "learndock"
author = "the learndock authors"
copyright = author
version = release = _version("learndock")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build", "results"]

html_theme = "furo"
html_title = "learndock"
html_extra_path = ["reference/manifest.schema.json"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
napoleon_google_docstring = False
napoleon_use_rtype = False


def _plain_footnotes(
    _app: Sphinx, _what: str, _name: str, _thing: Any, _options: Any, lines: list[str]
) -> None:
    """Show `[1]_` as [1]: docstrings share a page, where only one footnote can have a number."""
    lines[:] = [re.sub(r"\[(\d+)\]_", r"[\1]", line) for line in lines]


def _skips(
    _app: Sphinx, _what: str, name: str, _thing: Any, _skip: bool, _options: Any
) -> bool | None:
    """Leave out what scikit-learn adds to every estimator for the routing of metadata."""
    return True if re.fullmatch(r"set_\w+_request", name) else None


def setup(app: Sphinx) -> None:
    """Connect what changes docstrings on their way to a page."""
    app.connect("autodoc-process-docstring", _plain_footnotes)
    app.connect("autodoc-skip-member", _skips)
