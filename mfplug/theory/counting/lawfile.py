"""Law files: CSV with the header n1,...,nm,weight (a law) or n1,...,nm (samples)."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from mfplug.errors import ParameterError
from mfplug.inputs import check_regular
from mfplug.theory.counting.lattice import Array

Law = dict[tuple[int, ...], float]


def read_law(path: Path, cells: int) -> Law | Array:
    """Return the law or the samples of a CSV file.

    Raises
    ------
    ParameterError
        If the file is no law file for this number of cells.
    """
    check_regular(path, "law file", ParameterError)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ParameterError(
            f"law file '{path}': cannot be read; got {reason}, expected a CSV file. "
            "Check the path."
        ) from None
    header = [name.strip() for name in rows[0]] if rows else []
    counts = [f"n{i + 1}" for i in range(cells)]
    if header not in (counts, [*counts, "weight"]):
        raise ParameterError(
            f"law file '{path}': wrong header; got '{','.join(header)}', expected "
            f"'{','.join(counts)}' with or without 'weight', one count for each of "
            f"the {cells} cells. Mend the file or --cells."
        )
    numbers = [_numbers(path, i, row, header) for i, row in enumerate(rows[1:], 2)]
    table = np.array(numbers)
    if table.size == 0:
        raise ParameterError(
            f"law file '{path}': no rows; got a header only, expected occupations. "
            "Mend the file."
        )
    if header[-1] != "weight":
        return table
    law: Law = {}
    for row in table:
        if not np.isfinite(row).all() or (row[:-1] != np.floor(row[:-1])).any():
            raise ParameterError(
                f"law file '{path}': a row is no occupation with its weight; got "
                f"{row.tolist()}, expected counts and a number. Mend the file."
            )
        key = tuple(int(n) for n in row[:-1])
        if key in law:
            raise ParameterError(
                f"law file '{path}': an occupation occurs twice; got {key}, expected "
                "each once. Add the weights up."
            )
        law[key] = float(row[-1])
    return law


def _numbers(path: Path, line: int, row: list[str], header: list[str]) -> list[float]:
    try:
        numbers = [float(text) for text in row]
    except ValueError:
        numbers = []
    if len(numbers) != len(header):
        raise ParameterError(
            f"law file '{path}': line {line} is wrong; got '{','.join(row)}', expected "
            f"{len(header)} numbers. Mend the file."
        )
    return numbers
