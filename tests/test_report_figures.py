"""Figures, made from results whose numbers are known."""

import math

import numpy as np
import pytest
from made_results import (
    MAIN,
    NUMBERS,
    SWEPT,
    drawing,
    drawn_results,
    made_rows,
    make_results,
    one_line,
    power,
)

from mfplug.errors import StoreError
from mfplug.report import (
    FIGURE_KEYS,
    layout,
    write_figures,
)
from mfplug.report.agreement import FAMILY, deviations, draw_agreement
from mfplug.report.curves import panels
from mfplug.report.draw import render
from mfplug.report.guides import guides
from mfplug.report.legend import exponent_text
from mfplug.report.scales import frame_of
from mfplug.report.selection import Data


@pytest.fixture
def folder(tmp_path):
    return make_results(tmp_path)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return drawn_results(tmp_path_factory.mktemp("out"))


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
    said = [text.get_text() for text in one.get_legend().get_texts()]
    assert sum("upper limit" in text for text in said) == 1
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
    # Two cells of one cost are two points.
    same = [r | {"value": 7.0} if r["metric"] == "work" else r for r in table]
    path = make_results(folder, "same", [figure], (same, bounds, rates))
    assert {len(c.points) for c in panels(Data.read(path), figure)[0].curves} == {6}
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


@pytest.mark.parametrize("count", [1, 2, 4])
def test_panels_without_legends_have_a_layout(count):
    """The boxes fill the figure, none on another; it divided by zero once."""
    plan = layout.plan([[] for _ in range(count)], titled=False)
    assert plan.columns == 1
    assert all(0 < x < x + w < 1 and 0 < y < y + h < 1 for x, y, w, h in plan.boxes)
    corners = {(round(x, 3), round(y, 3)) for x, y, _, _ in plan.boxes}
    assert len(corners) == count
