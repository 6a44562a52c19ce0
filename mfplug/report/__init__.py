"""What a reader sees: figures, tables and the page, made from result folders.

A study's folder ``<out>/<study>/`` holds ``study.json``, ``table.csv``, ``bounds.csv``,
``rates.csv``, ``verdict.json`` and ``provenance.json``. Nothing here computes a number
of the study: the functions only draw, format and show what these files say, so the same
files give the same bytes.
"""

from __future__ import annotations

from mfplug.report.claims import CLAIMS, SECTIONS, Claim
from mfplug.report.figures import FIGURE_KEYS, ROW_KEYS, SCALES, write_figures
from mfplug.report.numbers import write_numbers
from mfplug.report.page import write_page
from mfplug.report.tables import write_tables
from mfplug.report.verdicts import VERDICTS

__all__ = [
    "CLAIMS",
    "FIGURE_KEYS",
    "ROW_KEYS",
    "SCALES",
    "SECTIONS",
    "VERDICTS",
    "Claim",
    "write_figures",
    "write_numbers",
    "write_page",
    "write_tables",
]
