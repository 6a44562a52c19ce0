"""Potentials that break their contract are refused before the first sum."""

from __future__ import annotations

from dataclasses import dataclass

import canonical
import numpy as np
import pytest

import mfplug
from mfplug import NumericsError, PluginError
from mfplug.dynamics.sums import PairSum


@dataclass(frozen=True)
class Bell(mfplug.Potential):
    """A Gaussian that a mistake can be planted in."""

    name = "bell"
    fault: str = ""

    def energy(self, dx):
        bell = 1.7 * np.exp(-0.8 * np.sum(dx**2, axis=-1))
        if self.fault == "not even":
            bell = bell * (1.0 + 1e-6 * dx[..., 0])
        if self.fault == "energy shape":
            return bell[..., None]
        if self.fault == "nan":
            return np.full(bell.shape, np.nan)
        return bell

    def gradient(self, dx):
        bell = 1.7 * np.exp(-0.8 * np.sum(dx**2, axis=-1))
        gradient = -1.6 * dx * bell[..., None]
        if self.fault == "slope":
            return 1.001 * gradient
        if self.fault == "sign":
            return -gradient
        if self.fault == "not odd":
            return gradient * (1.0 + 1e-6 * dx[..., :1])
        if self.fault == "gradient shape":
            return gradient[..., 0]
        if self.fault == "raises":
            raise RuntimeError("no\nway")
        return gradient


FAULTS = {
    "not even": (PluginError, "it is not even; got phi"),
    "not odd": (PluginError, "it is not even; got .grad phi"),
    "slope": (PluginError, "its gradient is not that of its energy; got a slope"),
    "sign": (PluginError, "its gradient is not that of its energy; got a slope"),
    "energy shape": (PluginError, "energy.. has the wrong shape; got .40, 1."),
    "gradient shape": (PluginError, "gradient.. has the wrong shape; got .40,. for"),
    "nan": (NumericsError, "energy.. gives NaN everywhere"),
    "raises": (PluginError, "gradient.. failed; got RuntimeError: no way"),
}


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_promise_is_one_clear_line(fault, d):
    kind, message = FAULTS[fault]
    if fault == "gradient shape":
        message = "gradient.. has the wrong shape"
    with pytest.raises(kind, match=message) as caught:
        PairSum(Bell(fault), d, 10)
    assert "\n" not in str(caught.value)
    assert PairSum(Bell(), d, 10).method == "direct"


@pytest.mark.parametrize("name", canonical.names("potential"))
@pytest.mark.parametrize("d", [1, 2, 3])
def test_potentials_that_ship_keep_theirs(name, d):
    phi = canonical.make("potential", name)
    box = getattr(phi, "box", None)
    assert PairSum(phi.on(d, box), d, 10, box=box).kernel.dimension == d
