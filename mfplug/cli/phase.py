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
    field = load_field(arguments.field)
    figure = phase_space_figure(field, arguments.times or field.times)
    write_whole(target, save(figure, ending))
    print(target)
    return 0
