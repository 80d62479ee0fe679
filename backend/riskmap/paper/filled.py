"""A template filled: `python -I -m riskmap.paper.filled`, template and values on stdin, the file on stdout, as JSON.

A process of its own: jinja2's sandbox bounds what a template may say, and this process what it could do beyond that.
"""

import base64
import io
import json
import re
import resource
import sys
from typing import Any

import docx
from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment
from lxml import etree
from markupsafe import Markup, escape

from riskmap.paper.blocks import Misplaced, Places

_MEMORY = 1 << 30
_SECONDS = 20
_MOST_SHOWN = 8
# Events of Python's audit hooks (PEP 578) that a template has no business to raise.
_REFUSED = ("os.", "subprocess.", "socket.", "ctypes.", "shutil.", "pty.", "ftplib.", "urllib.", "http.")
_KIND = "$"
# The smallest PNG: one point.
_POINT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_PICTURE = {_KIND: "picture", "body": _POINT, "width": 1.0, "alt": ""}
_TRIAL = {
    "x": "x",
    "p": _PICTURE,
    "b": {
        _KIND: "blocks",
        "blocks": [{"kind": "picture", "key": "k", "label": "图 1-1", "caption": "", "name": "n"}],
    },
}
_QUOTED = re.compile("'([^']*)'")


def main() -> None:
    """Read, fill, answer."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    order = json.load(sys.stdin)
    template, values = base64.b64decode(order["template"]), order["values"]
    # Once through, so that nothing has to be loaded from disk any more when the doors close.
    _filled(_blank(), _TRIAL, {"n": _PICTURE})
    sys.addaudithook(_watch)
    try:
        body = _filled(template, values, order["pictures"])
    except Refusal as refused:
        answer = {"refused": refused.words, "code": refused.code}
    else:
        answer = {"docx": base64.b64encode(body).decode()}
    json.dump(answer, sys.stdout)


class Refusal(Exception):
    """Why a template cannot be filled."""

    def __init__(self, words: str, code: str = "bad_template") -> None:
        super().__init__(words)
        self.words, self.code = words, code


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(_REFUSED):
        raise PermissionError(event)
    if event == "open" and not str(arguments[0]).startswith((sys.prefix, sys.base_prefix)):
        raise PermissionError(event)


def _blank() -> bytes:
    out, document = io.BytesIO(), docx.Document()
    for field in _TRIAL:
        document.add_paragraph("{{ " + field + " }}")
    document.save(out)
    return out.getvalue()


def _filled(template: bytes, values: dict[str, Any], pictures: dict[str, Any] | None = None) -> bytes:
    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
    try:
        document = DocxTemplate(io.BytesIO(template))
        unknown = sorted(document.get_undeclared_template_variables(environment) - set(values))
        if unknown:
            named = "”“".join(name[:40] for name in unknown[:_MOST_SHOWN])
            raise Refusal(f"模板里的字段“{named}”不认识，请改为字段表中的名称。", "unknown_field")
        places = Places(pictures or {})
        document.render(_marked(values, document, places), environment, autoescape=True)
        places.fill(document.docx)
        out = io.BytesIO()
        document.save(out)
        docx.Document(io.BytesIO(out.getvalue()))  # what cannot be opened is no answer
    except Misplaced as error:
        raise Refusal(
            f"模板里的“{error.field}”要单独成一段，写在正文里（不在表格、页眉、页脚、文本框里），并且只写一次。",
            "misplaced_field",
        ) from None
    except SecurityError:
        raise Refusal("模板里有不允许的写法，没有执行。模板只能填字段、写条件和循环。", "unsafe_template") from None
    except UndefinedError as error:
        named = (_QUOTED.findall(str(error)) or [""])[-1][:40]
        raise Refusal(f"模板里的字段“{named}”不认识，请改为字段表中的名称。", "unknown_field") from None
    except TemplateSyntaxError as error:
        raise Refusal(f"模板的写法有误：{_short(error)}。请核对花括号、百分号和 endif、endfor。") from None
    except (TemplateError, etree.XMLSyntaxError, KeyError, ValueError, TypeError, ArithmeticError) as error:
        raise Refusal(f"模板填不成文件：{_short(error)}。请核对花括号、百分号和表格行的循环。") from None
    return out.getvalue()


def _marked(value: Any, document: DocxTemplate, places: Places, name: str = "") -> Any:
    """Text as text: neither XML nor, to what docxtpl replaces after rendering, a brace."""
    if isinstance(value, str):
        return Markup(str(escape(value)).replace("{", "&#123;").replace("}", "&#125;"))  # noqa: S704, escaped above
    if isinstance(value, dict):
        match value.get(_KIND):
            case "picture":
                return InlineImage(document, io.BytesIO(base64.b64decode(value["body"])), width=Mm(value["width"]))
            case "blocks" | "contents":
                return places.hold(name, value)
        return {k: _marked(v, document, places, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_marked(v, document, places) for v in value]
    return value


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160]


if __name__ == "__main__":
    main()
