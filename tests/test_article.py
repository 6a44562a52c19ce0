"""What goes into a paper: macros of numbers, tables, the article, the bundle."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

import mfplug
from mfplug.errors import ParameterError, StoreError
from mfplug.studies.bundle import bundle
from mfplug.studies.crate import METADATA, About

ROOT = Path(__file__).resolve().parent.parent
ARTICLE = ROOT / "examples" / "article" / "article.tex"
STUDIES = ("l1-unsuited", "marginals")
ABOUT = About("Two studies", "2026-01-31", "CC-BY-4.0", "A. Author")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Results of the two studies that the article speaks of."""
    out = tmp_path_factory.mktemp("article") / "results"
    for study in STUDIES:
        mfplug.run_study(study, out=out)
    return out


def macros(out):
    """Return the macros that the studies define, by key."""
    pattern = re.compile(r"\\csname mfplug@(.*?)\\endcsname\{(.*)\}$")
    found = {}
    for study in STUDIES:
        for line in (out / study / "numbers.tex").read_text().splitlines():
            match = pattern.search(line)
            if match and line.startswith(r"\expandafter\def"):
                assert match[1] not in found, "one macro for one number"
                found[match[1]] = match[2]
    return found


def test_every_number_has_its_macro(results):
    found = macros(results)
    table = mfplug.load(results / "l1-unsuited").table.dropna(subset=["value"])
    names = [key for key in found if key.startswith("l1-unsuited/value/")]
    assert len(names) == len(table)
    key = "l1-unsuited/value/l1-symmetrised/bad-particles.particles=100"
    # Audit, E8: 0.237358 at N = 100, ten cells of which one is bad.
    assert found[key] == r"\num{0.237358}"
    assert found["l1-unsuited/predicted/symmetrised"] == r"\num{-0.5}"
    (verdict,) = json.loads((results / "marginals" / "verdict.json").read_text())
    assert found["marginals/verdict/marginals"] == verdict["verdict"]


def used(text):
    """Return the keys that an article asks for, with its own shorthand written out."""
    text = re.sub(
        r"\\swept\{([^}]*)\}\{([^}]*)\}", r"\1/bad-particles.particles=\2", text
    )
    return re.findall(r"\\mfplug\{([^}]*)\}", text)


def unbalanced(text):
    """Return what of braces and environments does not close."""
    text = re.sub(r"(?<!\\)%.*", "", text)
    depth, left = 0, []
    for mark in re.findall(r"\\.|[{}]", text):
        depth += {"{": 1, "}": -1}.get(mark, 0)
        if depth < 0:
            return ["}"]
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if kind == "begin":
            left.append(name)
        elif not left or left.pop() != name:
            return [name]
    return left + ["{"] * depth


def test_the_article_is_sound_without_latex(results):
    """Every key is defined, every file is there, and everything that opens closes."""
    text = ARTICLE.read_text()
    keys = used(text)
    assert len(keys) > 8
    assert [key for key in keys if key not in macros(results)] == []
    files = re.findall(r"\\(?:input|includegraphics)\{\\results/([^}]*)\}", text)
    assert {Path(name).name for name in files} == {
        "numbers.tex",
        "table.tex",
        "figure.pdf",
    }
    for name in files:
        assert (results / name).is_file()
    for source in (
        text,
        *((results / f).read_text() for f in files if f[-3:] == "tex"),
    ):
        assert unbalanced(source.replace(r"\#1", "").replace("'#1'", "")) == []
    assert unbalanced(text.replace(r"\end{abstract}", "")) != []
    assert unbalanced(text.replace("{article}", "{article")) != []


def test_the_article_compiles_where_there_is_latex(results, tmp_path):
    """No warning of an undefined reference; an unknown key is an error."""
    if shutil.which("latexmk") is None:
        test_the_article_is_sound_without_latex(results)
        return
    article = tmp_path / "article.tex"
    text = ARTICLE.read_text().replace("../../results", str(results))
    command = ["latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error"]
    for source, fine in ((text, True), (text.replace("/profile}", "/profil}"), False)):
        article.write_text(source)
        done = subprocess.run(
            [*command, article.name],
            cwd=tmp_path,
            capture_output=True,
            env={**os.environ, "SOURCE_DATE_EPOCH": "0"},
        )
        log = (tmp_path / "article.log").read_text(errors="replace")
        assert (done.returncode == 0) == fine, log[-3000:]
        if fine:
            assert (tmp_path / "article.pdf").stat().st_size > 10_000
            assert "undefined" not in log
        else:
            assert "There is no number" in log


# The bundle


@pytest.fixture(scope="module")
def crate(results, tmp_path_factory):
    path = bundle(results, tmp_path_factory.mktemp("bundle") / "a.zip", ABOUT)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        contents = {name: archive.read(name) for name in archive.namelist()}
    return path, contents, json.loads(contents[METADATA])


def test_a_bundle_holds_results_inputs_and_provenance(crate, results):
    _, contents, _ = crate
    for study in STUDIES:
        for name in ("table.csv", "verdict.json", "provenance.json", "figure.pdf"):
            same = (results / study / name).read_bytes()
            assert contents[f"{study}/{name}"] == same
        shipped = ROOT / "workflows" / "studies" / f"{study}.yaml"
        assert contents[f"inputs/{study}/study.yaml"] == shipped.read_bytes()
        lines = contents[f"inputs/{study}/requirements.txt"].decode().splitlines()
        assert f"mfplug=={mfplug.__version__}" in lines
    everything = b"".join(contents.values())
    assert str(results.parent).encode() not in everything, "no path of this machine"


def problems(metadata, names):
    """Return what a crate of version 1.1 must have and this one has not.

    The rules are those marked MUST in the sections on the metadata document, the root
    data entity, data entities and contextual entities of the specification.
    """
    graph = {entity.get("@id"): entity for entity in metadata["@graph"]}
    found = []
    if len(graph) != len(metadata["@graph"]):
        found.append("an @id stands twice")
    if "https://w3id.org/ro/crate/1.1/context" not in metadata["@context"]:
        found.append("context")
    descriptor = graph.get("ro-crate-metadata.json", {})
    if descriptor.get("@type") != "CreativeWork":
        found.append("descriptor's type")
    if descriptor.get("conformsTo") != {"@id": "https://w3id.org/ro/crate/1.1"}:
        found.append("conformsTo")
    root = graph.get(descriptor.get("about", {}).get("@id"), {})
    if root.get("@id") != "./" or root.get("@type") != "Dataset":
        found.append("root")
    for key in ("name", "description", "datePublished", "license"):
        if not root.get(key):
            found.append(f"root's {key}")
    parts, reached = [root], set()
    while parts:
        for link in parts.pop().get("hasPart", []):
            entity = graph.get(link["@id"], {})
            reached.add(link["@id"])
            parts.append(entity)
            if entity.get("@type") not in ("File", "Dataset"):
                found.append(f"type of {link['@id']}")
    for entity in graph.values():
        if "@type" not in entity or not entity.get("name", entity is descriptor):
            found.append(f"{entity.get('@id')} lacks type or name")
        for value in entity.values():
            for link in value if isinstance(value, list) else [value]:
                target = link.get("@id", "") if isinstance(link, dict) else ""
                if target and target not in graph and "ro/crate/1.1" not in target:
                    found.append(f"{target} is nowhere described")
    files = {i for i, e in graph.items() if e["@type"] == "File"}
    if files != {n for n in names if n != METADATA}:
        found.append("described files are not those of the archive")
    return found + [f"{i} is no part" for i in sorted(files - reached)]


def test_the_metadata_are_a_crate(crate):
    _, contents, metadata = crate
    assert problems(metadata, contents) == []
    for entity in metadata["@graph"]:
        if entity["@type"] == "File":
            data = contents[entity["@id"]]
            assert entity["contentSize"] == str(len(data))
            assert entity["sha256"] == hashlib.sha256(data).hexdigest()
    actions = [e for e in metadata["@graph"] if e["@type"] == "CreateAction"]
    assert {a["result"]["@id"] for a in actions} == {f"{s}/" for s in STUDIES}
    assert all("mfplug run" in action["description"] for action in actions)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"datePublished"', '"date"', "root's datePublished"),
        ("ro/crate/1.1", "ro/crate/9", "context"),
        ('"@id": "marginals/table.csv"', '"@id": "x.csv"', "not those of the archive"),
        ("marginals/table.csv", "marginals/rates.csv", "stands twice"),
        ('"@id": "#author"\n', '"@id": "#nobody"\n', "#nobody is nowhere described"),
    ],
)
def test_defects_of_the_metadata_are_found(crate, old, new, said):
    _, contents, _ = crate
    text = contents[METADATA].decode()
    assert old in text
    found = problems(json.loads(text.replace(old, new)), contents)
    assert any(said in problem for problem in found), found


def test_equal_results_give_equal_archives(crate, results, tmp_path, mfplug_cli):
    path, _, _ = crate
    answer = mfplug_cli(
        "bundle", "--out", results, "--to", tmp_path / "b.zip", "--name", ABOUT.name,
        "--date", ABOUT.date, "--author", ABOUT.author,
    )  # fmt: skip
    assert answer.out == f"{tmp_path / 'b.zip'}\n"
    assert (tmp_path / "b.zip").read_bytes() == path.read_bytes()


def test_what_cannot_be_bundled(results, tmp_path, mfplug_cli):
    words = ("bundle", "--out", results, "--to", tmp_path / "c.zip")
    mfplug_cli(*words, "--date", "tomorrow").refused("no date", "'tomorrow'")
    mfplug_cli(*words, "--license", "all mine").refused("license", "SPDX")
    mfplug_cli(*words, "chaos").refused("no results", "mfplug run chaos")
    mfplug_cli("bundle", "--out", tmp_path / "none").refused("no results")
    with pytest.raises(ParameterError, match="no date"):
        bundle(results, tmp_path / "c.zip", About("x", "", "CC0-1.0"))
    assert not (tmp_path / "c.zip").exists()
    shutil.copytree(results, tmp_path / "moved")
    plan = tmp_path / "moved" / "marginals" / "plan.json"
    text = plan.read_text()
    plan.write_text(text.replace('"source": "marginals"', '"source": "gone.yaml"'))
    assert plan.read_text() != text
    with pytest.raises(StoreError, match="an input is gone"):
        bundle(tmp_path / "moved", tmp_path / "c.zip", ABOUT, ["marginals"])
