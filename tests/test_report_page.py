"""The page and the drawings in it, made from results whose numbers are known."""

import json
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_results import drawn_results, make_results, one_line

from mfplug.errors import MfplugError, StoreError
from mfplug.report import (
    CLAIMS,
    SECTIONS,
    VERDICTS,
    write_page,
)
from mfplug.report import svg as svg_module
from mfplug.report.mathtext import html


@pytest.fixture
def folder(tmp_path):
    return make_results(tmp_path)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return drawn_results(tmp_path_factory.mktemp("out"))


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{}</svg>'


def test_inlined_drawings_share_no_id_and_keep_their_references(drawn):
    texts = [svg_module.inline(drawn / "figure.svg", f"s{n}", "words") for n in (1, 2)]
    ids = [set(re.findall(r'\bid="([^"]+)"', text)) for text in texts]
    assert not ids[0] & ids[1]
    for text, own in zip(texts, ids, strict=True):
        used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text))
        named = {a or b for a, b in used}
        assert named
        assert named == own
        assert "<style" not in text
        ElementTree.fromstring(text)


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<path onload="alert(1)" d="M0 0"/>',
        '<use href="http://example.org/x#a"/>',
        '<use xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="data:x"/>',
        '<path style="fill: url(http://example.org/a)" d="M0 0"/>',
        "<foreignObject/>",
        '<image href="#a"/>',
        '<a href="#a"/>',
        '<b xmlns="http://www.w3.org/1999/xhtml"/>',
        '<path d="M0 0" style="background: URL( //example.org )"/>',
    ],
)
def test_a_drawing_that_could_act_is_refused(tmp_path, inside):
    path = tmp_path / "figure.svg"
    path.write_text(SVG.format(inside))
    with pytest.raises(StoreError) as error:
        svg_module.inline(path, "p", "words")
    assert "figure.svg" in one_line(error)
    path.write_text(SVG.format('<path d="M0 0"/>'))
    assert "<path" in svg_module.inline(path, "p", "words")


def test_entities_and_other_files_are_refused(tmp_path):
    path = tmp_path / "figure.svg"
    for text in ('<!DOCTYPE x [<!ENTITY a "b">]><x/>', "no", "<html/>", "<svg/>"):
        path.write_text(text)
        with pytest.raises(StoreError):
            svg_module.inline(path, "p", "words")


@given(st.text(max_size=60))
def test_formulas_never_let_markup_through(text):
    shown = str(html(text))
    allowed = r'</?(?:i|sup|sub|span)>|<span class="math">'
    assert "<" not in re.sub(allowed, "", shown)


def test_formulas_are_readable():
    assert "<i>N</i><sup>−1/2</sup>" in html("$N^{-1/2}$")  # noqa: RUF001
    assert "costs $5" in html(r"costs \$5")
    assert str(html(r"$\mathrm{BL}_t$")).count("<i>") == 1


# The page


def test_studies_stand_in_the_order_of_the_thesis(tmp_path):
    claims = {"a-last": ["break-time"], "b-first": ["newton"], "c": ["rate", "chaos"]}
    for name, of in claims.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "study.json").write_text(json.dumps({"claims": of}))
    (tmp_path / "a-broken").mkdir()
    (tmp_path / "a-broken" / "study.json").write_text("{")
    page = write_page(tmp_path).read_text()
    anchors = re.findall(r'id="study-\d-([a-z-]+)-title"', page)
    assert anchors == ["b-first", "c", "a-last", "a-broken"]


def test_the_page_shows_everything_and_escapes_it(drawn):
    page = write_page(drawn.parent).read_text()
    assert page == write_page(drawn.parent, ["made"]).read_text()
    body = page.partition("<body>")[2]
    assert "<script>alert" not in page
    assert "<img" not in page
    assert body.count("&lt;script&gt;alert") >= 8  # title, caption, reasons, plugin
    for verdict in VERDICTS.values():
        badge = f'<span class="badge {verdict.slug}">'
        assert badge in body
        assert verdict.glyph in body
    for words in ("mfplug run made", "made with mfplug 1.2.3", "0, 7", "rates.csv"):
        assert words in body
    assert body.index('id="claims"') < body.index("<article") < body.index("<figure>")
    outside = re.findall(r'(?:src|href)="(?!#|data:,|made/)([^"]*)"', page)
    assert outside == []
    hosts = set(re.findall(r"https?://[^\"'\s<)]+", page))
    assert hosts <= {"http://www.w3.org/2000/svg"}
    assert str(drawn) not in page
    assert len(page) < 900_000
    for link in re.findall(r'href="(made/[^"]+)"', page):
        assert (drawn.parent / link).is_file()


def test_the_rates_say_whether_the_prediction_lies_inside(folder):
    path = folder / "rates.csv"
    text = path.read_text().replace("-0.48,-0.5,", "-0.48,-0.65,", 1)
    path.write_text(text)
    page = write_page(folder.parent).read_text()
    rates = page.partition(">Rates<")[2].partition("</table>")[0]
    assert rates.count("<td>no</td>") == 1
    assert rates.count("<td>yes</td>") == 3


def test_missing_and_malformed_studies_are_named(tmp_path):
    make_results(tmp_path, "good")
    bad = make_results(tmp_path, "bad")
    (bad / "table.csv").write_text("nonsense")
    (bad / "verdict.json").write_text('[{"claim": "newton", "verdict": "proved"}]')
    (tmp_path / "planned").mkdir()
    (tmp_path / "planned" / "plan.json").write_text("{}")
    (tmp_path / "store").mkdir()
    page = write_page(tmp_path).read_text()
    assert "bad/table.csv&#39;: wrong columns" in page
    assert "unknown verdict &#39;proved&#39;" in page
    assert page.count('class="badge no-verdict"') >= 3
    assert ">planned<" in page
    assert ">store<" not in page
    assert "good/figure.svg&#39;: cannot be read" in page
    page = write_page(tmp_path, ["good", "nosuch", "../../etc"]).read_text()
    assert "study &#39;nosuch&#39;: has no results folder" in page
    assert "study &#39;../../etc&#39;: is no name of a folder" in page


def test_links_do_not_lead_out_of_the_results(tmp_path):
    make_results(tmp_path / "elsewhere", "made")
    out = tmp_path / "out"
    out.mkdir()
    (out / "linked").symlink_to(tmp_path / "elsewhere" / "made")
    page = write_page(out).read_text()
    assert "is a link that leaves" in page
    assert "coupling-mean" not in page


@pytest.mark.parametrize(
    "content", ["[1]", "[[]]", '[{"claim": 1}]', "{}", "null", '[{"verdict": "holds"}]']
)
def test_any_verdict_file_ends_in_a_page(folder, content):
    (folder / "verdict.json").write_text(content)
    page = write_page(folder.parent).read_text()
    assert "no verdict" in page
    assert "Problems" in page


def test_a_folder_without_studies_is_refused(tmp_path):
    for out in (tmp_path, tmp_path / "none"):
        with pytest.raises(MfplugError) as error:
            write_page(out)
        assert str(out) in one_line(error)


def test_long_tables_are_cut_with_a_word(folder, monkeypatch):
    monkeypatch.setattr("mfplug.report.table_view.MOST_ROWS", 10)
    page = write_page(folder.parent).read_text()
    assert "The first 10 of 144 rows" in page


def test_every_claim_reads():
    assert len(CLAIMS) == 29
    for claim in CLAIMS.values():
        assert claim.place
        assert "$" not in html(claim.statement)
        assert claim.statement.endswith(".")
        assert claim.section in SECTIONS
        shown = html(claim.errata)
        assert "$" not in shown
        # A command that is not known would be shown by its name.
        assert not re.search(r"\b(circ|nabla|sqrt|delta|frac)\b", shown)
        assert re.search(r"\(E\d+\)", shown) or not shown
