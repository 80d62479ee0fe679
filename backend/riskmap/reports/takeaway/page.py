"""The take-away map as one HTML file, by folium, with everything in it: it may not even ask for anything else.

folium's own pages fetch Leaflet, jQuery and Bootstrap from elsewhere; here its lists of those are empty, and Leaflet
stands in the page with its licence. Data stand as JSON in which no tag can end the script.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import folium
import simplejson
from branca.element import Element, Figure, MacroElement
from jinja2 import Template

_ASSETS = Path(__file__).parent / "assets"
# The page itself refuses every request.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
    " form-action 'none'"
)
_PICTURE = re.compile(r"[a-z-]+: url\([^)]*\);?")  # of controls that are not shown
_SIZE = "@@size@@"


@lru_cache(8)
def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


class _Raw(Element):
    """Text that stands in the page as it is."""

    _template = Template("{{ this.text }}")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class _Begin(MacroElement):
    """Our own script, once folium has made the map."""

    _template = Template(
        "{% macro script(this, kwargs) %}riskmapTakeAway({{ this._parent.get_name() }});{% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]


def _json(body: Mapping[str, Any]) -> str:
    """JSON that holds no tag and no line end that scripts know of."""
    said = simplejson.dumps(body, ensure_ascii=False, separators=(",", ":"), use_decimal=True, allow_nan=False)
    for sign in "<>&\u2028\u2029":
        said = said.replace(sign, f"\\u{ord(sign):04x}")
    return said


def render(body: Mapping[str, Any]) -> bytes:
    """The file; its size is told on the page."""
    figure = Figure(title=escape(str(body["title"])))
    chart = folium.Map(
        location=(29.7, 116.0), zoom_start=9, tiles=None, zoom_control=True, attribution_control=False, zoom_snap=0.25
    )
    chart.default_js, chart.default_css = [], []
    chart._id = "riskmap"  # a page made twice of the same data is the same
    chart.add_child(_Begin(), name="begin")
    figure.add_child(chart)
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="robots" content="noindex">',
        f"<!--\nLeaflet\n{_asset('leaflet.LICENSE')}\n-->",
        f"<style>{_PICTURE.sub('', _asset('leaflet.css'))}</style>",
        f"<script>{_asset('leaflet.js')}</script>",
        f"<script>{_asset('map.js')}</script>",
    )
    for i, text in enumerate(head):
        figure.header.add_child(_Raw(text), name=f"own-{i}")
    panel = '<aside id="riskmap-panel" aria-label="图例"></aside>'
    data = f'<script type="application/json" id="riskmap-data">{_json(body)}</script>'
    figure.html.add_child(_Raw(panel + data), name="panel")
    page = figure.render()
    # Last, so that it stands over folium's own styles.
    page = page.replace("</head>", f"<style>{_asset('map.css')}</style>\n</head>", 1)
    page = page.replace("<html>", f'<html lang="zh-CN" data-size="{_SIZE}">', 1)
    size = f"{len(page.encode()) / 1e6:.1f} MB"
    return page.replace(_SIZE, size, 1).encode()
