"""Numbers as they are printed, ticks and labels."""

import re

from hypothesis import given
from hypothesis import strategies as st

from mfplug.report.concise import concise, interval, plus_minus, ratio
from mfplug.report.ticks import log_ticks

# Numbers as they are printed


@given(
    st.floats(1e-12, 1e12) | st.floats(-1e12, -1e-12),
    st.floats(1e-12, 1e6),
)
def test_concise_notation_says_value_and_error_to_two_digits(value, error):
    text = concise(value, error)
    match = re.fullmatch(r"(-?\d+(?:\.\d+)?)\((\d+)\)(?:e(-?\d+))?", text)
    assert match, text
    scale = 10.0 ** int(match[3] or 0)
    decimals = len(match[1].partition(".")[2])
    unit = scale * 10.0**-decimals
    # Two digits of the error: its rounding is at most a twentieth of it.
    assert abs(int(match[2]) * unit - error) <= 0.0501 * error
    assert abs(float(match[1]) * scale - value) <= 0.0501 * error + 1e-12 * abs(value)


def test_concise_examples_of_the_house():
    assert concise(0.07652, 0.00123) == "0.0765(12)"
    assert concise(0.5, 0.0996) == "0.50(10)"
    assert concise(0.25, None) == "0.25"
    assert interval(-0.5213, -0.4786) == "[-0.521, -0.479]"
    assert plus_minus(-0.5031, 0.0213) == ("-0.50", "0.02")
    assert [ratio(x) for x in (-0.5, -1.0, -1 / 3, 0.37)] == [
        "-1/2",
        "-1",
        "-1/3",
        "0.37",
    ]


@given(st.floats(1e-12, 1e8), st.floats(1.05, 1e12))
def test_logarithmic_axes_have_two_to_ten_ticks_inside(low, factor):
    ticks = log_ticks(low, low * factor)
    assert 2 <= len(ticks) <= 10
    assert all(low * (1 - 1e-9) <= t <= low * factor * (1 + 1e-9) for t in ticks)
    assert ticks == sorted(set(ticks))
