"""One instance of every plugin that ships, with parameters that are not 1.

A unit parameter hides mistakes (a width instead of its square). The tests beside this
file fail where a plugin is missing here, or a number is left at 0, 1 or its default.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mfplug

#: The side of the torus for what lives on one.
BOX = 4.5

PARAMETERS: dict[tuple[str, str], dict[str, Any]] = {
    ("potential", "bump"): {"strength": 1.9, "radius": 1.6},
    ("potential", "cosine"): {"strength": -1.3, "mode": 2, "box": BOX},
    ("potential", "dirac"): {"strength": 1.9, "width": 0.4, "dimension": 2},
    ("potential", "free"): {},
    ("potential", "gaussian"): {"strength": 1.7, "width": 0.6},
    ("potential", "harmonic"): {"strength": 0.7},
    ("potential", "plummer"): {"strength": -1.4, "softening": 0.35},
    ("potential", "power"): {"strength": 1.2, "exponent": 2.5, "cutoff": 0.45},
    ("potential", "scaled"): {
        "base": {"name": "gaussian", "strength": 1.7, "width": 0.6},
        "factor": 1.4,
        "scale": 0.7,
    },
    ("potential", "yukawa"): {"strength": 2.3, "screening": 1.7, "softening": 0.3},
    ("external", "drive"): {"strength": 0.6, "wavenumber": 1.4, "frequency": 2.2},
    ("external", "trap"): {"strength": 2.25},
    ("distribution", "bad-particles"): {
        "good": {"name": "student", "df": 4.5, "q_width": 0.7, "p_width": 1.6},
        "bad": {"name": "gaussian", "mean_q": 3.5, "qq": 0.09, "pp": 0.36},
        "count": 2,
        "symmetric": False,
    },
    ("distribution", "gaussian"): {
        "mean_q": 0.4,
        "mean_p": -0.3,
        "qq": 0.49,
        "qp": -0.2,
        "pp": 0.81,
    },
    ("distribution", "homogeneous"): {
        "momentum": "student",
        "width": 0.8,
        "df": 4.5,
        "speed": 1.9,
        "amplitude": -0.35,
        "mode": 2,
    },
    ("distribution", "lorentz"): {"q_width": 0.6, "p_width": 1.5},
    ("distribution", "mollified"): {"delta": 0.3, "base_nodes": 700},
    ("distribution", "snapshots"): {
        "file": str(Path(__file__).with_name("snapshots.npz")),
        "law": {"name": "lorentz", "q_width": 0.6, "p_width": 1.5},
    },
    ("distribution", "striped-pair"): {
        "stripes": 20.0,
        "speed": 3.7,
        "spread": 0.02,
    },
    ("distribution", "student"): {"df": 4.5, "q_width": 0.7, "p_width": 1.6},
    ("distribution", "thermal"): {"strength": 1.7, "width": 0.8, "mode": 2},
    ("distribution", "two-stream"): {"speed": 1.6, "p_width": 0.5, "q_width": 0.7},
    ("distribution", "waterbag"): {"q_width": 0.8, "p_width": 1.7},
    ("integrator", "dop853"): {"rtol": 3e-9, "atol": 2e-11},
    ("integrator", "forest-ruth"): {},
    ("integrator", "leapfrog"): {},
    ("integrator", "rkn4"): {},
    ("integrator", "yoshida4"): {},
    ("solver", "characteristics"): {"nodes": 900, "grid": 70, "step": 0.04},
    ("solver", "dirac-benney"): {"width": 0.3, "nodes": 900, "grid": 70, "step": 0.04},
    ("solver", "harmonic-exact"): {},
    ("solver", "semi-lagrangian"): {
        "points_q": 40,
        "points_p": 150,
        "step": 0.06,
        "degree": 7,
    },
    ("solver", "spherical"): {"nodes": 4000, "terms": 16, "step": 0.2},
    ("metric", "bad-particles"): {"particles": 12, "first": 0.3},
    ("metric", "alpha-bounds"): {},
    ("metric", "benney-gap"): {"points": 150, "width": 0.13},
    ("metric", "bounded-lipschitz"): {},
    ("metric", "break-time"): {"threshold": 0.15, "end": 40.0},
    ("metric", "cell-bound"): {},
    ("metric", "cloud-growth"): {},
    ("metric", "counting-measure"): {},
    ("metric", "counting-state"): {
        "state": "bad",
        "particles": 12,
        "first": 0.3,
        "other": 0.8,
        "bad": 3,
        "excess": 2.5,
    },
    ("metric", "collective-mode"): {},
    ("metric", "corollary-bound"): {},
    ("metric", "counter-example"): {},
    ("metric", "correlation"): {},
    ("metric", "coupling"): {},
    ("metric", "delta-k"): {"bins": 20, "nodes": 900},
    ("metric", "energy-drift"): {},
    ("metric", "field-error"): {},
    ("metric", "entropy-law"): {},
    ("metric", "fluctuation-field"): {
        "functions": ("p", "bump"),
        "nodes": 900,
        "degree": 6,
    },
    ("metric", "force-fluctuation"): {},
    ("metric", "gaussian-law"): {},
    ("metric", "gronwall"): {},
    ("metric", "growth-constant"): {},
    ("metric", "infection"): {"largest": 12},
    ("metric", "invariants"): {},
    ("metric", "marginal-l1"): {},
    ("metric", "mollified-distance"): {},
    ("metric", "mollified-score"): {},
    ("metric", "momentum-score"): {},
    ("metric", "max-deviation"): {"gamma": 0.4},
    ("metric", "mode-rate"): {"start": 3.5, "samples": 40},
    ("metric", "pair-scaling"): {},
    ("metric", "phase-volume"): {},
    ("metric", "relative-entropy"): {"neighbours": 5, "nulls": 5},
    ("metric", "reversibility"): {},
    ("metric", "score-flow"): {"substeps": 3},
    ("metric", "tail"): {},
    ("metric", "trajectory-error"): {},
    ("metric", "tail-cells"): {"particles": 60, "reach": 5.5},
    ("metric", "transport-remainder"): {"h": 0.02},
    ("metric", "wasserstein1"): {},
    ("metric", "wasserstein2"): {},
}


def names(kind: str) -> list[str]:
    """Return the names of one kind in this table."""
    return [name for k, name in PARAMETERS if k == kind]


def make(kind: str, name: str) -> Any:
    """Return the canonical instance of one plugin."""
    return mfplug.create(kind, name, **PARAMETERS[kind, name])
