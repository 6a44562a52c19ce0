"""Figures, tables and the page, made from results whose numbers are known."""

import csv
import json
import math
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfplug.errors import MfplugError, StoreError
from mfplug.report import (
    CLAIMS,
    FIGURE_KEYS,
    SECTIONS,
    VERDICTS,
    layout,
    write_figures,
    write_page,
    write_tables,
)
from mfplug.report import svg as svg_module
from mfplug.report.agreement import FAMILY, deviations, draw_agreement
from mfplug.report.concise import concise, interval, plus_minus, ratio
from mfplug.report.curves import panels
from mfplug.report.draw import draw, render
from mfplug.report.files import write_whole
from mfplug.report.guides import guides
from mfplug.report.legend import exponent_text
from mfplug.report.mathtext import html
from mfplug.report.scales import frame_of
from mfplug.report.selection import Data
from mfplug.report.ticks import log_ticks

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


@pytest.fixture
def folder(tmp_path):
    return make_results(tmp_path)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """One results folder with its figures and tables, drawn once."""
    folder = make_results(tmp_path_factory.mktemp("out"))
    write_figures(folder)
    write_tables(folder)
    return folder


def drawing(folder, figure):
    return draw(folder / "study.json", figure, panels(Data.read(folder), figure))


def one_line(error):
    text = str(error.value)
    assert "\n" not in text
    return text


# Numbers as they are printed


@given(
    st.floats(1e-12, 1e12) | st.floats(-1e12, -1e-12),
    st.floats(1e-12, 1e6),
)
def test_concise_notation_says_value_and_error_to_two_digits(value, error):
    text = concise(value, error)
    match = re.fullmatch(r"(-?\d+(?:\.\d+)?)\((\d+)\)(?:e(-?\d+))?", text)
    assert match, text
    scale = 10.0 ** int(match[3] or 0)
    decimals = len(match[1].partition(".")[2])
    unit = scale * 10.0**-decimals
    # Two digits of the error: its rounding is at most a twentieth of it.
    assert abs(int(match[2]) * unit - error) <= 0.0501 * error
    assert abs(float(match[1]) * scale - value) <= 0.0501 * error + 1e-12 * abs(value)


def test_concise_examples_of_the_house():
    assert concise(0.07652, 0.00123) == "0.0765(12)"
    assert concise(0.5, 0.0996) == "0.50(10)"
    assert concise(0.25, None) == "0.25"
    assert interval(-0.5213, -0.4786) == "[-0.521, -0.479]"
    assert plus_minus(-0.5031, 0.0213) == ("-0.50", "0.02")
    assert [ratio(x) for x in (-0.5, -1.0, -1 / 3, 0.37)] == [
        "-1/2",
        "-1",
        "-1/3",
        "0.37",
    ]


@given(st.floats(1e-12, 1e8), st.floats(1.05, 1e12))
def test_logarithmic_axes_have_two_to_ten_ticks_inside(low, factor):
    ticks = log_ticks(low, low * factor)
    assert 2 <= len(ticks) <= 10
    assert all(low * (1 - 1e-9) <= t <= low * factor * (1 + 1e-9) for t in ticks)
    assert ticks == sorted(set(ticks))


# Figures


def test_the_drawing_shows_the_table(folder):
    axes = drawing(folder, MAIN).axes
    assert [a.get_title() for a in axes] == ["$d = 1$", "$d = 2$"]
    for d, panel in zip((1, 2), axes, strict=True):
        for bars, strength in zip(panel.containers, (-1.5, 0.5), strict=True):
            data, _, (collection,) = bars.lines
            want = [power(d, strength, n, 2.5) for n in NUMBERS]
            np.testing.assert_allclose(data.get_xdata(orig=False), NUMBERS)
            np.testing.assert_allclose(data.get_ydata(orig=False), want)
            ends = np.array([s[:, 1] for s in collection.get_segments()])
            np.testing.assert_allclose(ends[:, 0], np.multiply(0.96, want))
            np.testing.assert_allclose(ends[:, 1], np.multiply(1.04, want))


def test_fit_and_guide_have_the_exponents_of_the_rates(folder):
    """A prediction off by 0.15 is drawn off by 0.15: it does not follow the fit."""
    text = (folder / "rates.csv").read_text()
    for predicted in (-0.5, -0.65):
        changed = text.replace("-0.48,-0.5,", f"-0.48,{predicted},")
        (folder / "rates.csv").write_text(changed)
        found = panels(Data.read(folder), MAIN)
        rate = found[0].curves[0].rate
        assert rate.span == (32.0, 512.0)  # five of six points, at the large end
        assert rate.prefactor == pytest.approx(power(1, -1.5, 1, 2.5))
        (guide,) = guides(found[0], frame_of(found, True, True), "N", 2.7)
        slope = math.log(guide.y[-1] / guide.y[0]) / math.log(guide.x[-1] / guide.x[0])
        assert slope == pytest.approx(predicted)
    assert exponent_text(rate, "N") == r":  $N^{-0.50 \pm 0.02}$"
    assert exponent_text(rate, "step") == r":  $(\Delta t)^{-0.50 \pm 0.02}$"


def test_the_fitted_points_are_those_of_the_table_where_it_names_them(folder):
    path = folder / "rates.csv"
    head, *rest = path.read_text().splitlines()
    lines = [f"{head},from,to", *(f"{line},16,128" for line in rest)]
    path.write_text("\n".join(lines) + "\n")
    assert panels(Data.read(folder), MAIN)[0].curves[0].rate.span == (16.0, 128.0)


def test_a_model_that_is_no_power_gets_no_power_drawn(folder):
    path = folder / "rates.csv"
    path.write_text(path.read_text().replace("power", "power with 1/N term"))
    rate = panels(Data.read(folder), MAIN)[0].curves[0].rate
    assert rate.exponent == -0.5
    assert rate.prefactor is None
    path.write_text(path.read_text().replace("power with 1/N term", "log-over-n"))
    rate = panels(Data.read(folder), MAIN)[0].curves[0].rate
    assert rate.logarithmic
    assert exponent_text(rate, "N") == r":  $(\log N / N)^{-0.50 \pm 0.02}$"


@pytest.mark.parametrize("legends", [1, 2])
def test_nothing_covers_the_data(folder, legends):
    """Legends lie outside of the axes; guides and labels inside the frame, apart.

    Panels whose legends say the same share one.
    """
    if legends == 2:
        path = folder / "rates.csv"
        path.write_text(path.read_text().replace("-0.5,", "-0.61,", 1))
    figure = drawing(folder, MAIN)
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    whole = figure.bbox
    boxes = []
    for axes in figure.axes:
        inner = axes.get_window_extent(renderer)
        label = axes.xaxis.label.get_window_extent(renderer)
        if axes.get_legend() is not None:
            legend = axes.get_legend().get_window_extent(renderer)
            assert legend.y1 < label.y0 < inner.y0
            assert legend.x0 >= whole.x0
            assert legend.x1 <= whole.x1
            assert legend.y0 >= whole.y0
            boxes.append(legend)
        (note,) = [t for t in axes.texts if "predicted" in t.get_text()]
        text = note.get_window_extent(renderer)
        assert inner.x0 <= text.x0 < text.x1 <= inner.x1
        assert inner.y0 <= text.y0 < text.y1 <= inner.y1
        points = np.vstack(
            [axes.transData.transform(line.get_xydata()) for line in axes.lines]
        )
        inside = (points > [text.x0, text.y0]) & (points < [text.x1, text.y1])
        assert not inside.all(axis=1).any()
    assert len(boxes) == legends
    assert boxes[0].x1 < boxes[-1].x0 or legends == 1


def test_a_far_bound_is_named_and_does_not_flatten_the_data(folder):
    figure = drawing(folder, MAIN)
    assert figure.axes[0].get_ylim()[1] < 100.0
    texts = [t.get_text() for t in figure.axes[0].get_legend().get_texts()]
    assert "bound: near" in texts
    assert "bound: far (above the frame, from 1e+09)" in texts


def test_floors_that_differ_by_series_keep_their_colours(folder):
    """One band where all curves share it, else one for each in its curve's colour."""
    for floor, count in (("coupling-mean-floor", 1), ("coupling-mean", 2)):
        figure = drawing(folder, {**MAIN, "floor": floor, "bounds": []})
        bands = [
            tuple(band.get_facecolor()[0][:3])
            for band in figure.axes[0].collections
            if band.get_zorder() == 1
        ]
        assert len(set(bands)) == count


def test_curves_are_told_apart_without_colour(folder):
    rows = [{"metric": "coupling-mean"}, {"metric": "coupling-mean-floor"}]
    figure = {"name": "main", "x": "N", "rows": rows, "series": SWEPT[:2]}
    (axes,) = drawing(folder, figure).axes
    handles = axes.get_legend().legend_handles
    assert len(handles) == 8
    assert len({line.get_marker() for line in handles}) == 8


def test_values_that_a_logarithmic_axis_cannot_show(tmp_path):
    """A value below zero appears as its upper limit, a missing one as its note."""
    table, bounds, rates = made_rows()
    for row in table:
        if row["N"] == 512 and row["metric"] == "coupling-mean":
            row |= {"value": -1e-3, "lower": -3e-3, "upper": 1e-3}
        if row["dimension"] == 2:
            row |= {"value": "", "note": "too few replicas"}
    folder = make_results(tmp_path, rows=(table, bounds, rates))
    one, two = drawing(folder, {**MAIN, "bounds": []}).axes
    limits = [line for line in one.lines if line.get_marker() == 7]
    assert {float(line.get_ydata()[0]) for line in limits} == {1e-3}
    assert "no value: too few replicas" in two.texts[0].get_text()


def test_repeated_drawing_gives_the_same_bytes(drawn, monkeypatch):
    names = [f"figure.{ending}" for ending in ("svg", "pdf", "png")]
    before = {name: (drawn / name).read_bytes() for name in names}
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1234567890")
    again = write_figures(drawn)
    assert [path.name for path in again] == names
    assert {path.name: path.read_bytes() for path in again} == before
    assert b"CreationDate" not in before["figure.pdf"]
    assert b"dc:date" not in before["figure.svg"]
    assert not list(drawn.glob(".writing-*"))


def test_the_users_own_settings_change_nothing(folder):
    import matplotlib

    figure = {**MAIN, "bounds": [], "panel": "dimension"}
    plain = render(folder, drawing(folder, figure), "svg")
    with matplotlib.rc_context({"font.size": 20, "lines.linewidth": 9}):
        assert render(folder, drawing(folder, figure), "svg") == plain


def test_every_declared_scale_and_panel_draws(folder):
    shared = {"x": "N", "rows": MAIN["rows"], "series": SWEPT[:2]}
    for scale in ("loglog", "semilog", "logx", "linear"):
        assert len(drawing(folder, {"name": "a", "scale": scale, **shared}).axes) == 1
    rows = [{"metric": "coupling-mean"}, {"metric": "coupling-mean-floor"}]
    time = {"name": "t", "x": "time", "rows": rows, "panel": "metric"}
    time |= {"series": SWEPT, "scale": "linear"}
    assert [a.get_xlabel() for a in drawing(folder, time).axes] == ["time $t$"] * 2


def test_words_stand_side_by_side(tmp_path):
    """Three cases, two metrics each beside its exact value: nothing is joined."""
    table, bounds = [], []
    for n, case in enumerate(("H1", "H3", "H2")):
        for metric in ("kl", "w2"):
            key = {"dimension": case, "time": 1.5 + n, "metric": metric}
            table.append({**key, "time": 0.5, "value": 99.0})
            table.append(key | {"value": 0.1 + n, "lower": 0.05 + n, "upper": 0.3 + n})
            bounds.append(key | {"bound": "exact", "value": 0.2 + n})
    folder = make_results(tmp_path, rows=(table, bounds, []))
    figure = {"name": "main", "x": "dimension", "scale": "semilog"}
    figure |= {"rows": [{"metric": "kl"}, {"metric": "w2"}], "bounds": ["exact"]}
    (axes,) = drawing(folder, figure).axes
    assert [t.get_text() for t in axes.get_xticklabels()] == ["H1", "H2", "H3"]
    assert all(line.get_linestyle() == "None" for line in axes.lines)
    exact = [line.get_xydata() for line in axes.lines if line.get_marker() == "_"][:2]
    measured = [bars.lines[0].get_xdata(orig=False) for bars in axes.containers]
    for x, line in zip(measured, exact, strict=True):
        np.testing.assert_allclose(line[:, 0], x)
        np.testing.assert_allclose(line[:, 1], [0.2, 2.2, 1.2])
    assert measured[0][0] < measured[1][0]


def test_a_metric_stands_on_the_abscissa(folder):
    """Values against the cost that the same cell counts, here 3 N^2 at every time."""
    cost = {"metric": "work", "index": ""}
    table, bounds, rates = made_rows()
    keys = {(*(r[k] for k in SWEPT), r["time"]): r for r in table}.values()
    table += [
        {k: r[k] for k in (*SWEPT, "time")} | cost | {"value": 3 * r["N"] ** 2}
        for r in keys
    ]
    figure = {**MAIN, "x": "work"}
    del figure["floor"]
    path = make_results(folder, "cost", [figure], (table, bounds, rates))
    for n, panel in enumerate(panels(Data.read(path), figure)):
        assert panel.categories == ()
        for curve, strength in zip(panel.curves, (-1.5, 0.5), strict=True):
            assert [p.x for p in curve.points] == [3.0 * N**2 for N in NUMBERS]
            want = [power(n + 1, strength, N, 2.5) for N in NUMBERS]
            assert [p.y for p in curve.points] == pytest.approx(want)
        (lines,) = (found for name, found in panel.bounds if name == "near")
        assert len(lines[0].points) == len(NUMBERS)
    write_figures(path)
    # Planted: the cost of one cell is missing; then two costs stand in one.
    missing = [r for r in table if r["metric"] != "work" or r["N"] != NUMBERS[2]]
    for wrong, words in (
        (missing, "needs an abscissa in column 'work'"),
        ([*table, {**table[-1], "value": 7}], "'work' has several values in one cell"),
    ):
        path = make_results(folder, "planted", [figure], (wrong, bounds, rates))
        with pytest.raises(StoreError, match=words) as error:
            write_figures(path)
        one_line(error)


def test_a_study_without_figures_gets_one(folder):
    from mfplug.report.default_figure import default_figure

    figure = default_figure(Data.read(folder))
    assert set(figure) <= set(FIGURE_KEYS)
    assert (figure["x"], figure["panel"]) == ("N", "metric")
    assert len(drawing(folder, figure).axes) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x": "n"}, "Known: N, dimension"),
        ({"series": ["dimensions"]}, "Did you mean 'dimension'?"),
        ({"rows": [{"metric": "coupling-meen"}]}, "Did you mean 'coupling-mean'?"),
        ({"floor": "nothing"}, "unknown metric of figure 'main': 'nothing'"),
        ({"bounds": ["printed"]}, "unknown bound of figure 'main': 'printed'"),
        ({"series": ["dimension"]}, "they differ in potential.strength"),
        ({"time": 3.0}, "asks for time 3.0; got 0, 1, 2.5"),
        ({"scale": "loglg"}, "Did you mean 'loglog'?"),
        ({"titel": "x"}, "unknown key 'titel' of a figure"),
        ({"name": "../x"}, "figure name '../x'"),
        ({"series": "dimension"}, "expected list"),
        ({"rows": [{"metrc": "a"}]}, "Did you mean 'metric'?"),
        ({"rows": []}, "lacks 'rows'"),
        ({"ylabel": r"$\nonsense{$"}, "malformed mathematics"),
        ({"kind": "pie"}, "unknown kind"),
    ],
)
def test_a_wrong_figure_is_one_clear_line(tmp_path, change, words):
    folder = make_results(tmp_path, figures=[{**MAIN, **change}])
    with pytest.raises(StoreError) as error:
        write_figures(folder)
    assert words in one_line(error)
    assert not list(folder.glob("figure*"))


def harmonic(tmp_path, shift):
    """A study of 60 comparisons with standard normal errors, one shifted (seed 3)."""
    rng = np.random.default_rng(3)
    table, bounds = [], []
    for n in range(60):
        key = {"N": n, "time": 1.5, "metric": f"m{n % 4}", "index": ""}
        key |= {"dimension": 1, "potential.strength": n % 2}
        value = 0.3 + 0.02 * (rng.normal() + (shift if n == 17 else 0.0))
        table.append(key | {"value": repr(value), "stderr": 0.02})
        bounds.append({**key, "time": "1.50", "bound": "exact", "value": 0.3})
    table.append({**key, "metric": "m4", "value": 0.3 * (1 + 1e-12)})
    bounds.append({**key, "metric": "m4", "bound": "exact", "value": 0.3})
    return make_results(tmp_path, rows=(table, bounds, []))


@pytest.mark.parametrize("shift", [0.0, 8.0])
def test_agreement_shows_a_planted_deviation(tmp_path, shift):
    """False alarm of the unshifted case: at most 1e-3 by construction, seed fixed."""
    from statistics import NormalDist

    folder = harmonic(tmp_path, shift)
    figure = {"name": "main", "kind": "agreement", "bounds": ["exact"], "rows": []}
    figure["series"] = ["potential.strength"]
    found, series = deviations(Data.read(folder), figure)
    scores = [d.standard_errors for d in found if d.standard_errors is not None]
    limit = -NormalDist().inv_cdf(FAMILY / 60 / 2)
    assert len(scores) == 60
    assert len(series) == 2
    assert (max(map(abs, scores)) > limit) == (shift > 0.0)
    fixed = [d for d in found if d.standard_errors is None]
    assert fixed[0].relative == pytest.approx(1e-12, rel=1e-3)
    assert len(draw_agreement(Data.read(folder), figure).axes) == 2


# Tables


def test_tables_have_uncertainties_notes_and_rates(tmp_path):
    table, bounds, rates = made_rows()
    table[0] |= {"value": "", "stderr": "", "lower": "", "upper": ""}
    table[0]["note"] = "50 % lost_at|edge"
    folder = make_results(tmp_path, rows=(table, bounds, rates))
    markdown, latex = (path.read_text() for path in write_tables(folder))
    value = power(1, -1.5, 32, 2.5)
    assert concise(value, value / 50) in markdown
    assert rf"\num{{{concise(value, value / 50)}}}" in latex
    assert "50 % lost\\_at\\|edge" in markdown
    assert r"50 \% lost\_at|edge" in latex
    assert "| -0.500(10) | [-0.520, -0.480] | -0.5 " in markdown
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in rows} == {10}
    assert latex.count("{") - latex.count("\\{") == latex.count("}") - latex.count(
        "\\}"
    )
    for begin, end in (("tabular", "tabular"), ("longtable", "longtable")):
        assert latex.count(rf"\begin{{{begin}}}") == latex.count(rf"\end{{{end}}}") == 1
    assert "\\toprule" in latex
    lines = [line for line in latex.splitlines() if line.endswith(r" \\")]
    assert {len(re.findall(r"(?<!\\)&", line)) for line in lines} == {8}


def test_tables_are_the_same_each_time(folder):
    first = [path.read_bytes() for path in write_tables(folder)]
    assert [path.read_bytes() for path in write_tables(folder)] == first


# Files


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("table.csv", "", "wrong columns"),
        ("table.csv", "N,value\n1,2\n", "wrong columns"),
        ("table.csv", None, "cannot be read"),
        ("table.csv", b"\xff\xfe\x00", "is not UTF-8"),
        ("table.csv", 'a"b\n"', "is not CSV"),
        ("rates.csv", "{", "wrong columns"),
        ("study.json", "{", "is not JSON"),
        ("study.json", "[]", "expected a mapping"),
        ("study.json", "[" * 100_000, "is not JSON"),
    ],
)
def test_a_bad_file_is_one_line_that_names_it(folder, file, content, words):
    path = folder / file
    if content is None:
        path.unlink()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content)
    for step in (write_figures, write_tables):
        with pytest.raises(StoreError) as error:
            step(folder)
        assert str(path) in one_line(error)
        assert words in one_line(error)


@pytest.mark.parametrize("value", ["nan", "inf", "abc", "1e400"])
def test_a_number_that_is_none_is_refused_with_its_line(folder, value):
    path = folder / "table.csv"
    lines = path.read_text().splitlines()
    cells = lines[3].split(",")
    cells[6] = value
    lines[3] = ",".join(cells)
    path.write_text("\n".join(lines))
    with pytest.raises(StoreError) as error:
        write_tables(folder)
    assert "line 4, column 'value'" in one_line(error)


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    target = tmp_path / "report.html"
    target.mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        write_whole(target, b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(StoreError, match="cannot be written"):
        write_whole(tmp_path / "none" / "a", b"x")


def test_importing_the_report_is_light():
    code = "import mfplug.report, sys; print([m for m in ('matplotlib', 'jinja2', "
    code += "'pandas', 'numpy') if m in sys.modules and m != 'numpy'])"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"


# Drawings in the page

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{}</svg>'


def test_inlined_drawings_share_no_id_and_keep_their_references(drawn):
    texts = [svg_module.inline(drawn / "figure.svg", f"s{n}", "words") for n in (1, 2)]
    ids = [set(re.findall(r'\bid="([^"]+)"', text)) for text in texts]
    assert not ids[0] & ids[1]
    for text, own in zip(texts, ids, strict=True):
        used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text))
        named = {a or b for a, b in used}
        assert named
        assert named == own
        assert "<style" not in text
        ElementTree.fromstring(text)


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<path onload="alert(1)" d="M0 0"/>',
        '<use href="http://example.org/x#a"/>',
        '<use xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="data:x"/>',
        '<path style="fill: url(http://example.org/a)" d="M0 0"/>',
        "<foreignObject/>",
        '<image href="#a"/>',
        '<a href="#a"/>',
        '<b xmlns="http://www.w3.org/1999/xhtml"/>',
        '<path d="M0 0" style="background: URL( //example.org )"/>',
    ],
)
def test_a_drawing_that_could_act_is_refused(tmp_path, inside):
    path = tmp_path / "figure.svg"
    path.write_text(SVG.format(inside))
    with pytest.raises(StoreError) as error:
        svg_module.inline(path, "p", "words")
    assert "figure.svg" in one_line(error)
    path.write_text(SVG.format('<path d="M0 0"/>'))
    assert "<path" in svg_module.inline(path, "p", "words")


def test_entities_and_other_files_are_refused(tmp_path):
    path = tmp_path / "figure.svg"
    for text in ('<!DOCTYPE x [<!ENTITY a "b">]><x/>', "no", "<html/>", "<svg/>"):
        path.write_text(text)
        with pytest.raises(StoreError):
            svg_module.inline(path, "p", "words")


@given(st.text(max_size=60))
def test_formulas_never_let_markup_through(text):
    shown = str(html(text))
    allowed = r'</?(?:i|sup|sub|span)>|<span class="math">'
    assert "<" not in re.sub(allowed, "", shown)


def test_formulas_are_readable():
    assert "<i>N</i><sup>−1/2</sup>" in html("$N^{-1/2}$")  # noqa: RUF001
    assert "costs $5" in html(r"costs \$5")
    assert str(html(r"$\mathrm{BL}_t$")).count("<i>") == 1


# The page


def test_the_page_shows_everything_and_escapes_it(drawn):
    page = write_page(drawn.parent).read_text()
    assert page == write_page(drawn.parent, ["made"]).read_text()
    body = page.partition("<body>")[2]
    assert "<script>alert" not in page
    assert "<img" not in page
    assert body.count("&lt;script&gt;alert") >= 8  # title, caption, reasons, plugin
    for verdict in VERDICTS.values():
        badge = f'<span class="badge {verdict.slug}">'
        assert badge in body
        assert verdict.glyph in body
    for words in ("mfplug run made", "made with mfplug 1.2.3", "0, 7", "rates.csv"):
        assert words in body
    assert body.index('id="claims"') < body.index("<article") < body.index("<figure>")
    outside = re.findall(r'(?:src|href)="(?!#|data:,|made/)([^"]*)"', page)
    assert outside == []
    hosts = set(re.findall(r"https?://[^\"'\s<)]+", page))
    assert hosts <= {"http://www.w3.org/2000/svg"}
    assert str(drawn) not in page
    assert len(page) < 900_000
    for link in re.findall(r'href="(made/[^"]+)"', page):
        assert (drawn.parent / link).is_file()


def test_the_rates_say_whether_the_prediction_lies_inside(folder):
    path = folder / "rates.csv"
    text = path.read_text().replace("-0.48,-0.5,", "-0.48,-0.65,", 1)
    path.write_text(text)
    page = write_page(folder.parent).read_text()
    rates = page.partition(">Rates<")[2].partition("</table>")[0]
    assert rates.count("<td>no</td>") == 1
    assert rates.count("<td>yes</td>") == 3


def test_missing_and_malformed_studies_are_named(tmp_path):
    make_results(tmp_path, "good")
    bad = make_results(tmp_path, "bad")
    (bad / "table.csv").write_text("nonsense")
    (bad / "verdict.json").write_text('[{"claim": "newton", "verdict": "proved"}]')
    (tmp_path / "planned").mkdir()
    (tmp_path / "planned" / "plan.json").write_text("{}")
    (tmp_path / "store").mkdir()
    page = write_page(tmp_path).read_text()
    assert "bad/table.csv&#39;: wrong columns" in page
    assert "unknown verdict &#39;proved&#39;" in page
    assert page.count('class="badge no-verdict"') >= 3
    assert ">planned<" in page
    assert ">store<" not in page
    assert "good/figure.svg&#39;: cannot be read" in page
    page = write_page(tmp_path, ["good", "nosuch", "../../etc"]).read_text()
    assert "study &#39;nosuch&#39;: has no results folder" in page
    assert "study &#39;../../etc&#39;: is no name of a folder" in page


def test_links_do_not_lead_out_of_the_results(tmp_path):
    make_results(tmp_path / "elsewhere", "made")
    out = tmp_path / "out"
    out.mkdir()
    (out / "linked").symlink_to(tmp_path / "elsewhere" / "made")
    page = write_page(out).read_text()
    assert "is a link that leaves" in page
    assert "coupling-mean" not in page


@pytest.mark.parametrize(
    "content", ["[1]", "[[]]", '[{"claim": 1}]', "{}", "null", '[{"verdict": "holds"}]']
)
def test_any_verdict_file_ends_in_a_page(folder, content):
    (folder / "verdict.json").write_text(content)
    page = write_page(folder.parent).read_text()
    assert "no verdict" in page
    assert "Problems" in page


def test_a_folder_without_studies_is_refused(tmp_path):
    for out in (tmp_path, tmp_path / "none"):
        with pytest.raises(MfplugError) as error:
            write_page(out)
        assert str(out) in one_line(error)


def test_long_tables_are_cut_with_a_word(folder, monkeypatch):
    monkeypatch.setattr("mfplug.report.table_view.MOST_ROWS", 10)
    page = write_page(folder.parent).read_text()
    assert "The first 10 of 144 rows" in page


def test_every_claim_reads():
    assert len(CLAIMS) == 29
    for claim in CLAIMS.values():
        assert claim.place
        assert "$" not in html(claim.statement)
        assert claim.statement.endswith(".")
        assert claim.section in SECTIONS
        shown = html(claim.errata)
        assert "$" not in shown
        # A command that is not known would be shown by its name.
        assert not re.search(r"\b(circ|nabla|sqrt|delta|frac)\b", shown)
        assert re.search(r"\(E\d+\)", shown) or not shown


@pytest.mark.parametrize("count", [1, 2, 4])
def test_panels_without_legends_have_a_layout(count):
    """The boxes fill the figure, none on another; it divided by zero once."""
    plan = layout.plan([[] for _ in range(count)], titled=False)
    assert plan.columns == 1
    assert all(0 < x < x + w < 1 and 0 < y < y + h < 1 for x, y, w, h in plan.boxes)
    corners = {(round(x, 3), round(y, 3)) for x, y, _, _ in plan.boxes}
    assert len(corners) == count
