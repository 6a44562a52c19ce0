"""Reading a study's result files strictly and writing files whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mfplug.errors import StoreError, did_you_mean
from mfplug.inputs import check_regular, check_target


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


#: Columns of ``table.csv`` that are not swept parameters.
TABLE_COLUMNS = _names("time metric index value stderr lower upper replicas note")
#: Columns of ``bounds.csv`` that are not swept parameters.
BOUND_COLUMNS = _names("time metric index bound value")
#: Columns of ``rates.csv`` that are not swept parameters.
RATE_COLUMNS = _names(
    "metric index time against exponent stderr lower upper predicted points"
)
#: Columns that ``rates.csv`` may have besides: name and model of the fit, degrees of
#: freedom, least and largest abscissa fitted, why there is no number.
RATE_EXTRAS = _names("fit model dof from to note")

#: Columns that hold a finite number or nothing, wherever they occur.
NUMBERS = frozenset(
    _names(
        "time value stderr lower upper exponent predicted points replicas dof from to"
    )
)

Row = dict[str, str]


@dataclass(frozen=True)
class Table:
    """A CSV file as text: column names, swept parameters and rows of strings.

    Text is kept as it was written, so a table is shown with the digits it has.
    """

    path: Path
    columns: tuple[str, ...]
    swept: tuple[str, ...]
    rows: tuple[Row, ...]


def number(text: str) -> float | None:
    """Return the finite number that a cell holds, or None for an empty cell.

    Raises
    ------
    ValueError
        If the text is no finite number.
    """
    if not text:
        return None
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a finite number")
    return value


def same(left: str, right: object) -> bool:
    """Return whether a cell and a value are equal, as numbers if both are numbers.

    >>> same("1.0", 1), same("gaussian", "gaussian"), same("", 0)
    (True, True, False)
    """
    try:
        a, b = float(left), float(str(right))
    except ValueError:
        return left == str(right)
    return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-300)


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file.

    Raises
    ------
    StoreError
        If the file cannot be read or is not UTF-8.
    """
    check_regular(path, "result file")
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(
            f"result file '{path}': cannot be read ({reason}). Run the study again."
        ) from error
    except UnicodeDecodeError as error:
        raise StoreError(
            f"result file '{path}': is not UTF-8 text. Run the study again."
        ) from error


def read_table(
    path: Path, known: tuple[str, ...], extras: tuple[str, ...] = ()
) -> Table:
    """Read a CSV file with swept parameters, ``known`` columns, perhaps ``extras``.

    Raises
    ------
    StoreError
        If the file is missing, lacks a column, names one twice, has a row of another
        length, or holds something that is not a finite number in a numeric column.
    """
    try:
        stream = io.StringIO(read_text(path), newline="")
        lines = list(csv.reader(stream, strict=True))
    except csv.Error as error:
        raise StoreError(
            f"result file '{path}': is not CSV ({error}). Run the study again."
        ) from error
    header = tuple(lines[0]) if lines else ()
    missing = [name for name in known if name not in header]
    if missing or len(set(header)) != len(header):
        raise StoreError(
            f"result file '{path}': wrong columns; got {', '.join(header) or 'none'}, "
            f"expected the swept parameters and {', '.join(known)}, each once. "
            "Run the study again."
        )
    rows = tuple(_row(path, header, n, line) for n, line in enumerate(lines[1:], 2))
    swept = tuple(c for c in header if c not in known and c not in extras)
    return Table(path, header, swept, rows)


def read_rates(folder: Path) -> Table:
    """Read ``rates.csv`` of a results folder."""
    return read_table(folder / "rates.csv", RATE_COLUMNS, RATE_EXTRAS)


def _row(path: Path, header: tuple[str, ...], line: int, cells: list[str]) -> Row:
    if len(cells) != len(header):
        raise StoreError(
            f"result file '{path}': line {line} has another length; got {len(cells)} "
            f"cells, expected {len(header)}. Run the study again."
        )
    row = dict(zip(header, cells, strict=True))
    for name in NUMBERS.intersection(header):
        try:
            number(row[name])
        except ValueError:
            raise StoreError(
                f"result file '{path}': line {line}, column '{name}'; got "
                f"{row[name]!r}, expected a finite number or nothing. "
                "Run the study again."
            ) from None
    return row


def read_json(path: Path, kind: type[Any]) -> Any:
    """Read a JSON file whose outermost value is of the given type (dict or list).

    Raises
    ------
    StoreError
        If the file is missing, is not JSON, or holds something else.
    """
    text = read_text(path)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StoreError(
            f"result file '{path}': is not JSON ({error}). Run the study again."
        ) from error
    if not isinstance(value, kind):
        name = "a mapping" if kind is dict else "a list"
        raise StoreError(
            f"result file '{path}': holds something else; got "
            f"{type(value).__name__}, expected {name}. Run the study again."
        )
    return value


def pick(path: Path, what: str, name: str, known: tuple[str, ...]) -> str:
    """Return ``name`` if it is known.

    Raises
    ------
    StoreError
        If it is not, with the nearest known name.
    """
    if name not in known:
        raise StoreError(
            f"result file '{path}': unknown {what} '{name}'. "
            f"{did_you_mean(name, known)}"
        )
    return name


def write_whole(path: Path, content: bytes) -> Path:
    """Write a file through a temporary one beside it, so that it is whole or absent.

    Raises
    ------
    StoreError
        If it cannot be written: no permission, no space, no such folder.
    """
    check_target(path)
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise StoreError(
            f"file '{path}': cannot be written ({error.strerror or error}). "
            "Check permissions and free space."
        ) from error
    return path


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
