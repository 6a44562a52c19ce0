"""The hooks: one for each kind of plugin."""

from __future__ import annotations

from typing import Any

import pluggy

hookspec = pluggy.HookspecMarker("mfplug")
hookimpl = pluggy.HookimplMarker("mfplug")


@hookspec
def mfplug_potentials() -> list[type[Any]]:  # type: ignore[empty-body]
    """Return subclasses of :class:`mfplug.Potential`."""


@hookspec
def mfplug_externals() -> list[type[Any]]:  # type: ignore[empty-body]
    """Return subclasses of :class:`mfplug.External`."""


@hookspec
def mfplug_distributions() -> list[type[Any]]:  # type: ignore[empty-body]
    """Return subclasses of :class:`mfplug.Distribution`."""


@hookspec
def mfplug_integrators() -> list[type[Any]]:  # type: ignore[empty-body]
    """Return subclasses of :class:`mfplug.Integrator`."""


@hookspec
def mfplug_solvers() -> list[type[Any]]:  # type: ignore[empty-body]
    """Return subclasses of :class:`mfplug.Solver`."""


@hookspec
def mfplug_metrics() -> list[type[Any]]:  # type: ignore[empty-body]
    """Return subclasses of :class:`mfplug.Metric`."""


HOOKS = {
    "potential": "mfplug_potentials",
    "external": "mfplug_externals",
    "distribution": "mfplug_distributions",
    "integrator": "mfplug_integrators",
    "solver": "mfplug_solvers",
    "metric": "mfplug_metrics",
}
