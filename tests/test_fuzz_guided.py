"""The search by coverage (``python tests/fuzz``): a short one; what it must find."""

from __future__ import annotations

import io
import json
import random
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parent / "fuzz"


def search(reader, seconds, folder):
    pytest.importorskip("atheris", reason="atheris is not there for this system")
    return subprocess.run(
        [sys.executable, str(FOLDER), reader, "--seconds", str(seconds), "--keep",
         str(folder)],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )  # fmt: skip


def test_a_stored_field_is_accepted_or_refused_in_one_line(tmp_path):
    done = search("field", 5, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    files, branches, kept = map(int, re.findall(r"\d+", done.stdout)[:3])
    assert files > 20
    assert branches > 50
    assert kept >= 2


def test_a_planted_defect_behind_two_branches_is_found(tmp_path):
    done = search("planted", 120, tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "ZeroDivisionError: planted" in done.stdout
    (finding,) = tmp_path.glob("planted-crash-*")
    assert finding.read_bytes().startswith(b"LA")


@pytest.fixture
def archives(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import archives

    yield archives
    del sys.modules["archives"]


def test_what_is_altered_in_an_archive_fits_its_checksums(archives):
    stream = io.BytesIO()
    text = json.dumps({"times": [0.0, 1.0], "solver": {"name": "a"}}).encode()
    meta = np.frombuffer(text, np.uint8)
    np.savez(stream, __meta__=meta, q=np.arange(6.0))
    data, dice, seen = stream.getvalue(), random.Random(5), set()
    for _ in range(300):
        made = archives.altered(data, dice, lambda b: b[: dice.randrange(len(b) + 1)])
        with zipfile.ZipFile(io.BytesIO(made)) as archive:
            assert archive.testzip() is None
            names = sorted(archive.namelist())
            whole = {name: archive.read(name) for name in names}
        try:
            arrays = np.load(io.BytesIO(made), allow_pickle=False)
            if bytes(arrays["__meta__"]) != text:
                json.loads(bytes(arrays["__meta__"]))
                seen.add("json")
            if not np.array_equal(arrays["q"], np.arange(6.0)):
                seen.add("array")
        except (ValueError, KeyError, EOFError, SyntaxError, UnicodeDecodeError):
            seen.add("bytes")
        seen.add("names" if len(whole) == 1 else "whole")
    # Every kind of change comes, and an archive that is none gives nothing.
    assert seen == {"json", "array", "bytes", "names", "whole"}
    assert archives.altered(b"words", dice, bytes) is None
    assert archives.altered(b"[1, 2]", dice, bytes) is not None
