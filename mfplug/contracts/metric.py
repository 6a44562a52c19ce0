"""Error metrics: observables of a study and distances between clouds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.plugin import Plugin
from mfplug.errors import ParameterError

if TYPE_CHECKING:
    from mfplug.contracts.meanfield import MeanField
    from mfplug.dynamics.ensemble import Ensemble
    from mfplug.system import System

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """One measured number: a row of ``table.csv`` without the swept parameters.

    An empty value with a note stands for a number that could not be computed.
    """

    metric: str
    time: float | None
    value: float | None
    stderr: float | None = None
    lower: float | None = None
    upper: float | None = None
    index: str = ""
    replicas: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Sample:
    """What a metric is given: the system, its field, its ensemble, a random stream.

    ``field`` and ``ensemble`` are present exactly if the metric's ``needs`` name them;
    :meth:`the_field` and :meth:`the_ensemble` return them or say what is missing.

    Attributes
    ----------
    system : System
        With N-dependent parameters evaluated where there is an ensemble.
    times : tuple of float
        The times to measure at; the first is the initial time.
    rng : numpy.random.Generator
        The metric's own stream.
    field : MeanField or None
    ensemble : Ensemble or None
    particles : int or None
        N of the cell, also for a metric that needs no ensemble; None where the study
        has no N.
    """

    system: System
    times: tuple[float, ...]
    rng: np.random.Generator
    field: MeanField | None = None
    ensemble: Ensemble | None = None
    particles: int | None = None

    def the_particles(self) -> int:
        """Return N.

        Raises
        ------
        ParameterError
            If the study has no N.
        """
        if self.particles is None:
            raise ParameterError(
                "metric: it was given no number of particles; got none, expected N. "
                "Sweep `N`, or set `particles`."
            )
        return self.particles

    def the_field(self) -> MeanField:
        """Return the mean field.

        Raises
        ------
        ParameterError
            If the metric did not ask for it.
        """
        if self.field is None:
            raise ParameterError(_absent("field"))
        return self.field

    def the_ensemble(self) -> Ensemble:
        """Return the ensemble.

        Raises
        ------
        ParameterError
            If the metric did not ask for it.
        """
        if self.ensemble is None:
            raise ParameterError(_absent("ensemble"))
        return self.ensemble


def _absent(what: str) -> str:
    return (
        f"metric: it was given no {what}; got None, expected one. Name '{what}' in the "
        "metric's `needs`."
    )


@dataclass(frozen=True)
class Metric(Plugin, ABC):
    """A measurement; ``needs`` names what it is given: "field", "ensemble" or none."""

    kind: ClassVar[str] = "metric"
    needs: ClassVar[tuple[str, ...]] = ("field", "ensemble")
    #: Names that its rows may have. A study that asks for another one is refused before
    #: it runs; of a class that does not say it itself, nothing is known before.
    measures: ClassVar[tuple[str, ...]] = ()
    #: Sums over all pairs for a replica and a time, in units of a force: what they cost
    #: depends on how they are done, so it is not in ``cost``.
    force_sums: ClassVar[float] = 0.0

    @abstractmethod
    def rows(self, sample: Sample) -> list[Row]:
        """Return the measured rows, with their errors."""


@dataclass(frozen=True)
class Observable(Metric, ABC):
    """A number of an ensemble and a field; it has no metric axioms."""


@dataclass(frozen=True)
class Distance(Metric, ABC):
    """A distance of two clouds; ``distance`` obeys the metric axioms."""

    @abstractmethod
    def distance(self, x: Array, y: Array) -> float:
        """Return the distance of two clouds of points, shapes (n, D) and (m, D)."""

    def of_points(self, r: float) -> float | None:
        """Return the exact distance of two points r apart, None where it is unknown.

        The conformance kit compares it with :meth:`distance` of clouds of one point.
        """
        return None


def mean_row(
    metric: str, time: float, samples: Array, index: str = "", note: str = ""
) -> Row:
    """Return the row of a mean over replicas, with Student's 95 % interval.

    Parameters
    ----------
    samples
        One number per independent replica, shape (R,).

    Returns
    -------
    Row
        mean +- t_{0.975, R-1} s / sqrt(R); without an interval where R = 1.
    """
    from scipy import stats

    samples = np.asarray(samples, dtype=float)
    count = samples.size
    value = float(samples.mean())
    if count < 2:
        text = note or "one replica has no standard error"
        return Row(metric, time, value, index=index, replicas=count, note=text)
    error = float(samples.std(ddof=1) / np.sqrt(count))
    half = float(stats.t.isf(0.025, count - 1)) * error
    return Row(
        metric, time, value, error, value - half, value + half, index, count, note
    )
