"""Drawings made fit for a page: named, described, with ids of their own, and in its colours."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_HREF = f"{{{_XLINK}}}href"
_DROPPED = {f"{{{_SVG}}}metadata"}
_FORBIDDEN = {f"{{{_SVG}}}{tag}" for tag in ("script", "foreignObject", "a", "image", "iframe")}
_LOCAL_URL = re.compile(r"url\(#([^)]+)\)")
_FONT_FAMILY = re.compile(r"font-family: [^;]+")

ET.register_namespace("", _SVG)
ET.register_namespace("xlink", _XLINK)


class NotAFigureError(ValueError):
    """The text is not a drawing of this pipeline."""


def finished(raw: str, *, name: str, title: str, description: str) -> str:
    """Matplotlib's SVG as a figure that can stand alone or share a page with others.

    Ids get the figure's name as a prefix, its style sheet (which would reach the whole page) and
    metadata go, the root becomes an image with a title and a description.
    """
    root = ET.fromstring(raw)  # noqa: S314  (drawn by this process)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in _DROPPED:
                parent.remove(child)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == f"{{{_SVG}}}style" or (
                child.tag == f"{{{_SVG}}}defs"
                and len(child) == 0
                and not (child.text or "").strip()
            ):
                parent.remove(child)
    for element in root.iter():
        _prefix_ids(element, name)
        style = element.get("style")
        if style:
            element.set("style", _FONT_FAMILY.sub("font-family: sans-serif", style))
    labels = {"title": title, "desc": description}
    for index, (tag, words) in enumerate(labels.items()):
        label = ET.Element(f"{{{_SVG}}}{tag}", {"id": f"{name}-{tag}"})
        label.text = words
        root.insert(index, label)
    root.set("role", "img")
    root.set("aria-labelledby", f"{name}-title {name}-desc")
    root.set("style", "stroke-linejoin: round; stroke-linecap: butt")
    return ET.tostring(root, encoding="unicode") + "\n"


def _prefix_ids(element: ET.Element, name: str) -> None:
    for key, value in list(element.attrib.items()):
        if key == "id":
            element.set(key, f"{name}-{value}")
        elif key in (_HREF, "href") and value.startswith("#"):
            element.set(key, f"#{name}-{value[1:]}")
        elif "url(#" in value:
            element.set(key, _LOCAL_URL.sub(rf"url(#{name}-\1)", value))


def embedded(figure: str, colours: Mapping[str, str]) -> str:
    """A finished figure for the page: `colours` maps hexadecimal colours to CSS values.

    Raises `NotAFigureError` for anything that could run or fetch something.
    """
    try:
        root = ET.fromstring(figure)  # noqa: S314  (no external entities: expat resolves none)
    except ET.ParseError as error:
        raise NotAFigureError(f"not XML: {error}") from None
    if root.tag != f"{{{_SVG}}}svg":
        raise NotAFigureError("not an SVG drawing")
    for element in root.iter():
        if element.tag in _FORBIDDEN or any(key.startswith("on") for key in element.attrib):
            raise NotAFigureError(f"holds {element.tag.rpartition('}')[2]!r} with active content")
        for key in ("style", "fill", "stroke"):
            value = element.get(key)
            if value:
                for colour, css in colours.items():
                    value = value.replace(colour, css)
                element.set(key, value)
    root.attrib.pop("width", None)
    root.attrib.pop("height", None)
    return ET.tostring(root, encoding="unicode")
