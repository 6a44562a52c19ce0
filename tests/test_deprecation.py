"""What goes away: former names and parameters, plugins on notice, interfaces."""

from __future__ import annotations

import json
import warnings

import pytest
from conftest import look_again, potential_source

import mfplug
from mfplug import registry
from mfplug.errors import ParameterError, PluginError
from mfplug.registry import deprecation, loader

FORMER = potential_source("bell").replace(
    "    regularity:",
    '    former_names: ClassVar[tuple] = ("old-bell",)\n'
    '    renamed: ClassVar[dict] = {"size": "width"}\n'
    "    regularity:",
)
LEAVING = potential_source("leaving").replace(
    "    regularity:",
    "    deprecated: ClassVar[str] = \"Take 'gaussian' from version 0.3 on.\"\n"
    "    regularity:",
)


def test_a_former_name_works_and_says_the_present_one(site):
    site.plugin("bell", FORMER)
    with pytest.warns(mfplug.PluginDeprecation, match="Write 'bell'"):
        old = mfplug.create("potential", "old-bell", width=0.6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        new = mfplug.create("potential", "bell", width=0.6)
    # The same plugin, so what is stored of one is found by the other.
    assert old == new
    assert old.to_dict() == {"name": "bell", "strength": 1.5, "width": 0.6}
    assert "old-bell" not in mfplug.names("potential")


def test_a_former_parameter_works_and_says_the_present_one(site):
    site.plugin("bell", FORMER)
    with pytest.warns(mfplug.PluginDeprecation, match="'size' is now called 'width'"):
        made = mfplug.create("potential", "bell", size=0.6)
    assert made.width == 0.6
    with (
        pytest.raises(ParameterError, match="got both"),
        warnings.catch_warnings(),
    ):
        mfplug.create("potential", "bell", size=0.6, width=0.7)
    with (
        pytest.warns(mfplug.PluginDeprecation),
        pytest.raises(ParameterError, match="out of range"),
    ):
        mfplug.create("potential", "bell", size=-0.6)


def test_a_former_name_gives_way_to_a_plugin_of_that_name(site):
    site.plugin("bell", FORMER)
    site.plugin("other", potential_source("old-bell"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mfplug.create("potential", "old-bell").name == "old-bell"


def test_a_plugin_on_notice(site, mfplug_cli):
    site.plugin("leaving", LEAVING)
    with pytest.warns(mfplug.PluginDeprecation, match="Take 'gaussian' from"):
        mfplug.create("potential", "leaving")
    listing = json.loads(mfplug_cli("plugins", "potential", "--json").out)
    (row,) = [p for p in listing["plugins"] if p["name"] == "leaving"]
    assert row["status"] == "deprecated"
    assert row["reason"] == "Take 'gaussian' from version 0.3 on."
    (line,) = [
        line
        for line in mfplug_cli("plugins", "potential").out.splitlines()
        if "leaving" in line
    ]
    assert "deprecated" in line
    assert "Take 'gaussian'" in line


def test_the_command_line_says_it_once_in_one_line(site, mfplug_cli, write_study):
    site.plugin("bell", FORMER)
    path = write_study(
        system={
            "potential": {"name": "old-bell", "size": 0.6},
            "initial": {"name": "gaussian", "qq": 1.3},
        }
    )
    answer = mfplug_cli("theory", path)
    assert answer.status == 0, answer.err
    lines = [x for x in answer.err.splitlines() if x]
    assert len(lines) == 2, lines
    assert all(line.startswith("mfplug: warning: potential '") for line in lines)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('("old-bell",)', '"old-bell"'), "former_names cannot be used"),
        (('("old-bell",)', '("bell",)'), "former_names cannot be used"),
        (('{"size": "width"}', '{"size": "wdith"}'), "renamed cannot be used"),
        (('{"size": "width"}', '{"width": "strength"}'), "renamed cannot be used"),
    ],
)
def test_wrong_words_on_the_past_break_the_plugin(site, change, said):
    site.plugin("bell", FORMER.replace(*change))
    (bad,) = [s for s in registry.current().sources() if s.status == "broken"]
    assert said in bad.error


# The interface


@pytest.mark.parametrize(
    ("declared", "status", "said"),
    [
        ("1", "broken", "Upgrade the plugin"),
        ("2", "ok", "written for interface 2, which is served until"),
        ("3", "ok", ""),
        ("4", "broken", "Upgrade mfplug"),
        ("'3'", "broken", "is no integer"),
        (None, "broken", "got MFPLUG_API_VERSION 1, expected 2 to 3"),
    ],
)
def test_interfaces_that_are_served(
    site, monkeypatch, mfplug_cli, declared, status, said
):
    """Two versions on: 3 is the present interface, 2 the oldest that is served."""
    monkeypatch.setattr(deprecation, "API_VERSION", 3)
    monkeypatch.setattr(deprecation, "OLDEST_API", 2)
    line = "" if declared is None else f"MFPLUG_API_VERSION = {declared}\n"
    site.plugin("bell", line + potential_source("bell"))
    look_again()
    (source,) = [
        s for s in registry.current().sources() if s.distribution == "mfplug-bell"
    ]
    assert source.status == status
    assert said in (source.error if status == "broken" else source.note)
    # What ships moves with the framework and declares nothing.
    assert "gaussian" in mfplug.names("potential")
    answer = mfplug_cli("plugins", "potential")
    if status == "ok" and said:
        assert "note: bell from mfplug-bell 1.0: written for interface 2" in answer.out
        assert "written for interface 2" in mfplug_cli("doctor").out
    if status == "broken":
        with pytest.raises(PluginError, match="broken"):
            mfplug.create("potential", "bell")


def test_the_loader_asks(site, monkeypatch):
    asked = []
    monkeypatch.setattr(loader, "interface", lambda m, own: asked.append(own) or "")
    site.plugin("bell", potential_source("bell"))
    look_again()
    mfplug.names("potential")
    assert asked.count(False) == 1
    assert asked.count(True) > 50
