"""The claims that studies name, each in one sentence with its place in the thesis.

Mathematics stands between dollar signs, see :mod:`mfplug.report.mathtext`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """A statement: where it stands and what it says."""

    place: str
    statement: str


#: Every claim by its id: first the thesis's in its order, then those beyond it.
CLAIMS = {
    "newton": Claim(
        "(1)-(3), (26)-(27)",
        "The $N$ particles obey Newton's equations with pair potential $\\phi/N$, and "
        "their flow preserves phase volume.",
    ),
    "scaling": Claim(
        "(4)-(5)",
        "With $\\phi$ scaled by $\\beta$ the force shrinks and steepens at stated "
        "powers of $N$.",
    ),
    "lln": Claim(
        "(6)-(7)",
        "The force on a particle is an empirical mean and nears its limit as "
        "$N^{-1/2}$.",
    ),
    "vlasov": Claim(
        "(8)-(9), (11)", "The mean field obeys the Vlasov equation and conserves."
    ),
    "external": Claim(
        "(10)", "An external potential changes nothing in the differences."
    ),
    "chaos": Claim(
        "(12)-(16), Remark 2.6",
        "Chaos propagates: the marginals of the evolved law near products of the "
        "mean field, so the two paths of the diagram agree in the limit.",
    ),
    "l1-unsuited": Claim(
        "Remark 2.1", "The L1 distance of N-particle laws cannot count bad particles."
    ),
    "gronwall": Claim(
        "Theorem 2.1, Corollary 2.1, (15), (35)",
        "A differential inequality bounds growth by an exponential.",
    ),
    "counting": Claim(
        "Definitions 2.1-2.3, (17)-(25)",
        "The counting measure alpha says how many particles are not independent.",
    ),
    "marginals": Claim(
        "Theorem 2.2, (36)-(41)", "Alpha bounds the L1 distance of the s-marginals."
    ),
    "empirical": Claim(
        "Corollary 2.2, (45)-(49)",
        "The empirical measure nears the mean field in bounded-Lipschitz distance, "
        "within a bound by cells.",
    ),
    "markov": Claim(
        "Remark 2.7, (50)-(51)",
        "The probability of a large distance falls, by Markov's inequality.",
    ),
    "stability": Claim(
        "(44)",
        "Two solutions separate at most exponentially in bounded-Lipschitz distance "
        "(Neunzert).",
    ),
    "score-needed": Claim(
        "Remarks 2.3, 3.1", "The method needs initial data with a bounded score."
    ),
    "infection": Claim(
        "(28)-(34)", "Bad particles spread like an infection, as a pure-birth process."
    ),
    "fluctuations": Claim(
        "(52)-(57)", "The fluctuation of the force is of order $N^{-1/2}$."
    ),
    "large-deviations": Claim(
        "Definition 3.1, Lemma 3.1, (60)-(63)",
        "Large deviations of the force have exponentially small probability.",
    ),
    "growth": Claim(
        "Lemma 3.2, (59), (64)-(65)", "Alpha grows no faster than the stated bound."
    ),
    "rate": Claim("Theorem 3.1", "Alpha at a fixed time falls as $N^{-1/2}$."),
    "mollifier": Claim(
        "Lemma 3.3, (66)-(67)",
        "Mollified initial data have a score of order $1/\\delta$.",
    ),
    "density": Claim(
        "Lemma 3.4, (68)", "Mollified data near any density in L1 as $\\delta$ shrinks."
    ),
    "score-flow": Claim(
        "Lemma 3.5, (69)-(70)", "The score grows at most exponentially along the flow."
    ),
    "corollary": Claim(
        "Corollary 3.1, (71)-(72)",
        "For general initial data a double-exponential bound holds.",
    ),
    "exact-harmonic": Claim(
        "the solvable model",
        "For the harmonic pair potential every metric equals its closed form.",
    ),
    "hmf-chaos": Claim(
        "HMF with Cauchy momenta",
        "A system that meets every hypothesis has alpha of order $N^{-1/2}$, from "
        "below.",
    ),
    "entropy": Claim(
        "the replacement of Lemma 3.2",
        "The relative entropy stays of order 1 and bounds the number of bad particles.",
    ),
    "central-limit": Claim(
        "Braun and Hepp",
        "Fluctuations around the mean field are Gaussian and obey linearised Vlasov.",
    ),
    "break-time": Claim(
        "unstable states", "Mean field holds up to times of order $\\log N$."
    ),
    "cut-off": Claim(
        "Boers and Pickl 2016",
        "Singular forces keep their mean-field limit with a cut-off that shrinks "
        "in $N$.",
    ),
}
