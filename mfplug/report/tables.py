"""``table.md`` and ``table.tex``: the tables of a study as people print them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mfplug.report import files
from mfplug.report.concise import concise, interval, plain
from mfplug.report.files import Row, Table, number

#: A tabular with more rows would not fit a page; longtable breaks across pages.
LONGEST_TABULAR = 40

_TEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}
_MARKDOWN = {c: f"\\{c}" for c in "\\`*_{}[]<>|#$&~"}
#: Ends of lines and other control characters: a row of a table is one line.
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


def write_tables(folder: Path) -> list[Path]:
    """Write ``table.md`` and ``table.tex`` of a results folder.

    A value stands with its standard error in its last digits, 0.0765(12); where there
    is none, its note stands instead. Rates follow, with their 95 % intervals.

    Parameters
    ----------
    folder : Path
        ``<out>/<study>`` with ``study.json``, ``table.csv`` and ``rates.csv``.

    Returns
    -------
    list of Path
        The two written files. ``table.tex`` needs the LaTeX packages booktabs,
        longtable and siunitx.

    Raises
    ------
    StoreError
        If a file is missing or malformed or cannot be written.
    """
    folder = Path(folder)
    study = files.read_json(folder / "study.json", dict)
    table = files.read_table(folder / "table.csv", files.TABLE_COLUMNS)
    rates = files.read_rates(folder)
    title = str(study.get("title", study.get("name", folder.name)))
    name = str(study.get("name", folder.name))
    parts = [
        ("Values", "table", _values(table)),
        ("Rates", "rates", _rates(rates)),
    ]
    return [
        files.write_whole(folder / "table.md", _markdown(title, parts).encode()),
        files.write_whole(folder / "table.tex", _latex(name, title, parts).encode()),
    ]


class Grid:
    """A table ready for print: headings and cells; empty columns are left out."""

    def __init__(self, columns: Sequence[str], rows: list[list[str]]) -> None:
        used = [k for k, _ in enumerate(columns) if any(row[k] for row in rows)]
        self.columns = [columns[k] for k in used]
        self.rows = [[row[k] for k in used] for row in rows]


def _values(table: Table) -> Grid:
    """Return the values with their parameters."""
    keys = (*table.swept, "time", "metric", "index")
    columns = [*keys, "value", "95 % interval", "replicas", "note"]
    rows = []
    for row in table.rows:
        value, error = number(row["value"]), number(row["stderr"])
        shown = "" if value is None else concise(value, error)
        note = row["note"] or ("" if shown else "no value")
        cells = [plain(row[key]) for key in keys]
        rows.append([*cells, shown, _interval(row), plain(row["replicas"]), note])
    return Grid(columns, rows)


def _rates(rates: Table) -> Grid:
    """Return the fitted exponents beside the predicted ones."""
    keys = (*rates.swept, "metric", "index", "time", "against")
    columns = [*keys, "exponent", "95 % interval", "predicted", "points", "note"]
    rows = []
    for row in rates.rows:
        exponent, error = number(row["exponent"]), number(row["stderr"])
        shown = "" if exponent is None else concise(exponent, error)
        cells = [plain(row[key]) for key in keys]
        note = row.get("note", "") or ("" if shown else "no value")
        end = [plain(row["predicted"]), plain(row["points"]), note]
        rows.append([*cells, shown, _interval(row), *end])
    return Grid(columns, rows)


def _interval(row: Row) -> str:
    lower, upper = number(row["lower"]), number(row["upper"])
    return "" if lower is None or upper is None else interval(lower, upper)


def _markdown(title: str, parts: Sequence[tuple[str, str, Grid]]) -> str:
    lines = [f"# {_escaped(title, _MARKDOWN)}", ""]
    for heading, _, grid in parts:
        lines += [f"## {heading}", ""]
        if not grid.rows:
            lines += ["None.", ""]
            continue
        cells = [[_plain_or_escaped(c) for c in row] for row in grid.rows]
        head = [_escaped(c, _MARKDOWN) for c in grid.columns]
        widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
        rule = ["-" * max(width, 3) for width in widths]
        for line in (head, rule, *cells):
            padded = (c.ljust(w) for c, w in zip(line, widths, strict=True))
            lines.append("| " + " | ".join(padded) + " |")
        lines.append("")
    lines.append("Uncertainties in parentheses are standard errors in the last digits.")
    return "\n".join(lines) + "\n"


def _plain_or_escaped(text: str) -> str:
    if _is_number(text) or _ends(text):
        return text
    return _escaped(text, _MARKDOWN)


def _ends(text: str) -> list[str]:
    """Return the two numbers of an interval, or nothing for any other text."""
    if not (text.startswith("[") and text.endswith("]")):
        return []
    ends = text[1:-1].split(", ")
    return ends if len(ends) == 2 and all(map(_is_number, ends)) else []


def _latex(name: str, title: str, parts: Sequence[tuple[str, str, Grid]]) -> str:
    lines = [r"% \usepackage{booktabs,longtable,siunitx}"]
    for heading, kind, grid in parts:
        if not grid.rows:
            continue
        caption = f"{title}: {heading.lower()}. Standard errors in parentheses."
        label = "tab:" + re.sub(r"[^A-Za-z0-9]+", "-", f"{name}-{kind}")
        if len(grid.rows) > LONGEST_TABULAR:
            lines += _longtable(grid, caption, label)
        else:
            lines += _tabular(grid, caption, label)
    return "\n".join(lines) + "\n"


def _tabular(grid: Grid, caption: str, label: str) -> list[str]:
    return [
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{_escaped(caption, _TEX)}}}",
        rf"  \label{{{label}}}",
        rf"  \begin{{tabular}}{{{_alignment(grid)}}}",
        r"    \toprule",
        "    " + _line(grid.columns, words=True),
        r"    \midrule",
        *("    " + _line(row) for row in grid.rows),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]


def _longtable(grid: Grid, caption: str, label: str) -> list[str]:
    head = _line(grid.columns, words=True)
    return [
        rf"\begin{{longtable}}{{{_alignment(grid)}}}",
        rf"  \caption{{{_escaped(caption, _TEX)}}}\label{{{label}}}\\",
        r"  \toprule",
        f"  {head}",
        r"  \midrule",
        r"  \endfirsthead",
        r"  \toprule",
        f"  {head}",
        r"  \midrule",
        r"  \endhead",
        r"  \bottomrule",
        r"  \endfoot",
        *("  " + _line(row) for row in grid.rows),
        r"\end{longtable}",
    ]


def _alignment(grid: Grid) -> str:
    """Return r for columns of numbers, l for words."""
    kinds = []
    for column in zip(*grid.rows, strict=True):
        words = any(c and not _is_number(c) and not _ends(c) for c in column)
        kinds.append("l" if words else "r")
    return "".join(kinds)


def _line(cells: Sequence[str], words: bool = False) -> str:
    shown: Callable[[str], str] = tex_words if words else tex_cell
    return " & ".join(map(shown, cells)) + r" \\"


def tex_words(text: str) -> str:
    """Return words in LaTeX, everything special escaped."""
    return _escaped(text, _TEX)


def tex_cell(text: str) -> str:
    r"""Return a cell in LaTeX: numbers through \num, intervals through two of them."""
    if _is_number(text):
        return rf"\num{{{text}}}"
    ends = _ends(text)
    if ends:
        # Braces: a bracket after \\ would be read as its optional argument.
        return rf"{{[\num{{{ends[0]}}}, \num{{{ends[1]}}}]}}"
    return _escaped(text, _TEX)


def _is_number(text: str) -> bool:
    """Return whether siunitx can read the text: 0.5, -1e-3, 0.0765(12)e-2."""
    head, bracket, rest = text.partition("(")
    error, _, tail = rest.partition(")")
    if bracket and not (error.isascii() and error.isdigit()):
        return False
    try:
        value = float(head + tail)
    except ValueError:
        return False
    return value - value == 0.0 and "_" not in text and text == text.strip()


def _escaped(text: str, table: dict[str, Any]) -> str:
    return _CONTROL.sub(" ", text).translate(str.maketrans(table))
