"""The page: one HTML file without a network that shows every study of a folder."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

from mfplug.errors import StoreError
from mfplug.report.files import write_whole

#: A subfolder with one of these is a study's.
MARKS = ("plan.json", "study.json", "table.csv", "verdict.json", "provenance.json")


def write_page(out: Path, studies: list[str] | None = None) -> Path:
    """Write ``<out>/report.html``: verdicts first, then every study.

    Parameters
    ----------
    out : Path
        The results folder.
    studies : list of str, optional
        Names of the studies; every study found in ``out`` if absent. The page has
        them in the order of the claims in the thesis, the rest after them as given.

    Returns
    -------
    Path
        The page. It holds no date, so the same results give the same bytes.

    Raises
    ------
    StoreError
        If ``out`` is no folder, there is no study in it, or the page cannot be written.
        A study that is missing or malformed is no error: the page names the problem.
    """
    out = Path(out)
    if not out.is_dir():
        raise StoreError(
            f"results folder '{out}': is no folder. Run a study first: `mfplug run`."
        )
    names = list(dict.fromkeys(_found(out) if studies is None else studies))
    if not names:
        raise StoreError(
            f"results folder '{out}': holds no study. Run one first: `mfplug run`."
        )
    return write_whole(out / "report.html", page(out, names).encode())


def _found(out: Path) -> list[str]:
    """Return the names of the subfolders that hold a study."""
    try:
        folders = sorted(path for path in out.iterdir() if path.is_dir())
        return [f.name for f in folders if any((f / m).exists() for m in MARKS)]
    except OSError as error:
        raise StoreError(
            f"results folder '{out}': cannot be read ({error.strerror or error}). "
            "Check its permissions."
        ) from error


def _rank(out: Path, name: str) -> int:
    """Return where the study's first claim stands in the thesis; last if unknown."""
    from mfplug.report.claims import CLAIMS
    from mfplug.report.files import read_json

    order = list(CLAIMS)
    if Path(name).name != name:
        # A name that leads elsewhere is refused on the page, and never read.
        return len(order)
    try:
        claims = read_json(out / name / "study.json", dict).get("claims")
    except StoreError:
        # The page itself says what is wrong with the file.
        claims = None
    known = [c for c in claims if c in order] if isinstance(claims, list) else []
    return min(map(order.index, known), default=len(order))


def page(out: Path, names: list[str]) -> str:
    """Return the page of the named studies as text."""
    # jinja2 takes 0.1 s to import; the command line must start without it.
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    from mfplug.report.claims import SECTIONS
    from mfplug.report.study_view import study_view
    from mfplug.report.verdicts import MISSING, VERDICTS

    assets = package_files("mfplug.report") / "assets"
    script = (assets / "page.js").read_text(encoding="utf-8")
    names = sorted(names, key=lambda name: _rank(out, name))
    views = [study_view(out, name, n) for n, name in enumerate(names, start=1)]
    environment = Environment(
        loader=PackageLoader("mfplug.report", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    counts = Counter(claim.verdict.word for view in views for claim in view.claims)
    context: dict[str, Any] = {
        "studies": views,
        "verdicts": [*VERDICTS.values(), *([MISSING] if counts[MISSING.word] else [])],
        "counts": counts,
        "sections": SECTIONS,
        "section_counts": Counter(c.section for view in views for c in view.claims),
        "versions": sorted({view.version for view in views if view.version}),
        "profiles": sorted({view.profile for view in views if view.profile}),
        "style": Markup((assets / "page.css").read_text(encoding="utf-8")),
        "script": Markup(script),
        "script_hash": _hash(script),
    }
    return environment.get_template("page.html").render(context)


def _hash(script: str) -> str:
    """Return the digest by which the page allows its own script, and no other."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
