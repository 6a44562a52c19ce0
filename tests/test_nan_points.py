"""Points that are NaN or infinite: a mean field refuses them, a law answers NaN."""

from __future__ import annotations

import canonical
import numpy as np
import pytest

import mfplug
from mfplug import ParameterError


@pytest.fixture(scope="module")
def fields():
    """A water-bag in a harmonic pull, by nodes and in closed form."""
    system = mfplug.System(potential="harmonic", initial="waterbag")
    small = {"characteristics": {"nodes": 200, "grid": 40}, "harmonic-exact": {}}
    return {
        name: mfplug.solve_mean_field(system, [0.0, 1.0], name, **options)
        for name, options in small.items()
    }


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("what", ["density", "score", "flow", "tangent_flow"])
@pytest.mark.parametrize("solver", ["characteristics", "harmonic-exact"])
def test_a_mean_field_refuses_them(fields, solver, what, bad):
    """A NaN is not outside of a water-bag: 0 would be a wrong density."""
    good, sick = np.zeros((3, 1)), np.array([[0.1], [bad], [np.nan]])
    for q, p in ((sick, good), (good, sick)):
        arguments = (q, p, 0.0, 0.5) if "flow" in what else (0.5, q, p)
        with pytest.raises(ParameterError, match=rf"not finite; got {bad} and 1 more"):
            getattr(fields[solver], what)(*arguments)


@pytest.mark.parametrize("name", canonical.names("distribution"))
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_the_density_of_a_law_is_nan_there(name):
    q, p = np.array([[[np.nan], [0.1], [0.1]], [[0.1], [np.nan], [0.1]]])
    placed = []
    for box in (None, 6.0):
        try:
            law = canonical.make("distribution", name).on(1, box)
        except ParameterError:
            continue
        placed.append(box)
        assert np.isnan(law.density(q, p)).tolist() == [True, True, False]
    assert placed
