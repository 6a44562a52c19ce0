"""Verifying: a study's numbers beside those of its reference.

Made on the same kind of machine with the same versions they are equal to the last bit;
else they agree as two results folders do, see :mod:`mfplug.studies.compare`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mfplug.inputs import check_regular
from mfplug.studies.compare import Difference, compare_study
from mfplug.studies.reference import (
    KEPT,
    conditions,
    read_made,
    reference_of,
    results_of,
)


@dataclass(frozen=True)
class Verification:
    """What a study's results are beside its reference.

    ``bitwise`` says whether equal bytes were asked; ``first`` of a difference is the
    reference's number, ``second`` the result's.
    """

    study: str
    numbers: int
    bitwise: bool
    differences: tuple[Difference, ...]

    def __str__(self) -> str:
        how = "bit for bit" if self.bitwise else "within their intervals"
        if not self.differences:
            return f"{self.study}: {self.numbers} numbers agree {how}"
        count = len(self.differences)
        plural = "s" * (count != 1)
        return f"{self.study}: {count} difference{plural} where none is allowed {how}"


def regenerate(names: Sequence[str], profile: str, out: Path, cores: int) -> int:
    """Run studies into a folder; return the status of :func:`drive.run`.

    Raises
    ------
    MfplugError
        If a study is wrong, or the folder cannot be written.
    """
    from mfplug.studies.drive import run
    from mfplug.studies.hold import hold
    from mfplug.studies.plan import make_plan, write_plan

    plans = [make_plan(name, profile, None) for name in names]
    with hold(out):
        return run([write_plan(plan, out) for plan in plans], out, cores)


def verify(
    study: str, profile: str, out: Path, references: Path | None = None
) -> Verification:
    """Compare a study's results with its reference.

    Parameters
    ----------
    study
        Name of the study, which is that of its folders.
    profile
        With which both were made.
    out
        The results folder.
    references
        ``<references>/<profile>/<study>``; those that ship if not given.

    Raises
    ------
    StoreError
        If the reference or the results are missing or cannot be read.
    """
    reference = reference_of(study, profile, references)
    results = results_of(study, profile, out)
    made, here = read_made(reference), conditions()
    bitwise = all(made.get(key) == value for key, value in here.items())
    differences, same = compare_study(study, reference, results, exact=bitwise)
    if bitwise and not differences:
        differences = _lines(study, reference, results)
    return Verification(study, same, bitwise, tuple(differences))


def _lines(study: str, reference: Path, results: Path) -> list[Difference]:
    """Return the first line of each file in which the bytes differ."""
    found = []
    for name in KEPT:
        files = reference / name, results / name
        for path in files:
            check_regular(path, "result file")
        one, two = (path.read_bytes().split(b"\n") for path in files)
        if one == two:
            continue
        pairs = zip([*one, b"(end)"], [*two, b"(end)"], strict=False)
        at = next(n for n, (a, b) in enumerate(pairs, 1) if a != b)
        sides = [
            (side[at - 1] if at <= len(side) else b"(end)").decode("utf-8", "replace")
            for side in (one, two)
        ]
        found.append(Difference(study, name, f"line {at}", sides[0], sides[1]))
    return found
