r"""The Lorentz (Cauchy) law: no moments, and a bounded score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mfplug import Distribution, hookimpl

from .student import HeavyTailed


@dataclass(frozen=True)
class Lorentz(HeavyTailed):
    r"""Independent Lorentz (multivariate Cauchy) laws in q and in p.

    .. math:: f_0 = g_w(q)\, g_{w'}(p), \quad g_w(x) =
              \frac{\Gamma((1 + d)/2)}{\pi^{(1 + d)/2} w^d}
              \left(1 + \frac{|x|^2}{w^2}\right)^{-(1 + d)/2}

    Parameters
    ----------
    q_width, p_width : float
        Scales w, w' > 0: in one dimension half the width at half height.

    Notes
    -----
    Student's law with one degree of freedom. The score is bounded by (1 + d) / (2 w) in
    q and (1 + d) / (2 w') in p, so Theorem 3.1 of the thesis applies, although not even
    the mean exists.
    """

    name: ClassVar[str] = "lorentz"

    @property
    def freedom(self) -> float:
        """Return 1."""
        return 1.0


@hookimpl
def mfplug_distributions() -> list[type[Distribution]]:
    """Return the distribution of this file."""
    return [Lorentz]
