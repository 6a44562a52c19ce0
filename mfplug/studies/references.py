"""References within a study: found wrong before anything is computed."""

from __future__ import annotations

from pathlib import Path

from mfplug.errors import MfplugError, StudyError, did_you_mean
from mfplug.studies.bounds import check_bound
from mfplug.studies.model import Check, StudyFile, Verdict
from mfplug.studies.verdict_rules import RESOLUTION


def check_references(study: StudyFile, name: str) -> None:
    """Refuse a study whose fits, verdicts or figures name what is not there.

    Raises
    ------
    StudyError
        If a fit is against a parameter that is not swept, a verdict names an unknown
        fit or bound, two fits have one name, a verdict's claim is not declared, or a
        bound or a figure has keys that it does not have.
    """
    swept = list(study.sweep)
    fits = [fit.name or fit.metric for fit in study.fits]
    for fit, called in zip(study.fits, fits, strict=True):
        if fit.against not in swept:
            raise StudyError(
                f"study '{name}': fit '{called}' is against '{fit.against}', which is "
                f"not swept; expected one of {', '.join(swept) or 'a swept parameter'}."
                " Change `against` or the sweep."
            )
        for column in (*fit.where, *fit.predicted_by):
            if column not in swept and column != "time":
                raise StudyError(
                    f"study '{name}': fit '{called}' names '{column}', which is not "
                    f"swept; expected one of {', '.join(swept)}. "
                    + did_you_mean(column, swept)
                )
        if fits.count(called) > 1:
            raise StudyError(
                f"study '{name}': two fits are called '{called}'; expected different "
                "names. Give each a `name`."
            )
    for bound in study.bounds:
        check_bound(bound, f"study '{name}': bound '{bound.name}'")
    _check_figures(study, name)
    _check_claims(study, name)
    for verdict in study.verdicts:
        if study.claims and verdict.claim not in study.claims:
            raise StudyError(
                f"study '{name}': a verdict is on '{verdict.claim}', which is not "
                f"among its claims; expected one of {', '.join(study.claims)}. "
                + did_you_mean(verdict.claim, study.claims)
            )
        for check in verdict.checks:
            _check(check, verdict, study, fits, name)


def _check_claims(study: StudyFile, name: str) -> None:
    """Refuse a claim that is neither known nor the study's own, and a misspelt one.

    A study may speak of claims of its own: they have a verdict, and a ``statement``
    where their name resembles a known one.
    """
    from difflib import get_close_matches

    from mfplug.report.claims import CLAIMS

    stated = {verdict.claim: bool(verdict.statement) for verdict in study.verdicts}
    for claim in dict.fromkeys((*study.claims, *stated)):
        near = get_close_matches(claim, CLAIMS, cutoff=0.7)
        if claim not in CLAIMS and not (
            stated.get(claim) or (claim in stated and not near)
        ):
            raise StudyError(
                f"study '{name}': there is no claim '{claim}'; expected a known one, "
                "or a verdict on it with a `statement` of its own. "
                + did_you_mean(claim, CLAIMS)
            )


def _check_figures(study: StudyFile, name: str) -> None:
    from mfplug.report.figures import declared

    try:
        declared(Path(name), {"figures": study.figures})
    except MfplugError as error:
        text = str(error).replace("result file", "study", 1)
        raise StudyError(text) from error


def _check(
    check: Check, verdict: Verdict, study: StudyFile, fits: list[str], name: str
) -> None:
    who = f"study '{name}': verdict of '{verdict.claim}'"
    if check.rule == "exponent":
        if check.fit not in fits:
            raise StudyError(
                f"{who} names the fit '{check.fit}'; expected one of "
                f"{', '.join(fits) or 'none: there are no fits'}. "
                + did_you_mean(str(check.fit), fits)
            )
        if check.tolerance is not None and not 0 < check.tolerance <= RESOLUTION:
            raise StudyError(
                f"{who}: the tolerance of an exponent is {check.tolerance:g}, expected "
                f"at most {RESOLUTION:g}. Beyond it an exponent wrong by "
                f"{2 * RESOLUTION:g} would pass; lower it."
            )
        return
    bounds = [bound.name for bound in study.bounds]
    if check.metric is None or check.bound is None:
        raise StudyError(
            f"{who}: rule '{check.rule}' needs `metric` and `bound`; got "
            f"metric = {check.metric!r}, bound = {check.bound!r}. Add them."
        )
    if check.bound not in bounds:
        raise StudyError(
            f"{who} names the bound '{check.bound}'; expected one of "
            f"{', '.join(bounds) or 'none: there are no bounds'}. "
            + did_you_mean(check.bound, bounds)
        )
