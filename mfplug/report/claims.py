"""The claims that studies name, each in one sentence with its place in the thesis.

Mathematics stands between dollar signs, see :mod:`mfplug.report.mathtext`. The errata
have the numbers of the list of corrections that the studies go by (E1 to E31).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """A statement: where it stands, what it says, what is wrong with it as printed."""

    place: str
    statement: str
    section: str = "beyond"
    errata: str = ""


#: The sections of the thesis, and what is not in it.
SECTIONS = {
    "1": "1 Introduction",
    "2": "2 The counting measure",
    "3": "3 Derivation",
    "beyond": "Beyond the thesis",
}


#: Every claim by its id: first the thesis's in its order, then those beyond it.
CLAIMS = {
    "newton": Claim(
        "(1)-(3), (26)-(27)",
        "The $N$ particles obey Newton's equations with pair potential $\\phi/N$, and "
        "their flow preserves phase volume.",
        section="1",
        errata=(
            "(26): the sign; $g ∘ \\Phi_{-dt} = g - dt\\,(\\nabla_q g \\cdot "
            "\\dot{q} + \\nabla_p g \\cdot \\dot{p})$ (E14)."
        ),
    ),
    "scaling": Claim(
        "(4)-(5)",
        "With $\\phi$ scaled by $\\beta$ the force shrinks and steepens at stated "
        "powers of $N$.",
        section="1",
        errata=(
            "(5): the support shrinks only if it is compact, and the force scales "
            "as $N^{-1+\\beta+\\beta/d}$ (E18)."
        ),
    ),
    "lln": Claim(
        "(6)-(7)",
        "The force on a particle is an empirical mean and nears its limit as "
        "$N^{-1/2}$.",
        section="1",
    ),
    "vlasov": Claim(
        "(8)-(9), (11)",
        "The mean field obeys the Vlasov equation and conserves.",
        section="1",
    ),
    "external": Claim(
        "(10)",
        "An external potential changes nothing in the differences.",
        section="2",
        errata=(
            "(10): the mass is $m$; p. 28: $-\\nabla V_t(q_i)$ (E27). The "
            "potential does enter $M$ of (70) (E22)."
        ),
    ),
    "chaos": Claim(
        "(12)-(16), Remark 2.6",
        "Chaos propagates: the marginals of the evolved law near products of the "
        "mean field, so the two paths of the diagram agree in the limit.",
        section="2",
        errata=(
            "(15): the error is $o(1)$, not $o(N)$, with a factor $(e^{ct} - 1)/c$ "
            "(E2)."
        ),
    ),
    "l1-unsuited": Claim(
        "Remark 2.1",
        "The L1 distance of N-particle laws cannot count bad particles.",
        section="2",
        errata=(
            "The identity is for laws that are not symmetrised; for symmetric ones "
            "the distance can vanish (E8)."
        ),
    ),
    "gronwall": Claim(
        "Theorem 2.1, Corollary 2.1, (15), (35)",
        "A differential inequality bounds growth by an exponential.",
        section="2",
        errata=(
            "Theorem 2.1: continuity at 0 is missing (E1). (15), (35): $o(1)$, not "
            "$o(N)$ (E2)."
        ),
    ),
    "counting": Claim(
        "Definitions 2.1-2.3, (17)-(25)",
        "The counting measure alpha says how many particles are not independent.",
        section="2",
        errata=(
            "Definition 2.1: $c_k \\ge 0$, not $> 0$ (E3). Definition 2.2: the "
            "good part has to be the one of (21) (E4)."
        ),
    ),
    "marginals": Claim(
        "Theorem 2.2, (36)-(41)",
        "Alpha bounds the L1 distance of the s-marginals.",
        section="2",
        errata=(
            "Theorem 2.2: the proof loses a factor 2; $\\|F^s - f^s\\|_1 \\le 2 s "
            "\\alpha$ holds and implies what is printed (E9)."
        ),
    ),
    "empirical": Claim(
        "Corollary 2.2, (45)-(49)",
        "The empirical measure nears the mean field in bounded-Lipschitz distance, "
        "within a bound by cells.",
        section="2",
        errata=(
            "(47): printed $(1 + \\delta) \\sum_i |\\mu_N(\\Delta_i) - "
            "\\mu(\\Delta_i)|$ fails; $T + \\sqrt D\\,\\delta\\,(1 - T)$, $T$ half "
            "that sum (E7)."
        ),
    ),
    "markov": Claim(
        "Remark 2.7, (50)-(51)",
        "The probability of a large distance falls, by Markov's inequality.",
        section="2",
        errata="(50), (51): $X$ is integrated against $F_0$ (E26).",
    ),
    "stability": Claim(
        "(44)",
        "Two solutions separate at most exponentially in bounded-Lipschitz distance "
        "(Neunzert).",
        section="2",
        errata=(
            "(44) is Neunzert's estimate and does not follow from Corollary 2.2 (E25)."
        ),
    ),
    "score-needed": Claim(
        "Remarks 2.3, 3.1",
        "The method needs initial data with a bounded score.",
        section="2",
        errata=(
            "Dense is not general: Gaussian and compactly supported data have an "
            "unbounded score (E24)."
        ),
    ),
    "infection": Claim(
        "(28)-(34)",
        "Bad particles spread like an infection, as a pure-birth process.",
        section="2",
        errata=(
            "(28), (31): the sector is $k + 1$, not $k + 2$, so $1/N$ for $2/N$ "
            "(E15); $\\theta_k$ for $\\epsilon_k$ (E17)."
        ),
    ),
    "fluctuations": Claim(
        "(52)-(57)",
        "The fluctuation of the force is of order $N^{-1/2}$.",
        section="3",
        errata="(52), (53): the sign (E14). The term $j = i$ is no fluctuation (E12).",
    ),
    "large-deviations": Claim(
        "Definition 3.1, Lemma 3.1, (60)-(63)",
        "Large deviations of the force have exponentially small probability.",
        section="3",
        errata=(
            "(60)-(63): outside of the exponent $r \\to 1$ for $\\kappa < 1/6$ "
            "only; inside for all $\\kappa$ (E11)."
        ),
    ),
    "growth": Claim(
        "Lemma 3.2, (59), (64)-(65)",
        "Alpha grows no faster than the stated bound.",
        section="3",
        errata=(
            "False for arbitrary $F_t$: $\\nabla_p \\log \\chi$ is dropped (E6). "
            "$|\\delta K| \\le 2B$, not $B$ (E10)."
        ),
    ),
    "rate": Claim(
        "Theorem 3.1",
        "Alpha at a fixed time falls as $N^{-1/2}$.",
        section="3",
        errata=(
            "The proof gives $O(\\sqrt{\\log N / N})$, not $O(N^{-1/2})$ (E19), "
            "and rests on Lemma 3.2 (E6)."
        ),
    ),
    "mollifier": Claim(
        "Lemma 3.3, (66)-(67)",
        "Mollified initial data have a score of order $1/\\delta$.",
        section="3",
        errata=(
            "Printed $3 \\sqrt 6 / \\delta$; the sharp constant is $1/\\delta$, "
            "and the derivative has $(1 + r)^2$ (E20)."
        ),
    ),
    "density": Claim(
        "Lemma 3.4, (68)",
        "Mollified data near any density in L1 as $\\delta$ shrinks.",
        section="3",
        errata=(
            "Pointwise convergence is not yet convergence in L1 (E21); density "
            "does not extend Theorem 3.1 (E24)."
        ),
    ),
    "score-flow": Claim(
        "Lemma 3.5, (69)-(70)",
        "The score grows at most exponentially along the flow.",
        section="3",
        errata=(
            "The matrix is that of the order $(p, q)$; $M = (1 + L)/2$ is enough (E22)."
        ),
    ),
    "corollary": Claim(
        "Corollary 3.1, (71)-(72)",
        "For general initial data a double-exponential bound holds.",
        section="3",
        errata=(
            "(72): the source term is dropped, so it reads $0 \\le 0$ for product "
            "data; $2B$ for $6 \\sqrt 6 \\|\\delta K\\|$ (E23)."
        ),
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
        errata="It replaces Lemma 3.2, which is false for arbitrary $F_t$ (E6).",
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
