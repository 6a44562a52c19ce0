"""``python tests/fuzz``: search the readers of files for bytes that they stumble over.

Each reader runs in a process of its own under atheris, which follows the branches that
an input takes and keeps what takes a new one. A reader may accept a file, or refuse it
by one line; any other exception, a crash, 20 seconds for one file, or 2 GiB are
findings, whose bytes stay in the folder that is named.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from readers import PLANTED, READERS, write_seeds

_TRIED = re.compile(r"^Done (\d+) runs|#(\d+)\s", re.MULTILINE)
_COVERED = re.compile(r"cov: (\d+)")


def main() -> int:
    """Search for a while; the exit status says whether nothing was found."""
    parser = argparse.ArgumentParser(prog="python tests/fuzz", description=__doc__)
    parser.add_argument("readers", nargs="*", help=f"{', '.join(READERS)} (all)")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each (60)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="corpus and findings of this search")
    given = parser.parse_args()
    unknown = set(given.readers) - set(READERS) - set(PLANTED)
    if unknown:
        parser.error(f"no {', '.join(sorted(unknown))}; there are {', '.join(READERS)}")
    keep = given.keep or Path(tempfile.mkdtemp(prefix="mfplug-fuzz-"))
    write_seeds(keep / "seeds")
    found = [
        name
        for name in given.readers or READERS
        if not search(name, keep, given.seconds, given.seed)
    ]
    if found:
        print(f"findings of {', '.join(found)} in {keep}")
    return int(bool(found))


def search(name: str, keep: Path, seconds: float, seed: int) -> bool:
    """Search one reader; say what came of it and whether nothing was found."""
    corpus, finding = keep / "corpus" / name, keep / f"{name}-"
    corpus.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, str(Path(__file__).with_name("one.py")), name),
        *(f"-max_total_time={max(1, round(seconds))}", f"-seed={seed}"),
        *("-timeout=20", "-rss_limit_mb=2048", "-max_len=65536"),
        *(f"-artifact_prefix={finding}", str(corpus), str(keep / "seeds" / name)),
    ]
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        env=os.environ | {"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    counts = [int(a or b) for a, b in _TRIED.findall(done.stdout)]
    covered = [int(c) for c in _COVERED.findall(done.stdout)]
    kept = len(list(corpus.iterdir()))
    print(
        f"{name:<10} {max(counts, default=0):>8} files, {max(covered, default=0)} "
        f"branches, {kept} kept{'' if done.returncode == 0 else ', FOUND'}",
        flush=True,
    )
    if done.returncode != 0:
        said = [x for x in done.stdout.splitlines() if not x.startswith("INFO: ")]
        print("\n".join(said[-40:]), flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
