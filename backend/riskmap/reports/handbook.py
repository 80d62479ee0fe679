"""风险分级分类手册: by class what it is, how it is judged, who controls it and how often; then each risk once.

Every number is the register's, the rule set's or the figures'; nothing of a standard is written here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from riskmap.catalogue.model import GRADES, UPWARD, Class, Field
from riskmap.grading.rulebook import Rulebook, rulebook_of
from riskmap.grading.rules import RULES
from riskmap.paper.wordbook import Column, Heading, Wordbook
from riskmap.reports import handbook_rows
from riskmap.reports.content.units import ordered
from riskmap.reports.edition import Edition
from riskmap.reports.made import Made, Tell
from riskmap.reports.three_lists import about
from riskmap.selection.describe import GRADE_WORDS, SURE_WORDS
from riskmap.standards.bands import Bands

TITLE = "风险分级分类手册"
_COLOUR = {"major": "红", "serious": "橙", "general": "黄", "low": "蓝", "none": "—"}
_ROLE = {"hazard": "风险源", "target": "脆弱性目标", "response": "应急力量", "context": "背景要素"}
_SHAPE = {"point": "点", "linestring": "线", "polygon": "面"}
_CHANGED = {"came": "新列入", "went": "不再列入", "raised": "升级", "lowered": "降级"}
_ROWS = 400  # of one table: Word lays out longer ones slowly
_EVERY = 100
_NOT_TOLD = "未登记"


def make(edition: Edition, folder: Path, tell: Tell) -> list[Made]:
    """The file. A handbook that has other counts than the figures is not made."""
    name = f"{TITLE}.docx"
    body = edition.figures.body
    written = _Handbook(edition, tell).write(folder / name)
    expected = {grade: body[grade] for grade in UPWARD}
    if written != expected:
        raise RuntimeError(f"handbook: wrote {written} of {expected}")
    return [Made(name, TITLE, "handbook", told={"rows": written})]


class _Handbook:
    def __init__(self, edition: Edition, tell: Tell) -> None:
        self.edition, self.tell = edition, tell
        self.catalogue, self.body = edition.snapshot.catalogue, edition.figures.body
        self.ruleset = self.catalogue.ruleset_at(edition.snapshot.moment.day)
        self.clauses, self.control = handbook_rows.clauses(edition), handbook_rows.control(edition)
        self.written = {"major": 0, "serious": 0}
        present = [c for c in self.catalogue.classes.values() if c.code in self.body["by_class"]]
        self.classes = ordered(self.catalogue, present)

    def write(self, path: Path) -> dict[str, int]:
        imprint = self.edition.imprint(f"{self.edition.area}{TITLE}")
        headings = self._headings()
        with Wordbook(path, imprint) as book:
            version = imprint.body()["version"]
            book.cover(
                TITLE, [f"{imprint.number}　{version}", imprint.maker, imprint.body()["month"]], about(self.edition)
            )
            book.contents([*headings["front"], *(h for group in headings["groups"] for h in group)])
            front = iter(headings["front"])
            self._use(book, next(front))
            self._changes(book, next(front))
            rows = groupby(
                handbook_rows.risks(self.edition, [c.code for c in self.classes]), key=lambda r: r["code_of_class"]
            )
            code, found = next(rows, ("", iter(())))
            for members, group in zip(self._groups().values(), headings["groups"], strict=True):
                book.heading(group[0], new_page=True)
                for class_, heading in zip(members, group[1:], strict=True):
                    self._class(book, heading, class_)
                    if class_.code == code:
                        self._risks(book, class_, found)
                        code, found = next(rows, ("", iter(())))
                    else:
                        book.paragraph(f"所选范围内没有较大以上的{class_.title}；未评定的不在其内。", "Remark")
        self.tell(1.0)
        return self.written

    def _groups(self) -> dict[str, list[Class]]:
        """What has a section, by the first level of the tree."""
        titles = {g["code"]: g["title"] for g in self.catalogue.groups}
        graded = [c for c in self.classes if not self._is_beside(c)]
        return {titles.get(code, "其他"): list(m) for code, m in groupby(graded, key=lambda c: c.group)}

    def _is_beside(self, class_: Class) -> bool:
        """Whether it is neither a risk nor a target, and nothing of it is graded: it is counted and has no section."""
        counts = self.body["by_class"][class_.code]
        return class_.role in {"response", "context"} and not any(counts[g] for g in GRADES if g != "none")

    def _headings(self) -> dict[str, Any]:
        front = [Heading(1, "1　使用说明", "h_use"), Heading(1, "2　与上期相比", "h_changes")]
        groups = []
        for n, (title, members) in enumerate(self._groups().items(), 3):
            own = [Heading(1, f"{n}　{title}", f"h_{n}")]
            own += [Heading(2, f"{n}.{i}　{c.title}", f"h_{n}_{i}") for i, c in enumerate(members, 1)]
            groups.append(own)
        return {"front": front, "groups": groups}

    # -- Front ------------------------------------------------------------------------------

    def _use(self, book: Wordbook, heading: Heading) -> None:
        body, totals = self.body, self.body["totals"]
        book.heading(heading, new_page=True)
        told = "、".join(f"{GRADE_WORDS[g]} {body[g]} 处" for g in GRADES)
        book.paragraph(
            f"本手册列出所选范围内登记的 {totals['total']} 处对象的分类和等级：{told}；"
            f"其中 {totals['unplaced']} 处没有位置，照列。"
            f"较大以上的 {body['major'] + body['serious']} 处在各自分类下逐处列出，每处一次。", "Body",
        )  # fmt: skip
        since = f"，自 {self.ruleset.valid_from.isoformat()} 起" if self.ruleset.valid_from else ""
        book.paragraph(
            f"等级按规则集“{self.ruleset.title}”{since}计算。各分类下写明依据的条文和可信程度：已核对；条文待核（凭记忆写入，"
            "未对照原文，不作拒绝的依据）；本局自定（没有规范依据）。", "Body",
        )  # fmt: skip
        book.paragraph(
            "“未评定”是登记的资料不够，不是低风险；没有登记不等于没有风险。专业分级（如重大危险源级别）与风险等级是两回事，"
            "由本局采用的对应表联系。没有填写的写“未登记”或留空。", "Body",
        )  # fmt: skip
        if beside := "、".join(c.title for c in self.classes if self._is_beside(c)):
            book.paragraph(f"应急力量和背景要素不分级，只在表 2 中计数：{beside}。", "Body")
        book.table(
            "风险等级",
            [Column("等级", 0.2), Column("颜色", 0.2), Column("处数", 0.2, True), Column("其中没有位置", 0.2, True)],
            [(GRADE_WORDS[g], _COLOUR[g], str(body[g]), str(body["unplaced"][g])) for g in GRADES],
        )
        columns = [
            Column("分类", 0.34),
            *(Column(GRADE_WORDS[g], 0.11, True) for g in GRADES),
            Column("合计", 0.11, True),
        ]
        counted = [(c.title, body["by_class"][c.code]) for c in self.classes]
        rows = [(title, *(str(n[g]) for g in GRADES), str(sum(n.values()))) for title, n in counted]
        every = {g: sum(n[g] for _, n in counted) for g in GRADES}
        rows.append(("合计", *(str(every[g]) for g in GRADES), str(sum(every.values()))))
        book.table("各分类的等级（处）", columns, rows)

    def _changes(self, book: Wordbook, heading: Heading) -> None:
        book.heading(heading)
        changes = self.edition.changes
        if changes is None:
            book.paragraph("没有同一范围、同一选择、已签发的上期成果可比。", "Body")
            return
        before, totals = changes["previous"], changes["totals"]
        said = "；".join(f"{GRADE_WORDS[g]}由 {totals['before'][g]} 处变为 {totals['after'][g]} 处" for g in UPWARD)
        book.paragraph(
            f"上期为 {before['number']} 第 {before['version']} 版（状态 {before['state']}，截至 {before['day']}）。"
            f"{said}。",
            "Body",
        )
        rows = list(self._changed(changes))
        if not rows:
            book.paragraph("较大以上的没有增减，也没有升降级。", "Body")
            return
        columns = [Column("变化", 0.16), Column("名称", 0.5), Column("原等级", 0.17), Column("现等级", 0.17)]
        for n, part in _parts(rows):
            book.table(f"较大以上的变化{n}", columns, part)

    def _changed(self, changes: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
        def grade(value: str | None) -> str:
            return GRADE_WORDS[value] if value else "—"

        for kind, word in _CHANGED.items():
            for row in changes[kind]:
                name = row["name"] or "对象无权查看"
                told = name if self.edition.public else f"{name}（登记号 {row['id']}）"
                yield word, told, grade(row["before"]), grade(row["after"])

    # -- A class ------------------------------------------------------------------------------

    def _class(self, book: Wordbook, heading: Heading, class_: Class) -> None:
        body = self.body["by_class"][class_.code]
        book.heading(heading)
        shapes = "、".join(_SHAPE.get(g, g) for g in class_.geometry)
        counts = "、".join(f"{GRADE_WORDS[g]} {body[g]}" for g in GRADES if body[g])
        book.paragraph(
            f"{class_.title}是{_ROLE.get(class_.role, '对象')}，以{shapes}登记，"
            f"主管部门一般为{class_.department or '未指定'}。所选范围内有 {sum(body.values())} 处：{counts}。", "Body",
        )  # fmt: skip
        self._judged(book, class_)
        self._controlled(book, class_)

    def _judged(self, book: Wordbook, class_: Class) -> None:
        rule = RULES.get(class_.rule or "")
        scale = self.catalogue.scales.get(class_.scale or "")
        if scale is not None:
            levels = "、".join(lv.title for lv in scale.levels)
            worse = scale.note or ("级数小的重" if scale.worse == "low-rank" else "级数大的重")
            told = f"专业分级为“{scale.title}”：{levels}（{worse}）" + (
                f"；另有“{scale.outside.title}”" if scale.outside else ""
            )
            book.paragraph(f"{told}。{self._policies(scale.code)}", "Body")
        if rule is None:
            book.paragraph("怎样判：没有计算规则，由人研判并写明依据；没有研判的为未评定。", "Body")
        else:
            book.paragraph(f"怎样判：按 {rule.standard}，由登记的资料计算；资料不够的为未评定，写明缺什么。", "Body")
            self._inputs(book, class_, rule.reads)
            self._bands(book, class_)
        rows = [
            (c["clause"], _few(c["titles"]), _few(c["formulas"], "；"), SURE_WORDS.get(c["tag"], ""), str(c["n"]))
            for c in self.clauses.get(class_.code, ())
        ]
        if rows:
            columns = [
                Column("条文", 0.3), Column("内容", 0.24), Column("算式或界限", 0.26), Column("可信程度", 0.12),
                Column("用到（处）", 0.1, True),
            ]  # fmt: skip
            book.table(f"{class_.title}：等级所依的条文", columns, rows)

    def _policies(self, scale: str) -> str:
        found = [p for p in self.catalogue.policies.values() if p.scale == scale]
        if not found:
            return "没有到风险等级的对应表。"
        return "".join(
            f"对应表“{p.title}”{'本局已采用' if p.adopted else '本局没有采用，级别不产生风险等级'}"
            + (f"：{'、'.join(f'{level}→{GRADE_WORDS[grade]}' for level, grade in p.rows)}。" if p.adopted else "。")
            for p in found
        )

    def _inputs(self, book: Wordbook, class_: Class, reads: Iterable[str]) -> None:
        most = 0 if self.edition.public else self.edition.snapshot.reader.tier
        fields = [f for f in class_.fields if f.name in set(reads) and f.visibility <= most]
        if fields:
            columns = [Column("登记的项目", 0.2), Column("单位", 0.1), Column("说明", 0.42), Column("出处", 0.28)]
            book.table(f"{class_.title}：等级用到的登记项目", columns, [_input(f) for f in fields])

    def _bands(self, book: Wordbook, class_: Class) -> None:
        rows = [
            (bands.edition, band.says(symbol), unit, _result(band.row.cells),
             f"{band.row.clause.number}（{SURE_WORDS[str(band.row.clause.tag)]}）")
            for symbol, unit, bands in _bands_of(rulebook_of(self.ruleset), class_.rule or "")
            for band in bands.bands
        ]  # fmt: skip
        if rows:
            columns = [
                Column("依据", 0.3),
                Column("界限", 0.24),
                Column("单位", 0.08),
                Column("结果", 0.16),
                Column("条文", 0.24),
            ]
            book.table(f"{class_.title}：现用的分档", columns, rows)

    def _controlled(self, book: Wordbook, class_: Class) -> None:
        found = self.control.get(class_.code)
        if found is None:
            return
        n, fields = found["n"], class_.by_name
        told = [f"较大以上 {n} 处（重大 {found['majors']} 处），管控落实齐全 {found['complete']} 处"]
        if "measures" in fields:
            told.append(f"写明管控措施 {n - found['no_measures']} 处")
        told.append(f"有责任人 {n - found['no_persons']} 处")
        if "control_level" in fields:
            told.append("重大风险写明管控层级的 " + f"{found['majors'] - found['no_control']} 处")
        if found["majors"]:
            told.append(
                f"重大风险有属地挂钩 {found['majors'] - found['no_town_hook']} 处、"
                f"部门挂钩 {found['majors'] - found['no_department_hook']} 处"
            )
        if found["shortest"] is not None:
            shortest, longest = found["shortest"], found["longest"]
            each = f"{shortest} 天" if shortest == longest else f"{shortest}–{longest} 天"
            told.append(f"登记的巡查间隔 {each}一次，没有登记的 {found['no_interval']} 处")
        elif "inspect_days" in fields:
            told.append(f"巡查间隔都没有登记（{found['no_interval']} 处）")
        else:
            told.append("这一分类没有巡查间隔一项，多久查一次由主管部门规定")
        book.paragraph("谁管、多久查：" + "；".join(told) + "。", "Body")

    def _risks(self, book: Wordbook, class_: Class, found: Iterator[dict[str, Any]]) -> None:
        own = {"major": 0, "serious": 0}
        for grade, rows in groupby(found, key=lambda r: r["grade"]):
            code = next(g for g, word in GRADE_WORDS.items() if word == grade)
            for n, part in _parts(self._told(rows, code, own)):
                book.table(f"{class_.title}：{grade}{n}", self._columns(), part)
        expected = {g: self.body["by_class"][class_.code][g] for g in own}
        if own != expected:
            raise RuntimeError(f"handbook, {class_.code}: wrote {own} of {expected}")

    def _columns(self) -> list[Column]:
        columns = [Column("序号", 0.06, True), Column("名称", 0.26), Column("等级", 0.07), Column("级别", 0.1)]
        columns += [Column("区划", 0.14), Column("管控措施", 0.24)]
        columns += [] if self.edition.public else [Column("责任岗位", 0.22)]
        return [*columns, Column("巡查间隔", 0.09)]

    def _told(self, rows: Iterable[dict[str, Any]], grade: str, own: dict[str, int]) -> Iterator[tuple[str, ...]]:
        for row in rows:
            own[grade] += 1
            self.written[grade] += 1
            if sum(self.written.values()) % _EVERY == 0:
                self.tell(sum(self.written.values()) / (self.body["major"] + self.body["serious"]))
            yield tuple(self._cells(row, own[grade]))

    def _cells(self, row: Mapping[str, Any], n: int) -> Iterator[str]:
        public = self.edition.public
        beside = [str(row["enterprise"])] if row["enterprise"] and not public else []
        beside += [] if public else [f"登记号 {row['id']}"]
        beside += [str(row["position"])] if row["position"] == "未定位" else []
        yield str(n)
        yield str(row["name"]) + (f"\n{'　'.join(beside)}" if beside else "")
        yield str(row["grade"])
        yield str(row["level"] or "")
        yield str(row["division"] or "")
        told = [row["measures"], f"事故类型：{row['accidents']}" if row["accidents"] else None]
        yield "\n".join(str(t) for t in told if t) or _NOT_TOLD
        if not public:
            posts = (("层级", "control_said"), ("企业", "head"), ("属地", "town_hook"), ("部门", "department_hook"))
            yield "\n".join(f"{word}：{row[name]}" for word, name in posts if row[name]) or _NOT_TOLD
        yield str(row["interval"] or _NOT_TOLD)


def _input(field: Field) -> tuple[str, ...]:
    source = " ".join(filter(None, [field.source, f"（{SURE_WORDS[field.tag]}）" if field.tag in SURE_WORDS else None]))
    return field.title, field.unit or "", field.help or "", source


def _result(cells: Mapping[str, str]) -> str:
    """What a band gives: a level, or a factor."""
    found = next((cells[name] for name in ("level", "word", "alpha") if cells.get(name)), "")
    return GRADE_WORDS.get(found, found)


def _few(text: str | None, joint: str = "、", most: int = 5) -> str:
    """The first few of what is joined, and that there are more."""
    parts = (text or "").split(joint)
    return joint.join(parts[:most]) + (" 等" if len(parts) > most else "")


def _parts(rows: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, Iterator[tuple[str, ...]]]]:
    """Tables of a bounded length: the words behind their caption, and their rows."""
    left = iter(rows)
    for n, first in enumerate(left):
        yield (f"（续 {n}）" if n else ""), _chained(first, islice(left, _ROWS - 1))


def _chained(first: tuple[str, ...], more: Iterator[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    yield first
    yield from more


def _bands_of(book: Rulebook, rule: str) -> Sequence[tuple[str, str, Bands]]:
    """The sets of bands that a rule grades by, each with symbol and unit of what is held against it."""
    known: Mapping[str, Sequence[tuple[str, str, Bands]]] = {
        "gb18218": (("厂外人数", "人", book.gb18218.alphas), ("R", "", book.gb18218.levels)),
        "gb39496": (("V", "万m³", book.tailings.v), ("H", "m", book.tailings.h)),
        "gb50074": (("TV", "m³", book.depots.grades),),
        "risk-point": (("D", "", book.lec.bands), ("R", "", book.ls)),
        "enterprise-score": (("总分", "分", book.enterprises.bands),),
        "park-score": (("得分", "分", book.parks.bands),),
        "sl252": (("总库容", "万m³", book.reservoirs),),
    }
    return known.get(rule, ())
