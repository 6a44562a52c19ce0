"""The commands with their words and options: one parser."""

from __future__ import annotations

import argparse
import os

from mfplug import __version__
from mfplug.errors import printable

STEPS = {
    "solve": "solve for the mean field of a study's systems",
    "simulate": "simulate the replicas of a study",
    "measure": "measure a study's metrics",
    "tabulate": "write a study's tables, rates, bounds and verdicts",
    "plot": "write a study's figures",
}

#: Help that several commands share.
PROFILES = "quick (default), smoke, paper, or one of the study's own"
RESULTS = "results folder"
CORES = "processors to use (all)"


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> None:  # type: ignore[override]
        """Print one line and leave with status 2."""
        self.exit(
            2, f"mfplug: error: {printable(message)}. See '{self.prog} --help'.\n"
        )

    def _get_values(
        self, action: argparse.Action, arg_strings: list[str]
    ) -> list[str] | str:
        """Refuse a second `--` where a word is wanted: some Pythons make it a list."""
        found: list[str] | str = super()._get_values(action, arg_strings)
        if action.nargs is None and found == []:
            raise argparse.ArgumentError(action, "expected a word; got '--'")
        return found


def build_parser() -> Parser:
    """Return the parser of all commands."""
    common = Parser(add_help=False)
    common.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="FILE",
        help="a local Python file with plugins (may be given more than once)",
    )
    parser = Parser(
        prog="mfplug",
        description="Mean-field limits of classical particles.",
    )
    parser.add_argument("--version", action="version", version=f"mfplug {__version__}")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=Parser
    )

    def add(name: str, text: str, module: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name, help=text, description=text.capitalize() + ".", parents=[common]
        )
        sub.set_defaults(module=module)
        return sub

    plugins = add("plugins", "list the plugins, or describe one", "plugins")
    plugins.add_argument("kind", nargs="?", metavar="KIND", help=f"{_kinds()}; or all")
    plugins.add_argument("name", nargs="?", metavar="NAME", help="describe this one")
    plugins.add_argument("--json", action="store_true", help="as JSON")
    plugins.add_argument(
        "--requirements",
        action="store_true",
        help="what to install to get the same plugins",
    )
    plugins.add_argument(
        "--plot",
        metavar="FILE",
        help="draw it, as PNG, SVG or PDF",
    )
    check = add("check", "check that a plugin keeps what it declares", "check")
    check.add_argument("kind", nargs="?", metavar="KIND", help=_kinds())
    check.add_argument("name", nargs="?", metavar="NAME", help="the plugin's name")
    check.add_argument(
        "--all", action="store_true", help="every plugin, or all of KIND"
    )
    check.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PARAMETER=VALUE",
        help="a parameter of the plugin (may be given more than once)",
    )
    check.add_argument(
        "--only", action="append", default=[], metavar="CHECK", help="this check alone"
    )
    check.add_argument("--json", action="store_true", help="as JSON")
    new = add("new", "write a package with a plugin to start from", "new")
    new.add_argument("kind", metavar="KIND", help=_kinds())
    new.add_argument("name", metavar="NAME", help="such as soft-morse")
    new.add_argument("--into", default=".", metavar="DIR", help="where it is made")
    doctor = add("doctor", "say what is installed and what is wrong with it", "doctor")
    doctor.add_argument(
        "--out", default="results", metavar="DIR", help="the disk of these results"
    )
    doctor.add_argument("--json", action="store_true", help="as JSON")
    clean = add("clean", "empty the cache of compiled code", "clean")
    clean.add_argument("--dry-run", action="store_true", help="say what would be done")
    studies = add("studies", "list the shipped studies", "studies")
    studies.add_argument("--json", action="store_true", help="as JSON")
    studies.add_argument(
        "--schema", action="store_true", help="print the JSON Schema of a study file"
    )
    theory = add(
        "theory", "say which statements of the thesis apply to a study", "theory"
    )
    theory.add_argument("study", metavar="STUDY", help="a name or a YAML file")
    theory.add_argument("--profile", default="quick", help=PROFILES)
    theory.add_argument(
        "--time", type=_time, metavar="T", help="time of the bounds (the study's last)"
    )
    theory.add_argument("--json", action="store_true", help="as JSON")
    run = add("run", "run studies through the workflow", "run")
    run.add_argument("studies", nargs="*", metavar="STUDY", help="names or YAML files")
    run.add_argument("--all", action="store_true", help="every shipped study")
    run.add_argument("--profile", default="quick", help=PROFILES)
    run.add_argument(
        "--cores", type=_count, default=os.cpu_count() or 1, metavar="N", help=CORES
    )
    run.add_argument("--out", default="results", metavar="DIR", help=RESULTS)
    run.add_argument("--dry-run", action="store_true", help="say what would be done")
    run.add_argument(
        "--plan", action="store_true", help="say what it would cost, on how many cores"
    )
    run.add_argument(
        "--memory",
        metavar="SIZE",
        help="what the jobs may use together, such as 4G (what there is)",
    )
    run.add_argument(
        "--time-limit",
        metavar="TIME",
        help="what a job may take before it is ended, such as 90m or 2h",
    )
    run.add_argument(
        "--executor",
        default="local",
        metavar="NAME",
        help="local (default), slurm, cluster-generic, or a folder with a profile",
    )
    run.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting of the executor, such as partition=short (repeatable)",
    )
    diff = add("diff", "compare two results folders", "diff")
    diff.add_argument("first", metavar="A", help="results of one run")
    diff.add_argument("second", metavar="B", help="results of another")
    diff.add_argument("--json", action="store_true", help="as JSON")
    verify = add("verify", "compare studies with the reference tables", "verify")
    verify.add_argument("studies", nargs="*", metavar="STUDY", help="all, if left out")
    verify.add_argument("--profile", default="quick", help=PROFILES)
    verify.add_argument(
        "--cores", type=_count, default=os.cpu_count() or 1, metavar="N", help=CORES
    )
    verify.add_argument(
        "--out", metavar="DIR", help="compare these results, instead of computing anew"
    )
    verify.add_argument(
        "--update", action="store_true", help="make the results of --out the references"
    )
    verify.add_argument(
        "--references", metavar="DIR", help="other references than those that ship"
    )
    verify.add_argument("--json", action="store_true", help="as JSON")
    bundle = add("bundle", "pack results into an archive to deposit", "bundle")
    bundle.add_argument("studies", nargs="*", metavar="STUDY", help="all, if left out")
    bundle.add_argument("--out", default="results", metavar="DIR", help=RESULTS)
    bundle.add_argument(
        "--to", default="mfplug-results.zip", metavar="FILE", help="the archive"
    )
    bundle.add_argument("--name", default="Results of mfplug", help="of the archive")
    bundle.add_argument("--author", default="", metavar="NAME", help="of the results")
    bundle.add_argument("--date", metavar="YYYY-MM-DD", help="of publication (today)")
    bundle.add_argument(
        "--license", default="CC-BY-4.0", metavar="SPDX", help="of the results"
    )
    for name, text in STEPS.items():
        step = add(name, text, "steps")
        step.add_argument("study", metavar="STUDY", help="a name or a YAML file")
        step.add_argument("--profile", default="quick", help=PROFILES)
        step.add_argument("--out", default="results", metavar="DIR", help=RESULTS)
        step.add_argument("--plan", metavar="FILE", help="a plan that `run` wrote")
        step.add_argument("--block", metavar="ID", help="one block of the plan")
        if name == "measure":
            step.add_argument(
                "--snapshots", metavar="FILE", help="measure these: npz or HDF5"
            )
            step.add_argument(
                "--table", metavar="FILE", help="where the rows go (CSV), else printed"
            )
    alpha = add("alpha", "the counting measure of a law or of samples", "alpha")
    alpha.add_argument("file", metavar="FILE", help="CSV: n1,...,nm and maybe weight")
    alpha.add_argument(
        "--cells", required=True, metavar="F", help="f(cell), as 0.5,0.5"
    )
    alpha.add_argument("--positive", action="store_true", help="alpha+ too")
    alpha.add_argument("--json", action="store_true", help="as JSON")
    alpha.add_argument("--plot", metavar="FILE", help="draw sectors and certificate")
    alpha.add_argument("--seed", type=int, default=0, help="of the folds of samples")
    alpha.add_argument("--level", type=float, default=0.95, help="of the limits")
    phase = add("phase", "draw phase space from a stored mean field", "phase")
    phase.add_argument("field", metavar="FIELD", help="an npz of save_field")
    phase.add_argument("picture", metavar="PICTURE", help="PNG, SVG or PDF to write")
    phase.add_argument(
        "--times",
        type=_time,
        nargs="+",
        metavar="T",
        help="all stored ones, if left out",
    )
    report = add("report", "write the page of all studies", "report")
    report.add_argument("studies", nargs="*", metavar="STUDY", help="all, if left out")
    report.add_argument("--out", default="results", metavar="DIR", help=RESULTS)
    report.add_argument("--marker", metavar="FILE", help="file to write when done")
    return parser


def _kinds() -> str:
    from mfplug.contracts.plugin import KINDS

    return ", ".join(KINDS)


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(
            f"not allowed; got {text!r}, expected an integer >= 1"
        )
    return value


def _time(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < 1e6:
        raise argparse.ArgumentTypeError(
            f"not allowed; got {text!r}, expected a number from 0 to 1e6"
        )
    return value
