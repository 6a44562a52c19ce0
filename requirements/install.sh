#!/usr/bin/env bash
# Makes the virtual environment VENV and installs the locked packages and mfplug into it.
#
#     PYTHON=python3 VENV=.venv requirements/install.sh
#
# uv does it in seconds; where it cannot be had, pip does the same. Every archive is
# checked against the hashes of requirements/lock.txt.
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3}
VENV=${VENV:-.venv}
python=$VENV/bin/python

die() {
  printf 'mfplug: %s\n' "$*" >&2
  exit 1
}

# Keep an environment that works, whatever made it; anything else is made anew.
"$python" -c 'import sys; sys.exit(sys.prefix == sys.base_prefix)' 2>/dev/null || {
  command -v "$PYTHON" >/dev/null ||
    die "no $PYTHON here. Install Python 3.11 or newer, or say where it is: make PYTHON=..."
  "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "$PYTHON is $("$PYTHON" -V 2>&1), expected 3.11 or newer. Say which: make PYTHON=..."
  printf 'Making %s\n' "$VENV"
  # What venv prints of a missing ensurepip is long; one line says what to do.
  "$PYTHON" -m venv --clear "$VENV" >/dev/null 2>&1 ||
    die "'$PYTHON -m venv $VENV' failed. On Debian: apt-get install python3-venv."
}
"$python" -m pip --version >/dev/null 2>&1 || "$python" -m ensurepip >/dev/null 2>&1 ||
  die "$VENV has no pip, and ensurepip cannot give it one. Remove $VENV and try again."

printf 'Installing the locked packages\n'
pip() { "$python" -m pip --disable-pip-version-check "$@"; }
with_uv() {
  pip install --quiet --require-hashes -r requirements/uv.txt &&
    "$VENV/bin/uv" pip install --quiet --compile-bytecode --python "$python" \
      --require-hashes \
      -r requirements/lock.txt
}
with_uv || {
  printf 'uv did not do it; trying pip\n'
  pip install --quiet --require-hashes -r requirements/lock.txt ||
    die "the locked packages could not be installed. The lines above say why."
}
pip install --quiet --no-deps --no-build-isolation --editable . ||
  die "mfplug itself could not be installed. The lines above say why."
# Where Python writes no bytecode by itself, each process would spend a second on it.
"$python" -m compileall -q mfplug plugins workflows benchmarks || true
