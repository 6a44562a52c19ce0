"""The kind of machine in general words, and C code compiled for it."""

from __future__ import annotations

import ctypes
import hashlib
import platform
import shutil
import subprocess
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

#: What the peers and the C code are compiled with; the strongest common setting.
FLAGS = ("-O3", "-march=native", "-ffast-math", "-fopenmp", "-shared", "-fPIC")
PACKAGES = (
    "numpy", "numba", "finufft", "pytreegrav", "pykeops", "pynfft3", "wendy",
    "treetensor",
)  # fmt: skip


def describe(threads: int) -> str:
    """Return threads, instruction set and versions, in one sentence."""
    flags = _processor_flags()
    wide = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "no AVX2"
    versions = [f"{name} {v}" for name in PACKAGES if (v := _version(name))]
    return (
        f"{threads} threads of a {platform.machine()} processor ({wide}), CPython "
        f"{platform.python_version()}, {', '.join(versions)}, {compiler_version()}"
    )


def _processor_flags() -> set[str]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return set()
    lines = [line for line in text.splitlines() if line.startswith("flags")]
    return set(lines[0].split()) if lines else set()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def compiler_version() -> str:
    """Return "gcc X", or that there is none."""
    if shutil.which("gcc") is None:
        return "no gcc"
    command = ["gcc", "-dumpfullversion"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return f"gcc {done.stdout.strip()}"


def load_c(source: str) -> ctypes.CDLL:
    """Compile C code with gcc for this machine and load it.

    Raises
    ------
    RuntimeError
        If there is no gcc, or it refuses the code.
    """
    if shutil.which("gcc") is None:
        raise RuntimeError("gcc is not installed")
    tag = hashlib.sha256(source.encode()).hexdigest()[:12]
    folder = Path(tempfile.mkdtemp(prefix="mfplug-bench-"))
    code, library = folder / f"{tag}.c", folder / f"{tag}.so"
    code.write_text(source, encoding="utf-8")
    command = ["gcc", *FLAGS, str(code), "-o", str(library), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"gcc: {done.stderr.strip().splitlines()[0]}")
    loaded = ctypes.CDLL(str(library))
    shutil.rmtree(folder)
    return loaded
