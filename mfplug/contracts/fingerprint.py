"""The code of a class as a hash: the same in every process, new after an edit."""

from __future__ import annotations

import contextlib
import hashlib
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np

_KNOWN: dict[type, str] = {}


def class_fingerprint(cls: type) -> str:
    """Return a hash of the code of a class and of its bases.

    It covers bytecode, constants, defaults, values in closures, and the functions,
    classes of the same module and constants that the methods name as globals,
    also those of helper modules reached by name. A helper reached as ``module.f`` is
    covered by the file of the module.
    """
    if cls not in _KNOWN:
        hasher = _Hasher()
        hasher.feed(sys.version_info[:2])
        hasher.feed(cls)
        _KNOWN[cls] = hasher.digest.hexdigest()
    return _KNOWN[cls]


def file_hash(path: str | Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


class _Hasher:
    """Feeds values of any kind to a hash, without addresses or orders of sets."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.seen: set[int] = set()

    def text(self, value: str) -> None:
        self.digest.update(f"{len(value)}:{value}".encode())

    def feed(self, value: Any) -> None:
        kind = type(value)
        self.text(kind.__qualname__)
        if value is None or isinstance(
            value, str | bytes | int | float | complex | np.generic
        ):
            self.text(repr(value))
        elif isinstance(value, np.ndarray):
            self.text(f"{value.dtype} {value.shape}")
            self.digest.update(np.ascontiguousarray(value).tobytes())
        elif isinstance(value, list | tuple):
            self.each(value)
        elif isinstance(value, set | frozenset):
            self.each(sorted(value, key=repr))
        elif isinstance(value, dict):
            self.each(sorted(value.items(), key=lambda item: repr(item[0])))
        elif id(value) in self.seen:
            self.text("seen")
        else:
            self.seen.add(id(value))
            self.object(value)

    def each(self, values: Any) -> None:
        for value in values:
            self.feed(value)

    def object(self, value: Any) -> None:
        if isinstance(value, types.CodeType):
            self.code(value)
        elif isinstance(value, types.FunctionType):
            self.function(value)
        elif isinstance(value, type):
            self.klass(value)
        elif isinstance(value, staticmethod | classmethod):
            self.feed(value.__func__)
        elif isinstance(value, property):
            self.each((value.fget,))
        elif isinstance(value, types.ModuleType):
            self.module(value)
        elif hasattr(value, "func") and isinstance(value.func, types.FunctionType):
            self.feed(value.func)  # cached_property, partial
        else:
            # A repr may hold an address; the class says enough.
            self.text(f"{type(value).__module__}.{type(value).__qualname__}")

    def klass(self, cls: type) -> None:
        self.text(f"{cls.__module__}.{cls.__qualname__}")
        # A class made at run time may bear the name of a library's module.
        home = sys.modules.get(cls.__module__)
        if _is_library(cls.__module__) and getattr(home, cls.__name__, None) is cls:
            return
        self.each(cls.__mro__[1:])
        for name, member in sorted(vars(cls).items()):
            if name.startswith("__") and not isinstance(member, types.FunctionType):
                continue
            self.text(name)
            self.feed(member)

    def module(self, module: types.ModuleType) -> None:
        self.text(module.__name__)
        path = getattr(module, "__file__", None)
        if path and not _is_library(module.__name__) and path.endswith(".py"):
            self.text(file_hash(path))

    def function(self, function: types.FunctionType) -> None:
        self.code(function.__code__)
        self.feed(function.__defaults__)
        self.feed(function.__kwdefaults__)
        for cell in function.__closure__ or ():
            with contextlib.suppress(ValueError):  # a cell that is still empty
                self.feed(cell.cell_contents)
        if not _is_library(str(function.__globals__.get("__name__", ""))):
            for name in sorted(_names(function.__code__)):
                if name in function.__globals__:
                    self.text(name)
                    self.feed(function.__globals__[name])

    def code(self, code: types.CodeType) -> None:
        self.digest.update(code.co_code)
        self.feed(code.co_names)
        self.feed(code.co_varnames)
        self.each(code.co_consts)


def _names(code: types.CodeType) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names(constant)
    return names


def _is_library(module: str) -> bool:
    """Return whether a module changes with an installed version only, not by edits."""
    root = module.partition(".")[0]
    return root in sys.stdlib_module_names or root in {"numpy", "scipy", "mfplug"}
