"""Tables and files, made from results whose numbers are known."""

import re
import subprocess
import sys

import pytest
from made_results import made_rows, make_results, one_line, power

from mfplug.errors import StoreError
from mfplug.report import (
    write_figures,
    write_tables,
)
from mfplug.report.concise import concise
from mfplug.report.files import write_whole


@pytest.fixture
def folder(tmp_path):
    return make_results(tmp_path)


def test_tables_have_uncertainties_notes_and_rates(tmp_path):
    table, bounds, rates = made_rows()
    table[0] |= {"value": "", "stderr": "", "lower": "", "upper": ""}
    table[0]["note"] = "50 % lost_at|edge"
    folder = make_results(tmp_path, rows=(table, bounds, rates))
    markdown, latex = (path.read_text() for path in write_tables(folder))
    value = power(1, -1.5, 32, 2.5)
    assert concise(value, value / 50) in markdown
    assert rf"\num{{{concise(value, value / 50)}}}" in latex
    assert "50 % lost\\_at\\|edge" in markdown
    assert r"50 \% lost\_at|edge" in latex
    assert "| -0.500(10) | [-0.520, -0.480] | -0.5 " in markdown
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in rows} == {10}
    assert latex.count("{") - latex.count("\\{") == latex.count("}") - latex.count(
        "\\}"
    )
    for begin, end in (("tabular", "tabular"), ("longtable", "longtable")):
        assert latex.count(rf"\begin{{{begin}}}") == latex.count(rf"\end{{{end}}}") == 1
    assert "\\toprule" in latex
    lines = [line for line in latex.splitlines() if line.endswith(r" \\")]
    assert {len(re.findall(r"(?<!\\)&", line)) for line in lines} == {8}


def test_tables_are_the_same_each_time(folder):
    first = [path.read_bytes() for path in write_tables(folder)]
    assert [path.read_bytes() for path in write_tables(folder)] == first


# Files


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("table.csv", "", "wrong columns"),
        ("table.csv", "N,value\n1,2\n", "wrong columns"),
        ("table.csv", None, "cannot be read"),
        ("table.csv", b"\xff\xfe\x00", "is not UTF-8"),
        ("table.csv", 'a"b\n"', "is not CSV"),
        ("rates.csv", "{", "wrong columns"),
        ("study.json", "{", "is not JSON"),
        ("study.json", "[]", "expected a mapping"),
        ("study.json", "[" * 100_000, "is not JSON"),
    ],
)
def test_a_bad_file_is_one_line_that_names_it(folder, file, content, words):
    path = folder / file
    if content is None:
        path.unlink()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content)
    for step in (write_figures, write_tables):
        with pytest.raises(StoreError) as error:
            step(folder)
        assert str(path) in one_line(error)
        assert words in one_line(error)


@pytest.mark.parametrize("value", ["nan", "inf", "abc", "1e400"])
def test_a_number_that_is_none_is_refused_with_its_line(folder, value):
    path = folder / "table.csv"
    lines = path.read_text().splitlines()
    cells = lines[3].split(",")
    cells[6] = value
    lines[3] = ",".join(cells)
    path.write_text("\n".join(lines))
    with pytest.raises(StoreError) as error:
        write_tables(folder)
    assert "line 4, column 'value'" in one_line(error)


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    target = tmp_path / "report.html"
    target.mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        write_whole(target, b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(StoreError, match="cannot be written"):
        write_whole(tmp_path / "none" / "a", b"x")


def test_importing_the_report_is_light():
    code = "import mfplug.report, sys; print([m for m in ('matplotlib', 'jinja2', "
    code += "'pandas', 'numpy') if m in sys.modules and m != 'numpy'])"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"
