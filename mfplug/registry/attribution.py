"""Who made the plugin that a message is about."""

from __future__ import annotations

import re

from mfplug.contracts.plugin import KINDS
from mfplug.errors import PluginError
from mfplug.registry.loader import SHIPPED
from mfplug.registry.registry import Registry

_NAMED = re.compile(rf"\b({'|'.join(KINDS)}) '([^']+)'(?! from )")


def attributed(text: str, registry: Registry) -> str:
    """Return a message that names the distribution of the plugin that it is about.

    ``metric 'own': ...`` becomes ``metric 'own' from mfplug-own 1.0: ...``: whoever
    installed it may not know which package brought it, and its authors are to be told.
    What ships with mfplug, and a local file, need no such word.
    """
    for match in _NAMED.finditer(text):
        try:
            source = registry.entry(*match.groups()).source
        except PluginError:
            continue
        if source.distribution == SHIPPED or not source.version:
            continue
        return f"{text[: match.end()]} from {source.origin}{text[match.end() :]}"
    return text
