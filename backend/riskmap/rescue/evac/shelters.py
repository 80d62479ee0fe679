"""Shelters of an evacuation: places that are free, and which cannot be used: in the water, or near what is dangerous.

Decided over all live shelters, shown as the reader may see them. Free places are the capacity as registered less who
is in the shelter now, from all evacuations that run (an exercise's from exercises alone); reserved are those that
accepted plans of other evacuations have promised and that have not been taken up.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text

from riskmap.access.reader import SYSTEM
from riskmap.base import database, sqlfile
from riskmap.catalogue.model import GRADE_RANK
from riskmap.rescue import exposure, life
from riskmap.rescue.evac import orders
from riskmap.rescue.exposure import Hit
from riskmap.selection.compile import Binds, compile_selection
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

# A hazard that a shelter has to keep away from: every major hazard source, others from 较大 up. Policy.
_ALWAYS = ("major-hazard",)
_WORST_GRADES = 2
_NOT_ASSESSED = GRADE_RANK["none"]  # never low: nobody has looked. It forbids nothing, and is told.
_MOST_HAZARDS = 5  # of a shelter, listed; the rest is counted

_COLUMNS = ("id", "class", "grade", "stage", "division", "department", "visibility", "name")


@dataclass(frozen=True, slots=True)
class Shelter:
    """A shelter as it stands: who may see it is asked apart."""

    hit: Hit
    capacity: int | None
    occupied: int
    reserved: int
    hazards: list[dict[str, Any]]
    flood_safe: bool | None
    hazard_m: int
    unassessed: int  # further hazards within `hazard_m` that nobody has assessed

    @property
    def free(self) -> int | None:
        """Places that nobody is in; below zero where more came than it holds."""
        return None if self.capacity is None else self.capacity - self.occupied

    @property
    def out_of_use(self) -> str:
        """That the register has it as not in use, in words; empty for one in use."""
        return life.out_of_use(self.hit.row["stage"])

    @property
    def why_not(self) -> list[str]:
        """Why it cannot be used, in words; empty where it can."""
        out = [self.out_of_use] if self.out_of_use else []
        if self.hit.row["lon"] is None:
            out.append("没有登记位置")
        if self.hit.inside:
            out.append(f"在水中，水深 ≥ {self.hit.depth_m:g} m")
        if self.flood_safe is False:
            out.append("登记为不可用于防汛")
        if self.hazards:
            nearest = min(h["distance_m"] for h in self.hazards)
            out.append(f"{nearest:.0f} m 有危险源" + (f"，共 {len(self.hazards)} 处" if len(self.hazards) > 1 else ""))
        if self.capacity is None:
            out.append("没有登记容纳人数")
        return out

    @property
    def cautions(self) -> list[str]:
        """What is not known of it, in words: that does not forbid its use."""
        out = []
        if self.unassessed:
            out.append(f"{self.hazard_m:,} m 内另有未评定的危险源 {self.unassessed:,} 处，没有排除")
        if self.flood_safe is None:
            out.append("没有登记能否用于防汛")
        return out


def unknown_of(used: Sequence[Shelter]) -> str:
    """The same of those that are used, in one sentence; empty where all is known."""
    near = sum(bool(s.unassessed) for s in used)
    unsaid = sum(s.flood_safe is None for s in used)
    told = [
        f"{near:,} 处 {used[0].hazard_m:,} m 内有未评定的危险源，没有排除" if near else "",
        f"{unsaid:,} 处没有登记能否用于防汛" if unsaid else "",
    ]
    said = "；".join(filter(None, told))
    return f"用到的 {len(used):,} 处避难场所里，{said}，请核实" if said else ""


def all_of(snapshot: Snapshot, of: Mapping[str, Any], hazard_m: int) -> list[Shelter]:
    """Every live shelter as it stands for an evacuation (`orders.head`)."""
    connection = snapshot.connection
    binds = Binds()
    compiled = compile_selection(Selection(), replace(snapshot, reader=SYSTEM), binds=binds)
    columns = {name: "{" + name + "}" for name in _COLUMNS} | {
        "lon": "ST_X({anchor})", "lat": "ST_Y({anchor})", "geom": "{geom}", "attributes": "{attributes}",
    }  # fmt: skip
    dangerous = sorted(c.code for c in snapshot.catalogue.classes.values() if c.role == "hazard")
    counts = f"({{grade}} <= {binds(_WORST_GRADES)} OR {{class}} = ANY(CAST({binds(list(_ALWAYS))} AS text[])))"
    hazards = (
        f"{{geom}} && s.box AND {{class}} = ANY(CAST({binds(dangerous)} AS text[]))"
        f" AND ({counts} OR {{grade}} = {binds(_NOT_ASSESSED)})"
    )
    sql = sqlfile.read(exposure.__file__, "shelters").format(
        shelters=compiled.rows(columns, "{class} = 'shelter'"),
        hazards=compiled.rows({name: "{" + name + "}" for name in (*_COLUMNS, "geom")} | {"counts": counts}, hazards),
    )
    asked = {**binds.values, "flood": orders.water_now(connection, of), "hazard": hazard_m}
    with database.under(connection, SYSTEM.settings()):
        rows = connection.execute(text(sql), asked).mappings().all()
    taken = occupied(snapshot, of["exercise"])
    promised = _reserved(snapshot, of)
    out = []
    for row in rows:
        attributes = row["attributes"] or {}
        capacity = attributes.get("capacity")
        out.append(
            Shelter(
                Hit(row["id"], row["ordinal"] is not None, row["depth_m"], row["depth_to_m"], 0.0, dict(row)),
                None if capacity is None else int(capacity),
                taken.get(row["id"], 0), promised.get(row["id"], 0), row["hazards"] or [],
                attributes.get("flood_safe"), hazard_m, row["unassessed"],
            )
        )  # fmt: skip
    return out


_RUNNING = (
    "ARRAY(SELECT e.evacuation_id FROM rescue_evacuation AS e WHERE e.exercise = :exercise"
    " AND NOT EXISTS (SELECT FROM rescue_evac_closed AS c WHERE c.evacuation_id = e.evacuation_id))"
)


def occupied(snapshot: Snapshot, exercise: bool, evacuation_id: int | None = None) -> dict[int, int]:
    """Who is in each shelter now, from all evacuations that run; or of one alone."""
    rows = snapshot.connection.execute(
        text(
            "SELECT shelter_id AS id, sum(came - left_again)::bigint AS n"
            f" FROM rescue_evac_in_shelters({_RUNNING}, 'infinity') WHERE shelter_id IS NOT NULL"
            " AND (CAST(:one AS bigint) IS NULL OR evacuation_id = :one) GROUP BY shelter_id"
        ),
        {"exercise": exercise, "one": evacuation_id},
    )
    return {row.id: row.n for row in rows}


def unnamed(snapshot: Snapshot, exercise: bool) -> int:
    """Who is in a shelter of which nobody said which, in all evacuations that run: they lessen no shelter's places."""
    return int(
        snapshot.connection.execute(
            text(
                "SELECT coalesce(sum(came - left_again), 0)::bigint"
                f" FROM rescue_evac_in_shelters({_RUNNING}, 'infinity') WHERE shelter_id IS NULL"
            ),
            {"exercise": exercise},
        ).scalar_one()
    )


def out_of_use(snapshot: Snapshot, ids: Iterable[int]) -> dict[int, str]:
    """Of these shelters those that the register has as not in use, or no more, each with that in words; whoever may see
    them."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}

    def stages(*, any_life: bool) -> dict[int, str]:
        compiled = compile_selection(
            Selection(), replace(snapshot, reader=SYSTEM), any_life=any_life, only_ids=wanted
        )  # fmt: skip
        rows = snapshot.connection.execute(text(compiled.rows("id, stage")), compiled.binds.values)
        return {row.id: row.stage for row in rows}

    with database.under(snapshot.connection, SYSTEM.settings()):
        live, last = stages(any_life=False), stages(any_life=True)
    said = {i: life.out_of_use(live[i]) if i in live else life.left_register(last.get(i, "")) for i in wanted}
    return {i: how for i, how in said.items() if how}


def in_closed(snapshot: Snapshot, exercise: bool, found: list[Shelter]) -> int:
    """Who is in shelters that are live no more, which stand in no list: they are there all the same."""
    live = {s.hit.id for s in found}
    return sum(max(n, 0) for shelter, n in occupied(snapshot, exercise).items() if shelter not in live)


def _reserved(snapshot: Snapshot, of: Mapping[str, Any]) -> dict[int, int]:
    """What accepted plans of other evacuations that run have promised, less who has come."""
    rows = snapshot.connection.execute(
        text(
            "WITH newest AS (SELECT DISTINCT ON (p.evacuation_id) p.evacuation_id, p.plan_id"
            " FROM rescue_evac_plan AS p JOIN rescue_evac_plan_accepted AS a USING (plan_id)"
            f" WHERE p.evacuation_id = ANY({_RUNNING}) AND p.evacuation_id <> :id"
            " ORDER BY p.evacuation_id, a.at DESC)"
            " SELECT l.shelter_id AS id, sum(greatest(l.persons - coalesce(i.came, 0), 0))::bigint AS n"
            " FROM newest JOIN rescue_evac_plan_line AS l USING (plan_id)"
            f" LEFT JOIN rescue_evac_in_shelters({_RUNNING}, 'infinity') AS i"
            " ON i.village_id = l.village_id AND i.shelter_id = l.shelter_id GROUP BY l.shelter_id"
        ),
        {"exercise": of["exercise"], "id": of["id"]},
    )
    return {row.id: row.n for row in rows}


def answer(snapshot: Snapshot, found: list[Shelter]) -> dict[str, Any]:
    """{items, total, places, free, unusable, hidden}: totals whole; what the reader may not see is masked."""
    hits = [s.hit for s in found]
    dangers = [Hit(h["id"], False, None, None, h["distance_m"], {**h, "division": "", "lon": None, "lat": None})
               for s in found for h in s.hazards[:_MOST_HAZARDS]]  # fmt: skip
    forms = exposure.forms_of(snapshot, [*hits, *dangers], Selection())
    items = []
    for s in found:
        one = exposure.shown(snapshot, s.hit, forms)
        seen = s.hit.id in forms
        full = forms.get(s.hit.id) == "full"
        near = [
            {k: d[k] for k in ("id", "name", "class_title", "grade", "masked")}
            | {"distance_m": round(h["distance_m"], 1) if full else None}
            for h in s.hazards[:_MOST_HAZARDS]
            for d in [_danger(snapshot, h, forms)]
        ]
        items.append(
            {k: one[k] for k in ("id", "name", "division", "at", "masked", "depth_m")}
            | {
                "in_water": s.hit.inside, "capacity": s.capacity if seen else None,
                "occupied": s.occupied if seen else None, "free": s.free if seen else None,
                "reserved": s.reserved if seen else None, "usable": not s.why_not,
                "why_not": s.why_not if full else (["不能用"] if s.why_not else []),
                "cautions": s.cautions if full else [],
                "hazards": near, "more_hazards": max(0, len(s.hazards) - _MOST_HAZARDS),
            }
        )  # fmt: skip
    usable = [s for s in found if not s.why_not]
    return {
        "items": items, "total": len(found), "unusable": len(found) - len(usable),
        "capacity": sum(s.capacity or 0 for s in usable), "free": sum(max(s.free or 0, 0) for s in usable),
        "hidden": sum(s.hit.id not in forms for s in found),
    }  # fmt: skip


def _danger(snapshot: Snapshot, hazard: Mapping[str, Any], forms: Mapping[int, str]) -> dict[str, Any]:
    row = {**hazard, "division": "", "lon": None, "lat": None}
    return exposure.shown(snapshot, Hit(hazard["id"], False, None, None, hazard["distance_m"], row), forms)
