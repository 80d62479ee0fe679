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
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment
from lxml import etree
from markupsafe import Markup, escape

_MEMORY = 1 << 30
_SECONDS = 20
_MOST_SHOWN = 8
# Events of Python's audit hooks (PEP 578) that a template has no business to raise.
_REFUSED = ("os.", "subprocess.", "socket.", "ctypes.", "shutil.", "pty.", "ftplib.", "urllib.", "http.")
_QUOTED = re.compile("'([^']*)'")


def main() -> None:
    """Read, fill, answer."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    order = json.load(sys.stdin)
    template, values = base64.b64decode(order["template"]), order["values"]
    # Once through, so that nothing has to be loaded from disk any more when the doors close.
    _filled(_blank(), {"x": "x"})
    sys.addaudithook(_watch)
    try:
        body = _filled(template, values)
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
    document.add_paragraph("{{ x }}")
    document.save(out)
    return out.getvalue()


def _filled(template: bytes, values: dict[str, Any]) -> bytes:
    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
    try:
        document = DocxTemplate(io.BytesIO(template))
        unknown = sorted(document.get_undeclared_template_variables(environment) - set(values))
        if unknown:
            named = "”“".join(name[:40] for name in unknown[:_MOST_SHOWN])
            raise Refusal(f"模板里的字段“{named}”不认识，请改为字段表中的名称。", "unknown_field")
        document.render(_marked(values), environment, autoescape=True)
        out = io.BytesIO()
        document.save(out)
        docx.Document(io.BytesIO(out.getvalue()))  # what cannot be opened is no answer
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


def _marked(value: Any) -> Any:
    """Text as text: neither XML nor, to what docxtpl replaces after rendering, a brace."""
    if isinstance(value, str):
        return Markup(str(escape(value)).replace("{", "&#123;").replace("}", "&#125;"))  # noqa: S704, escaped above
    if isinstance(value, dict):
        return {k: _marked(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_marked(v) for v in value]
    return value


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160]


if __name__ == "__main__":
    main()
