"""The documentation site; `make docs` builds it, without warnings."""

from importlib.metadata import version as _version

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
