"""One study as the page shows it; whatever cannot be read becomes a named problem."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from urllib.parse import quote

from markupsafe import Markup

from mfplug.errors import MfplugError, StoreError
from mfplug.report import files, mathtext, svg, table_view
from mfplug.report.claims import CLAIMS, Claim
from mfplug.report.figures import FORMATS, declared, file_stem
from mfplug.report.provenance_view import Node, scalar, tree
from mfplug.report.selection import Data
from mfplug.report.table_view import TableView
from mfplug.report.verdicts import MISSING, VERDICTS, Verdict

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class ClaimView:
    """A claim with what a study says of it."""

    claim: str
    place: str
    statement: Markup
    verdict: Verdict
    reason: str
    numbers: Node | None
    section: str
    errata: Markup


@dataclass(frozen=True)
class FigureView:
    """A figure: its markup, its caption, links to its files."""

    name: str
    markup: Markup
    caption: Markup
    links: list[tuple[str, str]]


@dataclass
class StudyView:
    """Everything that the page shows of one study."""

    out: Path
    name: str
    number: int
    title: Markup
    description: list[Markup] = field(default_factory=list)
    profile: str = ""
    command: str = ""
    version: str = ""
    claims: list[ClaimView] = field(default_factory=list)
    figures: list[FigureView] = field(default_factory=list)
    tables: list[TableView] = field(default_factory=list)
    provenance: list[tuple[str, Node]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        """The id of the study's part of the page."""
        word = re.sub(r"[^A-Za-z0-9]+", "-", self.name).strip("-")
        return f"study-{self.number}-{word}"

    def attempt(
        self, action: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T | None:
        """Return what an action returns; if it fails, note why and return None."""
        try:
            return action(*args, **kwargs)
        except MfplugError as error:
            # Relative paths: the page is the same wherever the results lie.
            message = str(error).replace(f"{self.out}/", "")
            if message not in self.problems:
                self.problems.append(message)
            return None

    def link(self, file: str) -> str:
        """Return the address of one of the study's files, relative to the page."""
        return f"{quote(self.name)}/{quote(file)}"


def study_view(out: Path, name: str, number: int) -> StudyView:
    """Return the view of the study in ``out/name``, the ``number``-th of the page."""
    view = StudyView(out, name, number, mathtext.html(name))
    folder = view.attempt(folder_of, out, name)
    if folder is None:
        _add_claims(view, folder, {})
        return view
    source = folder / "study.json"
    study = view.attempt(files.read_json, source, dict) or {}
    view.title = mathtext.html(str(study.get("title") or name))
    text = str(study.get("description") or "")
    view.description = [mathtext.html(p) for p in text.split("\n\n") if p.strip()]
    view.profile = str(study.get("profile") or "")
    view.command = str(study.get("command") or "")
    _add_claims(view, folder, study)
    _add_figures(view, folder, study)
    _add_tables(view, folder)
    _add_provenance(view, folder)
    return view


def folder_of(out: Path, name: str) -> Path:
    """Return a study's folder; refuse names and links that lead out of the results.

    Raises
    ------
    StoreError
        If there is no such folder, or it lies elsewhere.
    """
    folder = out / name
    if Path(name).name != name or name in ("", ".", ".."):
        raise StoreError(f"study '{name}': is no name of a folder in '{out}'.")
    if not folder.is_dir():
        raise StoreError(
            f"study '{name}': has no results folder in '{out}'. Run it with "
            f"`mfplug run {name}`."
        )
    if not folder.resolve().is_relative_to(out.resolve()):
        raise StoreError(
            f"study '{name}': its folder is a link that leaves '{out}'. Remove it."
        )
    return folder


def _add_claims(view: StudyView, folder: Path | None, study: dict[str, Any]) -> None:
    """Add a claim for each verdict, and for each claim of the study without one."""
    path = Path("verdict.json") if folder is None else folder / "verdict.json"
    found: list[Any] = []
    if folder is not None:
        found = view.attempt(files.read_json, path, list) or []
    for entry in found:
        claim = view.attempt(_claim, path, entry)
        if claim is not None:
            view.claims.append(claim)
    named = study.get("claims")
    seen = {claim.claim for claim in view.claims}
    for name in named if isinstance(named, list) else []:
        if str(name) not in seen:
            view.claims.append(_unjudged(str(name)))
    if not view.claims and view.problems:
        view.claims.append(_unjudged(view.name))


def _unjudged(name: str) -> ClaimView:
    known, statement = _words(name, "")
    reason = "no verdict could be read; see the study's problems"
    return _view(name, known, statement, MISSING, reason, None)


def _words(claim: str, statement: str) -> tuple[Claim, Markup]:
    """Return a claim and what it says, in the study's own words first."""
    known = CLAIMS.get(claim, Claim("", ""))
    return known, mathtext.html(statement or known.statement)


def _view(
    name: str,
    known: Claim,
    statement: Markup,
    verdict: Verdict,
    reason: str,
    numbers: Node | None,
) -> ClaimView:
    errata = mathtext.html(known.errata)
    return ClaimView(
        name, known.place, statement, verdict, reason, numbers, known.section, errata
    )


def _claim(path: Path, entry: Any) -> ClaimView:
    if not isinstance(entry, dict) or not {"claim", "verdict"} <= entry.keys():
        raise StoreError(
            f"result file '{path}': an entry got {str(entry)[:60]!r}, expected a "
            "mapping with 'claim', 'verdict', 'reason', 'numbers'. Run the study again."
        )
    word = files.pick(path, "verdict", str(entry["verdict"]), tuple(VERDICTS))
    name = str(entry["claim"])
    known, statement = _words(name, str(entry.get("statement") or ""))
    numbers = entry.get("numbers")
    return _view(
        name,
        known,
        statement,
        VERDICTS[word],
        str(entry.get("reason") or ""),
        tree(numbers) if numbers else None,
    )


def _add_figures(view: StudyView, folder: Path, study: dict[str, Any]) -> None:
    """Add the declared figures; for none declared the one that is drawn by default."""
    figures = view.attempt(declared, folder / "study.json", study)
    if not study or figures is None:
        return
    for n, figure in enumerate(figures or [{"name": "main"}], start=1):
        stem = file_stem(figure["name"])
        caption = str(figure.get("caption") or "")
        prefix = f"s{view.number}f{n}"
        words = f"Figure {n} of {view.name}. {caption}".strip()
        markup = view.attempt(svg.inline, folder / f"{stem}.svg", prefix, words)
        if markup is None:
            continue
        names = [f"{stem}.{ending}" for ending in FORMATS]
        links = [(f, view.link(f)) for f in names if (folder / f).is_file()]
        view.figures.append(
            FigureView(stem, Markup(markup), mathtext.html(caption), links)
        )


def _add_tables(view: StudyView, folder: Path) -> None:
    """Add values, rates and bounds; one that cannot be read hides no other."""

    def read(name: str, columns: tuple[str, ...]) -> files.Table:
        return files.read_table(folder / name, columns)

    table = view.attempt(read, "table.csv", files.TABLE_COLUMNS)
    rates = view.attempt(files.read_rates, folder)
    bounds = view.attempt(read, "bounds.csv", files.BOUND_COLUMNS)
    if rates is not None:
        view.tables.append(table_view.rates(rates))
    if bounds is not None and rates is not None and table is not None:
        view.tables.append(table_view.bounds(Data(table, bounds, rates)))
    elif bounds is not None:
        view.tables.append(
            table_view.view("Bounds", "bounds.csv", bounds.columns, bounds.rows)
        )
    if table is not None:
        view.tables.append(table_view.values(table))


def _add_provenance(view: StudyView, folder: Path) -> None:
    """Add how the study was made; the command too where ``study.json`` has none."""
    path = folder / "provenance.json"
    found = view.attempt(files.read_json, path, dict) or {}
    versions = found.get("versions")
    if isinstance(versions, dict) and "mfplug" in versions:
        view.version = scalar(versions["mfplug"])
    view.command = view.command or str(found.get("command") or "")
    view.provenance = [(str(key), tree(value)) for key, value in found.items()]
