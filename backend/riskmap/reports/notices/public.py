"""The public page of a notice, /p/{code}: no login, no scripts, nothing from elsewhere, and four items only.

What it shows was published by printing the notice, whatever the object's visibility; the name is shown only where the
object is public anyway. An object that the command tier alone sees has no page.
"""

from html import escape
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from riskmap.access.dependencies import address_of
from riskmap.access.reader import COMMAND_TIER, SYSTEM
from riskmap.base import database
from riskmap.base.clock import SHANGHAI
from riskmap.base.errors import TooMany
from riskmap.base.throttle import MINUTE, Throttle
from riskmap.catalogue.model import LIVE_STAGES
from riskmap.paper import symbols
from riskmap.reports.notices import queries
from riskmap.reports.notices.contents import public_of, shown
from riskmap.reports.notices.service import normal, spaced
from riskmap.selection.describe import STAGE_WORDS
from riskmap.store.snapshot import Snapshot, open_snapshot

router = APIRouter(tags=["reports"])

# Policy: a whole street may share one address of a mobile network; codes cannot be found by trying either way.
A_MINUTE = 60
_asked = Throttle(A_MINUTE, MINUTE, "查看过于频繁，请过一分钟再看。")
_MOST_CODE = 20

_HEADERS = {
    "Cache-Control": "no-store",  # a code can be revoked
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}

_STYLE = """
:root{color-scheme:light dark;--ink:#1a1a1a;--sec:#5c6370;--line:#d9dce1;--ground:#f4f5f7;--card:#fff;--alarm:#b00010}
@media(prefers-color-scheme:dark){:root{--ink:#eceef1;--sec:#a3a9b4;--line:#3a3f49;--ground:#15181d;--card:#1f232a;--alarm:#ff8f8f}}
*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);line-height:1.6;overflow-wrap:anywhere;
font:16px/1.6 -apple-system,"PingFang SC","HarmonyOS Sans SC","Noto Sans SC","Microsoft YaHei",sans-serif}
main{max-width:34rem;margin:0 auto;padding:1rem 1rem 2rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;overflow:hidden;margin-bottom:.9rem}
.grade{display:flex;gap:.9rem;align-items:center;padding:1rem}
.grade svg{width:3.6rem;height:3.6rem;flex:none;background:#fff;border-radius:.4rem;padding:.15rem}
.grade p{margin:0}.grade b{font-size:1.55rem;line-height:1.25;display:block}.grade small{font-size:.82rem}
h1{font-size:1.15rem;margin:.2rem 0 .1rem}h2{font-size:.95rem;margin:0;padding:.7rem 1rem .1rem}
.sec{color:var(--sec);font-size:.85rem;margin:.1rem 0 .8rem}
dl{margin:0;padding:.2rem 1rem .7rem}dl div{display:flex;gap:.8rem;padding:.45rem 0;border-top:1px solid var(--line)}
dl div:first-child{border-top:0}dt{color:var(--sec);flex:0 0 5.2em}dd{margin:0;flex:1}
.mark{color:var(--alarm);font-weight:700;margin:.1rem 0 .6rem}
.none{padding:1.6rem 1rem}.none h1{margin-top:0}.none p{margin:.5rem 0 0}
footer{color:var(--sec);font-size:.8rem;line-height:1.7}
"""


def _page(title: str, body: str, status: int = 200, extra: dict[str, str] | None = None) -> Response:
    text = (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="robots" content="noindex,nofollow,noarchive">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )
    return HTMLResponse(text, status, headers={**_HEADERS, **(extra or {})})


def _calm(title: str, told: str, status: int, mark: str | None, extra: dict[str, str] | None = None) -> Response:
    marked = f'<p class="mark">{escape(mark)}</p>' if mark else ""
    return _page(title, f'<section class="card none"><h1>{title}</h1>{marked}<p>{told}</p></section>', status, extra)


@router.api_route("/p/{code}", methods=["GET", "HEAD"], response_class=HTMLResponse, include_in_schema=False)
def public_page(code: str, request: Request) -> Response:
    """What a notice's QR code leads to."""
    app = request.app.state
    try:
        _asked.take(address_of(request))
    except TooMany as error:
        return _calm("请稍后再看", error.detail, 429, app.mark, {"Retry-After": "60"})
    asked = normal(code[:_MOST_CODE])
    with database.read(app.engine, SYSTEM.settings()) as connection:
        snapshot = open_snapshot(connection, SYSTEM, app.catalogues, app.settings.public_resolution)
        object_id = queries.object_of(connection, asked)
        row = queries.one(snapshot, object_id) if object_id is not None else None
        ended = row is not None and row["valid_to"] is not None and row["valid_to"] <= snapshot.moment.day
        if row is None or ended or row["visibility"] >= COMMAND_TIER:
            told = "请核对牌上的编号。编号可能已经停用；牌上的内容以现场单位和主管部门的说明为准。"
            return _calm("没有这个编号的公示", told, 404, app.mark)
        if row["stage"] not in LIVE_STAGES:
            word = STAGE_WORDS[row["stage"]]
            told = f"编号 {spaced(asked)} 的对象{word}，不再公示。牌仍挂着的，请告知现场单位。"
            return _calm(word, told, 200, app.mark)
        return _page("安全风险公示", _body(snapshot, row, asked, app.mark))


def _body(snapshot: Snapshot, row: dict[str, Any], code: str, mark: str | None) -> str:
    said = public_of(row, snapshot, queries.posts(snapshot, [row["id"]]).get(row["id"], ()))
    look = symbols.LOOKS[said["grade"]]
    fill, ink = (look.fill, look.ink) if said["grade"] != "none" else ("#6b7280", "#fff")
    letter = f"{said['letter']}　" if said["letter"] else ""
    name = f"<h1>{escape(shown(row['name']))}</h1>" if row["visibility"] == 0 else "<h1>安全风险公示</h1>"
    marked = f'<p class="mark">{escape(mark)}</p>' if mark else ""
    at = snapshot.state.at.astimezone(SHANGHAI)
    posts = [(side, "、".join(said["posts"][side])) for side in ("企业", "属地", "行业部门")]
    posts += [("巡查", "、".join(said["posts"]["巡查"]))] if said["posts"]["巡查"] else []
    inspection = [("巡查频次", said["interval"] or "未登记")] + ([("下次巡查", said["next"])] if said["next"] else [])
    return (
        f"{name}<p class='sec'>编号 {spaced(code)}，请与牌上的核对</p>{marked}"
        f'<section class="card"><div class="grade" style="background:{fill};color:{ink}">'
        f"{symbols.svg(None, said['grade']).decode()}"
        f"<p><b>{letter}{escape(said['word'])}</b><small>{escape(said['scale'])}</small></p></div></section>"
        + _section("责任岗位", [(side, post or "未登记") for side, post in posts])
        + _section("巡查要求", inspection)
        + (_section("最近巡查", [("日期", said["last"])]) if said["last"] else "")
        + f"<footer>数据时间 {at:%Y-%m-%d %H:%M}　状态号 {snapshot.moment.n}<br>"
        "本页只公示等级、责任岗位、巡查要求和最近巡查。安全生产举报投诉 12350</footer>"
    )


def _section(title: str, rows: list[tuple[str, str]]) -> str:
    said = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in rows)
    return f'<section class="card"><h2>{title}</h2><dl>{said}</dl></section>'
