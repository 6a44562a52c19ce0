"""Mean-field solvers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.plugin import Plugin

if TYPE_CHECKING:
    from mfplug.contracts.meanfield import MeanField
    from mfplug.system import System


@dataclass(frozen=True)
class Solver(Plugin, ABC):
    """Solves the Vlasov equation (9) and returns it as a force field in space-time.

    ``order`` is the order in the time step; ``conserves`` names the invariants kept
    to rounding. ``singular_limit`` says that it solves the formal limit N to infinity
    for beta > 0; the others are given the potential smoothed at a finite N.
    """

    kind: ClassVar[str] = "solver"
    order: ClassVar[int] = 0
    conserves: ClassVar[tuple[str, ...]] = ()
    singular_limit: ClassVar[bool] = False

    @abstractmethod
    def solve(self, system: System, times: Sequence[float]) -> MeanField:
        """Return the mean field on [times[0], times[-1]]."""

    @abstractmethod
    def restore(
        self,
        system: System,
        times: Sequence[float],
        arrays: Mapping[str, NDArray[np.float64]],
        info: Mapping[str, Any],
    ) -> MeanField:
        """Return the field whose ``arrays()`` and ``info`` were stored."""
