"""Sphinx builds the documentation with `make docs`: no network, warnings are errors."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import mfplug

project = "mfplug"
copyright = "the mfplug authors"
version = release = mfplug.__version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "extension.mathml",
    "extension.reference",
]
html_theme = "alabaster"
html_theme_options = {
    "description": "From N particles to the Vlasov equation, measured.",
    "fixed_sidebar": True,
    "page_width": "1080px",
    "sidebar_width": "230px",
}
html_show_sphinx = False
html_show_sourcelink = False
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["page.css"]
html_math_renderer = "mathml"
exclude_patterns = ["_build", "extension"]
#: Figures of studies: of `make figures`, else the small ones that `make docs` makes.
study_pictures = ["../results", "_build/studies"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = False
napoleon_use_rtype = False
suppress_warnings = ["config.cache"]
