"""mfplug: mean-field limits of classical particles, with plugins and workflows.

The names below are imported when they are first used, so that ``import mfplug`` and
the command line start at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_EXPORTS = {
    "hookimpl": "mfplug.hookspecs",
    "param": "mfplug.contracts.plugin",
    "Plugin": "mfplug.contracts.plugin",
    "PowerOfN": "mfplug.contracts.plugin",
    "Potential": "mfplug.contracts.potential",
    "RadialPotential": "mfplug.contracts.potential",
    "External": "mfplug.contracts.potential",
    "Distribution": "mfplug.contracts.distribution",
    "Integrator": "mfplug.contracts.integrator",
    "State": "mfplug.contracts.integrator",
    "Solver": "mfplug.contracts.solver",
    "MeanField": "mfplug.contracts.meanfield",
    "Metric": "mfplug.contracts.metric",
    "Observable": "mfplug.contracts.metric",
    "Distance": "mfplug.contracts.metric",
    "Row": "mfplug.contracts.metric",
    "Sample": "mfplug.contracts.metric",
    "mean_row": "mfplug.contracts.metric",
    "names": "mfplug.registry",
    "create": "mfplug.registry",
    "System": "mfplug.system",
    "simulate": "mfplug.dynamics.simulate",
    "Ensemble": "mfplug.dynamics.ensemble",
    "read_snapshots": "mfplug.dynamics.snapshots",
    "write_snapshots": "mfplug.dynamics.snapshots",
    "solve_mean_field": "mfplug.meanfield.solve",
    "load": "mfplug.studies.results",
    "load_field": "mfplug.studies.store",
    "save_field": "mfplug.studies.store",
    "counting_measure": "mfplug.theory.counting.measure",
    "CountingMeasure": "mfplug.theory.counting.result",
    "measure": "mfplug.studies.measure",
    "run_study": "mfplug.studies.api",
    "tabulate": "mfplug.studies.api",
    "plot": "mfplug.studies.api",
    "MfplugError": "mfplug.errors",
    "PluginDeprecation": "mfplug.errors",
    "PluginError": "mfplug.errors",
    "ParameterError": "mfplug.errors",
    "StudyError": "mfplug.errors",
    "NumericsError": "mfplug.errors",
    "StoreError": "mfplug.errors",
}

_SUBMODULES = {
    "checks",
    "theory",
    "report",
    "studies",
    "dynamics",
    "meanfield",
    "registry",
}

__all__ = ["__version__", *_EXPORTS]

if TYPE_CHECKING:
    from mfplug.contracts.distribution import Distribution as Distribution
    from mfplug.contracts.integrator import Integrator as Integrator
    from mfplug.contracts.integrator import State as State
    from mfplug.contracts.meanfield import MeanField as MeanField
    from mfplug.contracts.metric import Distance as Distance
    from mfplug.contracts.metric import Metric as Metric
    from mfplug.contracts.metric import Observable as Observable
    from mfplug.contracts.metric import Row as Row
    from mfplug.contracts.metric import Sample as Sample
    from mfplug.contracts.metric import mean_row as mean_row
    from mfplug.contracts.plugin import Plugin as Plugin
    from mfplug.contracts.plugin import PowerOfN as PowerOfN
    from mfplug.contracts.plugin import param as param
    from mfplug.contracts.potential import External as External
    from mfplug.contracts.potential import Potential as Potential
    from mfplug.contracts.potential import RadialPotential as RadialPotential
    from mfplug.contracts.solver import Solver as Solver
    from mfplug.dynamics.ensemble import Ensemble as Ensemble
    from mfplug.dynamics.simulate import simulate as simulate
    from mfplug.dynamics.snapshots import read_snapshots as read_snapshots
    from mfplug.dynamics.snapshots import write_snapshots as write_snapshots
    from mfplug.errors import MfplugError as MfplugError
    from mfplug.errors import NumericsError as NumericsError
    from mfplug.errors import ParameterError as ParameterError
    from mfplug.errors import PluginDeprecation as PluginDeprecation
    from mfplug.errors import PluginError as PluginError
    from mfplug.errors import StoreError as StoreError
    from mfplug.errors import StudyError as StudyError
    from mfplug.hookspecs import hookimpl as hookimpl
    from mfplug.meanfield.solve import solve_mean_field as solve_mean_field
    from mfplug.registry import create as create
    from mfplug.registry import names as names
    from mfplug.studies.api import plot as plot
    from mfplug.studies.api import run_study as run_study
    from mfplug.studies.api import tabulate as tabulate
    from mfplug.studies.measure import measure as measure
    from mfplug.studies.results import load as load
    from mfplug.studies.store import load_field as load_field
    from mfplug.studies.store import save_field as save_field
    from mfplug.system import System as System
    from mfplug.theory.counting.measure import counting_measure as counting_measure
    from mfplug.theory.counting.result import CountingMeasure as CountingMeasure


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        value = getattr(import_module(_EXPORTS[name]), name)
        globals()[name] = value
        return value
    if name in _SUBMODULES:
        return import_module(f"mfplug.{name}")
    raise AttributeError(f"module 'mfplug' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*__all__, *_SUBMODULES})
