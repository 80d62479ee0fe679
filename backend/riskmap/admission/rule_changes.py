"""What a change of the tables of rules comes to: what it leaves unsaid, and whose cases it concerns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from riskmap.admission.rule_columns import named, title_of
from riskmap.admission.rules import CRITERIA, Rules, words_of
from riskmap.admission.shown import SURE
from riskmap.catalogue.rulesets import ADMISSION_TABLES, shipped_book
from riskmap.standards.result import Tag
from riskmap.standards.table import Book, Row

_BASIS = ("edition", "clause", "tag")
# What tells the rows of a table apart that have no code.
_KEYS: Mapping[str, Sequence[str]] = {
    "gb50156-2012-petrol": ("target",),
    "gb50016-2014-lpg": ("total_over_m3", "total_most_m3", "single_most_m3"),
    "gb50074-2014-distance": ("level",),
    "gb36894-2018-individual-risk": ("target",),
}
# Rules that read such a table say so in their column `by`.
_READ_AS = {
    "gb50156-2012-petrol": "gb50156-petrol",
    "gb50016-2014-lpg": "gb50016-lpg",
    "gb50074-2014-distance": "gb50074-distance",
    "gb36894-2018-individual-risk": CRITERIA,
}
_NUMBERS: Mapping[str, Sequence[str]] = {
    "admission-distances": ("metres",),
    "admission-zones": ("within_m",),
    "admission-tags": (),
    "admission-negative": (),
}
_NAMED = 5
Key = tuple[str, ...]


def _by_key(book: Book, table: str) -> dict[Key, Row]:
    columns = _KEYS.get(table, ("code",))
    return {tuple(row.cells.get(column, "").strip() for column in columns): row for row in book[table].rows}


# -- What is left unsaid -------------------------------------------------------------------------


def remarks(before: Book, after: Book) -> list[str]:
    """Rows that are no more, and numbers that are the bureau's under the basis of a standard."""
    out = []
    for table, title in ADMISSION_TABLES.items():
        old, new = _by_key(before, table), _by_key(after, table)
        lost = [named(row.cells) for key, row in old.items() if key not in new]
        if lost:
            more = f"等 {len(lost)} 条" if len(lost) > _NAMED else ""
            counted = f"{title}由 {len(before[table].rows)} 条变为 {len(after[table].rows)} 条"
            out.append(f"{counted}，不再有：{'、'.join(lost[:_NAMED])}{more}")
        out += _borrowed(table, _by_key(shipped_book(), table), new)
    return out


def _borrowed(table: str, shipped: Mapping[Key, Row], new: Mapping[Key, Row]) -> Iterator[str]:
    for key, row in new.items():
        own = shipped.get(key)
        if own is None or row.cells.get("tag") != Tag.VERIFIED:
            continue
        if any(row.cells.get(column, "").strip() != own.cells[column].strip() for column in _BASIS):
            continue
        columns = _NUMBERS.get(table, [c for c in own.cells if c not in {*_BASIS, *_KEYS.get(table, ())}])
        for column in columns:
            was, now = own.cells[column].strip(), row.cells.get(column, "").strip()
            if _number(was) == _number(now):
                continue
            unit = "" if table == "gb36894-2018-individual-risk" else " m"
            changed = f"由 {was}{unit} 改为 {now}{unit}" if was and now else f"由“{was or '空'}”改为“{now or '空'}”"
            basis = f"{row.cells['edition']} {row.cells['clause']}"
            yield (
                f"{ADMISSION_TABLES[table]} {named(row.cells)}：{title_of(table, column)}{changed}，"
                f"依据仍写 {basis}、{SURE[Tag.VERIFIED]}；本局规定请改依据和可信程度"
            )


def _number(text: str) -> Fraction | str:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        return text


# -- Whom it concerns ------------------------------------------------------------------------------


@dataclass(slots=True)
class Concern:
    """Trades that changed rules ask: by tag, by the beginning of the trade code, by the words of the scope; or all."""

    tags: set[str] = field(default_factory=set)
    industries: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    everybody: bool = False


def concerned(old: Rules, new: Rules) -> Concern:
    """Whom the difference between two sets of rules concerns."""
    out = Concern()
    read = {_READ_AS[table] for table in _KEYS if any(True for _ in _changed(old, new, table))}
    for rules in (old, new):
        for distance in rules.distances:
            if distance.by in read:
                _add_distance(out, rules, distance.scope.code)
        for zone in rules.zones:
            if zone.by in read:
                _add_who(out, rules, zone.who)
    for rules, row in _changed(old, new, "admission-distances"):
        _add_distance(out, rules, row.text("code"))
    for rules, row in _changed(old, new, "admission-zones"):
        _add_who(out, rules, row.text("who"))
    for rules, row in _changed(old, new, "admission-negative"):
        out.industries.update(words_of(row.text("industry")))
        if who := row.text("who"):
            _add_who(out, rules, who)
    for _, row in _changed(old, new, "admission-tags"):
        out.tags.add(row.text("code"))
        out.industries.update(words_of(row.text("industry")))
        out.words.update(words_of(row.text("words")))
    return out


def _changed(old: Rules, new: Rules, table: str) -> Iterator[tuple[Rules, Row]]:
    """Rows that are other than before, as they were and as they are, each with the set that it stands in."""
    before, after = _by_key(old.book, table), _by_key(new.book, table)
    for key in before.keys() | after.keys():
        was, now = before.get(key), after.get(key)
        if was is not None and now is not None and dict(was.cells) == dict(now.cells):
            continue
        if was is not None:
            yield old, was
        if now is not None:
            yield new, now


def _add_distance(out: Concern, rules: Rules, code: str) -> None:
    rule = rules.distance(code)
    out.tags.update(rules.leaves(rule.subject))
    if rule.both:
        out.tags.update(rules.leaves(rule.target))


def _add_who(out: Concern, rules: Rules, who: str) -> None:
    if who == "*":
        out.everybody = True
    else:
        out.tags.update(rules.leaves(who))
