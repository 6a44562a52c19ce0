"""Reading YAML as data and nothing else: no tags, no aliases, no key twice."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from mfplug.errors import StudyError
from mfplug.inputs import check_regular

MAX_BYTES = 1_000_000
MAX_DEPTH = 50
# What an escape such as "\ud800" can make, and no file or picture can hold.
_NO_TEXT = re.compile("[\ud800-\udfff\0]")
# YAML 1.1 takes 1:30 for 90, to the base 60, and 010 for 8; YAML 1.2 does not.
_OTHER_BASE = re.compile(r"[-+]?(\d[\d_]*(:[0-5]?\d)+(\.[\d_]*)?|0[0-7_]+)")


def read_yaml(path: Path, kind: str = "study") -> Any:
    """Return the content of a YAML file as plain data; ``kind`` says of what it is.

    Raises
    ------
    StudyError
        If the file cannot be read, is too large, is no YAML, or uses what can expand
        or stand for something else: aliases, tags, a key twice, deep nesting, numbers
        to the base 60 or 8.
    """
    import yaml

    who = f"{kind} file '{path}'"
    check_regular(path, f"{kind} file", StudyError)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise StudyError(
                f"{who}: too large; got {size} bytes, expected at most {MAX_BYTES}. Is "
                f"it a {kind}?"
            )
        text = path.read_text(encoding="utf-8")
        _check_events(text, who)
        return yaml.load(text, Loader=_loader())  # a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or "a character that is not allowed"
        raise StudyError(
            f"{who}: not YAML{where}; got: {what}, expected a mapping such as "
            f"`{'title' if kind == 'study' else 'key'}: ...`. Mend the file."
        ) from error
    except UnicodeDecodeError as error:
        raise StudyError(
            f"{who}: not text; got bytes that are not UTF-8, expected YAML. Is it a "
            f"{kind}?"
        ) from error
    except OSError as error:
        raise StudyError(
            f"{who}: cannot be read; got {error.strerror}, expected a readable file. "
            "Check the path."
        ) from error
    except ValueError as error:
        # A date such as 2020-13-45, or an integer of more than 4300 digits.
        raise StudyError(
            f"{who}: a value cannot be read; got: {error}, expected plain numbers and "
            "words. Put words between quotes."
        ) from error


def read_value(text: str, who: str) -> Any:
    """Return one value as a study's would be read; what is no YAML is text.

    Raises
    ------
    StudyError
        As :func:`read_yaml`, where it is YAML.

    Examples
    --------
    >>> read_value("1e-3", "--set"), read_value("[1, 2", "--set")
    (0.001, '[1, 2')
    """
    import yaml

    try:
        _check_events(text, who)
        return yaml.load(text, Loader=_loader())  # a SafeLoader
    # A ValueError: a date such as 2020-13-45.
    except (yaml.YAMLError, ValueError):
        return text


def _check_events(text: str, who: str) -> None:
    """Refuse what is dangerous before anything is made of it."""
    import yaml

    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            # An alias costs nothing to write and can expand to anything.
            raise StudyError(
                f"{who}: YAML aliases are not allowed; got '*{event.anchor}' at line "
                f"{line}, expected plain data. Write the value out."
            )
        if isinstance(event, yaml.ScalarEvent) and _NO_TEXT.search(event.value):
            raise StudyError(
                f"{who}: half a character or a NUL; got {ascii(event.value)[:40]} at "
                f"line {line}, expected text that can be written. Remove it."
            )
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0]:
            _check_base(event.value, who, line)
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise StudyError(
                f"{who}: YAML tags are not allowed; got '{tag}' at line {line}, "
                "expected plain data. Remove it."
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise StudyError(
                f"{who}: nested too deeply; got more than {MAX_DEPTH} levels at line "
                f"{line}, expected plain data. Is it YAML for mfplug?"
            )


def _check_base(word: str, who: str, line: int) -> None:
    """Refuse a word without quotes that is read as a number, to another base."""
    import yaml

    if not _OTHER_BASE.fullmatch(word):
        return
    number = yaml.safe_load(word)
    if isinstance(number, int | float):
        raise StudyError(
            f"{who}: a number that is read otherwise than it looks; got {word} at line "
            f"{line}, which YAML takes for {number}, expected decimal digits. Write "
            f"{number}, or put a word between quotes."
        )


@cache
def _loader() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """The safe loader that also refuses to lose one of two equal keys."""

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            seen = set()
            for key_node, _ in node.value:
                key = self.construct_object(key_node, deep=True)
                if isinstance(key, str | int | float):
                    if key in seen:
                        raise yaml.constructor.ConstructorError(
                            None,
                            None,
                            f"the key '{key}' stands twice",
                            key_node.start_mark,
                        )
                    seen.add(key)
            return super().construct_mapping(node, deep)

    # YAML 1.1 takes 1e-3 and -.5 for strings; YAML 1.2 and every eye take them for
    # numbers.
    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:float",
        re.compile(r"^[-+]?((\d+\.?\d*|\.\d+)[eE][-+]?\d+|\.\d+)$"),
        list("-+0123456789."),
    )
    return Loader
