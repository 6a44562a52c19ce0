"""A clock that was ahead: markers from the future are no fault of the next job."""

from __future__ import annotations

import os
import time

from mfplug.studies.snake import date_back


def test_markers_from_the_future_are_dated_now_and_others_left(tmp_path):
    done = tmp_path / "store" / "done"
    done.mkdir(parents=True)
    for name, when in (("ahead", 4e9), ("old", 1e9)):
        (done / f"{name}.json").write_text("{}")
        os.utime(done / f"{name}.json", (when, when))
    began = time.time()
    date_back(tmp_path)
    assert began <= (done / "ahead.json").stat().st_mtime <= time.time()
    assert (done / "old.json").stat().st_mtime == 1e9
    date_back(tmp_path / "nothing")
