"""What an administrator proposes: a rule set or a policy as sent, and as it would be, each fault at its place."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from riskmap.base.errors import FieldError, Invalid
from riskmap.base.wire import Text, Wire
from riskmap.catalogue.model import GRADE_RANK, Catalogue, Policy, Scale
from riskmap.catalogue.rulesets import CHOICES, EVEN, PRODUCT, TITLES, RuleSet, plain
from riskmap.grading.rulebook import Rulebook
from riskmap.standards.result import Refused

Grade = Literal["major", "serious", "general", "low"]
Colour = Literal["红色", "橙色", "黄色", "蓝色"]
_WORDS = {"major": "重大风险", "serious": "较大风险", "general": "一般风险", "low": "低风险"}
Limit = Annotated[Decimal, Field(ge=0, le=1_000_000, max_digits=11, decimal_places=4)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,60}$")]
_LIMITS = {"level": "等级", "least": "下限", "least_in": "含下限", "most": "上限", "most_in": "含上限"}


class Limits(Wire):
    """The limits between which a number earns something; no limit: none on that side."""

    least: Limit | None = Field(None, title="下限")
    least_in: bool = Field(True, title="含下限")
    most: Limit | None = Field(None, title="上限")
    most_in: bool = Field(True, title="含上限")

    def row(self, level: str, word: str, edition: str) -> dict[str, str]:
        """As a row of a standard's table."""
        return {
            "level": level,
            "word": word,
            **_limit("least", self.least, self.least_in),
            **_limit("most", self.most, self.most_in),
            "edition": edition,
            "clause": "分级",
            "tag": "judgement",
        }


class Band(Limits):
    """One band of risk points: a grade and its limits."""

    level: Grade = Field(title="等级")

    def cells(self, edition: str) -> dict[str, str]:
        """As a row of a standard's table."""
        return self.row(self.level, _WORDS[self.level], edition)


class ScoreBand(Limits):
    """One band of a scheme of scores: a colour and its limits."""

    level: Colour = Field(title="颜色")


class Scheme(Wire):
    """A scheme of scores (记分方案): the name that enterprises' scores carry, and its bands."""

    title: Annotated[Text, StringConstraints(min_length=1, max_length=60)] = Field(title="方案名称")
    bands: Annotated[list[ScoreBand], Field(title="分档", max_length=20)]

    def cells(self) -> list[dict[str, str]]:
        """As rows of a standard's table."""
        return [band.row(band.level, f"{band.level}企业", self.title) for band in self.bands]


def _limit(name: str, value: Decimal | None, within: bool) -> dict[str, str]:
    if value is None:
        return {name: "", f"{name}_in": ""}
    return {name: plain(value), f"{name}_in": "yes" if within else "no"}


Weight = Annotated[Decimal, Field(ge=0, le=1000, max_digits=7, decimal_places=3)]


class Weights(Wire):
    """What an object of each grade counts in the weighted heat map."""

    major: Weight = Field(Decimal(1), title="重大")
    serious: Weight = Field(Decimal(1), title="较大")
    general: Weight = Field(Decimal(1), title="一般")
    low: Weight = Field(Decimal(1), title="低")
    none: Weight = Field(Decimal(1), title="未评定")

    def by_grade(self) -> dict[str, Decimal]:
        """Without the noughts behind the point, so that 2 and 2.0 are one."""
        return {grade: Decimal(plain(getattr(self, grade))) for grade in EVEN}


class RuleSetDraft(Wire):
    """What stands in the place of what is in force: for each table a choice among those that the product brings, or own
    bands; the weights of the heat map; schemes of scores. What is not given stays as it is in force."""

    use: Annotated[dict[Name, Name], Field(title="选用", max_length=20, default_factory=dict)]
    tables: Annotated[
        dict[Name, Annotated[list[Band], Field(max_length=20)]],
        Field(title="自定分档", max_length=20, default_factory=dict),
    ]
    weights: Weights | None = Field(None, title="热力图权重")
    schemes: Annotated[list[Scheme], Field(max_length=20)] | None = Field(None, title="记分方案")


class PolicyRow(Wire):
    """One level and the risk grade that it earns."""

    level: Text = Field(title="级别")
    grade: Grade | None = Field(None, title="风险等级")


class PolicyDraft(Wire):
    """A policy as it would be; off where it is not adopted."""

    policy: Name = Field(title="对应表")
    rows: Annotated[list[PolicyRow], Field(title="各级", max_length=50)]
    adopted: bool = Field(True, title="采用")


class Proposed(Wire):
    """One of the two."""

    ruleset: RuleSetDraft | None = Field(None, title="规则集")
    policy: PolicyDraft | None = Field(None, title="对应表")


class Trial(Proposed):
    """What to try, and how much of the list to give: from behind the object `after`."""

    limit: Annotated[int, Field(ge=1, le=1000)] = Field(100, title="每页处数")
    after: Annotated[int, Field(ge=0, le=2**62)] = Field(0, title="从哪一处之后")


class Adoption(Proposed):
    """What to adopt, under which name and why. `expected`: how many objects the trial said would change."""

    title: Annotated[Text, StringConstraints(max_length=60)] = Field("", title="名称")
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)] = Field(
        title="理由"
    )
    valid_from: date | None = Field(None, title="施行日期")
    expected: Annotated[int, Field(ge=0)] = Field(title="试算的处数")


# -- As it would be --------------------------------------------------------------------


def check_one(given: Proposed) -> None:
    if (given.ruleset is None) == (given.policy is None):
        raise Invalid(
            "请给出一个规则集或一张对应表", errors=[FieldError("ruleset", "missing", "规则集、对应表只取其一")]
        )


def ruleset_of(draft: RuleSetDraft, present: RuleSet, code: str, title: str, day: date, reason: str) -> RuleSet:
    """The set: what the draft gives, and of the one in force what it does not. Raises Invalid with what is wrong in
    each of its tables."""
    errors = [
        FieldError(f"ruleset.{part}.{name}", "unknown_table", f"没有“{name}”这张表，可用：{'、'.join(CHOICES)}")
        for part, names in (("use", draft.use), ("tables", draft.tables))
        for name in names
        if name not in CHOICES
    ]
    for name, choice in draft.use.items():
        if name in CHOICES and choice not in CHOICES[name]:
            message = f"没有“{choice}”这套{TITLES[name]}，可用：{'、'.join(CHOICES[name])}"
            errors.append(FieldError(f"ruleset.use.{name}", "unknown_choice", message))
    if errors:
        raise _unfit(errors)
    # A set of its own has the rule set's name; a table chosen among those of the product keeps its own.
    tables = {name: tuple(band.cells(title) for band in bands) for name, bands in draft.tables.items()}
    use = {name: choice for name, choice in draft.use.items() if name not in tables}
    for name, rows in tables.items():
        try:  # each by itself, so that all are told of
            Rulebook.of(replace(PRODUCT, title="", tables={name: rows}))
        except Refused as refused:
            at = f"ruleset.tables.{name}"
            errors += [_fault(at, TITLES[name], f.field, f.code, f.message) for f in refused.faults]
        else:
            errors += _out_of_order(name, draft.tables[name])
    schemes = present.schemes if draft.schemes is None else _schemes(draft.schemes, errors)
    weights = present.weights if draft.weights is None else draft.weights.by_grade()
    if not any(weights.values()):
        message = "热力图权重不能全是 0：那样图上处处一样，像没有风险"
        errors.append(FieldError("ruleset.weights", "all_zero", message))
    if errors:
        raise _unfit(errors)
    given = use.keys() | tables.keys()
    chosen = {name: choice for name, choice in present.use.items() if name not in given}
    chosen |= {name: choice for name, choice in use.items() if choice != CHOICES[name][0]}
    own = {name: rows for name, rows in present.tables.items() if name not in given} | tables
    return RuleSet(code, title, day, reason, chosen, own, weights, schemes)


def _out_of_order(name: str, bands: Sequence[Band]) -> list[FieldError]:
    """Bands that no bureau can mean: more is worse by LEC and by LS, and each of the four grades is one band.

    Policy: refused, not warned of. A set upside down would colour the worst risks blue.
    """
    at, title = f"ruleset.tables.{name}", TITLES[name]
    levels = [band.level for band in bands]
    errors = [
        FieldError(f"{at}.{i}.level", "twice", f"{title}：{_WORDS[level]}写了两档，请并为一档")
        for i, level in enumerate(levels)
        if level in levels[:i]
    ]
    if lacking := [word for level, word in _WORDS.items() if level not in levels]:
        errors.append(FieldError(at, "no_band", f"{title}：{'、'.join(lacking)}没有一档，四级各要有一档"))
    upward = sorted(range(len(bands)), key=lambda i: (bands[i].least is not None, bands[i].least or 0))
    for low, high in itertools.pairwise(upward):
        if GRADE_RANK[bands[high].level] > GRADE_RANK[bands[low].level]:
            said = f"第 {high + 1} 档的分值比第 {low + 1} 档大，等级却更低；分值越大风险越大，请核对是否写反"
            errors.append(FieldError(f"{at}.{high}.level", "upside_down", f"{title}：{said}"))
    return errors


def _schemes(drafts: Sequence[Scheme], errors: list[FieldError]) -> dict[str, list[dict[str, str]]]:
    """Rows of each scheme by its name; what is wrong with them goes to the errors."""
    out: dict[str, list[dict[str, str]]] = {}
    for i, draft in enumerate(drafts):
        at = f"ruleset.schemes.{i}"
        if draft.title in out or draft.title in PRODUCT.score_bands():
            errors.append(FieldError(f"{at}.title", "twice", f"已有“{draft.title}”这个记分方案"))
            continue
        levels = [band.level for band in draft.bands]
        if len(set(levels)) < len(levels):
            errors.append(FieldError(f"{at}.bands", "twice", f"{draft.title}：一种颜色写了两档"))
            continue
        out[draft.title] = draft.cells()
        try:
            replace(PRODUCT, schemes={draft.title: out[draft.title]}).score_bands()
        except Refused as refused:
            errors += [_fault(f"{at}.bands", draft.title, f.field, f.code, f.message) for f in refused.faults]
    return out


def _unfit(errors: list[FieldError]) -> Invalid:
    return Invalid("规则集有不符合要求的地方", code="invalid_ruleset", errors=errors)


_PLACE = re.compile(r"\s*[a-z]+-bands:(\d+)")


def _fault(field: str, title: str, place: str, code: str, message: str) -> FieldError:
    """A fault of a table at the row and the limit that the page shows."""
    found = re.search(r":(\d+):(\w+)$", place)
    if found:
        field += f".{int(found[1]) - 2}.{found[2]}"
    said = message.split("：", 1)[-1]
    said = _PLACE.sub(lambda m: f"第 {int(m[1]) - 1} 档", said)
    if found:
        said = f"第 {int(found[1]) - 1} 档的{_LIMITS.get(found[2], found[2])}：{said}"
    elif code == "no_rows":
        said = "没有填写任何一档"
    return FieldError(field, code, f"{title}：{said}")


def policy_of(draft: PolicyDraft, catalogue: Catalogue, title: str) -> Policy:
    """The policy. Raises Invalid for every level that it leaves without a grade."""
    known = catalogue.policies.get(draft.policy)
    if known is None:
        message = f"没有对应表“{draft.policy}”"
        raise Invalid(message, errors=[FieldError("policy.policy", "unknown_policy", message)])
    scale = catalogue.scales[known.scale]
    errors, seen = [], set()
    for i, row in enumerate(draft.rows):
        at = f"policy.rows.{i}"
        if scale.level(row.level) is None:
            errors.append(FieldError(f"{at}.level", "unknown_level", f"{scale.title}没有“{row.level}”这一级"))
        elif row.level in seen:
            errors.append(FieldError(f"{at}.level", "twice", f"“{row.level}”写了两次"))
        elif row.grade is None:
            errors.append(FieldError(f"{at}.grade", "no_grade", f"“{row.level}”没有对应的风险等级"))
        seen.add(row.level)
    lacking = [level.value for level in scale.levels if level.value not in seen]
    if lacking:
        errors.append(FieldError("policy.rows", "no_grade", f"“{'”“'.join(lacking)}”没有对应的风险等级"))
    if not errors:
        errors = _backwards(draft, scale)
    if errors:
        raise Invalid("对应表有不符合要求的地方", code="invalid_policy", errors=errors)
    rows = tuple((row.level, str(row.grade)) for row in draft.rows)
    return replace(known, title=title or known.title, adopted=draft.adopted, rows=rows)


def _backwards(draft: PolicyDraft, scale: Scale) -> list[FieldError]:
    """Rows by which a worse level earns a better grade than a less bad one."""
    sign = 1 if scale.worse == "low-rank" else -1
    place = {level.value: sign * level.rank for level in scale.levels}
    order = sorted(range(len(draft.rows)), key=lambda i: place[draft.rows[i].level])  # the worst first
    errors = []
    for worse, better in itertools.pairwise(order):
        one, other = draft.rows[worse], draft.rows[better]
        if one.grade and other.grade and GRADE_RANK[one.grade] > GRADE_RANK[other.grade]:
            said = f"{one.level}比{other.level}更重，对应的风险等级却更低，请核对是否写反"
            errors.append(FieldError(f"policy.rows.{worse}.grade", "upside_down", said))
    return errors
