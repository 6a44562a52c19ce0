"""Formulas as MathML, which browsers draw themselves: no script, no network."""

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util import logging

logger = logging.getLogger(__name__)


def mathml(node: nodes.Element, display: str) -> str:
    """Return the formula of a node; one that cannot be read is a warning."""
    text = node.astext().strip()
    try:
        return spaced(str(convert(text, display=display)))
    except Exception as error:
        logger.warning("a formula cannot be read: %s (%r)", text, error, location=node)
        return ""


def spaced(formula: str) -> str:
    """Return MathML in which a prime is as large, and a slash as close, as in print."""
    # The sign is small and high already: as an exponent it would be so twice.
    formula = re.sub(
        r"<msup>(<mi>[^<]*</mi>)<mi>&#x02032;</mi></msup>",
        r'<mrow>\1<mo lspace="0" rspace="0">&#x02032;</mo></mrow>',
        formula,
    )
    return formula.replace(
        "<mo>&#x0002F;</mo>", '<mo lspace="0" rspace="0">&#x0002F;</mo>'
    )


def inline(self: Any, node: nodes.Element) -> None:
    """Write a formula in a line."""
    self.body.append(mathml(node, "inline"))
    raise nodes.SkipNode


def block(self: Any, node: nodes.Element) -> None:
    """Write a formula of its own."""
    self.body.append(mathml(node, "block"))
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
