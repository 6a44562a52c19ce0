"""The command line: each command imports what it needs when it runs."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from mfplug.cli.parser import STEPS, build_parser
from mfplug.errors import MfplugError, PluginDeprecation, printable

__all__ = ["STEPS", "build_parser", "main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status.

    0: done; 1: a study or a job failed; 2: the request is wrong; 130: interrupted.
    """
    arguments = build_parser().parse_args(argv)
    with warnings.catch_warnings():
        # Shown once, as one line, whatever the filters of Python say.
        warnings.simplefilter("once", PluginDeprecation)
        warnings.showwarning = _show_warning(warnings.showwarning)
        return _answer(arguments)


def _show_warning(others: Callable[..., None]) -> Callable[..., None]:
    """Return what shows a warning of mfplug as one line, and others as before."""

    def show(message: Warning | str, category: type[Warning], *rest: Any) -> None:
        if issubclass(category, PluginDeprecation):
            print(f"mfplug: warning: {printable(str(message))}", file=sys.stderr)
        else:
            others(message, category, *rest)

    return show


def _attributed(error: MfplugError) -> str:
    """Return the message, with the distribution of the plugin that is to blame."""
    from mfplug.registry import current
    from mfplug.registry.attribution import attributed

    return attributed(str(error), current())


def _answer(arguments: argparse.Namespace) -> int:
    """Do a command; what goes wrong is one line."""
    try:
        if arguments.plugin:
            from mfplug.registry import current

            for path in arguments.plugin:
                current().add_file(path)
        module = import_module(f"mfplug.cli.{arguments.module}")
        command: Callable[[argparse.Namespace], int] = module.main
        return command(arguments)
    except MfplugError as error:
        print(f"mfplug: error: {printable(_attributed(error))}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader went away (`mfplug plugins | head`): nothing to complain about.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        return 0
    except KeyboardInterrupt:
        print("mfplug: stopped", file=sys.stderr)
        return 130
    except MemoryError:
        print(
            "mfplug: error: out of memory; take fewer replicas or particles.",
            file=sys.stderr,
        )
        return 1
    except OSError as error:
        where = f" '{error.filename}'" if error.filename else ""
        what = printable(f"file{where}: {error.strerror or error}")
        print(f"mfplug: error: {what}", file=sys.stderr)
        return 1
