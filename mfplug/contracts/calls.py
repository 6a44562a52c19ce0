"""Calls into plugins: what goes wrong there is said in one line, with the name."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.plugin import Plugin
from mfplug.errors import MfplugError, PluginError, TimeLimitError, shown

Array = NDArray[np.float64]

#: A disk that takes no more is not the plugin's fault, whoever was writing.
_NO_ROOM = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS}


def strict() -> bool:
    """Return whether ``MFPLUG_STRICT`` asks for what a plugin raised, untouched."""
    return os.environ.get("MFPLUG_STRICT", "").lower() in ("1", "true", "yes")


@contextlib.contextmanager
def calling(plugin: Any, what: str) -> Iterator[None]:
    """Turn what a plugin raises into a :class:`PluginError` that names it.

    Errors of mfplug, an interrupt, a full disk and a lack of memory pass; a plugin that
    tries to end the process does not get its way.

    Parameters
    ----------
    plugin
        Whose code is called.
    what
        Name of the method, such as ``rows()``.

    Raises
    ------
    PluginError
        If the plugin fails, unless ``MFPLUG_STRICT`` is set.
    """
    try:
        yield
    except TimeLimitError as error:
        error.blame(f"{plugin.kind} '{plugin.name}': {what}")
        raise
    except (MfplugError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        if strict() and isinstance(error, Exception):
            raise
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            raise
        said = " ".join(str(error).split()) or "no message"
        guilty, method = _culprit(error, plugin, what)
        raise PluginError(
            f"{guilty.kind} '{guilty.name}': {method} failed; got "
            f"{type(error).__name__}: {said}, expected a result. Report it to its "
            "author; MFPLUG_STRICT=1 shows where."
        ) from error


def _culprit(error: BaseException, plugin: Any, what: str) -> tuple[Any, str]:
    """Return the plugin in whose code it failed, and the method.

    A metric calls the field that a solver made, a solver the potential and the law. Of
    the plugins on the way that do not ship with mfplug the innermost is to blame.
    """
    from mfplug.contracts.meanfield import MeanField

    found = plugin, what
    trace = error.__traceback__
    while trace is not None:
        frame, trace = trace.tb_frame, trace.tb_next
        owner, name = frame.f_locals.get("self"), frame.f_code.co_name
        if isinstance(owner, MeanField):
            owner = getattr(owner, "solver", None)
        home = type(owner).__module__.split(".")[0]
        if isinstance(owner, Plugin) and home not in ("mfplug", "mfplug_plugins"):
            found = (plugin, what) if owner is plugin else (owner, f"{name}()")
    return found


def values_at(plugin: Any, what: str, points: Array, *rest: Any) -> Array:
    """Return what a potential, or an external one, says at points (..., d).

    Parameters
    ----------
    plugin
        Whose method is called, with the points and ``rest``.
    what
        ``"gradient"``, a vector at each point, or ``"energy"``, a number.

    Returns
    -------
    values
        Real, of shape (..., d) or (...).

    Raises
    ------
    PluginError
        If the method fails, or its values are complex or of another shape.
    """
    shape = points.shape if what == "gradient" else points.shape[:-1]
    with calling(plugin, f"{what}()"):
        found = np.asarray(getattr(plugin, what)(points, *rest))
        if np.iscomplexobj(found):
            raise TypeError(f"complex values such as {found.flat[0]}")
        values = np.asarray(found, dtype=float)
    if values.shape != shape:
        raise PluginError(
            f"{plugin.kind} '{plugin.name}': {what}() has the wrong shape; got "
            f"{values.shape} for points of shape {points.shape}, expected {shape}. "
            f"Mend {what}()."
        )
    return values


def returned(plugin: Any, what: str, value: Any, expected: type) -> None:
    """Refuse a result of another type than the contract says.

    Raises
    ------
    PluginError
        If ``value`` is no ``expected``.
    """
    if not isinstance(value, expected):
        raise PluginError(
            f"{plugin.kind} '{plugin.name}': {what} returned {shown(value)}; expected "
            f"{'' if expected in (list, tuple) else 'mfplug.'}{expected.__name__}. "
            "Mend it."
        )
