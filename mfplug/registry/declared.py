"""What a class declares has the type that whoever reads it expects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mfplug.errors import PluginError, shown

Rule = tuple[str, Callable[[Any], bool]]

_FLAG: Rule = ("True or False", lambda x: isinstance(x, bool))
_ORDER: Rule = (
    "an integer >= 0",
    lambda x: isinstance(x, int) and not isinstance(x, bool) and x >= 0,
)
_WORDS: Rule = (
    "a tuple of strings",
    lambda x: isinstance(x, tuple) and all(isinstance(word, str) for word in x),
)
_REGULARITIES = ("C_b^2", "Lipschitz", "singular", "unbounded", "unknown")

#: Attribute of the class, what it has to be, and whether it is that.
DECLARED: dict[str, dict[str, Rule]] = {
    "potential": {
        "regularity": (f"one of {', '.join(_REGULARITIES)}", _REGULARITIES.__contains__)
    },
    "external": {"time_dependent": _FLAG},
    "distribution": {},
    "integrator": {
        "order": _ORDER,
        "symplectic": _FLAG,
        "reversible": _FLAG,
        "adaptive": _FLAG,
    },
    "solver": {"order": _ORDER, "conserves": _WORDS, "singular_limit": _FLAG},
    "metric": {
        "needs": (
            "a tuple of 'field' and 'ensemble', or ()",
            lambda x: isinstance(x, tuple) and set(x) <= {"field", "ensemble"},
        ),
        "measures": _WORDS,
    },
}


def check_declared(kind: str, cls: Any) -> None:
    """Refuse a class that declares a fact in another form than the contract says.

    A property is left alone: what it gives depends on the instance.

    Raises
    ------
    PluginError
        With the attribute and what it has to be.
    """
    for name, (expected, allowed) in DECLARED[kind].items():
        value = getattr(cls, name)
        if isinstance(value, property):
            continue
        try:
            good = allowed(value)
        # Of a list in a set, for instance.
        except TypeError:
            good = False
        if not good:
            raise PluginError(
                f"{kind} '{cls.name}': `{name}` cannot be used; got {shown(value)}, "
                f"expected {expected}. Change it."
            )
