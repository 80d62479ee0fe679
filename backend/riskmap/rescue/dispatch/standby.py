"""前置: before the water comes, key places that no fitting team reaches in time, and where teams had better stand by.

Reached is what the routing says that a team needs so many minutes to (as the crow flies where there are no roads, and
it says so). Decided over all live objects and teams, shown as the reader may see them.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import h3
import numpy as np
from sqlalchemy import text

from riskmap.base import clock
from riskmap.base.audit import dump_json
from riskmap.base.errors import Conflict, FieldError, Invalid
from riskmap.catalogue.model import GRADES
from riskmap.rescue import floods, life, log, minute, numbers, routing
from riskmap.rescue.dispatch import assign, incidents, orders, plans, seen, teams, ways
from riskmap.rescue.dispatch.assign import Crew, Task
from riskmap.rescue.dispatch.teams import Team
from riskmap.rescue.routing import Answer, Leg, Place, Vehicle
from riskmap.rescue.routing.answers import BOAT_KMH
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Opened, Snapshot

MOST = 100  # records told at once
MOST_PLACES = 5_000
MOST_LISTED = 500
_MOST_SITES = 60
_SITES = ("rescue-team", "fire-station", "relief-store", "shelter", "village")  # where one can stand by. Policy.
_NEAR_KMH = 40.0  # as the crow flies: which sites are looked at at all
_SITE_CELL = 7  # one site of each such hexagon, some 2 km wide


@dataclass(frozen=True, slots=True)
class Ask:
    """Which key places, for which need, within how many minutes."""

    minutes: int
    need: str | None
    classes: Sequence[str]
    grades: Sequence[str]
    flood_id: int | None
    exercise: bool

    def words(self) -> str:
        """In a line."""
        need = f"有{incidents.NEEDS[self.need]}的" if self.need else ""
        return f"{need}队伍 {self.minutes} 分钟内能到"


@dataclass(frozen=True, slots=True)
class Reached:
    """Key places, which team reaches which, and how that was found."""

    places: Sequence[Mapping[str, Any]]
    unplaced: int
    fitting: Sequence[Team]
    ordered: int  # how many more fit that act by an order, and are left out: they come from elsewhere, if at all
    by_team: Any  # array of teams by places
    roads: ways.Roads
    answers: Sequence[Answer]


def look(opened: Opened, router: Any, ask: Ask) -> Reached:
    """No connection is held while the engine works. Raises Invalid for classes that there are not, or a flood of the
    other kind."""
    with opened() as snapshot:
        placed, unplaced, fitting, ordered, roads = _looked(snapshot, ask)
    found_legs, answer = ways.legs_of(roads, router, fitting, _places(placed))
    rows = [[_in_time(found_legs.get((t.id, i)), ask) for i in range(len(placed))] for t in fitting]
    by_team = np.array(rows, dtype=bool).reshape(len(fitting), len(placed))
    return Reached(placed, unplaced, fitting, ordered, by_team, roads, [answer])


def _looked(snapshot: Snapshot, ask: Ask) -> tuple[list[dict[str, Any]], int, list[Team], int, ways.Roads]:
    """Key places, how many more have none on the map, the teams that fit, how many more are on an order, and what is
    closed to them."""
    strange = [c for c in ask.classes if c not in snapshot.catalogue.classes]
    if strange:
        raise Invalid("分类有误", errors=[FieldError("classes", "unknown_class", f"没有分类 {strange[0]}")])
    if ask.flood_id is not None:
        _ensure_same_kind(snapshot, ask.flood_id, ask.exercise)
    roles = {"hazard", "target"}
    classes = ask.classes or [c.code for c in snapshot.catalogue.classes.values() if c.role in roles]
    found = seen.live(snapshot, Selection(classes=tuple(classes), grade=tuple(ask.grades)))
    placed = [r for r in found if r["lon"] is not None]
    if len(placed) > MOST_PLACES:
        told = f"有 {len(placed):,} 处，一次最多 {MOST_PLACES:,} 处，请少选几类或只看重大"
        raise Invalid("对象太多", errors=[FieldError("classes", "too_many", told)])
    at = minute.asked(snapshot.connection, None)
    every = teams.all_of(snapshot, exercise=ask.exercise, at=at)
    fitting = [
        t for t in every
        if t.place is not None and t.status != "休整" and not t.out_of_use and (ask.need is None or t.meets(ask.need))
    ]  # fmt: skip
    acting = orders.acting(snapshot, exercise=ask.exercise, at=at)
    free = [t for t in fitting if t.id not in acting]
    roads = ways.look(snapshot, free, ask.flood_id, ask.exercise)
    return placed, len(found) - len(placed), free, len(fitting) - len(free), roads


def _ensure_same_kind(snapshot: Snapshot, flood_id: int, exercise: bool) -> None:
    if floods.find(snapshot.connection, flood_id)["exercise"] != exercise:
        told = "实战不能用演练的淹没范围，反之亦然"
        raise Invalid("淹没范围有误", errors=[FieldError("flood", "other_kind", told)])


def _places(rows: Sequence[Mapping[str, Any]]) -> list[Place]:
    return [Place(r["lon"], r["lat"]) for r in rows]


def _in_time(leg: Leg | None, ask: Ask) -> bool:
    return leg is not None and leg.travel_s <= ask.minutes * 60


def gaps(opened: Opened, router: Any, ask: Ask) -> dict[str, Any]:
    """Key places that no fitting team reaches in time, the gravest first."""
    reached = look(opened, router, ask)
    covered = _any(reached.by_team)
    out = [p for p, is_covered in zip(reached.places, covered, strict=True) if not is_covered]
    with opened() as snapshot:
        return _counts(reached, covered) | {
            "asked": ask.words(),
            "items": _listed(snapshot, out),
            "by_class": _by_class(snapshot, out),
            **ways.told(ways.together(reached.answers)),
        }


def _any(rows: Any) -> Any:
    """Which columns have one that is true."""
    return rows.any(axis=0)


def _counts(reached: Reached, covered: Any) -> dict[str, Any]:
    return {
        "places": len(reached.places), "covered": int(covered.sum()),
        "uncovered": len(reached.places) - int(covered.sum()), "unplaced": reached.unplaced,
        "teams": len(reached.fitting), "ordered": reached.ordered,
    }  # fmt: skip


def _listed(snapshot: Snapshot, places: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    ordered = sorted(places, key=lambda p: (p["grade"], p["id"]))[:MOST_LISTED]
    forms = seen.forms(snapshot, (p["id"] for p in ordered))
    classes = snapshot.catalogue.classes
    out = []
    for p in ordered:
        form = forms.get(p["id"])
        one: dict[str, Any] = seen.named(p, form) | {
            "class": None, "class_title": None, "grade": None, "division": None, "at": None,
        }  # fmt: skip
        if form is not None:
            one |= {
                "class": p["class"], "class_title": classes[p["class"]].title if p["class"] in classes else p["class"],
                "grade": GRADES[p["grade"] - 1],
            }  # fmt: skip
        if form == "full":
            one |= {"division": p["division"] or None, "at": [p["lon"], p["lat"]]}
        out.append(one)
    return out


def _by_class(snapshot: Snapshot, places: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    counts: dict[str, int] = {}
    for p in places:
        counts[p["class"]] = counts.get(p["class"], 0) + 1
    classes = snapshot.catalogue.classes
    return [
        {"class": c, "title": classes[c].title if c in classes else c, "n": n}
        for c, n in sorted(counts.items(), key=lambda x: (-x[1], x[0]))
    ]


# -- Proposed ------------------------------------------------------------------------------


def propose(opened: Opened, router: Any, ask: Ask, k: int) -> dict[str, Any]:
    """Where at most `k` teams stand by so that as many key places as possible are within reach of any team.

    Who moves away is not at its base any more: what only it reached there counts as lost.
    """
    reached = look(opened, router, ask)
    before = _any(reached.by_team)
    # Whoever stands there: with a boat, where boats are asked for.
    vehicle = Vehicle(boat_kmh=BOAT_KMH if ask.need == "boat" else None)
    with opened() as snapshot:
        sites = _sites(snapshot, ask, reached, before)
        looked = routing.look(snapshot.connection, vehicle, ask.flood_id, ask.exercise) if sites else None
    answers = list(reached.answers)
    legs: list[list[Leg | None]] = []
    if looked is not None:
        legs, how = routing.matrix_of(looked, router, _places(sites), _places(reached.places), routing.PATIENCE_S)
        answers.append(how)
    rows = [[_in_time(leg, ask) for leg in row] for row in legs]
    by_site = np.array(rows, dtype=bool).reshape(len(sites), len(reached.places))
    movable = [i for i, t in enumerate(reached.fitting) if t.status in teams.FREE]
    ways_there: ways.Legs = {}
    if sites and movable:
        ways_there, how = ways.legs_of(reached.roads, router, [reached.fitting[i] for i in movable], _places(sites))
        if how.by != "road":  # what there is to say of the ends is said of them already, each counted once
            answers.append(how)
    possible = {
        (i, j) for i in movable for j in range(len(sites)) if ways_there.get((reached.fitting[i].id, j)) is not None
    }
    chosen, moved, proved, note = cover(reached.by_team, by_site, movable, k, possible)
    pairs = _who_goes_where([reached.fitting[i] for i in moved], sites, chosen, ways_there)
    # Where nobody comes nothing is covered, and who goes nowhere stays.
    gone = {team.id for team, _ in pairs.values()}
    stays = [i for i, t in enumerate(reached.fitting) if t.id not in gone]
    taken = [j for j in chosen if sites[j]["id"] in pairs]
    after = reached.by_team[stays].any(axis=0) | by_site[taken].any(axis=0)
    with opened() as snapshot:
        site_forms = seen.forms(snapshot, (sites[j]["id"] for j in chosen))
        named = {t["id"]: t for t in teams.bodies(snapshot, [reached.fitting[i] for i in moved], {}) if t["id"]}
        out = []
        for j in chosen:
            site = sites[j]
            team, leg = pairs.get(site["id"], (None, None))
            only = by_site[j] & ~before
            told = named.get(team.id) if team else None
            full = site_forms.get(site["id"]) == "full"
            out.append(
                {
                    "at": [site["lon"], site["lat"]], "name": site["name"] if full else "",
                    "team": told and told["id"], "team_name": told and told["name"],
                    "masked": seen.masked(team.row["department"]) if team and told is None else None,
                    "travel_s": round(leg.travel_s) if leg else None, "covers": int(by_site[j].sum()),
                    "covers_new": int(only.sum()), "said": "" if team else "没有队伍能到这里",
                }
            )  # fmt: skip
        return _counts(reached, before) | {
            "asked": ask.words(), "k": k, "items": out, "after": int(after.sum()), "lost": int((before & ~after).sum()),
            "optimal": proved, "note": note, "sites": len(sites),
            "left": _listed(snapshot, [p for p, ok in zip(reached.places, after, strict=True) if not ok]),
            **ways.told(ways.together(answers)),
        }  # fmt: skip


def _sites(snapshot: Snapshot, ask: Ask, reached: Reached, covered: Any) -> list[dict[str, Any]]:
    """Where one can stand by, near what is not covered: the best of each hexagon, as the crow flies."""
    missing = [p for p, ok in zip(reached.places, covered, strict=True) if not ok]
    every = seen.live(snapshot, Selection(classes=_SITES))
    found = [r for r in every if r["lon"] is not None and not life.out_of_use(r["stage"])]
    if not missing or not found:
        return []
    to = np.array([[p["lon"], p["lat"]] for p in missing], float)
    reach_m = ask.minutes / 60 * _NEAR_KMH * 1000
    counted: dict[str, tuple[int, dict[str, Any]]] = {}
    for site in found:
        dx = (to[:, 0] - site["lon"]) * 111_320 * np.cos(np.radians(site["lat"]))
        near = int((np.hypot(dx, (to[:, 1] - site["lat"]) * 110_900) <= reach_m).sum())
        cell = h3.latlng_to_cell(site["lat"], site["lon"], _SITE_CELL)
        if near and near > counted.get(cell, (0, {}))[0]:
            counted[cell] = (near, site)
    ordered = sorted(counted.values(), key=lambda c: (-c[0], c[1]["id"]))
    return [site for _, site in ordered[:_MOST_SITES]]


def cover(
    by_team: Any, by_site: Any, movable: Sequence[int], k: int, possible: Set[tuple[int, int]] | None = None
) -> tuple[list[int], list[int], bool, str]:
    """Sites and the teams that move, so that the most places are reached: exact, or step by step without the optimiser.

    Places that the same teams and sites reach count together. `possible`: which team (by its row) comes to which site
    at all; None: each to every one.
    """
    if possible is None:
        possible = {(i, j) for i in movable for j in range(len(by_site))}
    if not len(by_site) or not movable or not by_site.shape[1]:
        return [], [], True, "" if movable else "没有可以前置的队伍"
    columns, counts = np.unique(np.vstack([by_team, by_site]), axis=1, return_counts=True)
    teams_, sites_ = columns[: len(by_team)], columns[len(by_team) :]
    try:
        from ortools.linear_solver import pywraplp
    except ImportError:
        return *_greedy(teams_, sites_, counts, possible, k), False, "没有装优化程序（ortools），逐个选，不保证最优"
    solver = pywraplp.Solver.CreateSolver("SCIP")
    stand = [solver.BoolVar("") for _ in sites_]
    move = {i: solver.BoolVar("") for i in movable}
    gain = []
    for column, n in enumerate(counts):
        always = any(teams_[i, column] for i in range(len(teams_)) if i not in move)
        having = [stand[j] for j in range(len(sites_)) if sites_[j, column]]
        staying = [1 - move[i] for i in movable if teams_[i, column]]
        if always or not (having or staying):
            continue
        reached = solver.NumVar(0, 1, "")
        solver.Add(reached <= solver.Sum([*having, *staying]))
        gain.append(int(n) * reached)
    # Each site that is chosen has a team that comes there; with whole sites and teams the pairs are whole anyway.
    pair = {one: solver.NumVar(0, 1, "") for one in sorted(possible)}
    for j, chosen_ in enumerate(stand):
        solver.Add(solver.Sum([v for (_, s), v in pair.items() if s == j]) == chosen_)
    for i, gone in move.items():
        solver.Add(solver.Sum([v for (t, _), v in pair.items() if t == i]) == gone)
    solver.Add(solver.Sum(stand) <= k)
    # The fewest moves of those that reach as much.
    solver.Maximize(1000 * solver.Sum(gain) - solver.Sum(stand))
    solver.SetTimeLimit(int(assign.LIMIT_S * 1000))
    status = solver.Solve()
    if status not in (pywraplp.Solver.OPTIMAL, pywraplp.Solver.FEASIBLE):
        return *_greedy(teams_, sites_, counts, possible, k), False, "没有算出最优，逐个选"
    chosen = [j for j, v in enumerate(stand) if v.solution_value() > 0.5]
    moved = [i for i, v in move.items() if v.solution_value() > 0.5]
    proved = status == pywraplp.Solver.OPTIMAL
    return chosen, moved, proved, "" if proved else "没有证明是最优"


def _greedy(
    by_team: Any, by_site: Any, counts: Any, possible: Set[tuple[int, int]], k: int
) -> tuple[list[int], list[int]]:
    """One team and site after the other, each the best that can be added."""
    chosen: list[int] = []
    moved: list[int] = []

    def total(sites: Sequence[int], gone: Sequence[int]) -> int:
        stays = [i for i in range(len(by_team)) if i not in gone]
        return int(counts[by_team[stays].any(axis=0) | by_site[list(sites)].any(axis=0)].sum())

    for _ in range(k):
        now = total(chosen, moved)
        options = [
            (total([*chosen, j], [*moved, i]), -j, -i)
            for i, j in sorted(possible) if j not in chosen and i not in moved
        ]  # fmt: skip
        best = max(options, default=(now, 0, 0))
        if best[0] <= now:
            break
        chosen.append(-best[1])
        moved.append(-best[2])
    return chosen, moved


def _who_goes_where(
    moving: Sequence[Team],
    sites: Sequence[Mapping[str, Any]],
    chosen: Sequence[int],
    legs: Mapping[tuple[int, int], Leg | None],
) -> dict[int, tuple[Team, Leg]]:
    """The moving teams to the chosen sites, with the least driving in all: (team, way) by the site's id. `legs`: of
    each team to each site by its place in the list, None where there is no way."""
    found = {(t.id, sites[j]["id"]): leg for t in moving for j in chosen if (leg := legs.get((t.id, j))) is not None}
    crews = [Crew(t.id, frozenset()) for t in moving]
    travel = {pair: leg.travel_s for pair, leg in found.items()}
    solved = assign.solve(crews, [Task(sites[j]["id"], 1) for j in chosen], travel)
    by_id = {t.id: t for t in moving}
    return {site: (by_id[t], found[t, site]) for t, site in solved.pairs}


# -- Recorded ------------------------------------------------------------------------------


def ways_to(
    opened: Opened, router: Any, places: Sequence[Mapping[str, Any]], flood_id: int | None, exercise: bool
) -> list[dict[str, Any]]:
    """The places with the way of each one's team to it from where it is known to be: {…, travel_s, distance_m,
    routing}, None where there is no way. No connection is held while the engine works. Raises NotFound, Invalid."""
    with opened() as snapshot:
        _named(snapshot, places)
        if flood_id is not None:
            _ensure_same_kind(snapshot, flood_id, exercise)
        at = minute.asked(snapshot.connection, None)
        going = {t.id: t for t in teams.all_of(snapshot, exercise=exercise, at=at, ids=[p["team"] for p in places])}
        roads = ways.look(snapshot, going.values(), flood_id, exercise)
    legs, _ = ways.legs_of(roads, router, list(going.values()), _places(places))
    found = [legs.get((p["team"], i)) for i, p in enumerate(places)]
    return [
        {**p, "travel_s": leg and round(leg.travel_s), "distance_m": leg and round(leg.distance_m),
         "routing": leg and leg.by}
        for p, leg in zip(places, found, strict=True)
    ]  # fmt: skip


def _named(snapshot: Snapshot, places: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the teams are called. Raises NotFound, Invalid."""
    if len({p["team"] for p in places}) < len(places):
        raise Invalid("没有记下", errors=[FieldError("places", "twice", "一支队伍只能在一处待命")])
    return [seen.full_or_raise(snapshot, p["team"], (teams.CLASS,), "支队伍")["name"] for p in places]


def record(
    snapshot: Snapshot, places: Sequence[Mapping[str, Any]], asked: Mapping[str, Any] | None, note: str, exercise: bool
) -> int:
    """Teams go to stand by at places (`ways_to`) and are free on their way: their status and the log; the record's id.
    Nobody is there before somebody says so (`arrive`). Raises NotFound, Invalid, Conflict for a team that acts by an
    order: to stand by would take it off that without a word."""
    named = _named(snapshot, places)
    plans.lock(snapshot.connection, exercise)  # who accepts a plan meanwhile sends nobody of them
    at = minute.asked(snapshot.connection, None)
    sent = orders.acting(snapshot, exercise=exercise, at=at)
    ordered = [(name, sent[p["team"]]["id"]) for name, p in zip(named, places, strict=True) if p["team"] in sent]
    if ordered:
        said = "、".join(f"{name}（调度令 {numbers.said(order)}）" for name, order in ordered)
        raise Conflict(
            f"{said}正在执行任务，没有登记前置。请先把这份令记为完成或撤销，或不选这支队伍，再登记。",
            code="ordered", now={"orders": [order for _, order in ordered]},
        )  # fmt: skip
    going = [{**p, "expected_at": _due(at, p)} for p in places]
    made: int = snapshot.connection.execute(
        text(
            "INSERT INTO rescue_standby (at, by, exercise, asked, places, note) VALUES (:at, :by, :exercise,"
            " CAST(:asked AS jsonb), CAST(:places AS jsonb), :note) RETURNING standby_id"
        ),
        {
            "at": at, "by": snapshot.reader.name, "exercise": exercise, "asked": dump_json(asked or {}),
            "places": dump_json(going), "note": note,
        },
    ).scalar_one()  # fmt: skip
    for p in going:
        teams.add_status(
            snapshot, p["team"], "待命", at=at, note=f"前往前置点 {p['name']}".strip(), how="standby", standby_id=made,
            exercise=exercise,
        )  # fmt: skip
    said = "；".join(f"{name}前往{_called(p)}，{_when(p)}" for name, p in zip(named, going, strict=True))
    first, *others = [p["team"] for p in places] or [None]
    count = f"前置 {len(places)} 支队伍"
    about = None if first is None else log.About(first, count, f"{count}（有队伍无权查看）", tuple(others))
    log.note(
        snapshot.connection, by=snapshot.reader.name, kind="调度", exercise=exercise,
        what=f"前置：{said}" + (f"（{note}）" if note else ""), ref={"kind": "standby", "id": made}, about=about,
    )  # fmt: skip
    return made


def arrive(snapshot: Snapshot, team_id: int, *, at: datetime | None, note: str, exercise: bool) -> int:
    """A team is at the place where it was told to stand by; the record's id. Raises NotFound, Invalid, Conflict where
    it is not on its way to one."""
    row = seen.full_or_raise(snapshot, team_id, (teams.CLASS,), "支队伍")
    plans.lock(snapshot.connection, exercise)  # who sends it elsewhere meanwhile is first, or after
    now = minute.asked(snapshot.connection, None)
    [team] = teams.all_of(snapshot, exercise=exercise, at=now, ids=[team_id])
    going = teams.standing_by(team)
    if going is None or going["arrived_at"] is not None:
        told = f"没有正在前往的前置点，现为{team.status}"
        if going is not None:
            told = f"已于 {clock.minute(going['arrived_at'])} 记为到位"
        raise Conflict(f"{row['name']}{told}，没有再记。请刷新后再看。", code="not_going")
    then = teams.time_of(snapshot.connection, at) or now
    if then < going["recorded_at"].replace(second=0, microsecond=0):
        told = f"时间在 {clock.minute(going['recorded_at'])} 登记前置以前，请核对"
        raise Invalid("没有记下", errors=[FieldError("at", "bad_time", told)])
    lon, lat = going["at"]
    said = f"到前置点 {going['name']}".strip()
    teams.add_status(
        # Times are typed in whole minutes, and the record was made at some second of one.
        snapshot, team_id, "待命", at=max(then, going["recorded_at"]), place=Place(lon, lat),
        note=said + (f"：{note}" if note else ""), how="hand", standby_id=going["id"], exercise=exercise,
    )  # fmt: skip
    log.note(
        snapshot.connection, by=snapshot.reader.name, kind="调度", exercise=exercise,
        what=f"{row['name']}{clock.of_day(then)} 已{said}待命" + (f"（{note}）" if note else ""),
        ref={"kind": "standby", "id": going["id"]}, body={"at": then},
        about=log.About(team_id, "队伍已到前置点", "队伍已到前置点（对象无权查看）"),
    )  # fmt: skip
    return int(going["id"])


def _due(at: datetime, place: Mapping[str, Any]) -> str | None:
    return None if place["travel_s"] is None else ways.expected_at(at, place["travel_s"]).isoformat()


def _called(place: Mapping[str, Any]) -> str:
    return f"前置点 {place['name'] or '{lon:.5f}, {lat:.5f}'.format(**place)}"


def _when(place: Mapping[str, Any]) -> str:
    if place["expected_at"] is None:
        return "没有能走的路，不知道何时到"
    straight = "（按直线估）" if place["routing"] == "straight_line" else ""
    due = clock.of_day(datetime.fromisoformat(place["expected_at"]))
    return f"路上 {ways.minutes(place['travel_s'])}，预计 {due} 到{straight}"


def listed(snapshot: Snapshot, *, exercise: bool, at: datetime) -> list[dict[str, Any]]:
    """The newest records up to a minute, at most MOST, the newest first; a team that the reader may not see is told by
    its department."""
    rows = snapshot.connection.execute(
        text(
            "SELECT standby_id AS id, at AS made_at, by, exercise, asked, places, note FROM rescue_standby"
            " WHERE exercise = :exercise AND at <= :at ORDER BY standby_id DESC LIMIT :most"
        ),
        {"exercise": exercise, "at": at, "most": MOST},
    )
    found = [dict(r) for r in rows.mappings()]
    ids = sorted({p["team"] for f in found for p in f["places"]})
    known = {r["id"]: r for r in seen.every(snapshot, ids)} if ids else {}
    forms = seen.forms(snapshot, ids)

    def told(p: Mapping[str, Any]) -> dict[str, Any]:
        row = known.get(p["team"])
        if row is None or forms.get(p["team"]) != "full":
            department = row["department"] if row else ""
            return {
                "team": None, "team_name": None, "masked": seen.masked(department), "name": "", "at": None,
                "expected_at": None,
            }  # fmt: skip
        return {
            "team": p["team"], "team_name": row["name"], "masked": None, "name": p["name"], "at": [p["lon"], p["lat"]],
            "expected_at": p.get("expected_at"),  # a record of before has none
        }  # fmt: skip

    return [f | {"places": [told(p) for p in f["places"]]} for f in found]
