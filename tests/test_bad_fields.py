"""What a mean field is refused for, from the command line: one line, nothing stored."""

from __future__ import annotations

import numpy as np
import pytest
from failing_study import FREE, nothing_left

BELL = {"name": "gaussian", "strength": 1.2, "width": 0.7}
WAVE = {
    "potential": {"name": "cosine", "strength": 8.0},
    "initial": {"name": "homogeneous", "amplitude": 1e-5},
    "box": 12.566370614359172,
}
FEW = {"name": "semi-lagrangian", "points_q": 24, "points_p": 80, "p_max": 10.0}

#: Changes of the small study, and what the line has to say.
REFUSED = {
    "filaments, with their time": (
        {"system": WAVE, "solver": FEW, "times": [0.0, 60.0]},
        ("the solution is lost at t = ", "filaments below the grid", "points_p"),
    ),
    "mass that leaves the grid of phase space": (
        {
            "system": {"potential": "free", "initial": {"name": "gaussian", "pp": 0.8}},
            "solver": {"name": "semi-lagrangian", "points_q": 64},
            "times": [0.0, 4.0],
        },
        ("mass leaves the grid in q at t = ", "Give a larger points_q or end earlier"),
    ),
    "mass outside from the start": (
        {"system": WAVE, "solver": FEW | {"p_max": 0.9}},
        ("mass lies outside the grid", "larger p_max"),
    ),
    "mass that spreads beyond what the grid of the force can show": (
        {
            "system": {"potential": BELL | {"width": 0.02}},
            "solver": {"name": "characteristics", "nodes": 300, "grid": 40},
            "times": [0.0, 20.0],
        },
        ("the grid cannot hold the force", "of the largest force on 40 points"),
    ),
    "times that do not increase": (
        {"times": [0.0, 0.5, 0.5]},
        ("times", "increasing"),
    ),
    "tails that no grid holds": (
        {
            "system": {"potential": BELL, "initial": "lorentz"},
            "solver": "semi-lagrangian",
        },
        ("tails of 'lorentz' do not fit",),
    ),
    "two dimensions on a grid of phase space": (
        {
            "system": {"dimension": 2, "potential": BELL},
            "solver": "semi-lagrangian",
        },
        ("one dimension; got d = 2", "characteristics"),
    ),
}


def refused(mfplug_cli, path, out, *words):
    """Check the answer of `solve` and that nothing is left."""
    answer = mfplug_cli("solve", path, "--out", out)
    lines = answer.err.splitlines()
    assert answer.status == 1
    assert lines[-1].startswith("mfplug: error: ")
    assert sum(line.startswith("mfplug: error: ") for line in lines) == 1
    for word in words:
        assert word in lines[-1], lines[-1]
    if out.exists():
        nothing_left(out, "solve")


def study(write_study, **changes):
    """Return the path of a study of one metric of the field."""
    metric = {"name": "field-error", "reference": {"name": "characteristics"}}
    keys = {"metrics": [metric], "sweep": {"mass": [1.0]}, "particles": 4}
    return write_study(**(FREE | keys | changes))


@pytest.mark.parametrize("what", REFUSED)
def test_a_field_that_cannot_be(mfplug_cli, write_study, tmp_path, what):
    changes, words = REFUSED[what]
    refused(mfplug_cli, study(write_study, **changes), tmp_path / "out", *words)


LAW = """
    from dataclasses import dataclass
    from typing import ClassVar
    import numpy as np
    from mfplug import Distribution, hookimpl

    @dataclass(frozen=True)
    class Own(Distribution):
        '''A law of a test.'''
        name: ClassVar[str] = "own"

        def sample(self, rng, n):
            return tuple(rng.standard_normal((2, n, self.dimension)))

        def density(self, q, p):
            square = np.sum(q**2 + p**2, axis=-1)
            return {density}

    @hookimpl
    def mfplug_distributions():
        return [Own]
"""
SINGULAR = """
    from dataclasses import dataclass
    from typing import ClassVar
    import numpy as np
    from mfplug import Potential, hookimpl

    @dataclass(frozen=True)
    class Own(Potential):
        '''A potential of a test.'''
        name: ClassVar[str] = "own"
        regularity: ClassVar[str] = "singular"

        def energy(self, dx):
            return -np.log(np.abs(dx[..., 0]))

        def gradient(self, dx):
            return -1.0 / dx

    @hookimpl
    def mfplug_potentials():
        return [Own]
"""


@pytest.mark.parametrize("solver", ["characteristics", "semi-lagrangian"])
@pytest.mark.parametrize(
    ("density", "said"),
    [
        ("np.exp(-0.5 * square)", "not normalised"),
        (
            "np.exp(-0.5 * square) * (1 + 2 * np.cos(3 * q[..., 0])) / (2 * np.pi)",
            "negative or not finite",
        ),
    ],
)
def test_densities_that_are_none(
    site, mfplug_cli, write_study, tmp_path, density, said, solver
):
    site.plugin("own", LAW.format(density=density))
    path = study(
        write_study, system={"potential": BELL, "initial": "own"}, solver=solver
    )
    refused(mfplug_cli, path, tmp_path / "out", "distribution 'own'", said)


@pytest.mark.parametrize("solver", ["characteristics", "semi-lagrangian"])
def test_a_singular_potential(site, mfplug_cli, write_study, tmp_path, solver):
    site.plugin("own", SINGULAR)
    path = study(write_study, system={"potential": "own"}, solver=solver)
    refused(
        mfplug_cli,
        path,
        tmp_path / "out",
        f"solver '{solver}': it needs a smooth potential; got 'own'",
    )


def cut(path):
    path.write_bytes(path.read_bytes()[:-200])


def foreign(path):
    with open(path, "wb") as file:
        np.savez(file, a=np.zeros(3))


def text(path):
    path.write_text("no field")


@pytest.mark.parametrize("spoil", [cut, foreign, text])
def test_a_spoilt_field_is_refused_when_it_is_measured(
    mfplug_cli, write_study, tmp_path, spoil
):
    """The store's file by its name, or `solve` makes it again; never half a field."""
    path, out = study(write_study), tmp_path / "out"
    assert mfplug_cli("solve", path, "--out", out).status == 0
    (stored,) = (out / "store" / "fields").rglob("*.npz")
    whole = stored.read_bytes()
    spoil(stored)
    answer = mfplug_cli("measure", path, "--out", out)
    answer.refused(stored.name, "truncated, altered or foreign", after=1)
    stored.write_bytes(whole)
    assert mfplug_cli("measure", path, "--out", out).status == 0
