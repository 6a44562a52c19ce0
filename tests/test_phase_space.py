"""Pictures of phase space: what they show, and the command that draws them."""

from __future__ import annotations

import math

import numpy as np
import pytest

import mfplug
from mfplug import ParameterError
from mfplug.report.phase_space import phase_space_density, phase_space_figure


@pytest.fixture(scope="module")
def field():
    """A Gaussian that turns in a trap."""
    system = mfplug.System(
        potential="free",
        initial={"name": "gaussian", "mean_q": 1.0, "qq": 0.3, "pp": 0.7},
        external={"name": "trap", "strength": 1.0},
    )
    return mfplug.solve_mean_field(system, [0.0, math.pi / 2], "harmonic-exact")


def test_the_picture_is_the_density(field):
    """A quarter turn takes (q, p) to (p, -q); the cells hold the mass."""
    q, p, f = phase_space_density(field, [0.0, math.pi / 2], points=90)
    assert f.shape == (2, 90, 90)
    cell = (q[1] - q[0]) * (p[1] - p[0])
    for k, (mean, variances) in enumerate(
        [((1, 0), (0.3, 0.7)), ((0, -1), (0.7, 0.3))]
    ):
        assert cell * f[k].sum() == pytest.approx(1.0, abs=0.02)
        a, b = (q - mean[0]) ** 2 / variances[0], (p - mean[1]) ** 2 / variances[1]
        exact = np.exp(-0.5 * (a[None, :] + b[:, None])) / (2 * math.pi * 0.21**0.5)
        # The mean over a cell differs from its middle by h^2 / 24 f''.
        assert f[k] == pytest.approx(exact, abs=5e-3 * exact.max())
    # Planted: position and momentum exchanged.
    assert np.abs(f[0].T - f[0]).max() > 0.1 * f.max()


def test_the_torus_fills_the_width():
    state = {"name": "homogeneous", "amplitude": 0.5}
    system = mfplug.System(1, "cosine", state, box=4.0)
    torus = mfplug.solve_mean_field(system, [0.0], nodes=400)
    q, _, f = phase_space_density(torus, [0.0], points=40)
    assert (q[0], q[-1]) == pytest.approx((0.05, 3.95))
    assert f[0].sum(axis=0).argmax() in (0, 39)


def test_figure(field):
    figure = phase_space_figure(field, [0.0, 0.4, 0.8, 1.2], points=20)
    panels = [a for a in figure.axes if a.get_visible() and a.get_title()]
    assert [a.get_title() for a in panels] == [
        "$t = 0$", "$t = 0.4$", "$t = 0.8$", "$t = 1.2$",
    ]  # fmt: skip
    limits = {a.collections[0].get_clim() for a in panels}
    assert len(limits) == 1


def test_only_one_dimension(field):
    plane = mfplug.solve_mean_field(mfplug.System(2), [0.0, 1.0], "harmonic-exact")
    with pytest.raises(ParameterError, match=r"one dimension.*got d = 2"):
        phase_space_figure(plane, [0.0])
    with pytest.raises(ParameterError, match="got d = 1 and 0 times"):
        phase_space_figure(field, [])


@pytest.mark.parametrize(
    ("given", "got"),
    [
        ("micro.yaml", "a study file"),
        ("chaos", "the name of a study"),
        ("results/micro", "the results of a study"),
    ],
)
def test_a_study_is_no_field(
    mfplug_cli, write_study, monkeypatch, tmp_path, given, got
):
    monkeypatch.chdir(write_study().parent)
    (tmp_path / "results" / "micro").mkdir(parents=True)
    (tmp_path / "results" / "micro" / "plan.json").write_text("{}")
    name = "chaos" if given == "chaos" else "micro"
    mfplug_cli("phase", given, "x.png").refused(
        f"field '{given}'", f"got {got}", "npz file of mfplug.save_field", "Run the",
        f"mfplug.load('results/{name}')",
    )  # fmt: skip


def test_command(mfplug_cli, tmp_path, field):
    path, picture = tmp_path / "field.npz", tmp_path / "picture.png"
    mfplug.save_field(path, field)
    answer = mfplug_cli("phase", str(path), str(picture), "--times", "0.5")
    assert (answer.status, answer.out) == (0, f"{picture}\n")
    assert picture.read_bytes()[1:4] == b"PNG"
    answer = mfplug_cli("phase", str(path), str(tmp_path / "picture.gif"))
    assert answer.status != 0
    assert "unknown format; got '.gif'" in answer.err
    answer = mfplug_cli("phase", str(path), str(picture), "--times", "7")
    assert "outside the solved interval" in answer.err
    answer = mfplug_cli("phase", str(tmp_path / "none.npz"), str(picture))
    assert "no such file" in answer.err
    assert answer.err.count("\n") == 1
