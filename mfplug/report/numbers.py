r"""``numbers.tex``: every number of a study as a LaTeX macro, so that none is copied.

.. code-block:: latex

    \input{results/lln/numbers.tex}
    The exponent is \mfplug{lln/exponent/force}, predicted \mfplug{lln/predicted/force}.

A key that does not exist is an error of LaTeX. A second number of the same key, such as
a second verdict on one claim, has ``/2`` at its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mfplug.report import files
from mfplug.report.concise import concise, interval, plain
from mfplug.report.files import Row, Table, number
from mfplug.report.tables import tex_cell, tex_words

FILE = "numbers.tex"

_HEAD = r"""% \usepackage{siunitx}
\providecommand\mfplug[1]{%
  \ifcsname mfplug@#1\endcsname\csname mfplug@#1\endcsname
  \else\PackageError{mfplug}{There is no number '#1'}{See numbers.tex.}\fi}
"""


def write_numbers(folder: Path) -> Path:
    r"""Write ``numbers.tex`` of a results folder.

    The keys are ``STUDY/profile``, ``STUDY/verdict/CLAIM``, and with the swept
    parameters as ``name=value`` and the time as ``t=value`` after them

    - ``STUDY/value/METRIC[/INDEX]`` and ``STUDY/bound/NAME/METRIC[/INDEX]``;
    - ``STUDY/exponent/FIT``, ``STUDY/interval/FIT`` and ``STUDY/predicted/FIT``.

    Raises
    ------
    StoreError
        If a file is missing or malformed or cannot be written.
    """
    folder = Path(folder)
    study = files.read_json(folder / "study.json", dict)
    name = str(study.get("name", folder.name))
    lines, seen = [_HEAD.rstrip()], dict[str, int]()
    for key, text in _entries(folder, study):
        whole = _key(f"{name}/{key}")
        seen[whole] = seen.get(whole, 0) + 1
        if seen[whole] > 1:
            whole = f"{whole}/{seen[whole]}"
        lines.append(rf"\expandafter\def\csname mfplug@{whole}\endcsname{{{text}}}")
    return files.write_whole(folder / FILE, ("\n".join(lines) + "\n").encode())


def _key(text: str) -> str:
    """Return a key that LaTeX reads as it stands.

    >>> _key("a/value/x_1/p{q}=0.5")
    'a/value/x-1/p-q-=0.5'
    """
    return re.sub(r"[^A-Za-z0-9/=.,+*()-]+", "-", text)


def _entries(folder: Path, study: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "profile", tex_words(str(study.get("profile", "")))
    for entry in files.read_json(folder / "verdict.json", list):
        yield f"verdict/{entry['claim']}", tex_words(str(entry["verdict"]))
    table = files.read_table(folder / "table.csv", files.TABLE_COLUMNS)
    for row in table.rows:
        value = number(row["value"])
        if value is not None:
            shown = concise(value, number(row["stderr"]))
            yield f"value/{row['metric']}{_place(table, row)}", tex_cell(shown)
    bounds = files.read_table(folder / "bounds.csv", files.BOUND_COLUMNS)
    for row in bounds.rows:
        value = number(row["value"])
        if value is not None:
            key = f"bound/{row['bound']}/{row['metric']}{_place(bounds, row)}"
            yield key, tex_cell(concise(value, None))
    rates = files.read_rates(folder)
    for row in rates.rows:
        yield from _rate(rates, row)


def _rate(rates: Table, row: Row) -> Iterator[tuple[str, str]]:
    name = f"{row.get('fit') or row['metric']}{_place(rates, row, index=False)}"
    exponent = number(row["exponent"])
    lower, upper = number(row["lower"]), number(row["upper"])
    if exponent is not None:
        shown = concise(exponent, number(row["stderr"]))
        yield f"exponent/{name}", tex_cell(shown)
    if lower is not None and upper is not None:
        yield f"interval/{name}", tex_cell(interval(lower, upper))
    if row["predicted"]:
        yield f"predicted/{name}", tex_cell(plain(row["predicted"]))


def _place(table: Table, row: Row, index: bool = True) -> str:
    """Return index, swept parameters and time, those that are there."""
    parts = [row["index"]] if index and row["index"] else []
    parts += [f"{name}={plain(row[name])}" for name in table.swept if row[name]]
    parts += [f"t={plain(row['time'])}"] if row["time"] else []
    return "".join(f"/{part}" for part in parts)
