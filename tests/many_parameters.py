"""A plugin with parameters of every type, and what is said of wrong ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Optional

import pytest

from mfplug import Distribution, Plugin, param
from mfplug.contracts.plugin import check_parameters
from mfplug.errors import ParameterError

HUGE = 10**400


@dataclass(frozen=True)
class Many(Plugin):
    """One parameter of each type."""

    kind: ClassVar[str] = "metric"
    name: ClassVar[str] = "many"

    number: float = param(1.5, above=0.0, at_most=10.0)
    count: int = param(3, at_least=1)
    switch: bool = False
    word: str = param("up", choices=("up", "down"))
    maybe: float | None = param(None, above=0.0)
    either: Literal["a", "b"] = "a"
    pair: tuple[float, float] = (1.0, 2.0)
    list_: tuple[float, ...] = ()
    table: tuple[tuple[float, ...], ...] = ()
    power: float = param(2.0, above=0.0, may_depend_on_N=True)
    base: Distribution | None = None
    older: Optional[Distribution] = None  # noqa: UP045
    anything: Any = None


def refused(key, value, *words):
    with pytest.raises(ParameterError) as caught:
        Many(**check_parameters(Many, {key: value}))
    text = str(caught.value)
    assert f"metric 'many': parameter '{key}'" in text
    assert "\n" not in text
    assert len(text) < 400, "a message is one line that fits a screen"
    for word in words:
        assert word in text
    # The constructor itself checks as well, whoever calls it.
    with pytest.raises(ParameterError):
        Many(**{key: value})
