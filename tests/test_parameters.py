"""Parameters of plugins: types, limits, and the way into a study file and back."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from canonical import PARAMETERS, make
from hypothesis import given
from hypothesis import strategies as st
from many_parameters import HUGE, Many, refused

import mfplug
from mfplug import Plugin, PowerOfN, param, registry
from mfplug.contracts.plugin import canonical_json, check_parameters, parameter_table
from mfplug.errors import ParameterError


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("number", 0.0, "expected > 0 and <= 10"),
        ("number", -1, "out of range"),
        ("number", 10.5, "out of range"),
        ("number", math.nan, "not finite"),
        ("number", math.inf, "not finite"),
        ("number", np.float64("nan"), "not finite"),
        ("number", HUGE, "wrong type"),
        ("number", True, "wrong type"),
        ("number", np.True_, "wrong type"),
        ("number", "1.0", "expected a number"),
        ("number", None, "wrong type"),
        ("number", [1.0], "wrong type"),
        ("number", np.ones(1), "wrong type"),
        ("number", 1 + 0j, "wrong type"),
        ("number", {"times": 1.0, "N": 1.0}, "wrong type"),
        ("number", PowerOfN(1.0, 1.0), "wrong type"),
        ("count", 0, "expected >= 1"),
        ("count", 1.5, "expected an integer"),
        ("count", math.nan, "wrong type"),
        ("count", math.inf, "wrong type"),
        ("count", True, "wrong type"),
        ("count", "3", "wrong type"),
        ("switch", 1, "expected true or false"),
        ("switch", "yes", "wrong type"),
        ("switch", None, "wrong type"),
        ("word", "left", "one of up, down"),
        ("word", 3, "expected a string"),
        ("maybe", 0.0, "out of range"),
        ("maybe", "no", "wrong type"),
        ("maybe", math.inf, "not finite"),
        ("either", "c", "wrong type"),
        ("either", ["a"], "wrong type"),
        ("pair", (1.0,), "wrong type"),
        ("pair", (1.0, 2.0, 3.0), "wrong type"),
        ("pair", (1.0, "two"), "wrong type"),
        ("pair", 1.0, "wrong type"),
        ("pair", "ab", "wrong type"),
        ("list_", (1.0, math.nan), "not finite"),
        ("list_", (1.0, True), "wrong type"),
        ("list_", (1.0, None), "wrong type"),
        ("list_", {"a": 1}, "wrong type"),
        ("table", ((1.0,), 2.0), "wrong type"),
        ("table", ((1.0, math.inf),), "not finite"),
        ("power", -1.0, "out of range"),
        ("power", {"times": 1.0}, "no expression in N"),
        ("power", {"times": 1.0, "n": 1.0}, "no expression in N"),
        ("power", {"times": 1.0, "N": 1.0, "plus": 2.0}, "no expression in N"),
        ("power", {"times": "a", "N": 1.0}, "no expression in N"),
        ("power", {"times": True, "N": 1.0}, "no expression in N"),
        ("power", {"times": math.nan, "N": 1.0}, "no expression in N"),
        ("power", {"times": 1.0, "N": math.inf}, "no expression in N"),
        ("power", {"times": HUGE, "N": 1.0}, "no expression in N"),
        ("power", PowerOfN(math.nan, 1.0), "no expression in N"),
        ("power", PowerOfN("a", 1.0), "no expression in N"),
        ("power", "1/N", "wrong type"),
        ("base", 3.0, "wrong type"),
    ],
)
def test_refused(key, value, word):
    refused(key, value, word)


@pytest.mark.parametrize(
    ("key", "value", "stored"),
    [
        ("number", 2, 2.0),
        ("number", np.float32(0.5), 0.5),
        ("number", np.int64(4), 4.0),
        ("number", np.array(2.5), 2.5),
        ("count", 7.0, 7),
        ("count", 1e300, int(1e300)),
        ("count", HUGE, HUGE),
        ("count", np.int32(5), 5),
        ("maybe", None, None),
        ("maybe", 3, 3.0),
        ("pair", [1, 2], (1.0, 2.0)),
        ("list_", [], ()),
        ("table", [[1, 2], []], ((1.0, 2.0), ())),
        ("power", {"times": 2, "N": -1}, PowerOfN(2.0, -1.0)),
        ("anything", {"a": [1]}, {"a": [1]}),
    ],
)
def test_accepted_and_converted(key, value, stored):
    got = getattr(Many(**{key: value}), key)
    assert got == stored
    assert type(got) is type(stored)


def test_a_wrong_limit_would_be_seen():
    # The planted defect: with the limits of `number` turned round, 0.5 is refused.
    @dataclass(frozen=True)
    class Turned(Many):
        number: float = param(11.0, above=10.0)

    assert Many(number=0.5).number == 0.5
    with pytest.raises(ParameterError, match="expected > 10"):
        Turned(number=0.5)


def test_unknown_and_missing():
    @dataclass(frozen=True)
    class Needs(Plugin):
        kind: ClassVar[str] = "metric"
        name: ClassVar[str] = "needs"
        given: float

    with pytest.raises(ParameterError, match=r"Did you mean 'number'\?"):
        check_parameters(Many, {"numbr": 1.0})
    with pytest.raises(ParameterError, match="'given' is missing; got none"):
        check_parameters(Needs, {})
    assert parameter_table(Needs)[0]["required"]
    assert not any(row["required"] for row in parameter_table(Many))


def test_plugins_are_frozen():
    phi = mfplug.create("potential", "gaussian")
    with pytest.raises(AttributeError):
        phi.width = -1.0


# The way into a study file and back


@pytest.mark.parametrize(("kind", "name"), PARAMETERS)
def test_round_trip_of_every_plugin(kind, name):
    plugin = make(kind, name)
    again = registry.create_from(kind, json.loads(json.dumps(plugin.to_dict())))
    assert again == plugin
    assert canonical_json(again) == canonical_json(plugin)


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(
    number=st.floats(1e-300, 10.0),
    count=st.integers(1),
    switch=st.booleans(),
    word=st.sampled_from(["up", "down"]),
    maybe=st.none() | st.floats(1e-300, 1e300),
    pair=st.tuples(finite, finite),
    table=st.lists(st.lists(finite)),
    power=st.floats(1e-300, 1e300) | st.builds(PowerOfN, finite, finite),
)
def test_round_trip_of_any_values(**values):
    plugin = Many(**values)
    data = json.loads(json.dumps(plugin.to_dict()))
    assert data.pop("name") == "many"
    again = Many(**data)
    assert again == plugin
    assert canonical_json(again) == canonical_json(plugin)


TYPED = [r["name"] for r in parameter_table(Many) if r["name"] != "anything"]
wild = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.just(HUGE),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["times", "N", "name", "x"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@given(key=st.sampled_from(TYPED), value=wild)
def test_any_value_is_taken_or_refused_in_one_line(key, value):
    message = ""
    try:
        canonical_json(Many(**{key: value}))
    except ParameterError as error:
        message = str(error)
    assert "\n" not in message


@given(kind_name=st.sampled_from(list(PARAMETERS)), data=st.data())
def test_any_value_of_a_shipped_plugin_too(kind_name, data):
    kind, name = kind_name
    keys = [r["name"] for r in parameter_table(type(make(kind, name)))]
    if not keys:
        return
    key, value = data.draw(st.sampled_from(keys)), data.draw(wild)
    message = ""
    try:
        mfplug.create(kind, name, **{key: value})
    except mfplug.MfplugError as error:
        message = str(error)
    assert "\n" not in message
