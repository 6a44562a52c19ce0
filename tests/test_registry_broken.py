"""Plugins that are broken break alone, and say so."""

from __future__ import annotations

import json

import pytest
from conftest import potential_source

import mfplug
from mfplug import registry
from mfplug.errors import PluginError

HEAD = """
from dataclasses import dataclass, field
from typing import Any, ClassVar
import numpy as np
import mfplug
from mfplug import RadialPotential, hookimpl, param
"""
CLASS = """
@dataclass(frozen=True)
class Made(RadialPotential):
    name: ClassVar[str] = "bad"
    width: float = param(0.8, above=0.0)

    def profile(self, s):
        return np.exp(-s)
"""
HOOK = """
@hookimpl
def mfplug_potentials():
    return [Made]
"""


def with_class(old, new):
    """Return the module with a change to its class."""
    assert old in CLASS
    return HEAD + CLASS.replace(old, new) + HOOK


def with_hook(old, new):
    """Return the module with a change to its hook."""
    assert old in HOOK
    return HEAD + CLASS + HOOK.replace(old, new)


#: What is wrong with a module, and what the listing has to say of it.
BROKEN = {
    "import error": ("import no_such_module_anywhere", "no_such_module_anywhere"),
    "syntax error": ("def (:\n", "SyntaxError"),
    "not UTF-8 by name": ("# -*- coding: no-such-code -*-\n", "SyntaxError"),
    "sys.exit": ("import sys\nsys.exit(3)", "SystemExit: 3"),
    "sys.exit(0)": ("import sys\nsys.exit(0)", "SystemExit"),
    "exception": ("raise RuntimeError('two\\nlines')", "RuntimeError: two"),
    "silent exception": ("raise RuntimeError", "no message"),
    "base exception": ("raise GeneratorExit", "GeneratorExit"),
    "recursion": ("def f():\n    f()\nf()", "RecursionError"),
    "warning": ("import warnings\nwarnings.warn('old')", "UserWarning: old"),
    "no hook": ("answer = 42", "offers no plugin"),
    "unmarked hook": (with_hook("@hookimpl\n", ""), "no plugin"),
    "empty list": (
        HEAD + "@hookimpl\ndef mfplug_potentials():\n    return []",
        "offers no plugin",
    ),
    "raising hook": (
        HEAD + "@hookimpl\ndef mfplug_potentials():\n    raise KeyError('here')",
        "KeyError: 'here'",
    ),
    "hook with an argument": (
        HEAD + "@hookimpl\ndef mfplug_potentials(x):\n    return []",
        "PluginValidationError",
    ),
    "unknown hook": (
        with_hook("potentials", "potentails"),
        "unknown hook 'mfplug_potentails'",
    ),
    "None": (HEAD + "@hookimpl\ndef mfplug_potentials():\n    pass", "NoneType"),
    "a class, no list": (with_hook("[Made]", "Made"), "expected a list of classes"),
    "an instance": (
        with_hook("[Made]", "[Made()]"),
        "expected a subclass of mfplug.Potential",
    ),
    "a foreign class": (
        HEAD + HOOK.replace("[Made]", "[dict]"),
        "expected a subclass of mfplug.Potential",
    ),
    "the wrong kind": (
        with_hook("potentials", "metrics"),
        "expected a subclass of mfplug.Metric",
    ),
    "no name": (
        with_class('    name: ClassVar[str] = "bad"\n', ""),
        "class Made has no name",
    ),
    "name no string": (
        with_class('ClassVar[str] = "bad"', "ClassVar[int] = 3"),
        "class Made has no name",
    ),
    "name is a field": (with_class('ClassVar[str] = "bad"', 'str = "bad"'), "'name'"),
    "foreign kind": (
        with_class("    width", '    kind: ClassVar[str] = "x"\n    width'),
        "kind",
    ),
    "no dataclass": (with_class("@dataclass(frozen=True)\n", ""), "not a dataclass"),
    "not frozen": (with_class("(frozen=True)", ""), "non-frozen"),
    "abstract": (with_class("def profile", "def perfil"), "lacks profile"),
    "bad default": (with_class("0.8", "-0.8"), "out of range"),
    "default of the wrong type": (with_class("0.8", "'wide'"), "wrong type"),
    "NaN as default": (with_class("0.8", "float('nan')"), "not finite"),
    "default that is no data": (
        with_class("width: float = param(0.8, above=0.0)", "x: Any = object()"),
        "'x'",
    ),
    "mutable default": (with_class("param(0.8, above=0.0)", "[]"), "mutable default"),
    "unknown type": (
        "from __future__ import annotations\n"
        + with_class("width: float", "width: Nowhere"),
        "Nowhere",
    ),
    "another interface": (
        HEAD + "MFPLUG_API_VERSION = 99\n" + CLASS + HOOK,
        "written for another interface",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.filterwarnings("error")
def test_a_broken_plugin_breaks_alone(site, mfplug_cli, case):
    source, said = BROKEN[case]
    site.plugin("bad", source, version="4.5")
    site.plugin("fine", potential_source("fine"))

    names = mfplug.names("potential")
    assert "fine" in names
    assert "gaussian" in names
    assert "bad" not in names
    assert mfplug.create("potential", "fine", width=0.3).width == 0.3

    (bad,) = [s for s in registry.current().sources() if s.status == "broken"]
    assert (bad.name, bad.distribution, bad.version) == ("bad", "mfplug-bad", "4.5")
    assert said in bad.error
    assert "\n" not in bad.error
    with pytest.raises(PluginError, match=r"'bad' from mfplug-bad 4\.5: .* broken"):
        mfplug.create("potential", "bad")

    answer = mfplug_cli("plugins", "potential")
    assert answer.status == 0
    assert f"broken: bad from mfplug-bad 4.5: {bad.error}" in answer.out
    listing = json.loads(mfplug_cli("plugins", "--json").out)
    assert [s["error"] for s in listing["sources"]] == [bad.error]
    mfplug_cli("plugins", "potential", "bad").refused("mfplug-bad 4.5", "broken")


def test_a_good_plugin_is_not_called_broken(site):
    # The planted defects above are all there is: without them the module is fine.
    site.plugin("bad", HEAD + CLASS + HOOK)
    assert "bad" in mfplug.names("potential")
    assert all(s.status == "ok" for s in registry.current().sources())


def test_a_broken_plugin_is_offered_where_a_name_is_unknown(site):
    site.plugin("swarm", "import no_such_module_anywhere", version="2.0")
    with pytest.raises(PluginError) as caught:
        mfplug.create("potential", "boids")
    assert "'boids': no such plugin" in str(caught.value)
    assert "swarm from mfplug-swarm 2.0: ModuleNotFoundError" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "[mfplug]\nno equals sign here\n",
        "[mfplug]\nbad = not a module !\n",
        "garbage\n",
    ],
)
def test_broken_metadata_break_alone(site, mfplug_cli, text):
    site.metadata("mfplug-torn", "0.9", text)
    site.plugin("fine", potential_source("fine"))
    assert {"fine", "gaussian"} <= set(mfplug.names("potential"))
    answer = mfplug_cli("plugins")
    assert answer.status == 0
    if text != "garbage\n":  # lines outside every group say nothing about us
        assert "broken: " in answer.out
        assert "mfplug-torn" in answer.out


def test_printing_plugins_do_not_spoil_the_listing(site, mfplug_cli):
    site.plugin("loud", "print('hello from the plugin')\n" + potential_source("loud"))
    answer = mfplug_cli("plugins", "--json")
    assert "loud" in {p["name"] for p in json.loads(answer.out)["plugins"]}
    assert "hello from the plugin" in answer.err


def test_a_module_named_by_two_entry_points_is_one_plugin(site):
    site.install(
        "mfplug-twice",
        {"one": "made_twice", "two": "made_twice"},
        made_twice=potential_source("twice"),
    )
    assert mfplug.create("potential", "twice").strength == 1.5


def test_a_constructor_that_fails_is_a_plugin_error(site):
    failing = CLASS.replace(
        "    def profile",
        "    def __post_init__(self):\n        raise KeyError('inside')\n\n"
        "    def profile",
    )
    site.plugin("bad", HEAD + failing + HOOK, version="4.5")
    with pytest.raises(PluginError, match=r"mfplug-bad 4\.5: cannot be made; got KeyE"):
        mfplug.create("potential", "bad")
