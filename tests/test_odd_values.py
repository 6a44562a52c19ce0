"""Values that a study can hold and nothing can use: one line, or no harm."""

from __future__ import annotations

import getpass

import pytest
from made_results import MAIN, drawing, made_rows, make_results

from mfplug.errors import MfplugError
from mfplug.report.files import TABLE_COLUMNS, read_table
from mfplug.studies import snake
from mfplug.theory.counting.lawfile import read_law


@pytest.mark.parametrize(
    "law",
    [{"times": 1e30, "N": 1e30}, {"times": 1e308, "N": 2.0}, {"times": 4, "N": 400}],
)
def test_replicas_without_end(mfplug_cli, write_study, law):
    answer = mfplug_cli("run", write_study(replicas=law), "--plan")
    answer.refused("replicas", "expected")


@pytest.mark.parametrize("text", [r"\ud800", r"a\0b", r"x\udfff"])
@pytest.mark.parametrize("key", ["title", "claim"])
def test_half_a_character_in_a_text(mfplug_cli, write_study, text, key):
    path = write_study()
    old = {"title": "title: A study of a second", "claim": "claim: micro"}[key]
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, f'{key}: "{text}"'))
    mfplug_cli("run", path, "--plan").refused("half a character", "at line")


@pytest.mark.parametrize("predicted", [1e308, -1e308, 1e3, -1e3])
def test_a_slope_that_no_axis_can_show_is_left_out(tmp_path, predicted):
    table, bounds, rates = made_rows()
    for rate in rates:
        rate["predicted"] = predicted
    folder = make_results(tmp_path, rows=(table, bounds, rates))
    steep = drawing(folder, MAIN)
    plain = drawing(make_results(tmp_path, "plain"), MAIN)
    lines = [[len(a.lines) for a in d.figure.axes] for d in (steep, plain)]
    assert sum(lines[0]) < sum(lines[1])


def test_a_plugin_file_whose_links_go_round(mfplug_cli, write_study, tmp_path):
    loop = tmp_path / "loop.py"
    loop.symlink_to(loop)
    mfplug_cli("run", write_study(), "--plan", "--plugin", loop).refused("no such file")
    out = tmp_path / "out"
    out.symlink_to(out)
    mfplug_cli("run", write_study(), "--out", out).refused("cannot be written")


def test_a_user_without_a_name_is_given_one(monkeypatch):
    names = ("LOGNAME", "USER", "LNAME", "USERNAME")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOGNAME", "")
    monkeypatch.setattr("os.getuid", lambda: 987_654)
    with pytest.raises((KeyError, OSError)):
        getpass.getuser()
    snake._name_the_user()
    assert getpass.getuser() == "user-987654"


@pytest.mark.parametrize(
    "content",
    [
        b'n1,n2,"eight\n2,0,\x1d.\x00\n,0.5\n',
        b',"\x01\x00J\n,"',
        'a\r\rb,"c\x85d\u2028e"'.encode(),
    ],
)
def test_what_a_message_quotes_does_not_break_its_line(tmp_path, content):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    for read in (
        lambda: read_law(path, 2),
        lambda: read_table(path, TABLE_COLUMNS),
    ):
        with pytest.raises(MfplugError) as caught:
            read()
        assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [("phase", "--", "run", "--"), ("diff", "--", "a", "--"), ("theory", "--", "--")],
)
def test_dashes_in_the_place_of_a_word(mfplug_cli, words):
    answer = mfplug_cli(*words)
    assert answer.status in (1, 2)
    assert answer.err.count("\n") == 1
    assert answer.err.startswith("mfplug: error: ")
