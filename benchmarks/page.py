"""The page of all benchmarks: Markdown tables and figures, from stored results."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness import Row, Skip

Draw = Callable[[Any, list[Row]], None]
HEAD = """# Benchmarks

Written by `make bench` (`python -m benchmarks`). All codes of a table ran in one
process, in turns; numbers are medians over the rounds, in brackets the quartiles. A
ratio above 1 means that the first code of its comparison, mfplug's, is that many times
better. Rates move with the machine and with what else it does; ratios hold better.
Cases of long calls have fewer rounds, whose number they give.
"""


@dataclass(frozen=True)
class Section:
    """The results of one module."""

    name: str
    title: str
    text: str
    machine: str
    rows: list[Row]
    skips: list[Skip]

    def save(self, folder: Path) -> None:
        """Write ``NAME.json``."""
        text = json.dumps(asdict(self), indent=1)
        (folder / f"{self.name}.json").write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Section:
        """Read what :meth:`save` wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        data["rows"] = [
            Row(**r | {k: tuple(r[k]) for k in ("value", "ratio")})
            for r in data["rows"]
        ]
        data["skips"] = [Skip(**s) for s in data["skips"]]
        return cls(**data)


def write_page(out: Path) -> Path:
    """Write ``benchmarks.md`` from all sections stored in ``benchmarks/``."""
    parts = [HEAD]
    for path in sorted((out / "benchmarks").glob("*.json")):
        drawn = path.with_suffix(".svg").exists()
        parts.append(markdown(Section.load(path), drawn))
    page = out / "benchmarks.md"
    page.write_text("\n".join(parts), encoding="utf-8")
    return page


def markdown(section: Section, drawn: bool = True) -> str:
    """Return one section as Markdown, with its figure where it has one."""
    lines = [f"## {section.title}", "", section.text, "", f"On {section.machine}.", ""]
    if section.rows:
        lines += [
            "| case | code | result | ratio | asked | met |",
            "|---|---|---|---|---|---|",
            *(_line(row) for row in section.rows),
            "",
            *(
                [f"![{section.title}](benchmarks/{section.name}.svg)", ""]
                if drawn
                else []
            ),
        ]
    for skip in section.skips:
        lines.append(f"Not compared: {skip.name} with {skip.entrant}: {skip.reason}.")
    return "\n".join([*lines, ""])


def _line(row: Row) -> str:
    unit = f"{row.unit}/s" if row.timed else row.unit
    middle, low, high = map(_number, row.value)
    plural = "s" if row.rounds != 1 else ""
    few = f", {row.rounds} round{plural}" if row.rounds is not None else ""
    value = f"{middle} {unit} ({low} to {high}{few})"
    middle, low, high = (f"{x:.2f}" for x in row.ratio)
    ratio = "" if row.first else f"{middle} ({low} to {high})"
    asked = f">= {row.asked:g}" if row.asked is not None else ""
    asked = f"<= {row.most:g} {row.unit}" if row.most is not None else asked
    met = {None: "", True: "yes", False: "no"}[row.met]
    return f"| {row.case} | {row.entrant} | {value} | {ratio} | {asked} | {met} |"


def _number(value: float) -> str:
    return f"{value:.3g}" if 1e-3 <= abs(value) < 1e4 else f"{value:.2e}"


def draw_section(section: Section, folder: Path, draw: Draw | None) -> None:
    """Write ``NAME.svg`` and ``NAME.png``, if there is anything to compare."""
    if draw is None and all(row.first for row in section.rows):
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from mfplug.report.style import styled

    with styled():
        figure = Figure(layout="constrained")
        FigureCanvasAgg(figure)
        (draw or draw_ratios)(figure, section.rows)
        figure.savefig(folder / f"{section.name}.svg", metadata={"Date": None})
        figure.savefig(folder / f"{section.name}.png")


def draw_ratios(figure: Any, rows: list[Row]) -> None:
    """Draw the ratio to every other code, one line a comparison, quartiles as bars."""
    from mfplug.report.style import COLOURS, GREY, MARKERS

    others = [row for row in rows if not row.first]
    cases = list(dict.fromkeys(row.case for row in others))
    codes = list(dict.fromkeys(row.entrant for row in others))
    figure.set_size_inches(5.4, 0.9 + 0.24 * len(cases) + 0.06 * len(others))
    axes = figure.subplots()
    named = set()
    for row in others:
        k = codes.index(row.entrant)
        y = cases.index(row.case) + 0.6 * ((k + 0.5) / len(codes) - 0.5)
        middle, low, high = row.ratio
        axes.errorbar(
            [middle], [y], xerr=[[middle - low], [high - middle]], linestyle="none",
            marker=MARKERS[k], color=COLOURS[k % len(COLOURS)], capsize=2,
            label=None if row.entrant in named else row.entrant,
        )  # fmt: skip
        named.add(row.entrant)
        if row.asked is not None:
            axes.plot([row.asked], [y], "|", color=GREY, markersize=9)
    axes.axvline(1.0, color=GREY, linewidth=0.6)
    axes.set_xscale("log")
    axes.set_yticks(range(len(cases)), cases)
    axes.invert_yaxis()
    axes.set_xlabel("times faster than (grey stroke: asked for)")
    figure.legend(loc="outside upper center", ncols=min(3, max(1, len(codes))))
