"""The small study with changes, and what is said when it is refused."""

from __future__ import annotations

import pytest
import yaml
from conftest import MICRO, merged

from mfplug.errors import MfplugError
from mfplug.studies.cells import cells_of
from mfplug.studies.load import parse
from mfplug.studies.references import check_references


def study(profile="quick", **changes):
    """Return the small study with changes to its keys."""
    return parse(merged(yaml.safe_load(MICRO), changes), "micro", profile)


def cells(**changes):
    data = study(**changes)
    check_references(data, "micro")
    return cells_of(data, "micro")


def refused(call, *words, **changes):
    with pytest.raises(MfplugError) as caught:
        call(**changes)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 700
    for word in words:
        assert word in text, f"{word!r} is not in {text!r}"


#: Changes with an unknown key, the key, and what it is near to.
HINTS = [
    ({"metrcs": ["coupling"]}, "unknown key 'metrcs'", "'metrics'"),
    ({"system": {"potental": "free"}}, "'system.potental'", "'potential'"),
    ({"system": {"N": 5}}, "unknown key 'system.N'", ""),
    ({"fits": [{"metric": "x", "predict": 1}]}, "fits.0.predict", "'predicted'"),
    ({"bounds": [{"name": "x", "metrik": "y"}]}, "bounds.0.metrik", "'metric'"),
    ({"verdicts": [{"claim": "x", "chekcs": []}]}, "verdicts.0.chekcs", "'checks'"),
    (
        {"verdicts": [{"claim": "x", "checks": [{"rule": "below", "bond": "b"}]}]},
        "verdicts.0.checks.0.bond",
        "'bound'",
    ),
    ({"profiles": {"quick": {"replcas": 4}}}, "unknown key 'replcas'", "'replicas'"),
    ({"profiles": {"paper": {"replcas": 4}}}, "profile 'paper'", "'replicas'"),
    ({"profiles": {"quick": {"system": {"bx": 4}}}}, "'system.bx'", "'box'"),
    ({"sweep": {"case": [{"label": "a", "sett": {}}]}}, "sweep.case.0", ""),
]
