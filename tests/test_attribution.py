"""A message about somebody's plugin names the package that brought it."""

from __future__ import annotations

import pytest

from mfplug import registry
from mfplug.registry.attribution import attributed

METRIC = """
from dataclasses import dataclass
from typing import ClassVar
from mfplug import Observable, Row, hookimpl

@dataclass(frozen=True)
class Own(Observable):
    '''A metric of a test.'''
    name: ClassVar[str] = "own"
    needs: ClassVar[tuple[str, ...]] = ()

    def rows(self, sample):
        raise RuntimeError("no rows today")

@hookimpl
def mfplug_metrics():
    return [Own]
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metric 'own': rows() failed", "metric 'own' from mfplug-own 2.1: rows() fa"),
        (
            "in metric 'own', metric 'own'",
            "in metric 'own' from mfplug-own 2.1, ",
        ),
        (
            "metric 'own' from mfplug-own 2.1: broken",
            "metric 'own' from mfplug-own 2.1",
        ),
        ("metric 'coupling': wrong", "metric 'coupling': wrong"),
        ("metric 'nobody': unknown", "metric 'nobody': unknown"),
        ("potential 'own': unknown", "potential 'own': unknown"),
        ("no plugin at all", "no plugin at all"),
    ],
)
def test_the_distribution_is_named(site, text, expected):
    site.plugin("own", METRIC, version="2.1")
    assert attributed(text, registry.current()).startswith(expected)


def test_on_the_command_line(site, mfplug_cli, tmp_path):
    site.plugin("own", METRIC, version="2.1")
    study = tmp_path / "small.yaml"
    study.write_text("title: t\nsystem: {}\nparticles: 4\nmetrics: [own]\n")
    answer = mfplug_cli("measure", study, "--out", tmp_path / "out")
    answer.refused("metric 'own' from mfplug-own 2.1: rows() failed", after=1)


def test_a_local_file_is_known_to_who_names_it(clean, mfplug_cli, tmp_path):
    (tmp_path / "own.py").write_text(METRIC)
    registry.current().add_file(tmp_path / "own.py")
    assert attributed("metric 'own': no", registry.current()) == "metric 'own': no"
