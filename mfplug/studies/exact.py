"""Closed forms of the harmonic model for the rows of a table (audit, 4.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mfplug.contracts.metric import Row
from mfplug.errors import ParameterError
from mfplug.studies.cells import Cell

if TYPE_CHECKING:
    from mfplug.theory.harmonic import HarmonicLaw

ENTRIES = {"qq": (0, 0), "qp": (0, 1), "pp": (1, 1)}
LAW = {
    "kl": "kl",
    "kl-reverse": "kl_reverse",
    "hellinger-squared": "hellinger_squared",
    "w2": "w2",
    "w1-q": "w1_q",
    "bl-q": "bl_q",
    "l1-q": "l1_q",
}


def law_of(cell: Cell, time: float) -> HarmonicLaw:
    """Return the exact law of a harmonic cell at a time.

    Raises
    ------
    ParameterError
        If the cell is not harmonic with Gaussian data, d = 1, mass 1 and beta 0.
    """
    from mfplug.theory.harmonic import harmonic_law

    system, initial = cell.system, cell.system.initial
    harmonic = system.potential.name in ("harmonic", "free")
    trapped = system.external is None or system.external.name == "trap"
    plain = system.dimension == 1 and system.mass == 1.0 and system.beta == 0.0
    if not (harmonic and trapped and plain and initial.name == "gaussian"):
        raise ParameterError(
            "harmonic-exact: the system is not the solvable one; got "
            f"{system.to_dict()}, expected harmonic or free, no external or trap, "
            "gaussian, d = 1, mass 1. Use another bound."
        )
    given = initial.parameters()
    pair = system.potential.parameters().get("strength", 0.0)
    trap = system.external.parameters()["strength"] if system.external else 0.0
    covariance = ((given["qq"], given["qp"]), (given["qp"], given["pp"]))
    mean = (given["mean_q"], given["mean_p"])
    return harmonic_law(time - cell.times[0], pair, trap, covariance, mean)


def closed_form(cell: Cell, row: Row) -> float | None:
    """Return the exact value of a row, or None if there is no closed form for it."""
    if row.time is None or cell.particles is None:
        return None
    law = law_of(cell, row.time)
    N = cell.particles
    if row.metric in FORMS:
        return FORMS[row.metric](law, N, row.index)
    if row.metric in LAW:
        return float(getattr(law.distances(N), LAW[row.metric]))
    return None


def _fluctuation(law: HarmonicLaw, N: int, index: str) -> float | None:
    exact = law.force_fluctuation(N)
    return {"rms": exact.rms, "with-self": exact.rms_with_self}.get(index)


def _coarse(law: HarmonicLaw, N: int, index: str) -> float:
    """Return the L1 distance on the fixed partition, cut along f_0's quartiles."""
    import numpy as np

    from mfplug.theory.gaussian import gaussian_cell_masses
    from mfplug.theory.partition import quartile_edges

    sigma = law.initial_covariance
    edges = [quartile_edges(float(np.sqrt(sigma[a, a]))) for a in (0, 1)]
    # Carried back to time 0, F^1 is Gaussian with covariance R^-1 (A + D/N) R^-T.
    back = np.linalg.inv(law.relative)
    carried = back @ law.marginal_covariance(N) @ back.T
    first = gaussian_cell_masses(carried, *edges)
    second = gaussian_cell_masses(sigma, *edges)
    return float(np.abs(first - second).sum())


def _field(law: HarmonicLaw, N: int, index: str) -> float | None:
    r"""Return N Cov(<g, mu_N>, <h, mu_N>) of functions of x = (q, p), at this N.

    The mean of the particles is Gaussian with mean mu = S m_0 and covariance C / N; the
    N - 1 relative coordinates are independent of it, with covariance A. So N Var of the
    mean of q is C_qq, and that of q^2, the sum of a chi-square and of the square of the
    mean, is 2 A_qq^2 (N - 1) / N + 2 C_qq^2 / N + 4 mu_q^2 C_qq.
    """
    a, c = float(law.vlasov[0, 0]), float(law.centre_covariance[0, 0])
    mean = float(law.mean[0])
    exact = {
        "q": c,
        "p": float(law.centre_covariance[1, 1]),
        "q.p": float(law.centre_covariance[0, 1]),
        "q2": 2.0 * a**2 * (N - 1) / N + 2.0 * c**2 / N + 4.0 * mean**2 * c,
        "q.q2": 2.0 * mean * c,
    }
    return exact.get(index)


FORMS: dict[str, Callable[[HarmonicLaw, int, str], float | None]] = {
    "coupling-mean": lambda law, N, _: law.coupling(N),
    "coupling-max": lambda law, N, _: law.coupling(N),
    "marginal-l1": lambda law, N, s: law.distances(N, int(s)).l1,
    "marginal-l1-coarse": _coarse,
    "force-fluctuation": _fluctuation,
    "covariance": lambda law, N, i: float(law.marginal_covariance(N)[ENTRIES[i]]),
    "cross-covariance": lambda law, N, i: float(law.excess[ENTRIES[i]]) / N,
    "field-covariance": _field,
    "mean-field-covariance": lambda law, N, i: float(law.vlasov[ENTRIES[i]]),
}
