"""What a results folder says of jobs in a queue: no command, no name of others."""

from __future__ import annotations

import json

import pytest

from mfplug.studies import queued
from mfplug.studies.executors import LOCAL, Executor


def test_no_command_of_a_results_folder_is_run(tmp_path):
    trap, script, said = tmp_path / "trap", tmp_path / "evil", []
    script.write_text(f"#!/bin/sh\ntouch {trap}\n")
    script.chmod(0o755)
    record = {"executor": "x", "name": "mfplug-0123456789ab", "cancel": str(script)}
    (tmp_path / queued.RECORD).write_text(json.dumps(record))
    (tmp_path / queued.SENT).write_text("7\n")
    other = Executor(name="x", settings={"cancel_cmd": "/bin/true"})
    for executor in (LOCAL, other):
        queued.cancel_left(tmp_path, executor, said.append)
    assert not trap.exists()
    assert len(said) == 2
    assert all("--executor" in line for line in said)
    # The command of this run is: the trap works.
    own = Executor(name="x", settings={"cancel_cmd": str(script)})
    queued.cancel_left(tmp_path, own, said.append)
    assert trap.exists()


@pytest.mark.parametrize("name", ["", "m", "mfplug-", "*", "mfplug-0123456789abc"])
def test_a_name_that_begins_other_jobs_names_cancels_none(tmp_path, monkeypatch, name):
    asked = []
    monkeypatch.setattr(queued, "_call", lambda words: asked.append(words) or "")
    monkeypatch.setattr(queued.shutil, "which", lambda _: "/bin/true")
    record = {"executor": "slurm", "name": name}
    (tmp_path / queued.RECORD).write_text(json.dumps(record))
    queued.cancel_left(tmp_path, LOCAL, print)
    assert asked == []
    record["name"] = "mfplug-0123456789ab"
    (tmp_path / queued.RECORD).write_text(json.dumps(record))
    queued.cancel_left(tmp_path, LOCAL, print)
    assert asked


def test_an_id_that_is_an_option_is_not_cancelled(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(queued, "_call", lambda words: asked.append(words) or "")
    record = {"executor": "x", "name": "mfplug-0123456789ab", "cancel": "qdel"}
    (tmp_path / queued.RECORD).write_text(json.dumps(record))
    (tmp_path / queued.SENT).write_text("--all\n-u\n12.host\n3[1]\n")
    own = Executor(name="x", settings={"cancel_cmd": "qdel"})
    queued.cancel_left(tmp_path, own, print)
    assert asked == [["qdel", "12.host"], ["qdel", "3[1]"]]
