"""What a business does: tags found in the words of its scope, in its trade code, or chosen by hand."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from riskmap.admission.rules import Rules, Tag

# “不含危险化学品”, “（不含储存）”, “除烟花爆竹外”: what is taken out is not done.
_EXCLUDED_NOTE = re.compile(r"\([^()]*(?:不含|不包括|除|不得|不带|不涉及|非|严禁|禁止)[^()]*\)")
_EXCLUDED_TAIL = re.compile(r"(?:不含|不包括|不得经营|不得从事|不涉及|严禁|禁止).*$")
_EXCEPT = re.compile(r"除.*?(?:以外|之外|外)")
_CLAUSES = re.compile(r"[;；,，。、\n\r]+")
_NEGATING = frozenset("不无未非零")
_TRADE = re.compile(r"^[A-T]?(\d{2,4})$")
_SECTION = re.compile(r"^[A-T]$")


@dataclass(frozen=True, slots=True)
class Found:
    """A tag of an applicant, and why: by whom or by which words."""

    tag: Tag
    how: str  # chosen, scope, industry
    evidence: str

    def body(self) -> dict[str, str]:
        """For the answer."""
        return {"tag": self.tag.code, "title": self.tag.title, "how": self.how, "evidence": self.evidence}


def trade_code(text: str) -> str | None:
    """The digits of a GB/T 4754 code (C2511 → 2511), its form alone checked; None where it has no such form."""
    found = _TRADE.match(unicodedata.normalize("NFKC", text).strip().upper())
    return found[1] if found else None


def _clauses(scope: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", scope)
    plain = _EXCLUDED_NOTE.sub("", plain)
    out = []
    for clause in _CLAUSES.split(plain):
        clause = _EXCLUDED_TAIL.sub("", _EXCEPT.sub("", clause)).strip()
        if clause:
            out.append(clause)
    return out


def _word_in(clause: str, words: Sequence[str]) -> str | None:
    for word in words:
        at = clause.upper().find(word.upper())
        while at >= 0:
            if at == 0 or clause[at - 1] not in _NEGATING:
                return word
            at = clause.upper().find(word.upper(), at + 1)
    return None


def find(
    rules: Rules, scope: str, industry: str | None, chosen: Iterable[str], without: Collection[str] = ()
) -> list[Found]:
    """The tags of a trade, each once: chosen by hand, else by the scope's words, else by the trade code.

    `without`: what the officer took away though the words say it; what he also chose stays.
    """
    out: dict[str, Found] = {}
    for code in chosen:
        out[code] = Found(rules.tags[code], "chosen", "")
    clauses = _clauses(scope)
    for tag in rules.tags.values():
        if tag.code in out or tag.code in without:
            continue
        words = sorted(tag.words, key=len, reverse=True)
        for clause in clauses:
            if word := _word_in(clause, words):
                out[tag.code] = Found(tag, "scope", f"{clause}（{word}）" if clause != word else word)
                break
        if tag.code not in out and industry and industry.startswith(tag.industry or ("-",)):
            out[tag.code] = Found(tag, "industry", industry)
    return list(out.values())
