r"""Short formulas as HTML without a network: ``$N^{-1/2}$`` becomes italics and <sup>.

Only what captions and labels need: letters, numbers, Greek, a few signs, ``^``, ``_``,
groups, accents. What is not known is shown by its name, and everything is escaped.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_SIGNS = {
    "pm": "±",
    "times": "\N{MULTIPLICATION SIGN}",
    "cdot": "·",
    "otimes": "⊗",
    "|": "‖",
    "Vert": "‖",
    "mid": "|",
    "ll": "≪",
    "gg": "≫",
    "leq": "≤",
    "le": "≤",
    "geq": "≥",
    "ge": "≥",
    "neq": "≠",
    "approx": "≈",
    "sim": "\N{TILDE OPERATOR}",
    "propto": "∝",
    "to": "→",
    "infty": "∞",
    "sum": "∑",
    "int": "∫",
    "partial": "∂",
    "nabla": "∇",
    "in": "∈",
    "ldots": "…",
    "langle": "⟨",
    "rangle": "⟩",
    "ell": "\N{SCRIPT SMALL L}",
    "sqrt": "√",
    ",": "\u2009",
    ";": "\u2005",
    ":": "\u2005",
    "!": "",
    " ": " ",
    "quad": "\u2003",
    "{": "{",
    "}": "}",
    "$": "$",
    "%": "%",
    "left": "",
    "right": "",
}
_SMALL = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi
rho sigma tau upsilon phi chi psi omega"""
_LARGE = "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
_GREEK = dict(zip(_SMALL.split(), "αβγδεζηθικλμνξπρστυφχψω", strict=True))
_CAPITAL = dict(zip(_LARGE.split(), "ΓΔΘΛΞΠΣΦΨΩ", strict=True))
_ACCENTS = {"bar": "\u0304", "hat": "\u0302", "tilde": "\u0303", "dot": "\u0307"}
_NAMED = "log ln exp sin cos tan max min sup inf lim"
_FUNCTIONS = frozenset(_NAMED.split())
_UPRIGHT = frozenset(("mathrm", "text", "operatorname", "mathbb", "mathbf"))

_FORMULA = re.compile(r"(?<!\\)\$((?:[^$\\]|\\.)+)(?<!\\)\$")
_TOKEN = re.compile(r"\\(?:[A-Za-z]+|.)|.", re.DOTALL)


def html(text: str) -> Markup:
    r"""Return text with formulas between dollar signs as escaped HTML.

    >>> print(html(r"falls as $N^{-1/2}$ <b>"))
    falls as <span class="math"><i>N</i><sup>−1/2</sup></span> &lt;b&gt;
    """
    parts = []
    last = 0
    for match in _FORMULA.finditer(text):
        parts.append(escape(text[last : match.start()].replace(r"\$", "$")))
        tokens = [t for t in _TOKEN.findall(match[1]) if not t.isspace()]
        body = _sequence(tokens, upright=False)
        parts.append(Markup('<span class="math">{}</span>').format(body))
        last = match.end()
    parts.append(escape(text[last:].replace(r"\$", "$")))
    return Markup("").join(parts)


def _sequence(tokens: list[str], upright: bool) -> Markup:
    """Consume tokens up to a closing brace or their end."""
    out = []
    while tokens and tokens[0] != "}":
        out.append(_atom(tokens, upright))
    if tokens:
        tokens.pop(0)
    return Markup("").join(out)


def _atom(tokens: list[str], upright: bool) -> Markup:
    """Consume one letter, sign, group, or a script with its argument."""
    token = tokens.pop(0)
    if token in "^_":
        body = _atom(tokens, upright) if tokens else Markup("")
        form = "<sup>{}</sup>" if token == "^" else "<sub>{}</sub>"
        return Markup(form).format(body)
    if token == "{":
        return _sequence(tokens, upright)
    if token.startswith("\\"):
        return _command(token[1:], tokens, upright)
    if token in "-=<>+":
        sign = token.replace("-", "\N{MINUS SIGN}")
        return escape(sign) if token == "-" else escape(f"\u2009{sign}\u2009")
    return (
        Markup("<i>{}</i>").format(token) if _italic(token, upright) else escape(token)
    )


def _italic(token: str, upright: bool) -> bool:
    return token.isalpha() and not upright


def _command(name: str, tokens: list[str], upright: bool) -> Markup:
    if name in _UPRIGHT:
        return _atom(tokens, True) if tokens else Markup("")
    if name in _ACCENTS:
        body = str(_atom(tokens, upright).striptags()) if tokens else ""
        return Markup("<i>{}</i>").format(body[:1] + _ACCENTS[name] + body[1:])
    if name == "frac" and tokens:
        over, under = _atom(tokens, upright), Markup("")
        if tokens:
            under = _atom(tokens, upright)
        return Markup("{}/{}").format(over, under)
    if name in _GREEK:
        return Markup("<i>{}</i>").format(_GREEK[name])
    if name in ("pm", "times", "leq", "le", "geq", "ge", "approx", "to", "in"):
        return escape(f"\u2009{_SIGNS[name]}\u2009")
    if name in _FUNCTIONS:
        return escape(f"{name}\u2009")
    return escape({**_SIGNS, **_CAPITAL}.get(name, name))
