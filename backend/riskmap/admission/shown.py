"""An answer as one reader gets it: what he may not see is masked, never left out; and its one plain sentence."""

from collections.abc import Mapping, Sequence
from typing import Any

from riskmap.access.reader import Reader
from riskmap.admission import queries
from riskmap.admission.judgement import NONE, WORDS, Verdict, Why
from riskmap.catalogue.model import Catalogue
from riskmap.standards import gb36894
from riskmap.store.snapshot import Snapshot

SURE = {"verified": "已核实", "recall": "待核", "judgement": "本局自定"}
REPEALED = "已废止"  # as a basis says of itself


def sure(basis: str, confidence: str) -> str:
    """How sure a basis is, in a word; of one that is in force no more that comes first."""
    return REPEALED if REPEALED in basis else SURE.get(confidence, confidence)


# What is looked at on site where nobody has written down another list. Policy.
ITEMS = (
    "实际经营的场所、事项与申报一致",
    "没有违规住人，没有生产、储存、居住合用的“三合一”",
    "没有用易燃可燃夹芯板搭建、分隔",
    "疏散通道、安全出口畅通，门窗没有影响逃生的障碍",
    "消防设施、器材完好，用电用气符合规定",
    "危险物品的品种、数量、存放与申报一致，没有超量、混存",
    "需要的许可已经取得，或没有先行生产经营",
    "主要负责人、安全管理人员、制度和培训已经落实",
)


def metres(value: float, beside: float | None = None) -> str:
    """Metres in words: one decimal, more where it would else look like the number beside it."""
    if beside is not None and value != beside and round(value, 1) == round(beside, 1):
        return f"{value:.3f} m"
    return f"{value:,.1f} m"


def limit(value: float) -> str:
    """A limit as the rule has it."""
    return f"{value:,.0f} m" if float(value).is_integer() else f"{value:,} m"


def checklist(hits: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is looked at on site. Rules by their titles only: what is found is read by others than who asks."""
    titles = dict.fromkeys(row["title"] for row in hits if row["consequence"] != NONE)
    return [*ITEMS, *(f"现场核对：{title}" for title in titles)]


def masked(snapshot: Snapshot, rows: Sequence[Mapping[str, Any]], *, paper: bool = False) -> list[dict[str, Any]]:
    """Hits as the snapshot's reader gets them. An object is named where he may see it now and as it was then.

    `paper`: for a document that is handed to the applicant; what only the command tier sees stays masked.
    """
    reader = snapshot.reader
    forms = queries.forms_of(snapshot, sorted({row["object"]["id"] for row in rows if row["object"]}))
    return [_masked(dict(row), reader, forms, snapshot.catalogue, paper) for row in rows]


def _masked(
    row: dict[str, Any], reader: Reader, forms: Mapping[int, str], catalogue: Catalogue, paper: bool
) -> dict[str, Any]:
    one = row["object"]
    row["masked"] = None
    if one is None:
        return row
    now = forms.get(one["id"])
    then_full = reader.inner(one["visibility"], one["division"], one["department"], one["class"])
    full = now == "full" and then_full
    named = full or (now is not None and one["visibility"] == 0)
    if paper and one["visibility"] > 1:
        full = named = False
    class_ = catalogue.classes.get(one["class"])
    if named:
        row["object"] = {
            "id": one["id"],
            "name": one["name"],
            "class": one["class"],
            "class_title": class_.title if class_ else one["class"],
            "division": one["division"] or None,
        }
    else:
        row["object"] = None
        row["masked"] = f"对象无权查看（主管部门：{one['department'] or '未登记'}）"
    if not full:  # what only its full form tells: where it is, and its own facts
        row["line"], row["said"], row["doubts"] = None, "", []
        if row.get("risk"):
            row["risk"] = row["risk"] | {"contour": None, "plant": ""}
        if "raised" in row and not named:
            row["raised"] = {"before": None, "after": None, "changes": row["raised"]["changes"]}
    return row


def _who(row: Mapping[str, Any]) -> str:
    if row["object"]:
        return str(row["object"]["name"])
    return str(row["masked"]).replace("对象无权查看", "一处无权查看的对象")


def _basis(row: Mapping[str, Any]) -> str:
    said = sure(row["basis"], row["confidence"])
    return f"（{row['basis']}，{'仅供筛查' if said == REPEALED else said}）"


def _short_by(metres_: float) -> str:
    """How much is wanting: never 0.0 where something is."""
    return f"{metres_:,.1f} m" if metres_ >= 0.1 else f"{metres_:.3f} m"


def reason(row: Mapping[str, Any]) -> str:
    """One hit in words, both numbers said."""
    d, need, why = row["measured_m"], row["required_m"], row["why"]
    if row.get("raised"):
        before, after = row["raised"]["before"], row["raised"]["after"]
        there = f"新增居民在{_who(row)}厂区边界 {metres(d)} 处"
        if before is None or after is None:
            return f"{there}，其级别{'将改变' if row['raised']['changes'] else '不变'}"
        r = f"R 由 {before['R'] or '未算'} 变为 {after['R'] or '未算'}"
        return f"{there}，其 {r}，级别由{before['verdict']}变为{after['verdict']}"
    if row.get("risk"):
        return f"{_compared(row, row['risk'])}{_basis(row)}"
    if d is None or (row["object"] is None and row["masked"] is None):
        doubts = f"（{'；'.join(row['doubts'])}）" if row["doubts"] else ""
        effect = f"：{row['effect']}" if row["effect"] and row["effect"] not in row["title"] else ""
        return f"{row['title']}{effect}{doubts}{_basis(row)}"
    who, unsure = _who(row), limit(row["uncertainty_m"])
    if why == Why.WITHIN:
        return f"{row['title']}：{who}{_basis(row)}"
    if need is None:
        if why == Why.UNCERTAIN:
            return (
                f"距{who} {metres(d)}，在位置误差 ±{limit(row['uncertainty_m'])} 之内，在内在外须现场核对{_basis(row)}"
            )
        more = f"：{row['said']}" if row["said"] else ""
        return f"距{who} {metres(d)}，本条没有数值{more}，须现场核查{_basis(row)}"
    asked = f"应有的 {limit(need)}"
    if row["direction"] == "place":
        asked = f"核对范围 {limit(need)}"
    short = f"距{who} {metres(d, need)}，少于{asked}，差 {_short_by(need - d)}"
    if why == Why.UNCERTAIN:
        apart = f"相差 {metres(abs(d - need))}，在位置误差 ±{unsure} 之内"
        return f"距{who} {metres(d, need)}，{asked}，{apart}，须现场测量{_basis(row)}"
    if why == Why.EDGE:
        return f"距{who}中心线 {metres(d)}，{asked}从边缘量起，而边缘未测，须现场测量{_basis(row)}"
    if why == Why.RECALL:
        return f"{short}；数值待核，不据此拒绝，须现场核查{_basis(row)}"
    if why == Why.ASSUMED:
        doubts = f"（{'；'.join(row['doubts'])}）" if row["doubts"] else ""
        return f"{short}{doubts}；须现场核查{_basis(row)}"
    edge = f"（{row['edge']}）" if row["edge"] else ""
    # A rule that by itself asks for a look on site says why.
    more = f"；{row['effect']}，须现场核查" if row["consequence"] == Verdict.CHECK and row["effect"] else ""
    return f"{short}{edge}{more}{_basis(row)}"


def _compared(row: Mapping[str, Any], risk: Mapping[str, Any]) -> str:
    """Individual risk at the place against its criterion, both numbers said."""
    why, d, contour = row["why"], row["measured_m"], risk["contour"]
    level = f"（{contour}/年{'，' if risk['plant'] else ''}{risk['plant']}）" if contour else ""
    where = f"在{_who(row)}{level}{'以内' if risk['inside'] else f'以外 {metres(d)}'}"
    doubts = f"（{'；'.join(row['doubts'])}）" if row["doubts"] else ""
    if not risk["limit"]:
        return f"{where}{doubts}，须现场核查"
    asked = f"{risk['target']}的基准为 {risk['limit']}/年"
    if why == Why.UNCERTAIN:
        unsure = limit(row["uncertainty_m"])
        return f"{where}，{asked}，在基准线内在外要看位置误差 ±{unsure}{doubts}，须现场核对"
    if why == Why.NO_NUMBER:
        return f"{where}，{asked}，没有登记 {risk['limit']} 的等值线{doubts}，须现场核查"
    if why == Why.UNKNOWN:
        return f"{where}，{asked}{doubts}，不能比较，须现场核查"
    passes_ = risk["said"] == gb36894.ACCEPTABLE
    both = f"{contour} {'<' if passes_ else '≥'} {risk['limit']}，" if contour else ""
    if passes_:
        return f"{where}，{asked}，{both}满足个人风险基准{doubts}"
    short = f"{where}，{asked}，{both}不满足个人风险基准{doubts}"
    if why == Why.RECALL:
        return f"{short}；数值待核，不据此拒绝，须现场核查"
    return f"{short}；须现场核查" if why == Why.ASSUMED else short


def passes(row: Mapping[str, Any]) -> str:
    """The nearest that passes, both numbers said."""
    d, need = row["measured_m"], row["required_m"]
    return f"距{_who(row)} {metres(d, need)}，不少于应有的 {limit(need)}{_basis(row)}"


def sentence(answer: Mapping[str, Any], hits: Sequence[Mapping[str, Any]], near: Sequence[Mapping[str, Any]]) -> str:
    """The answer in one plain sentence, and what stands beside it. Nothing found is never no risk."""
    verdict = answer["verdict"]
    parts = []
    deciding = [row for row in hits if row["consequence"] == verdict]
    others = [row for row in hits if row["consequence"] not in {NONE, verdict}]
    asked, without = answer["asked"], lacking(answer)
    if deciding:
        parts.append(reason(deciding[0]) + "。")
        if len(deciding) > 1:
            parts.append(f"同一结论的另有 {len(deciding) - 1} 项。")
        for word in dict.fromkeys(row["consequence"] for row in others):
            n = sum(row["consequence"] == word for row in others)
            parts.append(f"另有 {n} 项须{WORDS[Verdict(word)]}。")
    else:
        parts.append(f"已问 {len(asked)} 条规则，没有碰到限制。")
        if not answer["trade"]:
            parts.append("没有识别出涉及安全的事项，距离规则都没有问；若有，请手工选标签后重新核验。")
        if near:
            closest = min(near, key=lambda row: row["measured_m"] - (row["required_m"] or 0))
            parts.append(f"最近的一处{passes(closest)}。")
        if verdict == Verdict.COMMIT:
            parts.append("所营事项有安全风险，先告知并签订承诺。")
    if without:
        parts.append(f"{len(without)} 条规则没有登记数据，未能核对，没有查到不等于没有风险。")
    elif not deciding:
        parts.append("没有查到不等于没有风险。")
    return "".join(parts)


def lacking(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Rules that were asked of data that nobody has registered."""
    return [row for row in answer["asked"] if row["objects"] == 0]
