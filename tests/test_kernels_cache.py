"""Compiled sums in fresh processes: threads, the cache on disk, edited plugins."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mfplug.dynamics import pairs as sums

SCRIPT = """
import hashlib, sys
import numpy as np
sys.path.insert(0, {folder!r})
from plugin_under_test import Edited
import mfplug.dynamics.kernels as kernels
from mfplug.dynamics.compiled import compile_potential
from mfplug.dynamics.pairs import pair_forces
x = np.random.default_rng(5).normal(size=(2, 1, 301))
c = compile_potential(Edited(), 1)
out = np.empty_like(x)
pair_forces(c, x, out, factor=1.0)
hits = sum(kernels.pair_forces_kernel.stats.cache_hits.values())
dx = x[0, 0, :1, None] - x[0, 0, None, :]
exact = -Edited().gradient(dx[..., None])[0].sum()
assert abs(out[0, 0, 0] - exact) < 1e-10, (out[0, 0, 0], exact)
digest = hashlib.sha256(out.tobytes()).hexdigest()
print(digest, hits, "sympy" in sys.modules)
"""
PLUGIN = """
from dataclasses import dataclass
import numpy as np
from mfplug import RadialPotential

@dataclass(frozen=True)
class Edited(RadialPotential):
    name = "edited"
    width: float = 0.7
    def profile(self, s):
        return {factor} * np.exp(-s / self.width) / (1.0 + s)
"""


def fresh_process(tmp_path, factor, threads, **environ):
    """Run the script in a process of its own; return digest, cache hits, sympy."""
    (tmp_path / "plugin_under_test.py").write_text(PLUGIN.format(factor=factor))
    unset = ("NUMBA_CACHE_DIR", "PYTHONDONTWRITEBYTECODE")
    environment = {k: v for k, v in os.environ.items() if k not in unset}
    environment |= {
        "MFPLUG_CACHE_DIR": str(tmp_path / "cache"),
        "NUMBA_NUM_THREADS": str(threads),
        "PYTHONPYCACHEPREFIX": str(tmp_path / "bytecode"),
    } | environ
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT.format(folder=str(tmp_path))],
        env=environment, cwd=Path(sums.__file__).parents[2], capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    digest, hits, sympy = done.stdout.split()
    return digest, int(hits), sympy == "True"


@pytest.mark.slow
def test_threads_disk_cache_and_edits(tmp_path):
    first = fresh_process(tmp_path, "1.5", threads=1)
    assert first[1:] == (0, True)  # compiled here, formula derived here
    second = fresh_process(tmp_path, "1.5", threads=2)
    # The same bits with two threads; nothing derived or compiled again.
    assert second == (first[0], 1, False)
    edited = fresh_process(tmp_path, "-2.5", threads=1)  # the script checks its value
    assert edited[1:] == (0, True)
    assert edited[0] != first[0]


@pytest.mark.slow
def test_damaged_and_read_only_caches(tmp_path):
    """What is damaged is compiled anew, a folder that takes nothing is passed by."""
    # Nobody can make a folder in /proc: what a read-only place looks like to root too.
    closed = {"MFPLUG_CACHE_DIR": "/proc/mfplug", "XDG_CACHE_HOME": str(tmp_path)}
    first = fresh_process(tmp_path, "1.5", 1, **closed)
    cache = tmp_path / "mfplug"
    (code,), (index,) = cache.rglob("*.nbc"), cache.rglob("*.nbi")
    (formula,) = cache.glob("formula-*")
    good = code.read_bytes()
    # A bit in the middle of the machine code: nothing but its hash can tell.
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 4
    code.write_bytes(bytes(flipped))
    formula.write_text(formula.read_text()[:-20])
    assert fresh_process(tmp_path, "1.5", 1, **closed) == (first[0], 0, True)
    index.write_bytes(index.read_bytes()[:40])
    code.write_bytes(good[:400])
    assert fresh_process(tmp_path, "1.5", 1, **closed)[:2] == (first[0], 0)
    assert fresh_process(tmp_path, "1.5", 1, **closed) == (first[0], 1, False)
