"""Putting SVG files into the page: known elements only, and ids that do not clash."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from mfplug.errors import StoreError
from mfplug.report.files import read_text

#: A larger drawing is linked, not put into the page.
LARGEST = 2_000_000
#: Deeper nesting is no drawing of ours.
DEEPEST = 100

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_DRAWING = """svg g defs use path rect circle ellipse line polyline polygon text tspan
title desc clipPath linearGradient radialGradient stop"""
_ELEMENTS = frozenset(_DRAWING.split())
_SHAPING = """id d x y x1 x2 y1 y2 cx cy r rx ry width height viewBox transform points
style class fill stroke stroke-width stroke-linejoin stroke-linecap stroke-dasharray
stroke-opacity fill-opacity fill-rule opacity clip-path clip-rule clipPathUnits href
offset stop-color stop-opacity gradientUnits gradientTransform preserveAspectRatio
version font-size font-family text-anchor"""
_ATTRIBUTES = frozenset(_SHAPING.split())
#: Elements that draw nothing; they are dropped without a word.
_SILENT = frozenset(("metadata", "style"))
_REFERENCE = re.compile(r"url\(\s*['\"]?#([^)'\"]*)['\"]?\s*\)")
_LINK = re.compile(r"href\s*=\s*[\"']#([^\"']*)[\"']")
#: Coordinates in points are put into the page with two decimals.
_COORDINATES = frozenset(("d", "x", "y", "points"))
_SPACES = re.compile(r" ?([A-Za-z]) ?")
_LONG = re.compile(r"-?\d+\.\d{3,}")
_LOOSE_URL = re.compile(r"url\(\s*['\"]?(?!#)|@import|expression\s*\(", re.IGNORECASE)


def inline(path: Path, prefix: str, description: str) -> str:
    """Return an SVG file as markup that can stand in a page among others.

    Only elements and attributes that draw are let through: no script, no event, no
    reference out of the drawing. Every id gets the prefix, for matplotlib gives the
    same glyph the same id in every figure.

    Parameters
    ----------
    path : Path
        The file.
    prefix : str
        Put before each id; letters, digits and hyphens.
    description : str
        What a screen reader says.

    Raises
    ------
    StoreError
        If the file is missing, too large, not SVG, or holds what is not let through.
    """
    text = read_text(path)
    if len(text) > LARGEST:
        raise StoreError(
            f"figure '{path}': is too large for the page; got {len(text)} bytes, "
            f"expected at most {LARGEST}. Open the file itself."
        )
    if "<!ENTITY" in text.upper():
        raise StoreError(f"figure '{path}': defines entities. Draw it again.")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, RecursionError) as error:
        raise StoreError(
            f"figure '{path}': is not SVG ({error}). Draw it again."
        ) from error
    if root.tag != f"{{{_SVG}}}svg":
        raise StoreError(f"figure '{path}': is not SVG. Draw it again.")
    used = frozenset(_REFERENCE.findall(text) + _LINK.findall(text))
    clean = _clean(path, root, prefix, used)
    clean.attrib.pop("version", None)
    # Sizes come from the page, the aspect ratio from the viewBox.
    clean.attrib.pop("width", None)
    clean.attrib.pop("height", None)
    clean.attrib.pop("style", None)
    clean.set("role", "img")
    clean.set("aria-label", description)
    # matplotlib sets joins by a style sheet, which would apply to the whole page.
    clean.set("style", "stroke-linejoin:round;stroke-linecap:butt")
    clean.set("xmlns", _SVG)
    return ElementTree.tostring(clean, encoding="unicode")


def _clean(
    path: Path,
    element: ElementTree.Element,
    prefix: str,
    used: frozenset[str],
    depth: int = 0,
) -> ElementTree.Element:
    """Return a copy of an element with known parts only, and prefixed ids."""
    if depth > DEEPEST:
        raise StoreError(
            f"figure '{path}': is nested too deeply; got more than {DEEPEST} levels, "
            "expected a drawing. Draw it again."
        )
    copy = ElementTree.Element(_local(element.tag))
    copy.text = (element.text or "").strip()
    for key, value in element.attrib.items():
        name = key.removeprefix(f"{{{_XLINK}}}")
        if key.startswith("{") and name == key:
            continue  # xml:space and the like draw nothing
        checked = _attribute(path, name, value, prefix)
        if name != "id" or value in used:
            copy.set(name, checked)
    for child in element:
        if not isinstance(child.tag, str) or _local(child.tag) in _SILENT:
            continue
        if (
            not child.tag.startswith(f"{{{_SVG}}}")
            or _local(child.tag) not in _ELEMENTS
        ):
            raise StoreError(
                f"figure '{path}': holds an element <{_local(child.tag)}>, which the "
                "page does not show. Draw it again."
            )
        copy.append(_clean(path, child, prefix, used, depth + 1))
    return copy


def _attribute(path: Path, name: str, value: str, prefix: str) -> str:
    outside = name == "href" and not value.startswith("#")
    if name not in _ATTRIBUTES or outside or _LOOSE_URL.search(value):
        raise StoreError(
            f"figure '{path}': holds an attribute {name}={value[:40]!r}, which the "
            "page does not show. Draw it again."
        )
    if name == "id":
        return f"{prefix}-{value}"
    if name == "href":
        return f"#{prefix}-{value[1:]}"
    if name in _COORDINATES:
        short = _LONG.sub(lambda match: f"{float(match[0]):.2f}", value)
        return _SPACES.sub(r"\1", " ".join(short.split()))
    if name == "style":
        value = value.replace(": ", ":").replace("; ", ";")
    return _REFERENCE.sub(rf"url(#{prefix}-\1)", value)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
