"""The physical system: dimension, potentials, initial law, scaling, mass."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from mfplug.contracts.distribution import Distribution
from mfplug.contracts.periodic import check_periodic
from mfplug.contracts.plugin import plain
from mfplug.contracts.potential import External, Potential
from mfplug.errors import ParameterError, did_you_mean, shown
from mfplug.registry import create, create_from

FIELDS = ("dimension", "potential", "initial", "external", "box", "beta", "mass")


@dataclass(frozen=True)
class System:
    """N particles with Hamiltonian (10) of the thesis.

    H = sum p_i^2 / (2 m) + sum_i V_t(q_i) + sum_{i<j} phi_N^beta(q_i - q_j), where
    phi_N^beta(q) = N^(beta - 1) phi(N^(beta/d) q) (equation (5); beta = 0 is the
    mean-field scaling phi / N).

    Parameters
    ----------
    dimension
        d = 1, 2 or 3.
    potential, initial, external
        Plugins, their names, or ``{"name": ..., parameter: value}``.
    box
        Side of the flat torus, or None for all space.
    beta
        The scaling exponent, 0 <= beta < 1.
    mass
        m > 0.

    Raises
    ------
    ParameterError, PluginError
        If a value is out of range, a plugin cannot be made, or the external potential
        has not the period of the box.
    """

    dimension: int = 1
    potential: Potential = "free"  # type: ignore[assignment]
    initial: Distribution = "gaussian"  # type: ignore[assignment]
    external: External | None = None
    box: float | None = None
    beta: float = 0.0
    mass: float = 1.0

    #: N, where :meth:`at` has evaluated the system; no part of its identity.
    particles: ClassVar[int | None] = None

    def __post_init__(self) -> None:
        d = self.dimension
        if isinstance(d, bool) or not isinstance(d, int) or d not in (1, 2, 3):
            raise ParameterError(
                f"system: dimension is not supported; got {shown(d)}, expected 1, 2 or "
                "3. Change `dimension`."
            )
        _number("beta", self.beta, "0 <= beta < 1", lambda x: 0 <= x < 1)
        _number("mass", self.mass, "a number > 0", lambda x: x > 0)
        if self.box is not None:
            _number("box", self.box, "a number > 0, or none", lambda x: x > 0)
        set_ = object.__setattr__
        potential = create_from("potential", self.potential)
        set_(self, "potential", potential.on(self.dimension, self.box))
        initial = create_from("distribution", self.initial)
        set_(self, "initial", initial.on(self.dimension, self.box))
        if self.external is not None:
            external = create_from("external", self.external)
            set_(self, "external", external)
            if self.box is not None and not external.depends_on_N:
                check_periodic(external, self.dimension, self.box)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the system written as a mapping, unknown keys refused."""
        if not isinstance(data, Mapping):
            raise ParameterError(
                f"system: not a mapping; got {shown(data)}, expected keys "
                f"{', '.join(FIELDS)}. Write `system:` with keys below it."
            )
        for key in data:
            if key not in FIELDS:
                raise ParameterError(
                    f"system: unknown key '{key}'; expected {', '.join(FIELDS)}. "
                    + did_you_mean(str(key), FIELDS)
                )
        return cls(**data)

    def to_dict(self) -> dict[str, Any]:
        """Return the system as plain data, complete with defaults."""
        return {key: plain(getattr(self, key)) for key in FIELDS}

    def at(self, N: int) -> Self:
        """Return the system with N-dependent parameters evaluated at N.

        It remembers N as ``particles``: with beta > 0 its mean field is the smoothed
        one of phi_N^beta, see :meth:`smoothed`.
        """
        placed = replace(
            self,
            potential=self.potential.at(N),
            initial=self.initial.at(N),
            external=self.external.at(N) if self.external else None,
        )
        object.__setattr__(placed, "particles", N)
        return placed

    def smoothed(self, N: int) -> Self:
        """Return the system whose Vlasov equation is the limit smoothed at N.

        N phi_N^beta(q) = N^beta phi(N^(beta/d) q) in place of phi, with beta = 0.
        """
        if self.beta == 0.0:
            return self.at(N)
        factor, scale = self.pair_scaling(N)
        scaled = create(
            "potential",
            "scaled",
            base=self.potential.at(N),
            factor=N * factor,
            scale=scale,
        )
        return replace(self.at(N), potential=scaled, beta=0.0)

    @property
    def depends_on_N(self) -> bool:
        """Whether a parameter of a plugin changes with N, or beta > 0 does it."""
        parts = (self.potential, self.initial, self.external)
        return any(p is not None and p.depends_on_N for p in parts) or self.beta > 0

    def pair_scaling(self, N: int) -> tuple[float, float]:
        """Return (factor, scale): the pair potential is factor * phi(scale * q)."""
        return N ** (self.beta - 1.0), N ** (self.beta / self.dimension)


def _number(key: str, value: Any, expected: str, allowed: Any) -> None:
    good = isinstance(value, int | float) and not isinstance(value, bool)
    # Comparing is safe for every number; an integer beyond a float is as good as inf.
    if not (good and abs(value) <= sys.float_info.max and allowed(value)):
        raise ParameterError(
            f"system: {key} is out of range; got {shown(value)}, expected {expected}. "
            f"Change `{key}`."
        )
