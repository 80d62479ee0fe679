"""What stands in a sheet's margins: head, foot, scale bar; and the arrow to the north."""

from collections.abc import Sequence
from dataclasses import dataclass

from riskmap.paper import fonts
from riskmap.paper.drawing import ALARM, INK, MM, Block, width, wrap
from riskmap.paper.imprint import Imprint
from riskmap.paper.panels import number


def head(b: Block, imprint: Imprint, w: float, margin: float, k: float, sheet_no: str, sheet_of: str) -> float:
    """The head of a page; gives the height that it takes."""
    left, approval, side = _sides(imprint, k, sheet_no, sheet_of)
    room = w - 2 * margin - 2 * side
    size, lines, tall = _title(imprint.title, room, w - 2 * margin, k)
    spread = size / 24 * 1.06 * k if not tall else 0.0
    y = margin
    for line in lines:
        y += size * k * MM * 1.0
        b.text(w / 2, y - size * k * MM * 0.08, line, size * k, bold=True, align="center", spread=spread)
        y += 1.2 * k
    sides_y = margin if not tall else y
    y = y + 0.6 * k
    pt, below = _below_title(imprint.selection, imprint, room, k)
    if not below and imprint.brief:
        pt, below = _below_title(imprint.brief, imprint, room, k)
    for line in below or [imprint.body()["month"]]:
        y += pt * k * MM * 1.1
        b.text(w / 2, y, line, pt * k, align="center")
    for line in wrap(imprint.partial, 8 * k, room, bold=True) if imprint.partial else []:
        y += 8 * k * MM * 1.2
        b.text(w / 2, y, line, 8 * k, bold=True, color=ALARM, align="center")
    for i, s in enumerate(left):
        b.text(margin, sides_y + (2.9 + 4.2 * i) * k, s, 7.5 * k)
    right = w - margin
    ry = sides_y
    if imprint.secrecy:
        sw = width(imprint.secrecy, 9 * k, bold=True) + 4 * k
        b.rect((right - sw, ry, right, ry + 5.0 * k), stroke=INK, width=0.3 * k)
        b.text(right - sw / 2, ry + 3.7 * k, imprint.secrecy, 9 * k, bold=True, align="center")
        ry += 5.6 * k
    b.text(right, ry + 2.9 * k, approval, 7 * k, align="right")
    ry += 4.0 * k
    if imprint.mark:
        b.text(right, ry + 2.9 * k, imprint.mark, 7.5 * k, bold=True, color=ALARM, align="right")
        ry += 4.0 * k
    return max(18.0 * k, y - margin + 2.5 * k, sides_y - margin + 15.0 * k, ry - margin + 1.0 * k)


def selection_in_head(imprint: Imprint, w: float, margin: float, k: float, sheet_no: str, sheet_of: str) -> bool:
    """Whether the selection's words stand below the title; where they have no room, the sheet says them elsewhere."""
    _, _, side = _sides(imprint, k, sheet_no, sheet_of)
    return bool(_below_title(imprint.selection, imprint, w - 2 * margin - 2 * side, k)[1])


def _sides(imprint: Imprint, k: float, sheet_no: str, sheet_of: str) -> tuple[list[str], str, float]:
    """What stands left of the title, the 审图号 right of it, and the room that either side takes."""
    left = [f"图号　{imprint.number}-{sheet_no}" if sheet_no else f"图号　{imprint.number}"]
    if sheet_no and sheet_of:
        left.append(f"第 {sheet_no.lstrip('0') or '0'} 幅　共 {sheet_of.lstrip('0') or '0'} 幅")
    left.append(f"成果版次　{imprint.body()['version']}")
    approval = f"审图号：{imprint.approval}" if imprint.approval else "审图号：＿＿＿＿＿＿（未送审，不得公开）"
    side = max([width(s, 7.5 * k) for s in left] + [width(approval, 7 * k)]) + 5 * k
    return left, approval, side


def _title(title: str, room: float, whole: float, k: float) -> tuple[float, list[str], bool]:
    """Its size and lines; whether it takes rows of its own above the sides."""
    size = 24.0
    while size > 16 and width(title, size * k, bold=True, spread=size / 24 * 1.06 * k) > room:
        size -= 0.5
    if width(title, size * k, bold=True, spread=size / 24 * 1.06 * k) <= room:
        return size, [title], False
    size = 22.0
    while size > 14 and width(title, size * k, bold=True) > whole:
        size -= 0.5
    lines = wrap(title, size * k, whole, bold=True)
    if len(lines) > 2:
        size = 10.0
        lines = wrap(title, size * k, whole, bold=True)
    return size, lines, True


def _below_title(selection: str, imprint: Imprint, room: float, k: float) -> tuple[float, list[str]]:
    """The selection and the month, with their size; no lines where they do not stand on two."""
    words, pt = f"{selection}　{imprint.body()['month']}", 9.5
    while pt > 6.5 and width(words, pt * k) > room:
        pt -= 0.5
    lines = wrap(words, pt * k, room)
    return pt, lines if len(lines) <= 2 else []


def borders(source: str) -> str:
    """Whose boundaries are drawn, and that they settle none; said once, where their source says it too."""
    if not source:
        return "界线：无。"
    said = source.rstrip("。")
    return f"界线：{said}。" if "不作为划界依据" in said else f"界线：{said}，不作为划界依据。"


@dataclass(frozen=True, slots=True)
class Foot:
    """Words of the foot, wrapped."""

    left: list[str]
    right: list[str]
    stacked: bool
    h: float


def foot_words(
    imprint: Imprint,
    meridian: str,
    source: str,
    paper: str,
    w: float,
    margin: float,
    k: float,
    lacking: Sequence[str],
    page: str,
) -> Foot:
    stamp = imprint.body()
    room = w - 2 * margin
    stacked = room < 225 * k
    side = room / 2 - 3 * k if stacked else (room - 88 * k) / 2
    left = [
        f"2000 国家大地坐标系（CGCS2000）；高斯—克吕格投影，中央经线 {meridian}。"
        if meridian
        else "2000 国家大地坐标系（CGCS2000）。",
        f"行政区划{borders(source)}",
        f"数据时间：{stamp['data_at']}　状态号：{stamp['state']}　核验码：{stamp['check']}",
    ]
    if lacking:
        left.append(f"字库缺字，印作{fonts.LACKING}：{'、'.join(lacking)}。")
    blank = "＿＿＿＿＿"
    right = [
        f"编制：{imprint.maker or blank}　审核：{imprint.reviewed_by or blank}　批准：{imprint.signed_by or blank}",
        f"制图：城市安全风险一张图　图幅 {paper}",
        page,
    ]
    a = [line for words in left for line in wrap(words, 6.5 * k, side)]
    c = [line for words in right for line in wrap(words, 6.5 * k, side)]
    lines = max(len(a), len(c))
    h = max(16.0, 3.0 + 2.95 * lines + (11.5 if stacked else 0)) * k
    return Foot(a, c, stacked, h)


def foot(b: Block, f: Foot, w: float, margin: float, k: float, y: float, scale: int) -> None:
    """Projection and source, scale, maker, from y down."""
    top = y + 2.2 * k
    if scale:
        scale_bar(b, w / 2, top, k, scale)
    down = top + (11.5 * k if f.stacked else 0)
    for i, line in enumerate(f.left):
        b.text(margin, down + (2.3 + 2.95 * i) * k, line, 6.5 * k)
    for i, line in enumerate(f.right):
        b.text(w - margin, down + (2.3 + 2.95 * i) * k, line, 6.5 * k, align="right")


_BAR_KM = (0.01, 0.02, 0.025, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 2.5, 5, 10, 20, 25, 50, 100)


_LONGEST_BAR = 66.0  # mm


def scale_bar(b: Block, x: float, y: float, k: float, scale: int) -> None:
    """Number and bar; the bar's pieces are of a round length and true to the scale."""
    b.text(x, y + 3.0 * k, f"1 : {number(scale)}", 9 * k, bold=True, align="center")
    km = scale / 1_000_000  # of a millimetre
    step = next((s for s in _BAR_KM if s / km >= 11 * k), _BAR_KM[-1])
    piece = step / km
    n = 4 if 4 * piece <= _LONGEST_BAR * k else 2  # what stands left and right of it keeps its room
    x0 = x - piece * n / 2
    metres = step < 0.25
    for i in range(n):
        fill = INK if i % 2 == 0 else "#FFFFFF"
        b.rect((x0 + piece * i, y + 4.9 * k, x0 + piece * (i + 1), y + 6.1 * k), fill, INK, 0.12 * k)
    for i in range(n + 1):
        value = step * i * (1000 if metres else 1)
        words = f"{value:g}"
        at = x0 + piece * i
        _, _, right, _ = b.text(at, y + 8.7 * k, words, 6.2 * k, align="center")
        if i == n:
            b.text(right + 0.8 * k, y + 8.7 * k, "m" if metres else "km", 6.2 * k)


def north(b: Block, x: float, y: float, k: float) -> None:
    """The arrow, its middle at x, from y down; 10 wide and 18 high."""
    b.text(x, y + 3.2 * k, "北", 9 * k, bold=True, align="center")
    top = y + 4.6 * k
    for side, fill in ((-1, INK), (1, "#FFFFFF")):
        b.svg(
            f'<path d="M{x:.2f} {top:.2f}L{x:.2f} {top + 9.5 * k:.2f}L{x + side * 2.6 * k:.2f} {top + 12.5 * k:.2f}Z" '
            f'fill="{fill}" stroke="{INK}" stroke-width="{0.15 * k:.3f}" stroke-linejoin="round"/>',
            20,
        )
