"""What the thesis proves, as functions: bounds, constants, distances, estimators.

Everything here is a function of numbers and arrays; no plugin, no file, no clock.

- ``gronwall``, ``stability``: Theorem 2.1, Corollary 2.1, the estimate (44);
- ``empirical``: Corollary 2.2 and its cell bounds; ``mollifier``: Lemma 3.3;
- ``harmonic``, ``gaussian``: the exactly solvable case, the reference of every metric;
- ``dispersion``, ``modes``, ``magnetisation``: linear modes and equilibria on the
  torus, frequencies fitted to signals;
- ``transport``: exact distances of clouds;
- ``projection``, ``basis``: the L1 distance of one-particle marginals from samples;
- ``intervals``: confidence intervals and fitted rates.
"""

from __future__ import annotations

from mfplug.theory.basis import PolynomialBasis, polynomial_basis
from mfplug.theory.dispersion import (
    dielectric,
    hmf_growth,
    hollow_growth,
    landau_frequency,
    mode_frequency,
    plasma_dispersion,
    two_stream_growth,
    waterbag_frequency_squared,
)
from mfplug.theory.empirical import (
    CellBound,
    CellMasses,
    cell_bound,
    cell_deviation_bound,
    cell_masses,
    empirical_bound,
)
from mfplug.theory.gaussian import gaussian_cell_masses
from mfplug.theory.gronwall import gronwall_bound, linear_gronwall_bound
from mfplug.theory.harmonic import (
    ForceFluctuation,
    HarmonicDistances,
    HarmonicLaw,
    harmonic_law,
)
from mfplug.theory.intervals import (
    MeanEstimate,
    PowerFit,
    family_quantile,
    fit_power,
    log_over,
    mean_interval,
    student_quantile,
)
from mfplug.theory.magnetisation import (
    hmf_energy,
    hmf_magnetisation,
    hmf_temperature,
)
from mfplug.theory.modes import ModeFit, fit_mode
from mfplug.theory.mollifier import (
    kernel_density,
    kernel_exponent,
    kernel_norm,
    kernel_sample,
    kernel_score,
    printed_score_bound,
    radial_density,
    radial_quantile,
    score_bound,
)
from mfplug.theory.projection import (
    HoeffdingCoefficients,
    L1Estimate,
    cell_l1,
    hoeffding_coefficients,
    hoeffding_l1,
    hoeffding_samples,
)
from mfplug.theory.stability import neunzert_bound, neunzert_constant
from mfplug.theory.transport import bounded_lipschitz, wasserstein1, wasserstein2

__all__ = [
    "CellBound",
    "CellMasses",
    "ForceFluctuation",
    "HarmonicDistances",
    "HarmonicLaw",
    "HoeffdingCoefficients",
    "L1Estimate",
    "MeanEstimate",
    "ModeFit",
    "PolynomialBasis",
    "PowerFit",
    "bounded_lipschitz",
    "cell_bound",
    "cell_deviation_bound",
    "cell_l1",
    "cell_masses",
    "dielectric",
    "empirical_bound",
    "family_quantile",
    "fit_mode",
    "fit_power",
    "gaussian_cell_masses",
    "gronwall_bound",
    "harmonic_law",
    "hmf_energy",
    "hmf_growth",
    "hmf_magnetisation",
    "hmf_temperature",
    "hoeffding_coefficients",
    "hoeffding_l1",
    "hoeffding_samples",
    "hollow_growth",
    "kernel_density",
    "kernel_exponent",
    "kernel_norm",
    "kernel_sample",
    "kernel_score",
    "landau_frequency",
    "linear_gronwall_bound",
    "log_over",
    "mean_interval",
    "mode_frequency",
    "neunzert_bound",
    "neunzert_constant",
    "plasma_dispersion",
    "polynomial_basis",
    "printed_score_bound",
    "radial_density",
    "radial_quantile",
    "score_bound",
    "student_quantile",
    "two_stream_growth",
    "wasserstein1",
    "wasserstein2",
    "waterbag_frequency_squared",
]
