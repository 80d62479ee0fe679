"""GB 32100-2015 法人和其他组织统一社会信用代码编码规则: the form of a code and its check character."""

import re

# No I, O, S, V, Z: they are taken for 1, 0, 5, U, 2.
_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
FORM = rf"^[{_CHARACTERS}]{{2}}\d{{6}}[{_CHARACTERS}]{{10}}$"  # the database reads it too
_FORM = re.compile(FORM)


def identifies(code: str) -> bool:
    """Whether a code has the form of one, whatever its check character: what has not, tells no two entities apart."""
    return len(code) == 18 and bool(_FORM.match(code))


def fault(code: str) -> str | None:
    """What is wrong with a code, in words; None where it is well formed and its check character agrees."""
    if len(code) != 18:
        return f"统一社会信用代码应为 18 位，现为 {len(code)} 位"
    if not _FORM.match(code):
        return "统一社会信用代码含有不用的字符（没有 I、O、S、V、Z），第 3 至 8 位应为数字"
    total = sum(_CHARACTERS.index(c) * pow(3, i, 31) for i, c in enumerate(code[:17]))
    expected = _CHARACTERS[(31 - total % 31) % 31]
    return None if code[17] == expected else "统一社会信用代码校验位不符"
