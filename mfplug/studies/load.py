"""Reading study files: YAML in, a checked and complete study out."""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mfplug.errors import StudyError, did_you_mean, shown
from mfplug.studies.model import PROFILES, StudyFile
from mfplug.studies.yamlfile import read_yaml


def shipped_folder() -> Path:
    """Return the folder of the studies that travel with mfplug."""
    return Path(str(importlib.resources.files("mfplug_workflows"))) / "studies"


def shipped() -> list[str]:
    """Return the sorted names of the shipped studies."""
    return sorted(path.stem for path in shipped_folder().glob("*.yaml"))


def find(name: str) -> Path:
    """Return the file of a shipped study, or the given path of a file."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        if not path.is_file():
            raise StudyError(
                f"study '{name}': no such file; expected a YAML file. Check the path."
            )
        return path
    if name in shipped():
        return shipped_folder() / f"{name}.yaml"
    raise StudyError(
        f"study '{name}': no such study; expected a shipped name or the path of a YAML "
        f"file. {did_you_mean(name, shipped())}"
    )


def load(name: str, profile: str = "quick") -> tuple[str, StudyFile]:
    """Return (name, study) with a profile applied.

    Raises
    ------
    StudyError
        If the file is no YAML, a key is unknown, a value has the wrong type, or there
        is no such profile.
    """
    path = find(name)
    data = read_yaml(path)
    return path.stem, parse(data, str(path.name), profile)


def parse(data: Any, where: str, profile: str) -> StudyFile:
    """Return the study in plain data, checked, with a profile applied."""
    if not isinstance(data, Mapping):
        raise StudyError(
            f"study '{where}': not a mapping; got {type(data).__name__}, expected keys "
            "such as title, system, metrics. Mend the file."
        )
    profiles = data.get("profiles") or {}
    if not isinstance(profiles, Mapping):
        raise StudyError(
            f"study '{where}': profiles is not a mapping; got {shown(profiles)}, "
            "expected {quick: {...}, paper: {...}}. Mend the file."
        )
    known = sorted({*PROFILES, *map(str, profiles)})
    if profile not in known:
        raise StudyError(
            f"study '{where}': no profile '{profile}'; expected one of "
            f"{', '.join(known)}. {did_you_mean(profile, known)}"
        )
    # All profiles are checked, so that a typo does not wait for the one it is in.
    studies = {"": _validated(data, where)}
    for key, changes in profiles.items():
        if "profiles" in changes:
            raise StudyError(
                f"study '{where}': profile '{key}' has profiles itself; got "
                f"{shown(changes['profiles'])}, expected other keys of a study. Mend "
                "the file."
            )
        studies[key] = _validated(merge(data, changes), f"{where}', profile '{key}")
    return studies.get(profile, studies[""])


def _validated(data: Any, where: str) -> StudyFile:
    from pydantic import ValidationError

    try:
        return StudyFile.model_validate(data)
    except ValidationError as error:
        raise StudyError(_explain(error, where)) from error


def merge(base: Any, change: Any) -> Any:
    """Return base with the keys of change; mappings are merged, all else replaced."""
    if isinstance(base, Mapping) and isinstance(change, Mapping):
        # A plugin written anew replaces the old one, parameters included.
        if "name" in change and base.get("name") != change["name"]:
            return dict(change)
        merged = dict(base)
        for key, value in change.items():
            merged[key] = merge(base[key], value) if key in base else value
        return merged
    return change


def _explain(error: Any, where: str) -> str:
    errors = error.errors()
    # A key that is misspelt is also missing: name the misspelling.
    typos = (e for e in errors if e["type"] == "extra_forbidden" and not _tagged(e))
    first = next(typos, None) or _meant(errors) or errors[0]
    path = ".".join(str(part) for part in first["loc"] if not _is_tag(part))
    more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
    got = shown(first.get("input"))
    if first["type"] == "extra_forbidden":
        *above, key = (str(part) for part in first["loc"])
        hint = did_you_mean(key, _model_at(first["loc"][:-1]))
        # Whatever it looks like, the last part is what stands in the file.
        path = ".".join([*(part for part in above if not _is_tag(part)), key])
        return f"study '{where}': unknown key '{path}'; got {got}. {hint}{more}"
    if first["type"] == "missing":
        return (
            f"study '{where}': key '{path}' is missing; expected a value. Add it.{more}"
        )
    return (
        f"study '{where}': key '{path}' is wrong; got {got}, expected: {first['msg']}. "
        f"Change it.{more}"
    )


def _meant(errors: list[Any]) -> Any:
    """Return the first error of a model that has just the keys that are given, or None.

    Where several types are allowed, each of them complains; of a mapping with the keys
    of a model, that model's complaint is the one to show.
    """
    models: dict[tuple[Any, ...], list[Any]] = {}
    for error in errors:
        place = error["loc"]
        for k, part in enumerate(place):
            if part in _MODEL_TAGS and place[k + 1 :]:
                models.setdefault(place[: k + 1], []).append(error)
    other = ("missing", "extra_forbidden")
    return next(
        (found[0] for found in models.values()
         if not any(error["type"] in other for error in found)),
        None,
    )  # fmt: skip


def _is_tag(part: Any) -> bool:
    """Whether a part of an error's place names a type of a union, not a key."""
    return isinstance(part, str) and ("[" in part or part in _TYPE_TAGS)


def _tagged(error: Any) -> bool:
    return any(_is_tag(part) for part in error["loc"])


_MODEL_TAGS = {"Case", "PowerLaw"}
_TYPE_TAGS = _MODEL_TAGS | {
    "str",
    "int",
    "bool",
    "float",
    "constrained-int",
    "last",
    "all",
    "number",
}


def _model_at(location: tuple[Any, ...]) -> list[str]:
    """Return the keys that are known at a place of the study."""
    from mfplug.studies import model

    inner = {
        "system": model.SystemSpec,
        "fits": model.Fit,
        "bounds": model.Bound,
        "verdicts": model.Verdict,
        "checks": model.Check,
    }
    found: type[Any] = model.StudyFile
    for part in location:
        found = inner.get(str(part), found)
    return list(found.model_fields)
