"""Other plugins that fail while a study is computed: one line, nothing half-done."""

from __future__ import annotations

import pytest
from failing_study import FREE, fails


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return np.full((n, d), np.nan), np.zeros((n, d))", "not finite"),
        ("return np.zeros((n, d + 1)), np.zeros((n, d + 1))", "wrong shape"),
        ("return np.zeros(n), np.zeros(n)", "wrong shape"),
        ("return np.zeros((n - 1, d)), np.zeros((n - 1, d))", "wrong shape"),
        ("return np.zeros((n, d))", ""),
        ("return None", ""),
        ("raise RuntimeError('no points today')", "no points today"),
        ("return [['a'] * d] * n, np.zeros((n, d))", ""),
    ],
)
def test_a_distribution_that_does_not_sample(
    site, mfplug_cli, write_study, tmp_path, body, said
):
    site.plugin(
        "law",
        f"""
        from dataclasses import dataclass
        from typing import ClassVar
        import numpy as np
        from mfplug import Distribution, hookimpl

        @dataclass(frozen=True)
        class Law(Distribution):
            '''A law of a test.'''
            name: ClassVar[str] = "law"

            def sample(self, rng, n):
                d = self.dimension
                {body}

            def density(self, q, p):
                return np.ones(np.shape(q)[:-1])

        @hookimpl
        def mfplug_distributions():
            return [Law]
        """,
    )
    path = write_study(system={"potential": "free", "initial": "law"},
                       metrics=["energy-drift"], **FREE)  # fmt: skip
    fails(mfplug_cli, path, tmp_path / "out", "simulate", "distribution 'law'", said)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise ZeroDivisionError('here')", "ZeroDivisionError: here"),
        ("return None", "returned None; expected list"),
        ("return [1.0]", "returned 1.0"),
        ("return [Row('own', 'soon', 1.0)]", "own"),
        ("return [Row('own', 0.0, 'much')]", "own"),
        ("return [Row('own', 0.0, 1.0, index=3)]", "own"),
        ("return [Row('own', 0.0, 1.0, replicas=2.5)]", "own"),
        ("return [Row(None, 0.0, 1.0)]", "own"),
        ("import sys; sys.exit(0)", "SystemExit"),
    ],
)
def test_a_metric_that_fails(site, mfplug_cli, write_study, tmp_path, body, said):
    site.plugin(
        "own",
        f"""
        from dataclasses import dataclass
        from typing import ClassVar
        from mfplug import Observable, Row, hookimpl

        @dataclass(frozen=True)
        class Own(Observable):
            '''A metric of a test.'''
            name: ClassVar[str] = "own"
            needs: ClassVar[tuple[str, ...]] = ("ensemble",)

            def rows(self, sample):
                {body}

        @hookimpl
        def mfplug_metrics():
            return [Own]
        """,
    )
    path = write_study(metrics=["own"], **FREE)
    fails(mfplug_cli, path, tmp_path / "out", "measure", "metric 'own'", said)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise RuntimeError('no field today')", "no field today"),
        ("return None", "MeanField"),
        ("return 3", "MeanField"),
    ],
)
def test_a_solver_that_fails(site, mfplug_cli, write_study, tmp_path, body, said):
    site.plugin(
        "own",
        f"""
        from dataclasses import dataclass
        from typing import ClassVar
        from mfplug import Solver, hookimpl

        @dataclass(frozen=True)
        class Own(Solver):
            '''A solver of a test.'''
            name: ClassVar[str] = "own"
            order: ClassVar[int] = 1

            def solve(self, system, times):
                {body}

            def restore(self, system, times, arrays, info):
                return None

        @hookimpl
        def mfplug_solvers():
            return [Own]
        """,
    )
    path = write_study(solver="own")
    fails(mfplug_cli, path, tmp_path / "out", "solve", "solver 'own'", said)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise RuntimeError('no step today')", "no step today"),
        ("return None", "State"),
        ("return State(state.q * float('nan'), state.p, state.mass)", "not finite"),
    ],
)
def test_an_integrator_that_fails(site, mfplug_cli, write_study, tmp_path, body, said):
    site.plugin(
        "own",
        f"""
        from dataclasses import dataclass
        from typing import ClassVar
        from mfplug import Integrator, State, hookimpl

        @dataclass(frozen=True)
        class Own(Integrator):
            '''An integrator of a test.'''
            name: ClassVar[str] = "own"
            order: ClassVar[int] = 1
            symplectic: ClassVar[bool] = False
            reversible: ClassVar[bool] = False

            def step(self, state, t, dt, force):
                {body}

        @hookimpl
        def mfplug_integrators():
            return [Own]
        """,
    )
    path = write_study(integrator="own", metrics=["energy-drift"], **FREE)
    fails(mfplug_cli, path, tmp_path / "out", "simulate", "integrator 'own'", said)
