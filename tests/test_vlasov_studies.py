"""The studies of the Vlasov solvers: verdicts, and planted errors that turn them."""

from __future__ import annotations

import pytest

NAMES = ("exact", "orders", "grid", "nodes", "size", "work")


@pytest.mark.parametrize("name", [f"vlasov-{name}" for name in NAMES])
def test_verdict(studies, name):
    assert studies(name).verdict() == "holds", studies(name).reason()


@pytest.mark.parametrize(
    ("name", "bound"),
    [
        ("vlasov-exact", "goal"),
        ("vlasov-orders", "agreement"),
        ("vlasov-orders", "rounding"),
        ("vlasov-grid", "stated"),
        ("vlasov-nodes", "stated"),
        ("vlasov-nodes", "goal"),
        ("vlasov-size", "stated"),
        ("vlasov-work", "asked"),
        ("vlasov-work", "budget"),
    ],
)
def test_a_bound_ten_times_smaller_turns_the_verdict(studies, name, bound):
    assert studies(name).with_bounds(bound, 0.1).verdict() == "fails"


@pytest.mark.parametrize(
    ("name", "fit"),
    [
        ("vlasov-orders", "sixth"),
        ("vlasov-orders", "fourth"),
        ("vlasov-orders", "second"),
        ("vlasov-grid", "third"),
        ("vlasov-grid", "fifth"),
        ("vlasov-size", "cost"),
    ],
)
@pytest.mark.parametrize("off", [-0.15, 0.15])
def test_a_wrong_order_turns_the_verdict(studies, name, fit, off):
    assert studies(name).with_exponent(fit, off).verdict() == "fails"


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("vlasov-exact", "field-score"),
        ("vlasov-orders", "field-drift"),
        ("vlasov-grid", "field-force"),
        ("vlasov-nodes", "field-force"),
        ("vlasov-size", "field-force"),
        ("vlasov-work", "field-work"),
    ],
)
def test_missing_data_leave_it_undecided(studies, name, metric):
    assert studies(name).without(metric).verdict() == "undecided"
