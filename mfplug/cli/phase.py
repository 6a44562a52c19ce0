"""``mfplug phase``: a picture of phase space from a stored mean field."""

from __future__ import annotations

import argparse
from pathlib import Path

ENDINGS = ("png", "svg", "pdf")


def main(arguments: argparse.Namespace) -> int:
    """Draw f_t of a stored field at some times and say where the picture is."""
    from mfplug.errors import ParameterError
    from mfplug.report.files import write_whole
    from mfplug.report.phase_space import phase_space_figure
    from mfplug.report.style import save
    from mfplug.studies.store import load_field

    target = Path(arguments.picture)
    ending = target.suffix.lstrip(".").lower()
    if ending not in ENDINGS:
        raise ParameterError(
            f"picture '{target}': unknown format; got '{target.suffix}', expected one "
            f"of {', '.join('.' + e for e in ENDINGS)}. Change the name."
        )
    _check_no_study(arguments.field)
    field = load_field(arguments.field)
    figure = phase_space_figure(field, arguments.times or field.times)
    write_whole(target, save(figure, ending))
    print(target)
    return 0


def _check_no_study(given: str) -> None:
    """Refuse a study or its results in the place of one of its fields.

    A study has a field for each of its cells: which one is meant, nobody can guess.
    """
    from mfplug.errors import ParameterError
    from mfplug.studies.load import shipped

    path = Path(given)
    if path.suffix in (".yaml", ".yml"):
        got, name = "a study file", path.stem
    elif (path / "plan.json").is_file():
        got, name = "the results of a study", path.name
    elif given in shipped() and not path.exists():
        got, name = "the name of a study", given
    else:
        return
    raise ParameterError(
        f"field '{given}': no stored field; got {got}, expected an npz file of "
        f"mfplug.save_field. Run the study, then in Python: mfplug.save_field("
        f"'field.npz', mfplug.load('results/{name}').cells[0].field)."
    )
