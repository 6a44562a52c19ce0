"""Where jobs run: on this machine, or on a cluster by one of Snakemake's executors.

A profile, the file ``config.yaml`` of a folder, is one of Snakemake's own and serves
``snakemake --profile`` too. ``--set`` changes its entries and what the plugin is told.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from mfplug.errors import MfplugError, ParameterError, did_you_mean, shown
from mfplug.studies.cost import TARGET
from mfplug.studies.timelimit import duration
from mfplug.studies.yamlfile import read_yaml

#: Entries of a profile that mfplug passes on, by the name of the field here.
ENTRIES = {
    "jobs": "jobs",
    "retries": "retries",
    "minutes": "minutes",
    "latency-wait": "latency",
    "seconds-between-status-checks": "interval",
}
#: Entries that a profile gives to the workflow, and that mfplug reads as well.
_CONFIG = ("minutes", "time_limit")
#: What Slurm is asked for with each job, by its short name.
SLURM = {
    "partition": "slurm_partition",
    "account": "slurm_account",
    "extra": "slurm_extra",
    "constraint": "constraint",
}
#: Entries that say nothing to mfplug: what they ask for is always done.
_IMPLIED = {"executor", "config", "scheduler", "rerun-incomplete", "default-resources"}


@dataclass(frozen=True)
class Executor:
    """Where the jobs of a run go, and how large they are.

    Parameters
    ----------
    name
        ``local``, or an executor plugin of Snakemake.
    jobs
        How many jobs may be in the queue at a time.
    retries
        How often a failed job is tried again; it asks for more memory and time.
    minutes
        What a job should take: small pieces of work are done together.
    latency
        Seconds to wait for a file of another machine to show.
    interval
        Seconds between two questions after the state of the jobs.
    time_limit
        Seconds that a job has at its first try; from its estimated cost if not given.
    resources
        What every job asks for beside threads, memory and time.
    settings
        Settings of the plugin, by its own names.
    """

    name: str = "local"
    jobs: int = 1
    retries: int = 0
    minutes: float = TARGET / 60
    latency: int = 2
    interval: int = 10
    time_limit: float | None = None
    resources: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def local(self) -> bool:
        """Whether the jobs run on this machine."""
        return self.name == "local"


LOCAL = Executor()


def profiles() -> list[str]:
    """Return the names of the shipped profiles of clusters."""
    found = _folder().glob("*/config.yaml")
    return sorted(f.parent.name for f in found if f.parent.name != "default")


def executor_of(name: str, changes: Sequence[str] = ()) -> Executor:
    """Return an executor by name, or by the folder of a profile.

    Parameters
    ----------
    name
        ``local``, a shipped profile, or a folder with a ``config.yaml``.
    changes
        ``KEY=VALUE``: an entry of the profile (``jobs``, ``retries``, ``minutes`` and
        so on), what Slurm is asked for (``partition``, ``account``, and so on), or a
        setting of the plugin without its prefix, such as ``submit-cmd``.

    Raises
    ------
    ParameterError
        If there is no such executor or key, or a value is not allowed.
    MfplugError
        If the plugin is not installed.
    """
    pairs = dict(_pair(change) for change in changes)
    if name == "local":
        if pairs:
            raise ParameterError(
                f"executor 'local': it has no settings; got {', '.join(pairs)}, "
                "expected none. Leave --set out, or name a cluster by --executor."
            )
        return LOCAL
    data = _read(name)
    plugin = str(data.get("executor", name))
    known = _settings_of(plugin)
    executor = Executor(name=plugin)
    for key, value in (_entries(data, plugin) | pairs).items():
        executor = _with(executor, key, value, known)
    return executor


def _folder() -> Path:
    from importlib.resources import files

    return Path(str(files("mfplug_workflows"))) / "profiles"


def _read(name: str) -> dict[str, Any]:
    folder = Path(name) if os.sep in name else _folder() / name
    if not (folder / "config.yaml").is_file():
        known = ["local", *profiles()]
        raise ParameterError(
            f"executor '{name}': no such executor; expected {', '.join(known)}, or the "
            f"path of a folder with a profile. {did_you_mean(name, known)}"
        )
    data = read_yaml(folder / "config.yaml", "profile")
    if not isinstance(data, dict):
        raise ParameterError(
            f"profile '{folder}': wrong type; got {shown(data)}, expected a mapping. "
            "Mend it."
        )
    return data


def _entries(data: Mapping[str, Any], plugin: str) -> dict[str, Any]:
    """Return the entries of a profile by the names that ``--set`` uses."""
    found: dict[str, Any] = {}
    for key, value in data.items():
        if key not in _IMPLIED:
            found[str(key).removeprefix(f"{plugin}-")] = value
    for entry in _listed(data.get("config")):
        key, value = _pair(entry)
        if key in _CONFIG:
            found[key.replace("_", "-")] = value
    for entry in _listed(data.get("default-resources")):
        key, value = _pair(entry)
        found[key.removeprefix("slurm_")] = value
    return found


def _listed(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [f"{key}={entry}" for key, entry in value.items()]
    if isinstance(value, str):
        return value.split()
    if value is None:
        return []
    return [str(entry) for entry in (value if isinstance(value, list) else [value])]


def _pair(text: str) -> tuple[str, str]:
    key, sign, value = str(text).partition("=")
    if not sign or not key or not value:
        raise ParameterError(
            f"--set: not allowed; got {shown(text)}, expected KEY=VALUE, such as "
            "partition=short. Write it so."
        )
    return key, value


def _settings_of(plugin: str) -> dict[str, Any]:
    """Return the fields of a plugin's settings, by their names on the command line."""
    module = f"snakemake_executor_plugin_{plugin.replace('-', '_')}"
    # A dot in the name would stand for a module in another.
    known = module.isidentifier() and all(
        importlib.util.find_spec(m) is not None for m in ("snakemake", module)
    )
    if not known:
        raise MfplugError(
            f"executor '{plugin}': it is not installed; expected the package "
            f"{module.replace('_', '-')}. Install it with: "
            'pip install "mfplug[cluster]"'
        )
    from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry

    settings = ExecutorPluginRegistry().get_plugin(plugin).settings_cls
    if settings is None:
        return {}
    return {f.name.replace("_", "-"): f.type for f in fields(settings)}


def _with(
    executor: Executor, key: str, value: Any, known: Mapping[str, Any]
) -> Executor:
    """Return the executor with one more setting."""
    if key in ENTRIES:
        changed: dict[str, Any] = {ENTRIES[key]: _number(key, value)}
        return replace(executor, **changed)
    if key == "time-limit":
        return replace(executor, time_limit=duration(str(value)))
    slurm = executor.name == "slurm"
    if key in known:
        settings = {key.replace("-", "_"): _typed(key, value, str(known[key]))}
        return replace(executor, settings={**executor.settings, **settings})
    if slurm and key in SLURM:
        resources = {SLURM[key]: str(value)}
        return replace(executor, resources={**executor.resources, **resources})
    options = [*ENTRIES, "time-limit", *(SLURM if slurm else ()), *known]
    raise ParameterError(
        f"executor '{executor.name}': no setting '{key}'; expected one of "
        f"{', '.join(sorted(set(options)))}. {did_you_mean(key, options)}"
    )


def _number(key: str, value: Any) -> float | int:
    """Return a whole number, or minutes."""
    try:
        number = float(value) if key == "minutes" else int(str(value))
    except (TypeError, ValueError):
        number = -1
    least = {"retries": 0, "latency-wait": 0, "minutes": 0.1}.get(key, 1)
    if not least <= number <= 1e6:
        raise ParameterError(
            f"--set {key}: not allowed; got {shown(value)}, expected a number from "
            f"{least:g} to 1e6. Change it."
        )
    return number


def _typed(key: str, value: Any, kind: str) -> Any:
    """Return a value as the plugin's setting wants it."""
    text = str(value)
    if "bool" in kind:
        if text.lower() in ("true", "yes", "1"):
            return True
        if text.lower() in ("false", "no", "0"):
            return False
        raise ParameterError(
            f"--set {key}: not allowed; got {shown(value)}, expected true or false. "
            "Change it."
        )
    if "int" in kind or "float" in kind:
        try:
            return int(text) if "int" in kind else float(text)
        except ValueError:
            raise ParameterError(
                f"--set {key}: not allowed; got {shown(value)}, expected a number. "
                "Change it."
            ) from None
    return Path(text) if "Path" in kind else text
