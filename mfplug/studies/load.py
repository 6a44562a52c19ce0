"""Reading study files: YAML in, a checked and complete study out."""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mfplug.errors import StudyError, did_you_mean
from mfplug.studies.model import PROFILES, StudyFile

MAX_BYTES = 1_000_000


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


def read_yaml(path: Path) -> Any:
    """Return the content of a YAML file: plain data, no tags, no duplicate keys."""
    import yaml

    try:
        if path.stat().st_size > MAX_BYTES:
            raise StudyError(
                f"study file '{path}': too large; got {path.stat().st_size} bytes, "
                f"expected at most {MAX_BYTES}. Is it a study?"
            )
        text = path.read_text(encoding="utf-8")
        # An alias costs nothing to write and can expand to anything.
        if any(
            isinstance(e, yaml.AliasEvent) for e in yaml.parse(text, yaml.SafeLoader)
        ):
            raise StudyError(
                f"study file '{path}': YAML aliases are not allowed; got '*', expected "
                "plain data. Write the value out."
            )
        return yaml.load(text, Loader=_loader())  # noqa: S506  # a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or "cannot be read"
        raise StudyError(
            f"study file '{path}': not YAML{where}; got: {what}, expected a mapping such "
            "as `title: ...`. Mend the file."
        ) from error
    except UnicodeDecodeError as error:
        raise StudyError(
            f"study file '{path}': not text; got bytes that are not UTF-8, expected "
            "YAML. Is it a study?"
        ) from error
    except OSError as error:
        raise StudyError(
            f"study file '{path}': cannot be read; got {error.strerror}, expected a "
            "readable file. Check the path."
        ) from error


def _loader() -> Any:
    import re

    import yaml

    class Loader(yaml.SafeLoader):
        """The safe loader that also refuses to lose one of two equal keys."""

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            keys = [self.construct_object(k, deep=True) for k, _ in node.value]
            twice = [k for i, k in enumerate(keys) if k in keys[:i]]
            if twice:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{twice[0]}' stands twice", node.start_mark
                )
            return super().construct_mapping(node, deep)

    # YAML 1.1 takes 1e-3 for a string; YAML 1.2 and everybody's eye take it for a number.
    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:float",
        re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
        list("-+0123456789."),
    )
    return Loader


def parse(data: Any, where: str, profile: str) -> StudyFile:
    """Return the study in plain data, checked, with a profile applied."""
    from pydantic import ValidationError

    if not isinstance(data, Mapping):
        raise StudyError(
            f"study '{where}': not a mapping; got {type(data).__name__}, expected keys "
            "such as title, system, metrics. Mend the file."
        )
    profiles = data.get("profiles") or {}
    if not isinstance(profiles, Mapping):
        raise StudyError(
            f"study '{where}': profiles is not a mapping; got {profiles!r}, expected "
            "{quick: {...}, paper: {...}}. Mend the file."
        )
    known = sorted({*PROFILES, *map(str, profiles)})
    if profile not in known:
        raise StudyError(
            f"study '{where}': no profile '{profile}'; expected one of "
            f"{', '.join(known)}. {did_you_mean(profile, known)}"
        )
    try:
        # The base is checked too, so that a typo does not hide behind a profile.
        StudyFile.model_validate(data)
        chosen = profiles.get(profile) or {}
        if not isinstance(chosen, Mapping):
            chosen = {"profiles": chosen}
        if "profiles" in chosen:
            raise StudyError(
                f"study '{where}': profile '{profile}' is not a mapping of study keys; "
                f"got {chosen!r}. Mend the file."
            )
        return StudyFile.model_validate(merge(data, chosen))
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
    first = error.errors()[0]
    path = ".".join(
        str(part)
        for part in first["loc"]
        if not (isinstance(part, str) and ("[" in part or part in _TYPE_TAGS))
    )
    more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
    got = repr(first.get("input"))
    got = got if len(got) < 80 else got[:77] + "..."
    if first["type"] == "extra_forbidden":
        key = str(first["loc"][-1])
        model = _model_at(first["loc"][:-1])
        hint = did_you_mean(key, model)
        return f"study '{where}': unknown key '{path}'; got {got}. {hint}{more}"
    if first["type"] == "missing":
        return (
            f"study '{where}': key '{path}' is missing; expected a value. Add it.{more}"
        )
    return (
        f"study '{where}': key '{path}' is wrong; got {got}, expected: {first['msg']}. "
        f"Change it.{more}"
    )


_TYPE_TAGS = {
    "str",
    "int",
    "bool",
    "float",
    "Case",
    "PowerLaw",
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
