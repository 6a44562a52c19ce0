"""The page in a real browser: it shows, sorts, filters, and asks nobody for anything.

Skipped with a reason where no Chromium is found; with MFPLUG_REQUIRE_BROWSER=1 that is
a failure.
"""

import os
import shutil
import warnings
from pathlib import Path

import pytest
from made_results import EVIL, NUMBERS, make_results

from mfplug.report import CLAIMS, SECTIONS, VERDICTS, write_figures, write_page

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def browser_path():
    """Return the path of a Chromium, or say why there is none."""
    found = next((p for name in NAMES if (p := shutil.which(name))), None)
    if found is None:
        reason = f"no Chromium on the path; looked for {', '.join(NAMES)}"
        if os.environ.get("MFPLUG_REQUIRE_BROWSER") == "1":
            pytest.fail(f"{reason}, and MFPLUG_REQUIRE_BROWSER is 1")
        pytest.skip(reason)
    return found


@pytest.fixture(scope="module")
def browser():
    path = browser_path()
    sync_api = pytest.importorskip("playwright.sync_api")
    with warnings.catch_warnings(), sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """The page of one good study, one with a planted name and one that is missing."""
    out = tmp_path_factory.mktemp("results")
    write_figures(make_results(out, "made"))
    second = make_results(out, "second <b>")
    for file in (out / "made").glob("figure.*"):
        shutil.copy(file, second / file.name)
    return write_page(out, ["made", "second <b>", "missing"])


class Watched:
    """A tab that keeps what went wrong and what was asked for."""

    def __init__(self, browser, file, **options):
        self.context = browser.new_context(**options)
        self.tab = self.context.new_page()
        self.tab.set_default_timeout(10_000)
        self.errors = []
        self.requests = []
        self.tab.on("console", lambda message: self.errors.append(message.text))
        self.tab.on("pageerror", lambda error: self.errors.append(str(error)))
        self.tab.on("dialog", lambda dialog: self.errors.append(dialog.message))
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.address = Path(file).as_uri()
        self.tab.goto(self.address)


@pytest.fixture
def open_page(browser, page_file):
    """Open the page; afterwards check that nothing was said and nothing asked for."""
    opened = []

    def open_it(file=page_file, **options):
        options = {"viewport": {"width": 1200, "height": 900}, **options}
        opened.append(Watched(browser, file, **options))
        return opened[-1].tab

    yield open_it
    for watched in opened:
        foreign = [url for url in watched.requests if not url.startswith("data:")]
        assert watched.errors == []
        assert set(foreign) == {watched.address}
        watched.context.close()


def column(tab, table, name):
    """Return the shown texts of a column of a sortable table."""
    return tab.evaluate(
        """([n, name]) => {
          const table = document.querySelectorAll("table.sortable")[n];
          const heads = [...table.tHead.rows[0].cells].map(c => c.textContent.trim());
          const k = heads.indexOf(name);
          return [...table.tBodies[0].rows].filter(r => !r.hidden)
            .map(r => r.cells[k].textContent);
        }""",
        [table, name],
    )


def head(tab, table, name):
    found = tab.locator("table.sortable").nth(table)
    return found.get_by_role("columnheader", name=name, exact=True)


def test_figures_and_verdicts_are_visible(open_page):
    tab = open_page()
    figures = tab.locator("figure svg")
    assert figures.count() == 2
    for n in range(2):
        box = figures.nth(n).bounding_box()
        assert box["width"] > 300
        assert box["height"] > 150
        # Glyphs are drawn through references: an id that clashes draws nothing.
        drawn = figures.nth(n).locator("use").first.evaluate("e => e.getBBox().height")
        assert drawn > 0
    badges = tab.locator("#claims-table .badge").all_inner_texts()
    for verdict in VERDICTS.values():
        assert f"{verdict.glyph} {verdict.word}" in badges
    assert "! no verdict" in badges
    assert tab.get_by_text("study 'missing': has no results folder").is_visible()
    ids = tab.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


def test_links_within_the_page_have_a_goal(open_page):
    tab = open_page()
    assert tab.evaluate(
        """[...document.querySelectorAll('a[href^="#"]')]
        .every(a => document.getElementById(a.getAttribute("href").slice(1)))"""
    )


def test_markup_in_data_stays_text(open_page):
    tab = open_page()
    assert tab.locator("h2", has_text=EVIL).count() == 2
    assert tab.locator("img").count() == 0
    assert tab.locator("script").count() == 1
    assert tab.locator("nav a", has_text="second <b>").count() == 1


def test_numbers_sort_as_numbers(open_page):
    tab = open_page()
    values = 2  # rates, bounds, values
    button = head(tab, values, "N").get_by_role("button")
    button.click()
    ordered = [int(text) for text in column(tab, values, "N")]
    assert set(ordered) == set(NUMBERS)
    assert ordered == sorted(ordered)  # as text, 128 would stand before 16
    assert head(tab, values, "N").get_attribute("aria-sort") == "ascending"
    button.press("Enter")
    assert [int(t) for t in column(tab, values, "N")] == sorted(ordered, reverse=True)
    assert head(tab, values, "N").get_attribute("aria-sort") == "descending"
    head(tab, values, "value").get_by_role("button").click()
    shown = [float(text) for text in column(tab, values, "value")]
    assert shown == sorted(shown)
    assert head(tab, values, "N").get_attribute("aria-sort") == "none"


def test_empty_cells_come_last_in_either_direction(open_page):
    tab = open_page()
    button = head(tab, 2, "replicas").get_by_role("button")
    for _ in range(2):
        button.click()
        cells = column(tab, 2, "replicas")
        assert cells[0] == "300"
        assert cells[-1] == ""
        assert cells == sorted(cells, key=lambda text: text == "")


def test_the_order_check_would_see_a_sort_by_text(open_page):
    """A planted defect: without its mark the column sorts as text does not."""
    tab = open_page()
    tab.evaluate(
        """() => { Intl.Collator; String.prototype.localeCompare = function (b) {
             return this < b ? -1 : this > b ? 1 : 0; };
           for (const th of document.querySelectorAll("th[data-number]"))
             delete th.dataset.number; }"""
    )
    head(tab, 2, "N").get_by_role("button").click()
    ordered = [int(text) for text in column(tab, 2, "N")]
    assert ordered != sorted(ordered)


def test_filtering_keeps_rows_with_all_words(open_page):
    tab = open_page()
    box = tab.get_by_role("searchbox").nth(2)
    box.fill("FLOOR 512")
    assert set(column(tab, 2, "metric")) == {"coupling-mean-floor"}
    assert set(column(tab, 2, "N")) == {"512"}
    assert tab.locator("[data-count]").nth(2).inner_text() == "12 of 144 rows"
    box.fill("")
    assert tab.locator("[data-count]").nth(2).inner_text() == "144 rows"


def claims_shown(tab):
    """Return (claim, section) of the rows that are visible."""
    return tab.evaluate(
        """[...document.querySelectorAll("#claims-table tbody tr")]
        .filter(r => r.checkVisibility())
        .map(r => [r.cells[0].querySelector("a").textContent, r.dataset.section])"""
    )


def test_verdicts_filter_the_claims(open_page):
    tab = open_page()
    tab.locator(".chip", has_text="fails").click()
    shown = tab.locator("#claims-table tbody tr:visible .badge").all_inner_texts()
    assert set(shown) == {"✗ fails"}
    tab.locator(".chip", has_text="fails").click()
    assert tab.locator("#claims-table tbody tr:visible").count() == 11
    assert tab.locator("#claims-shown").inner_text() == "11 claims"


def test_sections_filter_the_claims_together_with_verdicts(open_page):
    """The two studies have the first five claims; the missing one is of no section."""
    tab = open_page()
    every = claims_shown(tab)
    for name, section in every:
        assert section == (CLAIMS[name].section if name in CLAIMS else "beyond")
    first = tab.locator(".chip", has_text=SECTIONS["1"])
    first.click()
    one = [row for row in every if row[1] == "1"]
    assert 0 < len(one) < len(every)
    assert claims_shown(tab) == one
    assert tab.locator("#claims-shown").inner_text() == f"{len(one)} of 11 claims"
    verdict = next(iter(VERDICTS.values()))
    tab.locator(".chip", has_text=verdict.word).first.click()
    both = claims_shown(tab)
    assert 0 < len(both) < len(one)
    badges = tab.locator("#claims-table tbody tr:visible .badge").all_inner_texts()
    assert set(badges) == {f"{verdict.glyph} {verdict.word}"}
    tab.locator(".chip", has_text=SECTIONS["beyond"]).click()
    assert {section for _, section in claims_shown(tab)} <= {"1", "beyond"}
    assert tab.locator(".chip", has_text=SECTIONS["3"]).is_disabled()


def test_errata_and_links_stand_with_the_claims(open_page):
    tab = open_page()
    row = tab.locator("#claims-table tbody tr", has_text="external").first
    assert "the mass is m" in row.locator(".erratum").inner_text()
    goal = row.locator("th a").get_attribute("href")
    assert tab.locator(goal).evaluate("e => e.tagName") == "ARTICLE"
    assert tab.locator(f"{goal} p.erratum").count() > 0


def test_the_theme_follows_the_system_and_the_button(open_page):
    def ground(tab):
        return tab.evaluate("getComputedStyle(document.body).backgroundColor")

    light, dark = open_page(color_scheme="light"), open_page(color_scheme="dark")
    assert ground(light) != ground(dark)
    button = light.locator("#theme")
    assert button.inner_text() == "Theme: system"
    button.click()
    assert ground(light) == ground(dark)
    light.reload()
    assert ground(light) == ground(dark)  # remembered
    card = light.evaluate(
        "getComputedStyle(document.querySelector('.card')).backgroundColor"
    )
    assert card == "rgb(255, 255, 255)"
    light.locator("#theme").click()
    assert ground(light) != ground(dark)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(open_page, scheme):
    """Every badge and quiet text reaches 4.5 to 1 (WCAG AA) on its ground."""
    tab = open_page(color_scheme=scheme)
    worst = tab.evaluate(
        """() => {
          const rgb = (c) => c.match(/[\\d.]+/g).slice(0, 3).map(Number);
          const light = (c) => { const [r, g, b] = rgb(c).map((v) => {
            v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
            return .2126 * r + .7152 * g + .0722 * b; };
          const ground = (e) => { for (; e; e = e.parentElement) {
            const c = getComputedStyle(e).backgroundColor;
            if (c !== "rgba(0, 0, 0, 0)") return c; }
            return "rgb(255, 255, 255)"; };
          let worst = 99;
          const words = ".badge, .reason, .place, .meta, a, summary, td, .chip:enabled";
          for (const e of document.querySelectorAll(words)) {
            const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
            worst = Math.min(worst, (Math.max(a, b) + .05) / (Math.min(a, b) + .05));
          }
          return worst; }"""
    )
    assert worst >= 4.5


@pytest.mark.parametrize("width", [390, 320])
def test_a_phone_needs_no_sideways_scrolling(open_page, width):
    tab = open_page(viewport={"width": width, "height": 844}, is_mobile=True)
    for details in tab.locator("details").all():
        details.evaluate("e => { e.open = true; }")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.locator("figure svg").first.bounding_box()["height"] > 150
    outside = tab.evaluate(
        """(width) => [...document.querySelectorAll(
             "p, h1, h2, h3, .scroll, .card, .badge")].filter((e) => {
             const box = e.getBoundingClientRect();
             const held = e.parentElement.closest(".scroll, .card");
             return !held && box.width > 0 && box.right > width + .5; }).length""",
        width,
    )
    assert outside == 0


def test_the_command_can_be_copied(open_page):
    tab = open_page(permissions=["clipboard-read", "clipboard-write"])
    tab.locator("[data-copy]").first.click()
    tab.locator("[data-copy]", has_text="Copied").wait_for(timeout=5000)
    assert tab.evaluate("navigator.clipboard.readText()") == "mfplug run made"


def test_without_scripts_everything_is_there(open_page):
    tab = open_page(java_script_enabled=False)
    assert tab.locator("figure svg").count() == 2
    assert tab.locator("table.sortable").count() == 6
    assert not tab.locator("#theme").is_visible()


def test_on_paper_there_are_no_controls(open_page):
    tab = open_page()
    tab.emulate_media(media="print", color_scheme="dark")
    assert not tab.locator("#theme").is_visible()
    assert not tab.locator(".filter").first.is_visible()
    ink = tab.evaluate("getComputedStyle(document.body).color")
    assert ink == "rgb(0, 0, 0)"


def test_a_foreign_script_in_the_page_does_not_run(open_page, page_file, tmp_path):
    """The page allows its own script only; whoever adds one gets it refused."""
    text = page_file.read_text().replace(
        "</main>", "<script>window.x = 1</script></main>"
    )
    changed = tmp_path / "report.html"
    changed.write_text(text)
    # Opened by hand: the refusal is an error on the console, as it should be.
    watched = Watched(open_page().context.browser, changed)
    assert watched.tab.evaluate("window.x === undefined")
    assert any("Content Security Policy" in error for error in watched.errors)
    assert watched.tab.locator("html.js").count() == 1
    watched.context.close()
