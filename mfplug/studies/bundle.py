"""Bundles: results, inputs and provenance in one archive to deposit."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mfplug.errors import MfplugError, ParameterError, StoreError
from mfplug.inputs import check_regular
from mfplug.report.files import read_json, write_whole
from mfplug.report.study_view import folder_of
from mfplug.studies.compare import studies_in
from mfplug.studies.crate import METADATA, About, Part, metadata
from mfplug.studies.load import find, load
from mfplug.studies.plan import read_plan

#: Files of a study's folder that are of this machine and no result.
LEFT_OUT = {"plan.json"}
#: Zip archives know no earlier date; equal results give equal archives.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def bundle(
    out: Path | str,
    target: Path | str,
    about: About,
    studies: Sequence[str] = (),
) -> Path:
    """Write results, their inputs and how they were made into one zip archive.

    The archive holds each study's folder, the page if there is one, under ``inputs``
    the study files, local plugin files and versions, and RO-Crate 1.1 metadata. The
    store is left out: it can be computed again from the inputs.

    Parameters
    ----------
    out
        The results folder.
    target
        The archive to write.
    about
        Name, date, license and author of the whole.
    studies
        Which studies; all of the folder if empty.

    Returns
    -------
    Path
        The archive; the same results and ``about`` give the same bytes.

    Raises
    ------
    StoreError
        If a study has no results, or the archive cannot be written.
    ParameterError
        If date or license are none.
    """
    out, target = Path(out), Path(target)
    check_about(about)
    contents: dict[str, bytes] = {}
    parts = []
    for name in studies or studies_in(out):
        parts.append(_add_study(out, name, contents))
    if (out / "report.html").is_file():
        _check_own("the page", out / "report.html")
        contents["report.html"] = (out / "report.html").read_bytes()
    whole = {METADATA: metadata(about, parts, contents), **contents}
    return write_whole(target, _zipped(whole))


def check_about(about: About) -> None:
    """Refuse a date that is no date, and what cannot be a license of the SPDX list.

    Raises
    ------
    ParameterError
        If one of them is wrong.
    """
    try:
        datetime.date.fromisoformat(about.date)
    except ValueError:
        raise ParameterError(
            f"bundle: the date is no date; got '{about.date}', expected YYYY-MM-DD. "
            "Change --date."
        ) from None
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+-]*", about.license):
        raise ParameterError(
            f"bundle: this is no identifier of a license; got '{about.license}', "
            "expected one of the SPDX list such as CC-BY-4.0. Change --license."
        )


def _add_study(out: Path, name: str, contents: dict[str, bytes]) -> Part:
    """Add a study's files to the contents and return what is said of them."""
    folder = folder_of(out, name)
    if not (folder / "verdict.json").is_file():
        raise StoreError(
            f"study '{name}': no results in '{out}'; expected '{folder}' with a "
            f"verdict.json. Run `mfplug run {name} --out {out}` first."
        )
    files = []
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name not in LEFT_OUT:
            _check_own(name, path)
            files.append(f"{name}/{path.name}")
            contents[files[-1]] = path.read_bytes()
    study = read_json(folder / "study.json", dict)
    provenance = read_json(folder / "provenance.json", dict)
    found = provenance.get("versions")
    pairs = found.items() if isinstance(found, dict) else ()
    versions = {str(key): str(value) for key, value in pairs}
    return Part(
        name=name,
        title=str(study.get("title") or name),
        files=tuple(files),
        inputs=_add_inputs(folder, name, versions, contents),
        command=str(provenance.get("command", "")),
        versions=versions,
    )


def _check_own(name: str, path: Path) -> None:
    """Refuse a link: the archive would hold a file that is no result."""
    if path.is_symlink():
        raise StoreError(
            f"study '{name}': '{path}' is a link; expected a file of the results, "
            "which alone are packed. Remove the link."
        )


def _add_inputs(
    folder: Path, name: str, versions: Mapping[str, str], contents: dict[str, bytes]
) -> tuple[str, ...]:
    """Add the study file, local plugins and versions; return where they are."""
    plan: dict[str, Any] = read_plan(folder / "plan.json")
    inputs = [f"inputs/{name}/study.yaml"]
    try:
        # A plan may come from elsewhere, and name any file of this machine.
        load(str(plan["source"]), str(plan["profile"]))
        contents[inputs[0]] = find(str(plan["source"])).read_bytes()
        for file in map(Path, plan["plugin_files"]):
            inputs.append(_new(f"inputs/{name}/{file.name}", contents))
            contents[inputs[-1]] = _plugin_file(file)
    except (MfplugError, OSError) as error:
        raise StoreError(
            f"study '{name}': an input is gone ({' '.join(str(error).split())}); "
            "expected the files that it was run with. Run the study again."
        ) from error
    lines = [
        f"{package}=={version}"
        for package, version in versions.items()
        if package != "python" and version != "not installed"
    ]
    inputs.append(f"inputs/{name}/requirements.txt")
    contents[inputs[-1]] = ("\n".join(lines) + "\n").encode()
    return tuple(inputs)


def _plugin_file(path: Path) -> bytes:
    check_regular(path, "plugin file")
    if path.suffix != ".py":
        raise StoreError(f"'{path}' is no plugin file: it does not end in .py")
    return path.read_bytes()


def _new(path: str, taken: Mapping[str, bytes]) -> str:
    """Return a path in the archive: two files of one name are both kept.

    >>> _new("inputs/s/a.py", {"inputs/s/a.py": b"", "inputs/s/a-2.py": b""})
    'inputs/s/a-3.py'
    """
    stem, dot, ending = path.rpartition(".")
    number, found = 1, path
    while found in taken:
        number += 1
        found = f"{stem}-{number}{dot}{ending}"
    return found


def _zipped(contents: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in contents.items():
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return stream.getvalue()
