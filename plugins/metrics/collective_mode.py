"""The collective mode of a homogeneous state, and what it says of alpha at finite N."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug

if TYPE_CHECKING:
    from mfplug.theory.linear_response import ModeResponse

Array = NDArray[np.float64]

#: Particles that are tested at once; bounds the memory.
BLOCK = 200_000
#: Replicas without which the control variates are worth less than they cost.
FEWEST = 100


@dataclass(frozen=True)
class CollectiveMode(mfplug.Observable):
    r"""The variance of the mode m = N^(-1/2) sum e^(-i k q), and the dual test.

    Rows at every time after the first:

    - ``mode-variance`` C_N = E\|m\|^2, and ``mode-variance-limit``, its limit for large
      N by linear theory (audit, 4.3); 1 for independent particles;
    - ``dual-test``, (E\|S_N\| - E_iid\|S_N\|) / N for signs of sin(k q - a), the mean
      over phases: a lower bound of alpha at this N (audit, 3.4k), if the mode grew;
    - ``dual-test-limit``, what the central limit theorem makes of C there.

    Control variates are the free flights of the same initial points and the answer of
    linear theory to them, whose moments are exact at every N. The system has to be a
    ``cosine`` potential with a ``homogeneous`` law without a wave, in d = 1: there the
    mean field vanishes, and free flights are its characteristics.
    """

    name: ClassVar[str] = "collective-mode"
    needs: ClassVar[tuple[str, ...]] = ("ensemble",)
    measures: ClassVar[tuple[str, ...]] = (
        "dual-test", "dual-test-limit", "mode-variance", "mode-variance-limit",
    )  # fmt: skip

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 4e-7 * particles * replicas * times

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the rows of every time after the first."""
        ensemble = sample.the_ensemble()
        response = _response(sample.system)
        if ensemble.replicas < FEWEST:
            raise mfplug.ParameterError(
                f"metric '{self.name}': too few replicas to say anything; got "
                f"{ensemble.replicas}, expected at least {FEWEST}. Simulate more."
            )
        rows = []
        for place, t in enumerate(sample.times):
            if place > 0:
                rows += _at(sample, response, place, t - sample.times[0])
        return rows


def _at(
    sample: mfplug.Sample, response: ModeResponse, place: int, elapsed: float
) -> list[mfplug.Row]:
    """Return the rows of one time."""
    from mfplug.dynamics.copies import blocks
    from mfplug.theory.dual_test import dual_test, sign_test_limit
    from mfplug.theory.intervals import student_quantile
    from mfplug.theory.projection import hoeffding_coefficients

    ensemble, t = sample.the_ensemble(), sample.times[place]
    N, count = ensemble.particles, ensemble.replicas
    q, p = ensemble.q[..., 0], ensemble.p[0, ..., 0]
    parts = [
        dual_test(response, q[place, part], (q[0, part], p[part]), elapsed)
        for part in blocks(ensemble, BLOCK)
    ]
    values = np.stack(
        [
            np.concatenate([part.signs for part in parts]) / math.sqrt(N),
            np.concatenate([part.square for part in parts]),
        ],
        axis=1,
    )
    controls = np.concatenate([part.controls for part in parts])
    scale = np.maximum(controls.std(axis=0), 1e-300)
    found = hoeffding_coefficients(values, 1, controls / scale)
    quantile = student_quantile(0.95, min(found.sizes) - controls.shape[1] - 1)
    rows = []
    for name, value, error in zip(
        ("dual-test", "mode-variance"), found.value, found.stderr, strict=True
    ):
        half = quantile * float(error)
        low, high = float(value) - half, float(value) + half
        rows.append(
            mfplug.Row(name, t, float(value), float(error), low, high, replicas=count)
        )
    limit = response.limit(elapsed)
    test = sign_test_limit(limit) / math.sqrt(N)
    return [
        *rows,
        mfplug.Row("mode-variance-limit", t, limit),
        mfplug.Row("dual-test-limit", t, test),
    ]


def _response(system: mfplug.System) -> ModeResponse:
    """Return the linear theory of a system, if it is one that it holds for."""
    from mfplug.theory.linear_response import ModeResponse

    potential, law = system.potential, system.initial
    given = (potential.name, law.name, law.parameters().get("amplitude"))
    plain = system.external is None and system.dimension == 1 and system.beta == 0.0
    if given != ("cosine", "homogeneous", 0.0) or not plain or system.box is None:
        raise mfplug.ParameterError(
            "metric 'collective-mode': linear theory does not know this system; got "
            f"'{potential.name}' with '{law.name}' in d = {system.dimension}, expected "
            "cosine with homogeneous of amplitude 0, d = 1, beta = 0 and no external "
            "potential. Change the system."
        )
    return ModeResponse(
        law.law.transform,  # type: ignore[attr-defined]
        potential.wavenumber,  # type: ignore[attr-defined]
        potential.strength,  # type: ignore[attr-defined]
        system.mass,
    )


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [CollectiveMode]
