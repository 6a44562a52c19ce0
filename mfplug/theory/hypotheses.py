r"""Which statements of the thesis apply to a system, hypothesis by hypothesis.

The numbers come from what the plugins declare or what is derived from their formulas:
B = sup |grad phi| and L = Lip(grad phi) of the potential, the supremum of the score of
f_0, and whether the particles start independently.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from mfplug.errors import MfplugError
from mfplug.theory.corollary import corollary_bound
from mfplug.theory.deviations import bernstein_tail
from mfplug.theory.propagation import lambda_1, optimal_lambda_2
from mfplug.theory.score_growth import operator_constant, symmetric_constant
from mfplug.theory.stability import neunzert_constant

if TYPE_CHECKING:
    from mfplug.system import System

#: Numbers of particles at which lambda_2 is shown.
SIZES = (100, 10_000, 1_000_000)


@dataclass(frozen=True)
class Hypothesis:
    """One hypothesis: ``holds`` is None where it cannot be decided."""

    text: str
    holds: bool | None
    value: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Statement:
    """A statement of the thesis with its hypotheses, for one system.

    ``status`` is what is known of the statement itself, whatever the system;
    ``numbers`` are the constants in it, where its hypotheses hold.
    """

    name: str
    says: str
    hypotheses: tuple[Hypothesis, ...]
    status: str = "proved"
    numbers: dict[str, float] = field(default_factory=dict)

    @property
    def applies(self) -> bool | None:
        """Whether all hypotheses hold; None if one is open and none fails."""
        found = [h.holds for h in self.hypotheses]
        if False in found:
            return False
        return None if None in found else True

    def to_dict(self) -> dict[str, Any]:
        """Return plain data; numbers that are not finite are None."""
        data = asdict(self) | {"applies": self.applies}
        for part in data["hypotheses"]:
            part["value"] = _finite(part["value"])
        data["numbers"] = {k: _finite(v) for k, v in self.numbers.items()}
        return data


def check_hypotheses(system: System, time: float = 1.0) -> list[Statement]:
    """Return the statements of the thesis with their hypotheses for a system.

    Parameters
    ----------
    system
        With N-dependent parameters evaluated, see :meth:`mfplug.System.at`.
    time
        The time at which the bounds are evaluated.

    Raises
    ------
    MfplugError
        If a plugin fails.
    """
    facts = _Facts.of(system)
    return [
        _always("Theorem 2.1, Corollary 2.1", "Gronwall's lemma"),
        _always("Theorem 2.2", "||F^s - f^(x)s||_1 <= 2 s alpha"),
        _always("Corollary 2.2", "alpha -> 0 implies E d_BL(mu_N, f_t) -> 0"),
        _stability(facts),
        _large_deviations(facts),
        _growth(facts),
        _rate(facts, time),
        _mollifier(facts),
        _score_flow(facts, time),
        _corollary(facts),
        _entropy(facts),
    ]


@dataclass(frozen=True)
class _Facts:
    """What the plugins say of a system."""

    force: Hypothesis
    lipschitz: Hypothesis
    scaling: Hypothesis
    score: Hypothesis
    product: Hypothesis
    external: Hypothesis
    delta: float | None

    @classmethod
    def of(cls, system: System) -> _Facts:
        from mfplug.contracts.distribution import Distribution

        potential, initial = system.potential, system.initial
        joint = type(initial).joint is not Distribution.joint
        none = system.external is None
        return cls(
            force=_bounded("grad phi is bounded, B", potential, "gradient_bound"),
            lipschitz=_bounded(
                "grad phi is Lipschitz, L", potential, "gradient_lipschitz"
            ),
            scaling=Hypothesis(
                "phi_N = phi/N (beta = 0) and m = 1",
                system.beta == 0.0 and system.mass == 1.0,
            ),
            score=_bounded("the score of f_0 is bounded, S", initial, "score_bound"),
            product=Hypothesis(
                "the particles start independently",
                not joint,
                note="its law is not a product" if joint else "",
            ),
            external=Hypothesis(
                "D^2 V is bounded" if not none else "no external potential",
                True if none else None,
                note="" if none else "add sup |D^2 V| to L; it is not declared",
            ),
            delta=initial.mollifier_width,
        )


def _bounded(text: str, plugin: Any, attribute: str) -> Hypothesis:
    """Return whether a declared supremum is finite; undecided if it is unknown."""
    try:
        value = float(getattr(plugin, attribute))
    except MfplugError as error:
        return Hypothesis(text, None, None, str(error))
    if math.isnan(value):
        return Hypothesis(text, None, None, f"{plugin.name} does not say")
    if math.isinf(value):
        return Hypothesis(text, False, None, f"unbounded for {plugin.name}")
    return Hypothesis(text, True, value)


def _always(name: str, says: str) -> Statement:
    return Statement(name, says, ())


def _stability(facts: _Facts) -> Statement:
    needs = (facts.force, facts.lipschitz, facts.scaling, facts.external)
    numbers = {}
    if facts.force.value is not None and facts.lipschitz.value is not None:
        c = neunzert_constant(facts.force.value, facts.lipschitz.value)
        numbers = {"c": c}
    says = "d_BL of two solutions grows at most by e^(ct)"
    return Statement("(44)", says, needs, numbers=numbers)


def _large_deviations(facts: _Facts) -> Statement:
    return Statement(
        "Lemma 3.1",
        "P(Omega^k) is exponentially small in N^(2 kappa)",
        (facts.force, facts.scaling),
        "proved with r inside of the exponent; Bernstein's bound is better (E11)",
    )


def _growth(facts: _Facts) -> Statement:
    needs = (facts.force, facts.lipschitz, facts.scaling, facts.score)
    return Statement(
        "Lemma 3.2",
        "alpha' <= lambda_1 alpha + lambda_2 for every F_t",
        needs,
        "false for arbitrary F_t (E6); S here is that of f_0",
        _lambdas(facts),
    )


def _rate(facts: _Facts, time: float) -> Statement:
    needs = (
        facts.force,
        facts.lipschitz,
        facts.scaling,
        facts.score,
        facts.product,
    )
    numbers = _lambdas(facts)
    force, score = facts.force.value, facts.score.value
    lipschitz = facts.lipschitz.value
    if numbers and force is not None and score and lipschitz is not None:
        stretch = symmetric_constant(lipschitz)
        for N in SIZES if stretch * time < 700.0 else ():
            # The score grows by Lemma 3.5: Corollary 3.1 with S for 1/delta.
            source = numbers[f"lambda_2(N={N})"] / score
            numbers[f"log10_alpha_bound(N={N}, t={time:g})"] = corollary_bound(
                1.0 / score, force, stretch, source, time
            )
    return Statement(
        "Theorem 3.1",
        "alpha_t <= (e^(lambda_1 t) - 1) lambda_2/lambda_1, O(sqrt(log N/N))",
        needs,
        "neither refuted nor proved for product data (E6); the score by Lemma 3.5",
        numbers,
    )


def _lambdas(facts: _Facts) -> dict[str, float]:
    """lambda_1 and lambda_2, with |delta K| <= 2B and variance at most B^2."""
    force, score = facts.force.value, facts.score.value
    if force is None or score is None or force == 0.0:
        return {}
    tail = bernstein_tail(force**2, 2.0 * force)
    numbers = {"lambda_1": lambda_1(score, force)}
    for N in SIZES:
        best = optimal_lambda_2(N, score, force, tail)
        numbers[f"kappa(N={N})"] = best.kappa
        numbers[f"lambda_2(N={N})"] = best.value
    return numbers


def _mollifier(facts: _Facts) -> Statement:
    mollified = facts.delta is not None
    needs = (Hypothesis("f_0 is mollified, f^delta", mollified, facts.delta),)
    numbers = {"1/delta": 1.0 / facts.delta} if facts.delta is not None else {}
    says = "the score of f^delta is at most 1/delta (printed 3 sqrt(6)/delta)"
    return Statement("Lemma 3.3", says, needs, numbers=numbers)


def _score_flow(facts: _Facts, time: float) -> Statement:
    needs = (facts.lipschitz, facts.scaling, facts.external, facts.score)
    numbers = {}
    if facts.lipschitz.value is not None:
        M = symmetric_constant(facts.lipschitz.value)
        numbers = {"M": M, "M_operator": operator_constant(facts.lipschitz.value)}
        if facts.score.value is not None and M * time < 700.0:
            numbers["score_bound"] = facts.score.value * math.exp(M * time)
    says = "sup |grad log f_t| <= e^(Mt) sup |grad log f_0|, M = (1 + L)/2"
    return Statement("Lemma 3.5", says, needs, numbers=numbers)


def _corollary(facts: _Facts) -> Statement:
    mollified = Hypothesis("f_0 is mollified", facts.delta is not None, facts.delta)
    needs = (facts.force, facts.lipschitz, facts.scaling, facts.product, mollified)
    return Statement(
        "Corollary 3.1",
        "the double-exponential bound of alpha_t",
        needs,
        "as printed 0 <= 0 for product data; corrected it is Theorem 3.1 (E23)",
    )


def _entropy(facts: _Facts) -> Statement:
    bounded = facts.score.holds is True
    fisher = Hypothesis(
        "E |grad_p log f_0|^2 is finite",
        True if bounded else None,
        note="" if bounded else "the score is not bounded; this is weaker",
    )
    return Statement(
        "Entropy route",
        "dbar_t <= C(t)/sqrt(N), from a square-integrable score of f_0",
        (facts.force, facts.lipschitz, facts.scaling, facts.product, fisher),
        "proved up to an exponential moment (E6); Gaussian f_0 included",
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
