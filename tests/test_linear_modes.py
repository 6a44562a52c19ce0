"""Metrics mode-rate, field-error and break-time, and the fit of a mode."""

from __future__ import annotations

import math

import numpy as np
import pytest

import mfplug
from mfplug import theory
from mfplug.errors import NumericsError, ParameterError
from mfplug.meanfield.linear import mode_options
from mfplug.meanfield.linear_mode import LinearMode

TWO_PI = 2 * np.pi


def wave(k: float, strength: float, **initial: object) -> mfplug.System:
    return mfplug.System(
        potential={"name": "cosine", "strength": strength},
        initial={"name": "homogeneous", **initial},
        box=TWO_PI / k,
    )


def test_a_mode_is_found_among_others() -> None:
    t = np.linspace(3.0, 17.0, 90)
    main = np.exp(-0.08 * t) * np.cos(1.31 * t + 0.4)
    other = 0.03 * np.exp(-0.3 * t) * np.cos(2.6 * t)
    fit = theory.fit_mode(t, main + other)
    assert fit.frequency == pytest.approx(1.31 - 0.08j, abs=1e-7)
    assert fit.residual < 1e-6
    growing = theory.fit_mode(t, 1e-6 * np.exp(0.21 * t) + 1e-6 * np.exp(-0.2 * t))
    assert growing.frequency == pytest.approx(0.21j, abs=1e-7)
    # A drift that is no exponential moves the fits of the halves apart.
    bent = theory.fit_mode(t, np.exp(0.21 * t - 0.004 * t**2), terms=1)
    assert bent.stderr > 0.01
    with pytest.raises(ParameterError, match="equidistant"):
        theory.fit_mode(t**2, main)
    with pytest.raises(NumericsError, match="no signal"):
        theory.fit_mode(t, 0 * main)


def test_mode_rate_sees_theory_and_a_wrong_strength() -> None:
    system = wave(0.5, 8.0, amplitude=1e-6)
    field = mfplug.solve_mean_field(
        system, [0.0, 12.0, 25.0], solver="semi-lagrangian", step=0.25
    )
    table = mfplug.measure([{"name": "mode-rate", "start": 8.0}], field=field)
    value = table.set_index("metric")["value"]
    assert value["mode-error"] < 1e-4
    assert value["mode-frequency-exact"] == pytest.approx(1.4156618886, abs=1e-9)
    assert value["mode-growth"] == pytest.approx(-0.1533594669, rel=1e-4)
    assert (table["metric"] == "mode-amplitude").sum() == 3
    # The rates of a potential that is 2 % stronger are not these.
    off = theory.mode_frequency(0.5, 8.16)
    assert abs(off.imag / -0.1533594669 - 1) > 1e-2
    with pytest.raises(ParameterError, match="the window is empty"):
        mfplug.measure([{"name": "mode-rate", "start": 25.0}], field=field)
    with pytest.raises(ParameterError, match="there is none for this system"):
        mode_options(mfplug.System())


def test_field_error_against_a_reference() -> None:
    system = mfplug.System(
        potential={"name": "harmonic", "strength": 1.3},
        initial={"name": "gaussian", "qq": 0.6, "pp": 0.4, "mean_p": 0.3},
    )
    exact = {"name": "harmonic-exact"}
    field = mfplug.solve_mean_field(
        system, [0.0, 1.0], solver="semi-lagrangian", step=0.1
    )
    metric = {"name": "field-error", "reference": exact, "points": 50}
    value = mfplug.measure([metric], field=field).set_index("metric")["value"]
    assert value["field-force"] < 1e-8
    assert value["field-density"] < 1e-7
    assert value["field-score"] < 1e-6
    other = mfplug.System.from_dict(
        system.to_dict() | {"potential": {"name": "harmonic", "strength": 1.31}}
    )
    wrong = mfplug.solve_mean_field(other, [0.0, 1.0], solver="harmonic-exact")
    wrong.system = system
    value = mfplug.measure([metric], field=wrong).set_index("metric")["value"]
    assert value["field-force"] > 1e-3
    # Nor is a reference of another system kept for this one.
    exact_other = mfplug.solve_mean_field(other, [0.0, 1.0], solver="harmonic-exact")
    for one in (exact_other, field):
        value = mfplug.measure([metric], field=one).set_index("metric")["value"]
        assert value["field-force"] < 1e-8
    with pytest.raises(ParameterError, match="the reference is missing"):
        mfplug.measure(["field-error"], field=field)


def streams(N: int, R: int) -> mfplug.Ensemble:
    system = wave(0.2, 50.0, momentum="two-stream", speed=3.0)
    return mfplug.simulate(
        system, particles=N, replicas=R, times=[0.0], step=0.3, seed=8
    )


def test_linear_theory_of_a_replica() -> None:
    # rho = M S of the replicas' own points against N bodies, while the wave is small.
    times = 0.2 * np.arange(41)
    ensemble = streams(160000, 3)
    mode = LinearMode(ensemble.system, times)
    later = mfplug.simulate(
        ensemble.system,
        particles=160000,
        replicas=3,
        times=[0.0, 8.0],
        step=0.2,
        seed=8,
    )
    seen = np.exp(-0.2j * later.q[1, :, :, 0]).mean(axis=1)
    q, p = later.q[0, :, :, 0], later.p[0, :, :, 0]
    free = np.stack([np.exp(-0.2j * (q + t * p)).mean(axis=1) for t in times], axis=1)
    found = mode.at(40, free)
    assert np.abs(found / seen - 1).max() < 0.03
    # Without the response, the free motion alone, it is nothing like that.
    assert np.abs(free[:, 40] / seen - 1).min() > 0.3


@pytest.mark.parametrize(
    ("state", "growth"),
    [
        (wave(0.2, 50.0, momentum="two-stream", speed=3.0), 0.2845097),
        (wave(1.0, -1.0, width=0.4**0.5), 0.1161662),
    ],
)
def test_linear_mode_grows_at_the_published_rate(
    state: mfplug.System, growth: float
) -> None:
    # The rates of numbers.md; order 4 in the step, and the order is measured.
    errors = []
    for step in (0.8, 0.4):
        mode = LinearMode(state, step * np.arange(round(80 / step) + 1))
        size = np.log(np.abs(mode.matrix[:, 0]))
        middle = len(size) // 2
        rate = (size[-1] - size[middle]) / (mode.times[-1] - mode.times[middle])
        errors.append(abs(rate / growth - 1))
    assert errors[1] < 2e-3
    assert errors[0] > 8 * errors[1]


def test_paths_of_the_linear_equation() -> None:
    # E |rho|^2 of 2000 paths, a standard error of 2.2 %; 5 of them (false alarm 6e-7).
    mode = LinearMode(wave(1.0, -1.0, width=0.4**0.5), 0.4 * np.arange(61))
    paths = mode.sampled(np.random.default_rng(4), 2000)
    assert (np.abs(paths[:, 0]) ** 2).mean() == pytest.approx(1.0, abs=0.11)
    last = (np.abs(paths[:, -1]) ** 2).mean() / mode.variance()
    assert last == pytest.approx(1.0, abs=0.11)
    assert mode.variance() > 30.0


def test_break_time_rows_and_refusals() -> None:
    ensemble = streams(4000, 6)
    metric = {"name": "break-time", "threshold": 0.08, "end": 40.0}
    table = mfplug.measure([metric], ensemble=ensemble).set_index("metric")
    plain, paired = table.loc["break-time-plain"], table.loc["break-time"]
    assert paired["stderr"] < 0.5 * plain["stderr"]
    # The wave is no longer small at 0.08, which delays it a little.
    linear = table.loc["break-time-linear", "value"]
    assert linear < paired["value"] < 1.2 * linear
    growth = theory.two_stream_growth(0.2, 3.0)
    # Noise and decaying modes, N^-1/2 / 0.08 = 0.2, move it by less than 1 / gamma.
    moved = math.log(table.loc["amplification", "value"]) / (2 * growth)
    assert moved == pytest.approx(paired["value"], abs=0.3 / growth)
    assert table.loc["break-time-exponential", "value"] == pytest.approx(
        math.exp(moved)
    )
    short = metric | {"end": 1.0}
    row = mfplug.measure([short], ensemble=ensemble).iloc[0]
    assert math.isnan(row["value"])
    assert "6 of 6 replicas stay below" in row["note"]
    row = mfplug.measure([metric], ensemble=streams(60, 20)).iloc[0]
    assert math.isnan(row["value"])
    assert "replicas start above 0.08; take more particles" in row["note"]
    stable = mfplug.simulate(
        wave(0.5, 8.0), particles=50, replicas=3, times=[0.0], step=0.3
    )
    with pytest.raises(ParameterError, match="no growing mode"):
        mfplug.measure([metric], ensemble=stable)
