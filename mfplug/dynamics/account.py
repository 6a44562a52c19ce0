"""The account of a run: how far energy, momentum, angular momentum have moved."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.invariants import (
    angular_momentum,
    angular_scale,
    momentum,
    momentum_scale,
    not_conserved,
)

if TYPE_CHECKING:
    from mfplug.dynamics.forces import Forces

Array = NDArray[np.float64]

#: Part of the time of the forces that the energies may take.
_SHARE = 0.02
NAMES = ("energy", "momentum", "angular momentum")


class Account:
    r"""Largest relative errors over replicas and snapshots, from what is there anyway.

    .. math:: \max_{r, k} \frac{|I_r(t_k) - I_r(t_0)|}{s_r}, \qquad
              s_r = T(t_0) + |U(t_0)|, \; \sum_i |p_i(t_0)|, \;
              \sum_i |q_i(t_0)| |p_i(t_0)|

    for energy, momentum and angular momentum. The snapshots are read, nothing is
    changed. A potential energy costs about as much as a force, so it is computed at as
    many snapshots as 2 % of the forces pay for, the first and the last at least; and if
    not even those, of every second, fourth, ... replica only (and of the first one).

    Parameters
    ----------
    forces
        Of the system.
    times
        Of the snapshots.
    evaluations
        Forces of a replica during the run, about.
    """

    def __init__(
        self, forces: Forces, times: tuple[float, ...], evaluations: float
    ) -> None:
        self.forces = forces
        self.times = times
        paid = _SHARE * evaluations / forces.pairs.energy_cost
        last = len(times) - 1
        count = min(last + 1, max(2, int(paid)))
        self.at = sorted({round(last * i / max(1, count - 1)) for i in range(count)})
        fewer = math.log2(max(1.0, min(2.0**20, len(self.at) / max(paid, 1e-9))))
        self.stride = 2 ** math.ceil(fewer)
        self.largest: dict[str, float] = {}
        self.why: dict[str, str] | None = None
        self.replicas = 0
        self.measured = 0
        self.regular = False

    def add(self, q: Array, p: Array, first: int) -> None:
        """Enter a block of snapshots.

        Parameters
        ----------
        q, p
            Shape (times, replicas, d, N).
        first
            Number of the first replica.
        """
        if self.why is None:
            self.why = not_conserved(self.forces.system, q[0, :1], self.times[0])
        self.replicas += q.shape[1]
        if len(self.times) == 1:
            return
        with np.errstate(all="ignore"):
            self._enter("momentum", [momentum(x) for x in p], momentum_scale(p[0]))
            if "angular momentum" not in self.why:
                turns = [angular_momentum(x, y) for x, y in zip(q, p, strict=True)]
                scale = angular_scale(q[0], p[0])
                self._enter("angular momentum", turns, scale)
            if "energy" not in self.why:
                self._energies(q, p, first)

    def _energies(self, q: Array, p: Array, first: int) -> None:
        some = slice(-first % self.stride, None, self.stride)
        if some.start >= q.shape[1]:
            if self.measured:
                return
            some = slice(0, 1)
        else:
            self.regular = True
        values, scale = [], np.zeros(0)
        for k in self.at:
            kinetic, potential = self.forces.energies(
                self.times[k],
                np.ascontiguousarray(q[k, some]),
                np.ascontiguousarray(p[k, some]),
            )
            values.append((kinetic + potential)[:, None])
            if k == 0:
                scale = kinetic + np.abs(potential)
        self.measured += len(scale)
        self._enter("energy", values, scale)

    def _enter(self, name: str, values: list[Array], scale: Array) -> None:
        change = np.linalg.norm(np.stack(values) - values[0], axis=-1).max(axis=0)
        moving = scale > 0
        if np.any(moving):
            error = float(np.max(change[moving] / scale[moving]))
            self.largest[name] = max(self.largest.get(name, 0.0), error)

    @property
    def info(self) -> dict[str, Any]:
        """The errors as plain data: numbers, or None with the reason."""
        why = dict(self.why or {})
        result: dict[str, Any] = {}
        for name in NAMES:
            error = None if name in why else self.largest.get(name)
            if error is not None and not math.isfinite(error):
                error, why[name] = None, "it overflows"
            if error is None:
                why.setdefault(
                    name,
                    "there is one time only"
                    if len(self.times) == 1
                    else "its scale is 0",
                )
            result[name] = error
        return result | {
            "why": why,
            "replicas": self.replicas,
            "energy_replicas": self.measured,
            "energy_times": len(self.at),
            "regular": self.regular,
        }


def together(accounts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the account of parts of an ensemble, the same as that of the whole.

    A part that is too short to hold one of the replicas whose energy is looked at had
    its first one looked at; among others it is left out.
    """
    parts = list(accounts)
    regular = [part for part in parts if part["regular"]] or parts[:1]
    result = dict(parts[0])
    for name in NAMES:
        among = regular if name == "energy" else parts
        known = [part[name] for part in among if part[name] is not None]
        result[name] = max(known, default=None)
        result["why"] = {k: v for k, v in result["why"].items() if k != name} | (
            {name: parts[0]["why"].get(name, "its scale is 0")} if not known else {}
        )
    result["replicas"] = sum(part["replicas"] for part in parts)
    result["energy_replicas"] = sum(part["energy_replicas"] for part in regular)
    result["regular"] = any(part["regular"] for part in parts)
    return result


def spoken(account: dict[str, Any]) -> str:
    """Return the account in one line."""
    parts = [
        f"{name} {account[name]:.1e}"
        if account[name] is not None
        else f"{name} - ({account['why'][name]})"
        for name in NAMES
    ]
    return "largest relative errors: " + ", ".join(parts)
