"""The documentation: every block runs, every command exists, the pages build."""

from __future__ import annotations

import html
import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mfplug import hookspecs
from mfplug.cli.main import build_parser
from mfplug.contracts.plugin import KINDS
from mfplug.registry import current
from mfplug.studies.cells import cells_of
from mfplug.studies.load import parse, shipped

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs").glob("*.md")) + sorted((ROOT / "docs").glob("*/*.md"))


def blocks(page, language):
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.S | re.M)


def with_blocks(language):
    found = [page for page in PAGES if blocks(page, language)]
    assert found
    return pytest.mark.parametrize("page", found, ids=lambda p: p.stem)


@pytest.mark.slow
@with_blocks("python")
def test_python_blocks_run(page, tmp_path):
    """The blocks of a page run one after another, as a reader would type them."""
    code = [b for b in blocks(page, "python") if not is_snakemake(b)]
    if not code:
        assert blocks(page, "python")
        return
    (tmp_path / "page.py").write_text("\n".join(code))
    done = subprocess.run(
        [sys.executable, "-W", "error", "page.py"], cwd=tmp_path, text=True,
        env={**os.environ, "NUMBA_NUM_THREADS": "1"}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def is_snakemake(block):
    return re.search(r"^(rule|module|use rule)\b", block, flags=re.M) is not None


@with_blocks("yaml")
def test_study_blocks_are_studies(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for code in blocks(page, "python"):
        if "np.savez" in code:  # the files that the study names
            exec(code, {})
    for text in blocks(page, "yaml"):
        study = parse(yaml.safe_load(text), page.stem, "quick")
        assert cells_of(study, page.stem)


@with_blocks("sh")
def test_commands_exist(page):
    parser = build_parser()
    for line in "\n".join(blocks(page, "sh")).splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["mfplug"]:
            parser.parse_args(words[1:])
        elif words[:1] == ["make"]:
            assert f"\n{words[1]}:" in (ROOT / "Makefile").read_text()


def test_a_wrong_command_is_seen():
    with pytest.raises(SystemExit):
        build_parser().parse_args(["chek", "potential", "gaussian"])


def test_links_between_pages_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+\.md)\)", page.read_text("utf-8")):
            assert (page.parent / target).is_file(), (page.name, target)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built pages."""
    place = tmp_path_factory.mktemp("site")
    source = place / "docs"
    # Not built in place: a test writes nothing into the clone. Pictures take minutes;
    # `make docs` makes them, and warns, which is an error, where one is missing.
    leave = shutil.ignore_patterns("_build", "reference")
    shutil.copytree(ROOT / "docs", source, ignore=leave)
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html",
         "-D", "study_pictures_needed=", "-D", "plugin_pictures=",
         str(source), str(place / "html")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return place / "html"


def test_every_hook_is_documented_with_its_signature(site):
    text = (site / "reference" / "hooks.html").read_text("utf-8")
    bare = re.sub(r"<[^>]+>", "", text)
    for name in hookspecs.HOOKS.values():
        signature = inspect.signature(getattr(hookspecs, name), eval_str=False)
        assert f"{name}(" in bare, name
        assert not signature.parameters


def test_every_plugin_study_and_command_is_documented(site):
    for kind in KINDS:
        for entry in current().entries(kind):
            if entry.source.distribution == "mfplug":
                page = site / "reference" / f"{kind}-{entry.name}.html"
                assert page.stat().st_size > 2000, page
    studies = (site / "reference" / "studies.html").read_text("utf-8")
    commands = (site / "reference" / "commands.html").read_text("utf-8")
    for name in shipped():
        assert f"mfplug run {name}" in studies
    for name in ("run", "check", "new", "doctor", "measure"):
        assert f"usage: mfplug {name}" in commands


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("external", "drive", "external-drive.svg"),
        ("metric", "counter-example", "metric-counter-example.svg"),
        ("metric", "mode-rate", "study-vlasov.svg"),
    ],
)
def test_a_picture_of_a_plugin_or_of_a_study(
    kind, name, expected, tmp_path, monkeypatch
):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from extension import gallery

    said = []
    monkeypatch.setattr(gallery.logger, "warning", lambda *words: said.append(words))
    entry = current().entry(kind, name)
    picture, _ = gallery.plugin_picture(entry, tmp_path, ["vlasov"], True)
    assert picture == expected
    page = "\n".join(gallery.gallery_page({(kind, name): picture}, ["vlasov"]))
    assert f".. figure:: {expected}" in page
    assert f":target: {kind}-{name}.html" in page
    assert not said
    gallery.plugin_picture(entry, tmp_path, ["chaos"], True)
    assert len(said) == (name == "mode-rate")


def test_a_study_without_a_figure_is_seen(tmp_path, monkeypatch, caplog):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from extension import gallery

    results = tmp_path / "results"
    for name in shipped()[1:]:
        (results / name).mkdir(parents=True)
        (results / name / "figure.svg").write_text("<svg/>")
    said = []
    monkeypatch.setattr(gallery.logger, "warning", lambda *words: said.append(words))
    found = gallery.study_pictures(tmp_path, [tmp_path / "no", results], needed=True)
    assert found == shipped()[1:]
    assert (tmp_path / f"study-{found[0]}.svg").read_text() == "<svg/>"
    assert [words[1] for words in said] == shipped()[:1]
    gallery.study_pictures(tmp_path, [results], needed=False)
    assert len(said) == 1


def test_pages_need_no_network(site):
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        assert not re.search(r"<(script|link|img)[^>]+(src|href)=\"https?:", text), page


def test_the_thesis_page_leads_to_every_study():
    """Every statement has a study; a wrong name would fail the build of the pages."""
    text = (ROOT / "docs" / "explain" / "thesis.md").read_text("utf-8")
    missing = [n for n in shipped() if f"(project:#study-{n})" not in text]
    assert not missing, "name these studies in docs/explain/thesis.md"


def test_the_font_that_travels_has_every_character_of_a_formula(site):
    """Formulas are drawn without a network and without a font of the machine."""
    from fontTools.ttLib import TTFont

    font = TTFont(site / "_static" / "math.woff")
    assert "MATH" in font
    known = set(font.getBestCmap())
    missing = set()
    for page in site.rglob("*.html"):
        for formula in re.findall(r"<math.*?</math>", page.read_text("utf-8"), re.S):
            text = html.unescape(re.sub(r"<[^>]+>", "", formula))
            # A browser draws a letter in its italic form, which stands elsewhere.
            missing |= {c for c in text if ord(c) not in known and not c.isspace()}
    assert not missing


def test_only_studies_without_a_figure_are_computed_for_the_pages(
    tmp_path, monkeypatch
):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from extension.missing import without_figure

    assert without_figure([tmp_path]) == shipped()
    for name in shipped()[2:]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "figure.svg").write_text("<svg/>")
    assert without_figure([tmp_path / "no", tmp_path]) == shipped()[:2]


def test_primes_and_slashes_are_set_as_in_print(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from extension.mathml import spaced
    from latex2mathml.converter import convert

    formula = spaced(convert("F' = N^{-1/2}"))
    assert "<msup><mi>F</mi>" not in formula
    assert formula.count('lspace="0"') == 2


def test_a_solver_that_needs_the_plane_has_a_picture():
    from mfplug import create
    from mfplug.gallery import portrait

    assert b"<svg" in portrait(create("solver", "spherical"), "svg")
