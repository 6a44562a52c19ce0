r"""Yoshida's fourth-order composition: three leapfrogs a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mfplug import Integrator, hookimpl
from mfplug.contracts.integrator import Splitting

#: Three leapfrogs whose errors of order 3 cancel: 2 a + b = 1 and 2 a^3 + b^3 = 0.
OUTER = 1.0 / (2.0 - 2.0 ** (1.0 / 3.0))
WEIGHTS = (OUTER, 1.0 - 2.0 * OUTER, OUTER)


@dataclass(frozen=True)
class Yoshida4(Splitting):
    r"""Leapfrogs of lengths a h, b h, a h with a = 1/(2 - 2^(1/3)), b = 1 - 2a.

    Notes
    -----
    Order 4, symplectic and reversible (H. Yoshida, Phys. Lett. A 150 (1990) 262). The
    middle leapfrog goes backwards: the force is asked for at times up to 0.35 h outside
    the step, at t + 1.35 h and t - 0.35 h.
    """

    name: ClassVar[str] = "yoshida4"
    order: ClassVar[int] = 4
    symplectic: ClassVar[bool] = True
    reversible: ClassVar[bool] = True
    weights: ClassVar[tuple[float, ...]] = WEIGHTS


@hookimpl
def mfplug_integrators() -> list[type[Integrator]]:
    """Return the integrator of this file."""
    return [Yoshida4]
