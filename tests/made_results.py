"""Results of a made study, whose numbers are known, and the fixtures that draw it."""

import csv
import json

from mfplug.report import (
    CLAIMS,
    VERDICTS,
    write_figures,
    write_tables,
)
from mfplug.report.curves import panels
from mfplug.report.draw import draw
from mfplug.report.selection import Data

SWEPT = ["dimension", "potential.strength", "N"]
NUMBERS = (16, 32, 64, 128, 256, 512)
END = ["value", "stderr", "lower", "upper", "replicas", "note"]
RATES = [
    "metric",
    "index",
    "time",
    "against",
    "exponent",
    "stderr",
    "lower",
    "upper",
    "predicted",
    "points",
]
RATES += ["fit", "model", "dof", "note"]
EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>"
CAPTION = f"Falls as $N^{{-1/2}}$. {EVIL}"
MAIN = {
    "name": "main",
    "x": "N",
    "rows": [{"metric": "coupling-mean", "label": r"mean $|x_i - \bar x_i|$"}],
    "series": ["dimension", "potential.strength"],
    "panel": "dimension",
    "floor": "coupling-mean-floor",
    "bounds": ["near", "far"],
    "caption": CAPTION,
}


def write_csv(path, rows, columns):
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(rows)


def power(d, strength, n, t):
    """The quantity of the made-up study: an exact power of N."""
    return 0.7 * (1.0 + 0.3 * strength) * (0.2 + t) * d * n**-0.5


def made_rows():
    table, bounds, rates = [], [], []
    for d in (1, 2):
        for strength in (-1.5, 0.5):
            for n in NUMBERS:
                for t in (0.0, 1.0, 2.5):
                    key = {"dimension": d, "potential.strength": strength, "N": n}
                    key |= {"time": t, "metric": "coupling-mean", "index": ""}
                    value = power(d, strength, n, t)
                    numbers = {"value": repr(value), "stderr": repr(value / 50)}
                    numbers |= {"lower": value * 0.96, "upper": value * 1.04}
                    table.append(key | numbers | {"replicas": 300})
                    floor = {"metric": "coupling-mean-floor", "value": 0.1 * n**-0.5}
                    floor |= {"lower": 0.09 * n**-0.5, "upper": 0.11 * n**-0.5}
                    table.append(key | floor)
                    bounds.append(key | {"bound": "near", "value": 6.0 * n**-0.4})
                    bounds.append(key | {"bound": "far", "value": 1e9})
            fit = {"dimension": d, "potential.strength": strength, "time": 2.5}
            fit |= {"metric": "coupling-mean", "against": "N", "exponent": -0.5}
            fit |= {"stderr": 0.01, "lower": -0.52, "upper": -0.48, "predicted": -0.5}
            rates.append(fit | {"points": 5, "model": "power"})
    return table, bounds, rates


def make_results(out, name="made", figures=(MAIN,), rows=None, **study):
    """Write a results folder as the tabulate step does, and return it."""
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    table, bounds, rates = rows or made_rows()
    keys = ["time", "metric", "index"]
    write_csv(folder / "table.csv", table, [*SWEPT, *keys, *END])
    write_csv(folder / "bounds.csv", bounds, [*SWEPT, *keys, "bound", "value"])
    write_csv(folder / "rates.csv", rates, [*SWEPT[:2], *RATES])
    verdicts = [
        {"claim": claim, "verdict": word, "reason": f"because {EVIL}", "numbers": []}
        for claim, word in zip(CLAIMS, VERDICTS, strict=False)
    ]
    verdicts[0]["numbers"] = [{"rule": "exponent", "passed": True, "worst": 0.123456}]
    content = {"title": f"A study {EVIL}", "description": "First.\n\nSecond $N$."}
    content |= {"name": name, "claims": ["newton"], "profile": "quick"}
    content |= {"command": f"mfplug run {name}", "figures": list(figures), **study}
    provenance = {"versions": {"mfplug": "1.2.3"}, "seeds": [0, 7], "cells": 24}
    provenance["plugins"] = [{"kind": "potential", "name": EVIL, "version": "1"}]
    for file, value in (
        ("verdict.json", verdicts),
        ("study.json", content),
        ("provenance.json", provenance),
    ):
        (folder / file).write_text(json.dumps(value))
    return folder


def drawn_results(folder):
    """Return the folder of a made study with its figures and tables."""
    made = make_results(folder)
    write_figures(made)
    write_tables(made)
    return made


def drawing(folder, figure):
    return draw(folder / "study.json", figure, panels(Data.read(folder), figure))


def one_line(error):
    text = str(error.value)
    assert "\n" not in text
    return text
