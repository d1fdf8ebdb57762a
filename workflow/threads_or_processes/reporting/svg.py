"""Drawings made fit for a page: named, described, with ids of their own, and in its colours."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping

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
            element.set(key, _LOCAL_URL.sub(lambda found: f"url(#{name}-{found[1]})", value))


def embedded(figure: str, colours: Mapping[str, str], prefix: str = "") -> str:
    """A finished figure for the page, without what a browser doesn't need to draw it.

    `colours` maps hexadecimal colours to CSS values; ids that are in use become short ones after
    `prefix`. Raises `NotAFigureError` for anything that could run or fetch something.
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
    _tell_legend(root)
    _shorten(root, prefix)
    return ET.tostring(root, encoding="unicode")


def _tell_legend(root: ET.Element) -> None:
    """Give a legend its class, and the drawing the height that it takes: `--legend`, of its width.

    So a page can show it once for figures that have the same.
    """
    for group in root.iter(_GROUP):
        if "-legend" in group.get("id", ""):
            group.set("class", "legend")
            top = min(float(one.get("y", "inf")) for one in group.iter()) - LEGEND_MARGIN_PT
            _, _, width, height = map(float, root.get("viewBox", "").split())
            taken = max(0.0, height - top) / width
            root.set("style", f"{root.get('style', '')}; --legend: {taken:.1%}".lstrip("; "))


LEGEND_MARGIN_PT = 8
"""From the middle of its first line to its upper end."""

_NUMBER = re.compile(r"-?\d+\.\d+")
_NO_TURN = re.compile(r"^rotate\(-?0 [^)]*\)$")
_SHAPES = ("d", "x", "y", "points", "transform", "cx", "cy", "x1", "x2", "y1", "y2")
_GROUP = f"{{{_SVG}}}g"
_WORDS = {f"{{{_SVG}}}{tag}" for tag in ("text", "tspan", "title", "desc")}
_USES = re.compile(r"^#(.+)$|url\(#([^)]+)\)")


def _shorten(root: ET.Element, prefix: str) -> None:
    """Short ids, coordinates to a hundredth of a point, no groups without a reason."""
    used: dict[str, str] = {}
    for element in root.iter():
        names = element.get("aria-labelledby", "").split()
        links = (one for value in element.attrib.values() for one in _USES.finditer(value))
        for name in (*names, *(link[1] or link[2] for link in links)):
            used.setdefault(name, f"{prefix}{len(used)}")
    for element in root.iter():
        for key, value in list(element.attrib.items()):
            if key == "id" and value not in used:
                del element.attrib[key]
            elif key == "id":
                element.set(key, used[value])
            elif key == "aria-labelledby":
                element.set(key, " ".join(used[name] for name in value.split()))
            elif _USES.search(value):
                element.set(key, _USES.sub(_link(used), value))
            elif key == "transform" and _NO_TURN.match(value):
                del element.attrib[key]
            elif key in _SHAPES:
                element.set(key, " ".join(_NUMBER.sub(_rounded, value).split()))
        if element.tag not in _WORDS:
            element.text = None
            for child in element:
                child.tail = None
    _unwrap(root)


def _link(used: Mapping[str, str]) -> Callable[[re.Match[str]], str]:
    return lambda found: f"#{used[found[1]]}" if found[1] else f"url(#{used[found[2]]})"


def _rounded(found: re.Match[str]) -> str:
    return f"{float(found[0]):.2f}".rstrip("0").rstrip(".")


def _unwrap(parent: ET.Element) -> None:
    """Replace groups without attributes by what they hold, and drop empty ones."""
    for child in list(parent):
        _unwrap(child)
        if child.tag == _GROUP and not child.attrib:
            place = list(parent).index(child)
            parent.remove(child)
            for offset, one in enumerate(child):
                parent.insert(place + offset, one)


_STYLE = re.compile(r' style="([^"]*)"')


class Styles:
    """The styles of all figures of a page, each declared once as a class."""

    def __init__(self) -> None:
        """Start without any."""
        self._names: dict[str, str] = {}

    def named(self, figure: str) -> str:
        """A figure with classes instead of styles."""
        return _STYLE.sub(self._class, figure)

    def _class(self, found: re.Match[str]) -> str:
        name = self._names.setdefault(found[1], f"d{len(self._names)}")
        return f' class="{name}"'

    @property
    def rules(self) -> str:
        """The declarations of the classes."""
        return "\n".join(f".{name} {{ {style} }}" for style, name in self._names.items())
