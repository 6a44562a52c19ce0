"""RO-Crate 1.1 metadata of a bundle: what its files are, and what made them.

See https://www.researchobject.org/ro-crate/specification/1.1; the run of a study is a
CreateAction with mfplug as its instrument, the study's file as its object and the
results as what came of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

METADATA = "ro-crate-metadata.json"
_CONTEXT = "https://w3id.org/ro/crate/1.1/context"
_PROFILE = "https://w3id.org/ro/crate/1.1"
_TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}

_FORMATS = {
    "csv": "text/csv",
    "html": "text/html",
    "json": "application/json",
    "md": "text/markdown",
    "pdf": "application/pdf",
    "png": "image/png",
    "py": "text/x-python",
    "svg": "image/svg+xml",
    "tex": "text/x-tex",
    "txt": "text/plain",
    "yaml": "application/yaml",
}
_NAMES = {
    "table.csv": "values with errors, by swept parameters",
    "bounds.csv": "bounds at the same parameters",
    "rates.csv": "fitted exponents beside the predicted ones",
    "verdict.json": "what the data say of each claim",
    "provenance.json": "versions, plugins, seeds, configuration",
    "study.json": "title, claims and figures of the study",
    "table.md": "tables to read",
    "table.tex": "tables for LaTeX",
    "numbers.tex": "every number as a LaTeX macro",
    "report.html": "the page of all studies",
    "requirements.txt": "versions with which the results were made",
}


@dataclass(frozen=True)
class Part:
    """One study in a bundle.

    ``files`` are its results and ``inputs`` its own inputs, as paths in the bundle;
    ``versions`` of software, by name, and ``command`` are those of its provenance.
    """

    name: str
    title: str
    files: tuple[str, ...]
    inputs: tuple[str, ...]
    command: str
    versions: Mapping[str, str]


@dataclass(frozen=True)
class About:
    """What only the depositor knows: name, date (ISO 8601), license (SPDX), author."""

    name: str
    date: str
    license: str
    author: str = ""


def metadata(about: About, parts: list[Part], contents: Mapping[str, bytes]) -> bytes:
    """Return ``ro-crate-metadata.json`` of a bundle.

    Parameters
    ----------
    about
        Of the whole.
    parts
        The studies.
    contents
        All files of the bundle by their path, but for the metadata.
    """
    inside = {path for part in parts for path in part.files}
    loose = [path for path in contents if path not in inside]
    actions = [f"#run-{part.name}" for part in parts]
    licence = f"https://spdx.org/licenses/{about.license}"
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": about.name,
        "description": "Results of mfplug: " + "; ".join(p.title for p in parts) + ".",
        "datePublished": about.date,
        "license": {"@id": licence},
        "hasPart": _refer([*(f"{part.name}/" for part in parts), *loose]),
        "mentions": _refer(actions),
    }
    graph: list[dict[str, Any]] = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "conformsTo": {"@id": _PROFILE},
            "about": {"@id": "./"},
        },
        root,
        {
            "@id": licence,
            "@type": "CreativeWork",
            "name": about.license,
            "description": f"The license {about.license} of the SPDX list.",
        },
    ]
    if about.author:
        root["author"] = {"@id": "#author"}
        graph.append({"@id": "#author", "@type": "Person", "name": about.author})
    for part in parts:
        graph += _study(part)
    graph += _software(parts)
    graph += [_file(path, data) for path, data in contents.items()]
    crate = {"@context": [_CONTEXT, _TERMS], "@graph": graph}
    return (json.dumps(crate, indent=2, ensure_ascii=False) + "\n").encode()


def _refer(paths: list[str]) -> list[dict[str, str]]:
    return [{"@id": _id(path)} for path in paths]


def _id(path: str) -> str:
    """Return a path as a URI, which an identifier has to be."""
    return path if path.startswith("#") else quote(path)


def _study(part: Part) -> list[dict[str, Any]]:
    return [
        {
            "@id": _id(f"{part.name}/"),
            "@type": "Dataset",
            "name": part.title,
            "description": f"Tables, figures and verdicts of the study {part.name}.",
            "hasPart": _refer(list(part.files)),
        },
        {
            "@id": f"#run-{part.name}",
            "@type": "CreateAction",
            "name": f"Run of the study {part.name}",
            "description": part.command,
            "instrument": _refer(
                [f"#{n}-{part.versions[n]}" for n in _computing(part)]
            ),
            "object": _refer(list(part.inputs)),
            "result": {"@id": _id(f"{part.name}/")},
        },
    ]


def _computing(part: Part) -> list[str]:
    return [n for n, version in part.versions.items() if version != "not installed"]


def _software(parts: list[Part]) -> list[dict[str, Any]]:
    found = {(n, p.versions[n]): None for p in parts for n in _computing(p)}
    return [
        {
            "@id": f"#{name}-{version}",
            "@type": "SoftwareApplication",
            "name": name,
            "version": version,
            "softwareVersion": version,
        }
        for name, version in found
    ]


def _file(path: str, data: bytes) -> dict[str, Any]:
    last = path.rsplit("/", 1)[-1]
    ending = last.rsplit(".", 1)[-1]
    return {
        "@id": _id(path),
        "@type": "File",
        "name": _NAMES.get(last, last),
        "encodingFormat": _FORMATS.get(ending, "application/octet-stream"),
        "contentSize": str(len(data)),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
