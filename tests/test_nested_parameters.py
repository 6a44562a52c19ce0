"""Parameters that are plugins, expressions in N, and those of a system."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from many_parameters import HUGE, Many, refused

import mfplug
from mfplug import PowerOfN, registry
from mfplug.errors import ParameterError

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
