"""Units as tables name them, and exact factors between those of one kind."""

import unicodedata
from decimal import Context, Decimal
from fractions import Fraction

# Each kind: unit → how many of the first it is, exact by definition.
_KINDS: tuple[dict[str, Fraction], ...] = tuple(
    {unit: Fraction(size) for unit, size in kind.items()}
    for kind in (
        {"m": "1", "km": "1000", "cm": "0.01", "mm": "0.001"},
        {"m²": "1", "万m²": "10000", "km²": "1000000", "hm²": "10000", "亩": "2000/3", "万亩": "20000000/3"},
        {"m³": "1", "万m³": "10000", "亿m³": "100000000", "L": "0.001"},
        {"t": "1", "万t": "10000", "kg": "0.001", "g": "0.000001"},
        {"人": "1", "万人": "10000"},
        {"户": "1", "万户": "10000"},
        {"元": "1", "万元": "10000", "亿元": "100000000"},
        {"MPa": "1", "kPa": "0.001", "Pa": "0.000001", "bar": "0.1"},
        {"m³/h": "1", "m³/s": "3600", "L/s": "3.6"},
        {"h": "1", "min": "1/60"},
    )
)
# “1.2万” behind a number whose unit is said elsewhere.
_MYRIADS = {"万": Fraction(10_000), "亿": Fraction(100_000_000)}
_EXACT = Context(prec=60)
_LONG_FACTOR = 12  # decimals: a factor with more of them is a rounded third or sixth
_KEPT = Decimal("0.000001")

_NAMES = {
    "米": "m",
    "公尺": "m",
    "千米": "km",
    "公里": "km",
    "厘米": "cm",
    "毫米": "mm",
    "平方米": "m²",
    "平米": "m²",
    "m2": "m²",
    "㎡": "m²",
    "万平方米": "万m²",
    "万平米": "万m²",
    "万m2": "万m²",
    "平方公里": "km²",
    "平方千米": "km²",
    "km2": "km²",
    "公顷": "hm²",
    "hm2": "hm²",
    "ha": "hm²",
    "立方米": "m³",
    "立方": "m³",
    "方": "m³",
    "m3": "m³",
    "万立方米": "万m³",
    "万立方": "万m³",
    "万方": "万m³",
    "万m3": "万m³",
    "亿立方米": "亿m³",
    "亿m3": "亿m³",
    "升": "L",
    "l": "L",
    "吨": "t",
    "万吨": "万t",
    "千克": "kg",
    "公斤": "kg",
    "克": "g",
    "名": "人",
    "个人": "人",
    "兆帕": "MPa",
    "mpa": "MPa",
    "kpa": "kPa",
    "千帕": "kPa",
    "立方米/小时": "m³/h",
    "立方米/时": "m³/h",
    "m3/h": "m³/h",
    "m3/s": "m³/s",
    "立方米/秒": "m³/s",
    "小时": "h",
    "分钟": "min",
}


_LOWER = {unit.lower(): unit for kind in _KINDS for unit in kind}


def unit_of(said: str) -> str:
    """The unit's one name: “万立方米” and “万m3” are 万m³, “KM” is km."""
    # NFKC would make m³ to m3, which the table knows.
    text = unicodedata.normalize("NFKC", said).strip().replace(" ", "")
    lower = text.lower()
    return _NAMES.get(text) or _NAMES.get(lower) or _LOWER.get(lower, text)


def factor_between(said: str, wanted: str | None) -> Decimal | None:
    """What a number in `said` is multiplied by to be in `wanted`; None where they are not of one kind."""
    unit = unit_of(said)
    target = unit_of(wanted) if wanted else ""
    if unit == target:
        return Decimal(1)
    if unit in _MYRIADS and not target.startswith(tuple(_MYRIADS)):
        return _decimal(_MYRIADS[unit])
    for kind in _KINDS:
        if unit in kind and target in kind:
            return _decimal(kind[unit] / kind[target])
    return None


def converted(value: Decimal, factor: Decimal) -> Decimal:
    """A sender's number in our unit: exact, or to six decimals where the factor is not (1 亩 is 2000/3 m²)."""
    if factor == 1:
        return value
    product = _EXACT.multiply(value, factor)
    if _decimals(factor) > _LONG_FACTOR:
        product = product.quantize(_KEPT, context=_EXACT)
    text = format(product, "f")
    return Decimal(text.rstrip("0").rstrip(".")) if "." in text else product


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _decimal(exact: Fraction) -> Decimal:
    return Decimal(exact.numerator) / Decimal(exact.denominator)


def is_unit(said: str) -> bool:
    """Whether this names a unit that we know."""
    return any(unit_of(said) in kind for kind in _KINDS)


_AT_END = sorted({unicodedata.normalize("NFKC", u).lower() for u in (*_NAMES, *_LOWER)}, key=len, reverse=True)


def unit_at_end(text: str) -> tuple[str, str | None]:
    """A header without the unit at its end, and the unit: “库容/万m3” is 库容 in 万m³."""
    for name in _AT_END:
        if len(text) > len(name) and text.endswith(name):
            return text[: -len(name)].rstrip("/,:-_"), unit_of(name)
    return text, None
