"""``mfplug alpha``: the counting measure of a law or of samples in a CSV file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mfplug.errors import ParameterError

if TYPE_CHECKING:
    from mfplug.theory.counting import CountingMeasure


def main(arguments: argparse.Namespace) -> int:
    """Read the file, compute alpha, print it; draw it if wanted."""
    from mfplug.theory.counting import counting_measure
    from mfplug.theory.counting.lawfile import read_law

    cells = _cells(arguments.cells)
    law = read_law(Path(arguments.file), len(cells))
    a = counting_measure(law, cells, seed=arguments.seed, level=arguments.level)
    data = _described(a)
    if arguments.positive:
        data["positive"] = a.positive
        data["positive_bracket"] = list(a.positive_bracket)
    if arguments.plot:
        from mfplug.report.counting import draw_counting

        draw_counting(a, Path(arguments.plot))
    if arguments.json:
        print(json.dumps(data, indent=2))
    else:
        _print(data)
    return 0


def _cells(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ParameterError(
            f"--cells: not numbers; got '{text}', expected f(cell) with commas. "
            "Write --cells 0.5,0.5."
        ) from None


def _described(a: CountingMeasure) -> dict[str, Any]:
    data: dict[str, Any] = {
        "alpha": a.value,
        "lower": a.lower,
        "upper": a.upper,
        "hamming": a.hamming,
        "particles": a.problem.particles,
        "sectors": a.sectors.tolist(),
        "note": a.note,
    }
    if a.replicas is not None:
        data |= {
            "replicas": a.replicas,
            "level": a.level,
            "plug_in": a.plug_in,
            "fitted": a.fitted,
            "null": a.null,
        }
    return data


def _print(data: dict[str, Any]) -> None:
    sampled = "replicas" in data
    kind = f"{data['level']:.0%} limits" if sampled else "proved"
    print(f"alpha    {data['alpha']:.10g}")
    print(f"bracket  [{data['lower']:.10g}, {data['upper']:.10g}]  {kind}")
    print(f"hamming  {data['hamming']:.10g}")
    if "positive" in data:
        low, high = data["positive_bracket"]
        print(f"alpha+   {data['positive']:.10g}  in [{low:.10g}, {high:.10g}]")
    if sampled:
        print(f"plug-in  {data['plug_in']:.6g}, of {data['replicas']} replicas")
        print(f"fitted   {data['fitted']:.6g}")
        print(f"null     {data['null']:.6g}, if the particles were independent")
    top = sorted(enumerate(data["sectors"]), key=lambda pair: -pair[1])[:6]
    text = ", ".join(f"c_{k} = {c:.4g}" for k, c in top if c > 1e-12)
    print(f"sectors  {text}")
    if data["note"]:
        print(f"note     {data['note']}")
