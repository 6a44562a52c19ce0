"""Parameters of plugins: types, limits, and the way into a study file and back."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Optional

import numpy as np
import pytest
from canonical import PARAMETERS, make
from hypothesis import given
from hypothesis import strategies as st

import mfplug
from mfplug import Distribution, Plugin, PowerOfN, param, registry
from mfplug.contracts.plugin import canonical_json, check_parameters, parameter_table
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


# Plugins within plugins


def test_nested_plugins_by_name_and_by_mapping():
    student = {"name": "student", "df": 4.5, "q_width": 0.7, "p_width": 1.6}
    law = mfplug.create("distribution", "mollified", delta=0.2, base=student)
    assert law.base.df == 4.5
    assert law.to_dict()["base"] == student
    with pytest.raises(ParameterError, match="'student': unknown parameter 'dff'"):
        mfplug.create("distribution", "mollified", base={"name": "student", "dff": 1})
    with pytest.raises(mfplug.PluginError, match=r"Did you mean 'student'\?"):
        mfplug.create("distribution", "mollified", base="studnet")


@pytest.mark.parametrize("key", ["base", "older"])
def test_both_ways_to_write_an_optional_plugin(clean, key):
    registry_ = registry.current()
    made = registry_._nested(Many, key, {"name": "gaussian", "qq": 0.3})
    assert Many(**{key: made}).to_dict()[key]["qq"] == 0.3


def test_a_nested_plugin_of_the_wrong_kind_is_refused():
    refused("base", mfplug.create("potential", "gaussian"), "wrong type")


# Expressions in N


def test_power_of_n_by_hand():
    phi = mfplug.create("potential", "plummer", softening={"times": 0.5, "N": -0.25})
    assert phi.depends_on_N
    assert phi.at(16).softening == 0.25
    assert not phi.at(16).depends_on_N
    assert phi.to_dict()["softening"] == {"times": 0.5, "N": -0.25}
    assert not mfplug.create("potential", "plummer").depends_on_N


def test_power_of_n_is_checked_where_it_is_evaluated():
    phi = mfplug.create("potential", "plummer", softening={"times": -0.5, "N": 1.0})
    with pytest.raises(ParameterError, match=r"softening.*out of range; got -8\.0"):
        phi.at(16)


def test_power_of_n_where_it_is_not_allowed():
    with pytest.raises(ParameterError, match="'width' has the wrong type"):
        mfplug.create("potential", "gaussian", width={"times": 1.0, "N": 1.0})


@given(times=st.floats(1e-3, 1e3), exponent=st.floats(-2, 2), N=st.integers(1, 10**6))
def test_power_of_n(times, exponent, N):
    value = PowerOfN(times, exponent).at(N)
    assert value == pytest.approx(times * math.exp(exponent * math.log(N)), rel=1e-12)


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


# The system


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"dimension": 4}, "expected 1, 2 or 3"),
        ({"dimension": 0}, "expected 1, 2 or 3"),
        ({"dimension": True}, "expected 1, 2 or 3"),
        ({"dimension": 2.0}, "expected 1, 2 or 3"),
        ({"dimension": "2"}, "expected 1, 2 or 3"),
        ({"mass": 0.0}, "mass"),
        ({"mass": math.nan}, "mass"),
        ({"mass": HUGE}, "mass"),
        ({"mass": "1"}, "mass"),
        ({"beta": 1.0}, "0 <= beta < 1"),
        ({"beta": -0.1}, "0 <= beta < 1"),
        ({"box": 0.0}, "box"),
        ({"box": -1.0}, "box"),
        ({"box": math.inf}, "box"),
        ({"box": True}, "box"),
        ({"potential": 3}, "no plugin can be made of 3"),
        ({"initial": None}, "no plugin can be made of None"),
    ],
)
def test_systems_that_are_refused(change, word):
    with pytest.raises(ParameterError) as caught:
        mfplug.System(**change)
    assert word in str(caught.value)


def test_system_round_trip_and_unknown_keys():
    system = mfplug.System(
        dimension=2,
        potential={"name": "plummer", "softening": {"times": 0.7, "N": -0.2}},
        initial={"name": "student", "df": 4.5},
        external={"name": "trap", "strength": 0.3},
        beta=0.25,
        mass=1.7,
    )
    again = mfplug.System.from_dict(json.loads(json.dumps(system.to_dict())))
    assert again.to_dict() == system.to_dict()
    assert system.depends_on_N
    with pytest.raises(ParameterError, match=r"Did you mean 'potential'\?"):
        mfplug.System.from_dict({"potental": "free"})
    with pytest.raises(ParameterError, match="not a mapping"):
        mfplug.System.from_dict(["free"])
