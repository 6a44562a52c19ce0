"""A wrong prediction planted in a shipped study turns its verdict."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from mfplug.studies.load import load
from mfplug.studies.rates import fit_rates
from mfplug.studies.verdicts import judge

#: Relative standard errors of fits with a second term and of those without; None for
#: numbers without noise. Profile `quick` reaches 0.002 for `empirical` in d = 2 and 3,
#: and 0.004 to 0.009 in d = 1, where its interval is three times as wide as here.
#: `hmf-chaos` reaches 0.009 to 0.017.
NOISE = {
    "chaos": (0.004, 0.02),
    "empirical": (0.002, None),
    "hmf-chaos": (0.012, None),
    "large-deviations": None,
}
NO_BOUNDS = pd.DataFrame(columns=["time", "metric", "index", "bound", "value"])


def law(fit, n: np.ndarray) -> np.ndarray:
    """Values that follow the fitted model with its prediction, b of ordinary size."""
    if fit.model == "log-over-n":
        return 0.4 * ((np.log(n) + 0.8) / n) ** fit.predicted
    power = 1.0 if fit.correction is True else float(fit.correction)
    second = 1.0 + 0.3 * n**-power if fit.correction else 1.0
    return 0.7 * n**fit.predicted * second


def table(study, levels: tuple | None, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = np.array(study.sweep["N"], float)
    # A labelled case stands in the tables by its label.
    sweep = {k: [getattr(v, "label", v) for v in vs] for k, vs in study.sweep.items()}
    groups = [k for k in sweep if k != "N"]
    rows = []
    for fit in study.fits:
        noise = levels and levels[0 if fit.correction is not False else 1]
        allowed = {k: fit.where.get(k, sweep[k]) for k in groups}
        values = [v if isinstance(v, list) else [v] for v in allowed.values()]
        for fixed in itertools.product(*values):
            exact = law(fit, n)
            error = np.full(n.size, np.nan) if noise is None else noise * exact
            shift = 0.0 if noise is None else error * rng.standard_normal(n.size)
            rows.append(
                pd.DataFrame(
                    dict(zip(groups, fixed, strict=True))
                    | {
                        "N": n,
                        "time": study.times[-1],
                        "metric": fit.metric,
                        "index": fit.index,
                        "value": exact + shift,
                        "stderr": error,
                    }
                )
            )
    return pd.concat(rows, ignore_index=True)


@pytest.mark.parametrize("name", NOISE)
def test_wrong_by_015_turns_the_verdict(name: str) -> None:
    """Right predictions hold, each wrong one of 0.15 fails; seed 1, family 1e-3."""
    _, study = load(name)
    (verdict,) = study.verdicts
    checks = [c for c in verdict.checks if c.rule == "exponent"]
    verdict = verdict.model_copy(update={"checks": checks})
    assert {c.fit for c in checks} == {f.name for f in study.fits}
    data = table(study, NOISE[name], seed=1)
    swept = list(study.sweep)

    def found(fits) -> str:
        rates = fit_rates(data, fits, swept)
        return judge([verdict], data, NO_BOUNDS, rates)[0]["verdict"]

    assert found(study.fits) == "holds"
    for place, fit in enumerate(study.fits):
        for shift in (0.15, -0.15):
            wrong = fit.model_copy(update={"predicted": fit.predicted + shift})
            fits = [*study.fits[:place], wrong, *study.fits[place + 1 :]]
            assert found(fits) == "fails", (fit.name, shift)
