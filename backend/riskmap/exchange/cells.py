"""What a cell of a sender's table means: numbers, dates, yes and no, positions, as officers type them.

A refused cell raises `CellFault`, whose message is shown to the sender beside the cell.
"""

import math
import re
import unicodedata
from datetime import date, datetime, timedelta
from decimal import Decimal

from riskmap.base.clock import SHANGHAI
from riskmap.exchange.units import converted, factor_between

Cell = str | float | int | bool | date | datetime | None

# What people write where there is nothing to write.
_NOTHING = {"", "/", "\\", "-", "--", "—", "——", "无", "暂无", "未知", "不详", "n/a", "na", "null", "none"}
_SAYS_NOTHING = {"", "/", "\\", "-", "--", "—", "——"}
_FORMULA_ERRORS = (
    "#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA",
)  # fmt: skip
_YES = {"是", "有", "true", "yes", "y", "1", "√", "✓", "✔", "☑", "对"}
_NO = {"否", "无", "false", "no", "n", "0", "×", "✗", "✘", "没有"}

_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)
_WITH_UNIT = re.compile(r"([+-]?[\d,.]+)\s*([^\d\s.,+-].*)", re.ASCII)
_DATE_TEXT = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:[T ]\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)
_MOMENT_TEXT = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?[T\s]*(\d{1,2})\s*[:时点]\s*"
    r"(?:(\d{1,2})\s*(?:[:分]\s*(?:(\d{1,2})(?:\.\d+)?\s*秒?)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_DATE_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_SERIAL = re.compile(r"\d{5}(\.\d+)?", re.ASCII)
# Excel counts days from the last day of 1899; these are 1954 to 2119.
_SERIAL_EPOCH = date(1899, 12, 30)
_SERIALS = range(20_000, 80_000)
_YEARS = range(1900, 2200)  # a cell of Excel that shows 1899 holds no date but 0
_EXACT_FLOAT = 10**15  # from here on a number cell has lost its last digits

# What comes along unseen from web pages and chats.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_MINUS = {0x2212: "-"}
# Signs of degrees, minutes and seconds that NFKC would take apart.
_DMS_SIGNS = str.maketrans({"º": "°", "˚": "°", "∘": "°", "´": "′", "＇": "′", "＂": "″", "〞": "″", "〃": "″"})
_DMS = re.compile(
    r"(?P<side>[东西南北NSEWnsew]?[经纬]?)\s*[:]?\s*(?P<d>\d{1,3})\s*[°度]\s*(?P<m>\d{1,2}(?:\.\d+)?)\s*['′分’‘`]\s*"
    r"(?:(?P<s>\d{1,2}(?:\.\d+)?)\s*(?:\"|″|秒|”|“|''|′′|’’)?)?\s*(?P<after>[NSEWnsew]?)",
    re.ASCII,
)
_DMS_PLAIN = re.compile(
    r"(?P<side>[NSEW]?)\s*(?P<d>\d{1,3})(?P<sep>[:\- ])(?P<m>\d{1,2})(?P=sep)(?P<s>\d{1,2}(?:\.\d+)?)"
    r"\s*(?P<after>[NSEW]?)",
    re.ASCII,
)
_DECIMAL_DEGREES = re.compile(
    r"(?P<side>[东西南北NSEWnsew]?[经纬]?)\s*[:]?\s*(?P<value>[+-]?\d{1,8}(?:\.\d+)?)\s*(?:°|度|米|m)?\s*(?P<after>[NSEWnsew]?)",
    re.ASCII,
)
_NEGATIVE = {*"西南WSws"}
_SECOND = Decimal("0.000000001")  # a ten-thousandth of a metre
_MINUTE = Decimal("0.000001")


class CellFault(Exception):
    """A cell that is refused: a stable code and words for its sender."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def plain(cell: Cell) -> str:
    """The cell as text, as its sender reads it: 6.0 is 6, a date is 2026-03-01."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return _float_text(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time().isoformat() == "00:00:00" else cell.isoformat(" ", "minutes")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _float_text(value: float) -> str:
    """As Excel shows it: fifteen digits and no more, so that 0.1 + 0.2 is 0.3."""
    if value.is_integer() and abs(value) < _EXACT_FLOAT:
        return str(int(value))
    text = repr(value)
    if len(text) > 16 or "e" in text:  # nan and inf are shorter
        text = f"{value:.15g}"
        if "e" in text and 1e-15 < abs(value) < _EXACT_FLOAT:
            text = format(Decimal(text), "f")
    return text


def normal(text: str) -> str:
    """Full-width letters and digits made plain; white space at the ends and unseen characters gone."""
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).strip()


def is_blank(cell: Cell) -> bool:
    """Whether a number, date, choice or position says nothing; “无” counts, in a text it does not."""
    return cell is None or (isinstance(cell, str) and normal(cell).lower() in _NOTHING)


def _refuse_errors(cell: Cell) -> None:
    if isinstance(cell, str) and cell[:1] == "#" and cell.startswith(_FORMULA_ERRORS):
        raise CellFault("formula_error", f"单元格的公式出错（{cell[:10]}），请改成数值")


def text_of(cell: Cell, title: str) -> str | None:
    """A text; a long number that Excel has rounded is refused, since its last digits are lost."""
    if isinstance(cell, str):
        _refuse_errors(cell)
        said = cell.strip()
        if not said.isascii():
            said = _UNSEEN.sub("", said).strip()
        return None if said in _SAYS_NOTHING else said
    if cell is None:
        return None
    if isinstance(cell, float) and abs(cell) >= _EXACT_FLOAT:
        raise CellFault("precision_lost", f"{title}存成了数字，末几位已丢失：请把这一列设为文本后重新填写")
    said = plain(cell)
    return None if said in _SAYS_NOTHING else said


def code_of(cell: Cell, title: str) -> str | None:
    """A code: full-width letters made plain, leading zeros kept."""
    said = text_of(cell, title)
    return normal(said) if said else None


def number_of(cell: Cell, title: str, unit: str | None = None, factor: Decimal | None = None) -> Decimal | None:
    """An exact number in `unit`; full-width digits, thousands separators and a known unit behind it are understood.

    `factor` is what the column's own unit needs; a unit in the cell itself stands before it.
    """
    if isinstance(cell, float):
        if not math.isfinite(cell):
            raise CellFault("not_a_number", f"{title}应为数字，“{cell}”不是数字")
        number = Decimal(_float_text(cell))
        return number if factor is None else converted(number, factor)
    if isinstance(cell, (bool, date)):
        raise CellFault("not_a_number", f"{title}应为数字，“{plain(cell)}”不是数字")
    if isinstance(cell, int):
        return Decimal(cell) if factor is None else converted(Decimal(cell), factor)
    _refuse_errors(cell)
    if cell is None or is_blank(cell):
        return None
    said = normal(cell).translate(_MINUS)
    if not _PLAIN.fullmatch(said):
        if not cell.isascii() and _has_marked_digit(cell):
            raise _not_a_number(cell, title, None)
        if match := _WITH_UNIT.fullmatch(said):
            said, factor = match[1], factor_between(match[2], unit)
            if factor is None:
                raise _not_a_number(cell, title, unit)
        if _GROUPED.fullmatch(said):
            said = said.replace(",", "")
        if not _PLAIN.fullmatch(said):
            raise _not_a_number(cell, title, None)
    elif not cell.isascii() and _has_marked_digit(cell):
        raise _not_a_number(cell, title, None)
    return Decimal(said) if factor is None else converted(Decimal(said), factor)


def _has_marked_digit(cell: str) -> bool:
    """Whether a ², ½ or ① would become a digit once made plain: “10²” is not 102. The ² of m² would not."""
    return any(
        unicodedata.category(letter) == "No" and not (at and cell[at - 1].isalpha()) for at, letter in enumerate(cell)
    )


def _not_a_number(cell: str, title: str, unit: str | None) -> CellFault:
    wanted = f"（单位 {unit}）" if unit else ""
    return CellFault("not_a_number", f"{title}应为数字{wanted}，“{cell.strip()[:20]}”不是数字")


def date_of(cell: Cell, title: str) -> str | None:
    """A date as YYYY-MM-DD, from a date cell, a serial number or text in the usual forms."""
    _refuse_errors(cell)
    if isinstance(cell, date):
        found = cell.date() if isinstance(cell, datetime) else cell
        if found.year not in _YEARS:
            raise _not_a_date(found.isoformat(), title)
        return found.isoformat()
    if is_blank(cell):
        return None
    said = normal(plain(cell))
    if _SERIAL.fullmatch(said) and int(float(said)) in _SERIALS:
        return (_SERIAL_EPOCH + timedelta(days=int(float(said)))).isoformat()
    match = _DATE_TEXT.fullmatch(said) or _DATE_DIGITS.fullmatch(said)
    if match is None:
        raise _not_a_date(said, title)
    try:
        found = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise _not_a_date(said, title) from None
    if found.year not in _YEARS:
        raise _not_a_date(said, title)
    return found.isoformat()


def _not_a_date(said: str, title: str) -> CellFault:
    missing = "，缺少日" if re.fullmatch(r"\d{4}\s*[-/.年]\s*\d{1,2}\s*月?", said, re.ASCII) else ""
    return CellFault("not_a_date", f"{title}应为日期，如 2026-03-01；“{said[:20]}”不是日期{missing}")


def moment_of(cell: Cell, title: str) -> datetime | None:
    """A day with its hour, from a date cell, a serial number or text; without an offset it is Shanghai's."""
    _refuse_errors(cell)
    if isinstance(cell, datetime):
        found = cell
    elif cell is None or is_blank(cell):
        return None
    elif isinstance(cell, float) and int(cell) in _SERIALS and not cell.is_integer():
        day = datetime(_SERIAL_EPOCH.year, _SERIAL_EPOCH.month, _SERIAL_EPOCH.day)
        found = day + timedelta(seconds=round(cell * 86_400))
    else:
        said = normal(plain(cell))
        match = _MOMENT_TEXT.fullmatch(said)
        if match is None:
            missing = "，缺少时分" if isinstance(cell, date) or _DATE_TEXT.fullmatch(said) else ""
            raise CellFault("not_a_moment", f"{title}应为年月日和时分，如 2026-07-08 14:00；“{said[:24]}”不是{missing}")
        try:
            parts = (int(part or 0) for part in match.groups()[:6])
            found = datetime(*parts)  # type: ignore[arg-type]
            if match[7]:
                found = datetime.fromisoformat(f"{found.isoformat()}{match[7]}")
        except ValueError:
            raise CellFault("not_a_moment", f"{title}“{said[:24]}”不是一个时刻，请核对") from None
    if found.year not in _YEARS:
        raise CellFault("not_a_moment", f"{title}“{found:%Y-%m-%d %H:%M}”不是一个时刻，请核对")
    return found if found.tzinfo is not None else found.replace(tzinfo=SHANGHAI)


def boolean_of(cell: Cell, title: str) -> bool | None:
    """Yes or no."""
    _refuse_errors(cell)
    if isinstance(cell, bool):
        return cell
    said = normal(plain(cell)).lower() if cell is not None else ""
    if said in _YES:
        return True
    if said in _NO:
        return False
    if is_blank(said):
        return None
    raise CellFault("not_a_boolean", f"{title}应填“是”或“否”，“{said[:20]}”看不懂")


def choice_of(cell: Cell, title: str, choices: dict[str, str]) -> str | None:
    """One of the choices; `choices` gives the value for each word, the words normalised and in lower case.

    The first word of a value is how a sender is told of it.
    """
    _refuse_errors(cell)
    if cell is None:
        return None
    said = normal(plain(cell)).lower()
    if said in choices:
        return choices[said]
    if said in _SAYS_NOTHING or (said in _NOTHING and said not in {"不详", "未知"}):
        return None
    shown: dict[str, str] = {}
    for word, value in choices.items():
        shown.setdefault(value, word)  # the first word of a value is how it is called
    words = list(shown.values())
    legal = "、".join(words[:12]) + ("……" if len(words) > 12 else "")
    raise CellFault("unknown_value", f"{title}应为以下之一：{legal}；“{plain(cell)[:20]}”不在其中")


def degrees_of(cell: Cell) -> Decimal | None:
    """Degrees, or metres of a projected coordinate: a number, or degrees, minutes and seconds.

    None where there is nothing; ValueError where it is no position.
    """
    if isinstance(cell, float):
        if not math.isfinite(cell):
            raise ValueError("not a position")
        return Decimal(_float_text(cell))
    if isinstance(cell, (bool, date)):
        raise ValueError("not a position")
    if isinstance(cell, int):
        return Decimal(cell)
    if cell is None or is_blank(cell):
        return None
    said = normal(cell.translate(_DMS_SIGNS)).translate(_MINUS)
    if match := _DMS.fullmatch(said) or _DMS_PLAIN.fullmatch(said):
        minutes, seconds = Decimal(match["m"]), Decimal(match["s"] or 0)
        if minutes >= 60 or seconds >= 60:
            raise ValueError("not a position")
        value = Decimal(match["d"]) + minutes / 60 + seconds / 3600
        value = value.quantize(_MINUTE if match["s"] is None else _SECOND)
        return -value if _NEGATIVE & {match["side"][:1], match["after"]} else value
    # Whole degrees in words are a region, no position; digits alone are left to the check of vagueness.
    if "度" in said and "." not in said:
        raise ValueError("not a position")
    grouped = said.replace(",", "") if _GROUPED.fullmatch(said) else said
    if match := _DECIMAL_DEGREES.fullmatch(grouped):
        if not cell.isascii() and _has_marked_digit(cell):
            raise ValueError("not a position")
        value = Decimal(match["value"])
        return -value if _NEGATIVE & {match["side"][:1], match["after"]} else value
    raise ValueError("not a position")
