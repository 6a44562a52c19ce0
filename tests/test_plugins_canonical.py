"""The table of canonical instances is complete, and hides nothing behind a 1."""

from __future__ import annotations

import canonical
import pytest

from mfplug.contracts.plugin import parameter_table
from mfplug.registry.registry import Registry

REGISTRY = Registry()
SHIPPED = [e for e in REGISTRY.entries() if e.source.distribution == "mfplug"]


def test_every_shipped_plugin_loads():
    broken = [
        (s.name, s.error)
        for s in REGISTRY.sources()
        if s.distribution == "mfplug" and s.status != "ok"
    ]
    assert not broken, broken


def test_table_and_registry_agree():
    there = {(e.cls.kind, e.name) for e in SHIPPED}
    listed = set(canonical.PARAMETERS)
    assert there - listed == set(), "add an instance to tests/canonical.py"
    assert listed - there == set(), "remove it from tests/canonical.py"


@pytest.mark.parametrize(
    "entry",
    [e for e in SHIPPED if e.cls.kind in ("potential", "external", "distribution")],
    ids=lambda e: f"{e.cls.kind}-{e.name}",
)
def test_no_number_is_a_unit_or_a_default(entry):
    given = canonical.PARAMETERS[entry.cls.kind, entry.name]
    for row in parameter_table(entry.cls):
        if "number" in row["type"] or "integer" in row["type"]:
            value = given.get(row["name"])
            assert value is not None, f"give '{row['name']}' in tests/canonical.py"
            assert value not in (0, 1, -1, row["default"]), row["name"]


@pytest.mark.parametrize(
    "key", list(canonical.PARAMETERS), ids=lambda key: "-".join(key)
)
def test_instances_are_made_hashed_and_written_out(key):
    plugin = canonical.make(*key)
    assert plugin == canonical.make(*key)
    assert hash(plugin) == hash(canonical.make(*key))
    data = plugin.to_dict()
    assert REGISTRY.create_from(key[0], data) == plugin
