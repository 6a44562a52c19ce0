"""Markup and commands in every text of a study: shown as they are, and never obeyed.

In a browser nothing may run and nobody be asked for anything; in LaTeX nothing may act.
"""

from __future__ import annotations

import json
import re

import pytest
from made_results import MAIN, made_rows, make_results, write_csv
from test_page_browser import browser, open_page

from mfplug.report import write_numbers, write_page, write_tables
from mfplug.report.tables import tex_cell, tex_words

__all__ = ["browser", "open_page"]

TEXTS = (
    "<script>window.hit = 1</script>",
    '"onload="window.hit=1" x="',
    "'><img src=x onerror=window.hit=1>",
    "<svg/onload=window.hit=1>",
    "</style></script></title><iframe srcdoc='<script>top.hit=1</script>'>",
    "a & b &amp; c &#60;b&#62;",
    "javascript:window.hit=1",
    "{{ 7*7 }} {% raw %} ${7*7}",
    r"\input{/etc/hostname} \write18{x} ^^41 100% #1 x_1 ~ {}",
    "\u202ereversed \u200b zero \u2066 width",
)
EVIL = " ".join(TEXTS)


def spoilt_rows():
    """Rows of the made study with a swept column and words that are markup."""
    table, bounds, rates = made_rows()
    for rows in (table, bounds, rates):
        for number, row in enumerate(rows):
            text = TEXTS[number % len(TEXTS)]
            row[EVIL] = text
            for key in {"index", "note", "fit", "model"} & row.keys():
                row[key] = text
    bounds[0]["bound"] = rates[0]["metric"] = table[0]["metric"] = EVIL
    table[1] |= {"value": "", "stderr": "", "lower": "", "upper": "", "note": EVIL}
    return table, bounds, rates


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory):
    """A results folder in which every text is markup, with tables and figures."""
    out = tmp_path_factory.mktemp("results")
    figure = {**MAIN, "caption": EVIL}
    folder = make_results(out, "made", figures=(figure,))
    for file, rows in zip(
        ("table.csv", "bounds.csv", "rates.csv"), spoilt_rows(), strict=True
    ):
        header = (folder / file).read_text().splitlines()[0].split(",")
        write_csv(folder / file, rows, [EVIL, *header])
    verdicts = [
        {
            "claim": EVIL, "statement": EVIL, "verdict": "holds", "reason": EVIL,
            "numbers": [{EVIL: EVIL, "passed": True}],
        }
    ]  # fmt: skip
    (folder / "verdict.json").write_text(json.dumps(verdicts))
    study = json.loads((folder / "study.json").read_text())
    for key in ("title", "description", "profile", "command"):
        study[key] = EVIL
    study["claims"] = [EVIL, "newton"]
    (folder / "study.json").write_text(json.dumps(study))
    story = {"versions": {"mfplug": EVIL, EVIL: EVIL}, EVIL: [EVIL], "more": {EVIL: 1}}
    (folder / "provenance.json").write_text(json.dumps(story))
    # What cannot be read is told on the page, in words that hold what was got.
    broken = make_results(out, "broken")
    (broken / "rates.csv").write_text(f'"{EVIL.replace(chr(34), chr(34) * 2)}"\n1\n')
    (broken / "figure.svg").write_text(
        f"<svg xmlns='http://www.w3.org/2000/svg' onload='window.hit=1'>"
        f"<text>{'x' * 10}</text></svg>"
    )
    head = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'>"
    (folder / "figure.svg").write_text(f"{head}<text>a &lt;b&gt; &amp;</text></svg>")
    write_tables(folder)
    write_numbers(folder)
    return folder


@pytest.fixture(scope="module")
def page_file(spoilt):
    return write_page(spoilt.parent)


def test_markup_is_shown_and_not_obeyed(open_page):
    tab = open_page()
    for details in tab.locator("details").all():
        details.evaluate("e => { e.open = true; }")
    assert tab.evaluate("window.hit === undefined")
    assert tab.locator("script").count() == 1
    for element in (
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "meta[refresh]",
    ):
        assert tab.locator(element).count() == 0, element
    handlers = tab.evaluate(
        """[...document.querySelectorAll("*")].filter(e => [...e.attributes]
        .some(a => a.name.startsWith("on") || /^\\s*javascript:/i.test(a.value)))
        .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert handlers == []
    assert tab.locator("article").count() == 2
    shown = " ".join(tab.locator("body").text_content().split())
    for text in TEXTS[:-3]:
        assert " ".join(text.split()) in shown, text
    # The page's own parts are where they belong: no element was closed by a text.
    assert tab.locator("main > article").count() == 2
    assert tab.locator("footer p").count() == 2
    assert "figure.svg" in tab.locator(".problems").inner_text()


def active(text):
    """Return what of a LaTeX text would act: all but words, escapes and braces."""
    known = (
        r"\\(text(backslash|asciicircum|asciitilde|less|greater)\{\}|[{}$&#%_]|num\{)"
    )
    return re.findall(r"\\[A-Za-z]+|[\\$&#%_^~\x00-\x1f]", re.sub(known, "", text))


@pytest.mark.parametrize("text", [*TEXTS, EVIL, "a\rb\r\rc", "tab\there", "nul\0l"])
def test_nothing_in_latex_acts(text):
    assert active(tex_words(text)) == []
    assert active(tex_cell(text)) == []
    # Braces are in pairs, or the rest of the document would be swallowed.
    bare = re.sub(r"\\[{}]", "", tex_words(text))
    assert bare.count("{") == bare.count("}")


def test_the_check_of_latex_sees_what_acts():
    for text in (r"\input{x}", "50%", "a_b", "x^2", "a & b", "#1", "a\rb", "~"):
        assert active(text), text


def test_no_row_of_the_printed_tables_is_torn(spoilt):
    tex = (spoilt / "table.tex").read_text().splitlines()
    assert not any("\\input" in line or "\\write18" in line for line in tex)
    rows = [line for line in tex if line.endswith(r" \\")]
    assert len({len(re.findall(r"(?<!\\)&", row)) for row in rows}) <= 2
    for line in (spoilt / "numbers.tex").read_text().splitlines():
        if line.startswith(r"\expandafter"):
            key = re.match(
                r"\\expandafter\\def\\csname mfplug@([^\\]*)\\endcsname", line
            )
            assert key, line
            assert re.fullmatch(r"[A-Za-z0-9/=.,+*()-]+", key[1]), line
            assert active(line[key.end() :]) == [], line
    # Markdown: a bar, a backtick or an entity within a cell is none.
    for line in (spoilt / "table.md").read_text().splitlines():
        assert not re.search(r"(?<!\\)[<`]", line), line
        assert not re.search(r"(?<!\\)&", line), line
