"""Any JSON value as something a template can show: pairs, tables, lists, text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

#: Deeper nesting is shown as one line of text.
DEEPEST = 8


@dataclass(frozen=True)
class Node:
    """A shown value.

    ``kind`` is "text" (``text``), "pairs" (``pairs``: name and node), "list"
    (``parts``) or "table" (``columns`` and ``rows`` of nodes).
    """

    kind: str
    text: str = ""
    pairs: list[tuple[str, Node]] = field(default_factory=list)
    parts: list[Node] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    rows: list[list[Node]] = field(default_factory=list)


def tree(value: Any, depth: int = 0) -> Node:
    """Return the node of a JSON value.

    A list of mappings becomes a table, a list of scalars one line.

    >>> tree({"seeds": [0, 1]}).pairs[0][1].text
    '0, 1'
    >>> tree([{"a": 1}, {"b": None}]).columns
    ['a', 'b']
    """
    if depth > DEEPEST:
        return Node("text", str(value))
    if isinstance(value, dict):
        pairs = [(str(key), tree(item, depth + 1)) for key, item in value.items()]
        return Node("pairs", pairs=pairs) if pairs else Node("text", "none")
    if not isinstance(value, list):
        return Node("text", scalar(value))
    if not value:
        return Node("text", "none")
    if all(isinstance(item, dict) for item in value):
        columns = list(dict.fromkeys(str(key) for item in value for key in item))
        rows = [
            [tree(item[c], depth + 1) if c in item else Node("text") for c in columns]
            for item in value
        ]
        return Node("table", columns=columns, rows=rows)
    if any(isinstance(item, dict | list) for item in value):
        return Node("list", parts=[tree(item, depth + 1) for item in value])
    return Node("text", ", ".join(map(scalar, value)))


def scalar(value: Any) -> str:
    """Return a scalar as text: shortest number, yes or no, none."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
