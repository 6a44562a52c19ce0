"""Plugins that fail while a study is computed: one line, nothing half-done."""

from __future__ import annotations

import pytest
from failing_study import FREE, fails, system

MODULE = """
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
import mfplug
from mfplug import Row, State, hookimpl

@dataclass(frozen=True)
class Own(mfplug.{base}):
    '''A plugin of a test.'''
    name: ClassVar[str] = "own"
{members}

@hookimpl
def mfplug_{kind}s():
    return [Own]
"""
DRIFT = {"metrics": ["energy-drift"], **FREE}
#: By kind: base class, members of the plugin, study, and the step that fails.
PLUGINS = {
    "external": (
        "External",
        """
    def energy(self, q, t):
        return np.zeros(q.shape[:-1])

    def gradient(self, q, t):
        {body}
""",
        {"system": system("free", external="own"), **DRIFT},
        "simulate",
    ),
    "distribution": (
        "Distribution",
        """
    def sample(self, rng, n):
        d = self.dimension
        {body}

    def density(self, q, p):
        return np.ones(np.shape(q)[:-1])
""",
        {"system": {"potential": "free", "initial": "own"}, **DRIFT},
        "simulate",
    ),
    "metric": (
        "Observable",
        """
    needs: ClassVar[tuple[str, ...]] = ("ensemble",)

    def rows(self, sample):
        {body}
""",
        {"metrics": ["own"], **FREE},
        "measure",
    ),
    "solver": (
        "Solver",
        """
    order: ClassVar[int] = 1

    def solve(self, system, times):
        {body}

    def restore(self, system, times, arrays, info):
        return None
""",
        {"solver": "own"},
        "solve",
    ),
    "integrator": (
        "Integrator",
        """
    order: ClassVar[int] = 1
    symplectic: ClassVar[bool] = False
    reversible: ClassVar[bool] = False

    def step(self, state, t, dt, force):
        {body}
""",
        {"integrator": "own", **DRIFT},
        "simulate",
    ),
}
#: What the plugin does, and what the line has to say.
FAULTS = {
    "external": [
        ("raise RuntimeError('no trap today')", "no trap today"),
        ("return np.zeros(3)", "wrong shape"),
        ("return np.full_like(q, np.nan)", "not finite"),
        ("return None", "own"),
    ],
    "distribution": [
        ("return np.full((n, d), np.nan), np.zeros((n, d))", "not finite"),
        ("return np.zeros((n, d + 1)), np.zeros((n, d + 1))", "wrong shape"),
        ("return np.zeros(n), np.zeros(n)", "wrong shape"),
        ("return np.zeros((n - 1, d)), np.zeros((n - 1, d))", "wrong shape"),
        ("return np.zeros((n, d))", ""),
        ("return None", ""),
        ("raise RuntimeError('no points today')", "no points today"),
        ("return [['a'] * d] * n, np.zeros((n, d))", ""),
    ],
    "metric": [
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
    "solver": [
        ("raise RuntimeError('no field today')", "no field today"),
        ("return None", "MeanField"),
        ("return 3", "MeanField"),
    ],
    "integrator": [
        ("raise RuntimeError('no step today')", "no step today"),
        ("return None", "State"),
        ("return State(state.q * float('nan'), state.p, state.mass)", "not finite"),
    ],
}


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [(kind, *fault) for kind, faults in FAULTS.items() for fault in faults],
)
def test_a_plugin_that_fails(site, mfplug_cli, write_study, tmp_path, kind, body, said):
    base, members, study, step = PLUGINS[kind]
    members = members.format(body=body)
    site.plugin("own", MODULE.format(base=base, members=members, kind=kind))
    path = write_study(**study)
    fails(mfplug_cli, path, tmp_path / "out", step, f"{kind} 'own'", said)
