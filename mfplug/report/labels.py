"""Words and symbols (mathtext) for columns and metrics, where none are given."""

from __future__ import annotations

import re

#: Symbols of swept parameters in the thesis's notation.
SYMBOLS = {
    "M": "M",
    "N": "N",
    "particles": "N",
    "reach": "P",
    "time": "t",
    "step": r"\Delta t",
    "dimension": "d",
    "delta": r"\delta",
    "beta": r"\beta",
    "gamma": r"\gamma",
    "kappa": r"\kappa",
    "lambda": r"\lambda",
    "replicas": "M",
    "s": "s",
}

#: Parameters of plugins whose name is the letter of the thesis.
LETTERS = ("M", "beta", "delta", "gamma", "kappa", "particles", "reach")

#: What a column measures, for axes.
AXES = {
    "N": "number of particles $N$",
    "particles": "number of particles $N$",
    "time": "time $t$",
    "step": r"time step $\Delta t$",
    "dimension": "dimension $d$",
    "delta": r"mollifier width $\delta$",
    "beta": r"scaling exponent $\beta$",
    "replicas": "replicas $M$",
}

METRICS = {
    "coupling-mean": r"coupling distance $|x_i - \bar x_i|$, mean over $i$",
    "coupling-max": r"coupling distance $|x_i - \bar x_i|$, maximum over $i$",
    "bounded-lipschitz": r"$\mathrm{E}\; d_{\mathrm{BL}}(\mu_N, f_t)$",
    "bounded-lipschitz-floor": r"$N$ independent points of $f_t$",
    "bounded-lipschitz-iid": r"$N$ independent points of $f_t$",
    "wasserstein1": r"$\mathrm{E}\; W_1(\mu_N, f_t)$",
    "wasserstein2": r"$\mathrm{E}\; W_2(\mu_N, f_t)$",
    "energy-drift": "largest relative energy error",
    "alpha": r"counting measure $\alpha$",
}

MARGINAL_ONE = r"$\|F^{(1)} - f_t\|_1$"
MARGINAL = r"$\|F^{(%s)} - f_t^{\otimes %s}\|_1$"

FRACTION = re.compile(r"\d+/\d+")
_DOLLAR = re.compile(r"(?<!\\)\$")


def literal(text: str) -> str:
    r"""Escape text that comes from data, so that no dollar sign opens mathematics.

    >>> literal("a$b")
    'a\\$b'
    """
    return _DOLLAR.sub(r"\\$", text)


def axis_label(column: str) -> str:
    """Return the label of an axis that shows a column."""
    return AXES.get(column, literal(name_of(column)))


def name_of(column: str) -> str:
    """Return the readable name of a swept parameter.

    >>> name_of("potential.strength"), name_of("initial.q_width")
    ('strength', 'q width')
    """
    return column.rpartition(".")[2].replace("_", " ")


def greek(column: str) -> str | None:
    """Return the symbol of a column, also of a plugin's parameter named by a letter."""
    tail = column.rpartition(".")[2]
    letter = SYMBOLS.get(tail) if tail in LETTERS else None
    return SYMBOLS.get(column, letter)


def symbol(column: str) -> str:
    r"""Return the inside of a mathtext formula that stands for a column.

    >>> symbol("step"), symbol("potential.width"), symbol("initial.delta")
    ('\\Delta t', '\\mathrm{width}', '\\delta')
    """
    known = greek(column)
    if known is not None:
        return known
    word = re.sub(r"[^A-Za-z0-9]+", r"\\ ", name_of(column))
    return rf"\mathrm{{{word}}}"


def value_label(column: str, value: str) -> str:
    r"""Return "d = 1" for one value of a swept parameter.

    >>> value_label("dimension", "2"), value_label("potential.strength", "-1.0")
    ('$d = 2$', 'strength$ = -1$')
    >>> value_label("delta", "1/3"), value_label("case", "H1")
    ('$\\delta = 1/3$', 'case: H1')
    """
    try:
        shown = value if FRACTION.fullmatch(value) else f"{float(value):.6g}"
    except ValueError:
        return literal(f"{name_of(column)}: {value}" if value else name_of(column))
    known = greek(column)
    if known is not None:
        return f"${known} = {shown}$"
    return f"{literal(name_of(column))}$ = {shown}$"


def metric_label(metric: str, index: str) -> str:
    """Return the label of a metric's row; its own name where none is known."""
    if metric == "marginal-l1" and index.isalnum():
        return MARGINAL_ONE if index == "1" else MARGINAL % (index, index)
    known = METRICS.get(metric, literal(metric.replace("-", " ")))
    return f"{known}, {literal(index)}" if index and metric != "marginal-l1" else known
