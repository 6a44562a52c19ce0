"""What the thesis proves, as functions: bounds, constants, distances, estimators.

Everything here is a function of numbers and arrays; no plugin, no file, no clock.

- ``gronwall``, ``stability``: Theorem 2.1, Corollary 2.1, the estimate (44);
- ``empirical``: Corollary 2.2 and its cell bounds; ``mollifier``: Lemma 3.3;
- ``marginal_bounds``: Theorem 2.2; ``tails``, ``deviations``: Lemma 3.1;
  ``propagation``: Definition 3.1, Lemma 3.2, Theorem 3.1; ``birth``: the process of
  its proof; ``corollary``: Corollary 3.1;
  ``score_growth``: Lemma 3.5; ``entropy``: the provable route;
- ``counterexample``, ``pair_alpha``: Lemma 3.2 is false; ``sign_law``, ``collective``:
  exact lower bounds; ``momentum_laws``: whose score is bounded;
- ``hypotheses``: which statements apply to a system;
- ``harmonic``, ``gaussian``: the exactly solvable case, the reference of every metric;
- ``dispersion``, ``responses``, ``modes``, ``magnetisation``: linear modes and
  equilibria on the torus, frequencies fitted to signals;
- ``linear_response``, ``wave_fluctuations``: the fluctuations of homogeneous states;
  ``field_moments``: moments of a fluctuation field from samples;
- ``transport``: exact distances of clouds; ``brackets``, ``cells``: proved bounds for
  large clouds and against a density;
- ``projection``, ``basis``: the L1 distance of one-particle marginals from samples;
- ``intervals``, ``power_fit``, ``log_power``: confidence intervals and fitted rates.
"""

from __future__ import annotations

from mfplug.theory.basis import PolynomialBasis, polynomial_basis
from mfplug.theory.birth import (
    BirthProcess,
    corrected_process,
    mean_share,
    negative_mass,
    printed_process,
)
from mfplug.theory.collective import alpha_lower_limit, lorentz_collective_variance
from mfplug.theory.corollary import (
    corollary_bound,
    corollary_exponent,
    corollary_particles,
    printed_corollary_bound,
)
from mfplug.theory.deviations import bernstein_tail
from mfplug.theory.dispersion import (
    dielectric,
    hmf_growth,
    hollow_growth,
    landau_frequency,
    mode_derivative,
    mode_frequency,
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
from mfplug.theory.entropy import (
    entropy_bound,
    entropy_exponent,
    marginal_entropy_limit,
    marton_bound,
)
from mfplug.theory.gaussian import gaussian_cell_masses
from mfplug.theory.gronwall import gronwall_bound, linear_gronwall_bound
from mfplug.theory.harmonic import HarmonicLaw, harmonic_law
from mfplug.theory.harmonic_numbers import ForceFluctuation, HarmonicDistances
from mfplug.theory.hypotheses import Hypothesis, Statement, check_hypotheses
from mfplug.theory.intervals import (
    MeanEstimate,
    family_quantile,
    mean_interval,
    student_quantile,
)
from mfplug.theory.magnetisation import (
    hmf_energy,
    hmf_magnetisation,
    hmf_temperature,
)
from mfplug.theory.marginal_bounds import marginal_bound, printed_marginal_bound
from mfplug.theory.modes import ModeFit, fit_mode
from mfplug.theory.mollified import (
    mollified_distance_bound,
    mollified_gaussian_distance,
    mollified_gaussian_score,
)
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
from mfplug.theory.momentum_laws import MomentumLaw, momentum_law
from mfplug.theory.power_fit import PowerFit, fit_power, log_over
from mfplug.theory.projection import (
    HoeffdingCoefficients,
    hoeffding_coefficients,
    hoeffding_samples,
)
from mfplug.theory.projection_distance import L1Estimate, cell_l1, hoeffding_l1
from mfplug.theory.propagation import (
    SourceTerm,
    alpha_bound,
    infection_rate,
    lambda_1,
    lambda_2,
    logistic_bound,
    optimal_lambda_2,
    theta,
)
from mfplug.theory.responses import plasma_dispersion
from mfplug.theory.score_growth import (
    logarithmic_constant,
    operator_constant,
    score_growth_bound,
    symmetric_constant,
)
from mfplug.theory.sign_law import SignLaw
from mfplug.theory.stability import neunzert_bound, neunzert_constant
from mfplug.theory.transport import bounded_lipschitz, wasserstein1, wasserstein2

__all__ = [
    "BirthProcess",
    "CellBound",
    "CellMasses",
    "ForceFluctuation",
    "HarmonicDistances",
    "HarmonicLaw",
    "HoeffdingCoefficients",
    "Hypothesis",
    "L1Estimate",
    "MeanEstimate",
    "ModeFit",
    "MomentumLaw",
    "PolynomialBasis",
    "PowerFit",
    "SignLaw",
    "SourceTerm",
    "Statement",
    "alpha_bound",
    "alpha_lower_limit",
    "bernstein_tail",
    "bounded_lipschitz",
    "cell_bound",
    "cell_deviation_bound",
    "cell_l1",
    "cell_masses",
    "check_hypotheses",
    "corollary_bound",
    "corollary_exponent",
    "corollary_particles",
    "corrected_process",
    "dielectric",
    "empirical_bound",
    "entropy_bound",
    "entropy_exponent",
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
    "infection_rate",
    "kernel_density",
    "kernel_exponent",
    "kernel_norm",
    "kernel_sample",
    "kernel_score",
    "lambda_1",
    "lambda_2",
    "landau_frequency",
    "linear_gronwall_bound",
    "log_over",
    "logarithmic_constant",
    "logistic_bound",
    "lorentz_collective_variance",
    "marginal_bound",
    "marginal_entropy_limit",
    "marton_bound",
    "mean_interval",
    "mean_share",
    "mode_derivative",
    "mode_frequency",
    "mollified_distance_bound",
    "mollified_gaussian_distance",
    "mollified_gaussian_score",
    "momentum_law",
    "negative_mass",
    "neunzert_bound",
    "neunzert_constant",
    "operator_constant",
    "optimal_lambda_2",
    "plasma_dispersion",
    "polynomial_basis",
    "printed_corollary_bound",
    "printed_marginal_bound",
    "printed_process",
    "printed_score_bound",
    "radial_density",
    "radial_quantile",
    "score_bound",
    "score_growth_bound",
    "student_quantile",
    "symmetric_constant",
    "theta",
    "two_stream_growth",
    "wasserstein1",
    "wasserstein2",
    "waterbag_frequency_squared",
]
