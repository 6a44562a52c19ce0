r"""Figures declared in a study, as SVG, PDF and PNG with the same bytes each time.

A study lists its figures as mappings with these keys (:data:`FIGURE_KEYS`):

name : str, optional
    ``main`` (default) writes ``figure.*``, any other name ``figure-NAME.*``; lower-case
    letters, digits and hyphens.
kind : str, optional
    ``curves`` (default), or ``agreement``: deviations of measured from exact numbers in
    standard errors, one line a metric. The latter takes ``bounds`` (one name), ``rows``
    (all compared metrics if absent), ``series``, ``where`` and ``caption`` only.
x : str
    The abscissa: a swept parameter, ``time``, ``index`` (the bins of a histogram), or a
    metric with one value in each cell, such as a cost; words stand side by side.
rows : list of mappings
    What is drawn: ``metric``, optional ``index``, ``label`` and ``fit`` (the name of a
    fit, where a metric has several), see :data:`ROW_KEYS`; each row has its own marker
    and line.
series : list of str, optional
    Columns of which each combination of values is one curve.
panel : str, optional
    A column of which each value is one panel, or ``metric``: one panel for each row.
panel_label : str, optional
    What stands for the panel's column in the titles, such as ``$\\kappa$``; nothing
    but the value if it is empty.
where : mapping, optional
    Fixed values of further columns, ``{step: 0.05}``; a list, ``{N: [64, 256]}``, keeps
    each of its values, of a column that is also in ``x``, ``series`` or ``panel``.
time : "last" | "first" | "all" | number | list of numbers, optional
    Which snapshots; "last" (of each combination of swept values) if absent, and all
    where ``x``, ``series`` or ``panel`` is ``time``.
scale : str, optional
    One of :data:`SCALES`: ``loglog`` (default), ``semilog`` (logarithmic ordinate),
    ``logx`` or ``linear``.
floor : str, optional
    Metric drawn as a grey band beneath: what independent points would show.
bounds : list of str, optional
    Names of bounds in ``bounds.csv``, drawn as named lines.
xlabel, ylabel, caption, floor_label : str, optional
    Text; mathematics between dollar signs. ``ylabel`` may be a list, one a panel.
bound_labels : mapping, optional
    Text of the legend for each bound.

A study without figures gets one: its first metrics against N (else time, else the first
swept number), a curve for each combination of the other swept values.

Two rows at one abscissa of a curve are an error that names the column left open, never
a silent choice. Fitted powers and predicted slopes come from ``rates.csv``: the line is
laid through the centre of the values that the fit used (columns ``from`` and ``to``;
without them the ``points`` values at the end where the quantity is smallest), and the
half-width of its 95 % interval stands in the legend.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mfplug.errors import StoreError, did_you_mean
from mfplug.report.files import pick, read_json, write_whole

#: Keys of one figure.
FIGURE_KEYS: tuple[str, ...] = (
    "name",
    "kind",
    "x",
    "rows",
    "series",
    "panel",
    "panel_label",
    "where",
    "time",
    "scale",
    "floor",
    "bounds",
    "xlabel",
    "ylabel",
    "caption",
    "floor_label",
    "bound_labels",
)
#: Keys that a figure of kind ``agreement`` takes.
AGREEMENT_KEYS = ("name", "kind", "bounds", "rows", "series", "where", "caption")
#: Keys of one row of a figure.
ROW_KEYS = ("metric", "index", "label", "fit")
#: Kinds of figures.
FIGURE_KINDS = ("curves", "agreement")
#: Scales of the axes, (x is logarithmic, y is logarithmic).
SCALES = {
    "loglog": (True, True),
    "semilog": (False, True),
    "logx": (True, False),
    "linear": (False, False),
}
#: File formats of every figure.
FORMATS = ("svg", "pdf", "png")

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_KINDS: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "kind": (str,),
    "x": (str,),
    "rows": (list,),
    "series": (list,),
    "panel": (str,),
    "panel_label": (str,),
    "where": (dict,),
    "time": (str, int, float, list),
    "scale": (str,),
    "floor": (str,),
    "bounds": (list,),
    "xlabel": (str,),
    "ylabel": (str, list),
    "caption": (str,),
    "floor_label": (str,),
    "bound_labels": (dict,),
}


def file_stem(name: str) -> str:
    """Return the file name of a figure without its ending.

    >>> file_stem("main"), file_stem("time")
    ('figure', 'figure-time')
    """
    return "figure" if name == "main" else f"figure-{name}"


def declared(path: Path, study: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the figures that a resolved study declares, checked.

    Parameters
    ----------
    path : Path
        The file that the study was read from, for messages.
    study : dict
        The resolved study.

    Raises
    ------
    StoreError
        For an unknown key, a missing one, a value of the wrong type or a name twice.
    """
    figures = study.get("figures", [])
    if not isinstance(figures, list):
        raise StoreError(
            f"result file '{path}': 'figures' got {type(figures).__name__}, "
            "expected a list. Correct the study."
        )
    checked = [_checked(path, figure) for figure in figures]
    names = [figure["name"] for figure in checked]
    for name in names:
        if names.count(name) > 1:
            raise StoreError(
                f"result file '{path}': figure '{name}' is declared twice. "
                "Give each figure a name of its own."
            )
    return checked


def _checked(path: Path, figure: Any) -> dict[str, Any]:
    """Return one declared figure with its defaults, its keys and types checked."""
    agreement = isinstance(figure, dict) and figure.get("kind") == "agreement"
    if agreement:
        _keys(path, "figure", figure, AGREEMENT_KEYS, ("bounds",))
    else:
        _keys(path, "figure", figure, FIGURE_KEYS, ("x", "rows"))
    for key, value in figure.items():
        if not isinstance(value, _KINDS[key]) or isinstance(value, bool):
            wanted = " or ".join(kind.__name__ for kind in _KINDS[key])
            raise StoreError(
                f"result file '{path}': key '{key}' of a figure; got "
                f"{value!r}, expected {wanted}. Correct the study."
            )
    checked: dict[str, Any] = {"name": "main", "rows": [], **figure}
    if checked["name"] == "figure":
        checked["name"] = "main"
    pick(path, "kind of a figure:", checked.get("kind", "curves"), FIGURE_KINDS)
    if not _NAME.fullmatch(checked["name"]):
        raise StoreError(
            f"result file '{path}': figure name {checked['name']!r}; expected "
            "lower-case letters, digits and hyphens. Correct the study."
        )
    for row in checked["rows"]:
        _keys(path, "row of a figure", row, ROW_KEYS, ("metric",))
    for column, wanted in checked.get("where", {}).items():
        options = wanted if isinstance(wanted, list) else [wanted]
        if not options or any(isinstance(o, (dict, list)) for o in options):
            raise StoreError(
                f"result file '{path}': key 'where' of a figure; got {column}: "
                f"{wanted!r}, expected a value or a list of values. Correct the study."
            )
    pick(path, "scale", checked.get("scale", "loglog"), tuple(SCALES))
    return checked


def _keys(
    path: Path, what: str, value: Any, known: tuple[str, ...], needed: tuple[str, ...]
) -> None:
    if not isinstance(value, dict):
        raise StoreError(
            f"result file '{path}': a {what} got {value!r}, expected a mapping with "
            f"the keys {', '.join(needed)}. Correct the study."
        )
    for key in value:
        if key not in known:
            raise StoreError(
                f"result file '{path}': unknown key '{key}' of a {what}. "
                f"{did_you_mean(str(key), known)}"
            )
    for key in needed:
        if not value.get(key):
            raise StoreError(
                f"result file '{path}': a {what} lacks '{key}'. Add it to the study."
            )


def write_figures(folder: Path) -> list[Path]:
    """Draw every figure that the study in a results folder declares.

    Parameters
    ----------
    folder : Path
        ``<out>/<study>`` with ``study.json``, ``table.csv``, ``bounds.csv`` and
        ``rates.csv``.

    Returns
    -------
    list of Path
        The written files: ``figure.svg|pdf|png`` and ``figure-NAME.svg|pdf|png``.

    Raises
    ------
    StoreError
        If a file is missing or malformed, if a figure names a column, metric or bound
        that does not exist, or if a file cannot be written.
    """
    # matplotlib takes 0.3 s to import; the command line must start without it.
    from mfplug.report.agreement import draw_agreement
    from mfplug.report.curves import panels
    from mfplug.report.default_figure import default_figure
    from mfplug.report.draw import draw, render
    from mfplug.report.selection import Data

    folder = Path(folder)
    source = folder / "study.json"
    figures = declared(source, read_json(source, dict))
    data = Data.read(folder)
    written = []
    for figure in figures or [default_figure(data)]:
        if figure.get("kind") == "agreement":
            drawing = draw_agreement(data, figure)
        else:
            drawing = draw(source, figure, panels(data, figure))
        for ending in FORMATS:
            target = folder / f"{file_stem(figure['name'])}.{ending}"
            written.append(write_whole(target, render(source, drawing, ending)))
    return written
