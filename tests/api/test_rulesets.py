"""Rule sets and policies: tried first, then adopted; what the trial lists is what changes, and nothing before it moves."""

import json
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import h3
import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from riskmap.base import clock
from riskmap.register import rulesets

SHIPPED = {"use": {"lec-bands": "lec-bands", "ls-bands": "ls-bands-common"}, "weights": {}, "schemes": []}
LS_B = {"use": {"ls-bands": "ls-bands-b"}}
AMMONIA = {"table": 1, "no": 1, "quantity_t": "40"}
POLICY = "major-hazard-level-to-grade"
LEVELS = {"一级": "major", "二级": "major", "三级": "serious", "四级": "general"}
MONTH_AGO = (clock.today() - timedelta(days=30)).isoformat()


def band(level: str, least: Any, most: Any, **given: Any) -> dict[str, Any]:
    return {"level": level, "least": least, "most": most, **given}


OWN = [band("major", 16, 25), band("serious", 9, 15), band("general", 4, 8), band("low", 1, 3)]


def put(admin: TestClient, class_: str, **attributes: Any) -> dict[str, Any]:
    body = {
        "class": class_,
        "name": f"{class_} {uuid.uuid4().hex[:6]}",
        "valid_from": "2026-01-01",
        "geometry": {"type": "Point", "coordinates": [116.0, 29.7]},
        "attributes": attributes,
    }
    answer = admin.post("/api/objects", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def points(admin: TestClient) -> dict[tuple[int, int], int]:
    """A risk point for every L and S; by what they are."""
    return {
        (lv, sv): put(admin, "risk-point", method="LS", L=str(lv), S=str(sv))["id"]
        for lv in range(1, 6)
        for sv in range(1, 6)
    }


def tried(admin: TestClient, **given: Any) -> dict[str, Any]:
    answer = admin.post("/api/rulesets/trial", json={"limit": 1000, **given})
    assert answer.status_code == 200, answer.text
    return answer.json()


def adopted(admin: TestClient, **given: Any) -> dict[str, Any]:
    if "expected" not in given:  # as the page does: what the trial has just said
        given["expected"] = tried(admin, **{k: given[k] for k in ("ruleset", "policy") if k in given})["total"]
    answer = admin.post("/api/rulesets/adopt", json={"title": "分档会议", "reason": "安委会 3 号纪要", **given})
    assert answer.status_code == 200, answer.text
    return answer.json()


def graded(admin: TestClient) -> dict[int, tuple[str, Any]]:
    """Grade and level of every object, whatever its stage."""
    found: dict[int, tuple[str, Any]] = {}
    cursor = None
    while True:
        page = admin.get(
            "/api/objects",
            params={"stage": "any", "limit": 200, "cursor": cursor} if cursor else {"stage": "any", "limit": 200},
        ).json()
        found |= {i["id"]: (i["grade"]["value"], (i["level"] or {}).get("value")) for i in page["items"]}
        cursor = page["next"]
        if not cursor:
            return found


def record(admin: TestClient, object_id: int, **params: Any) -> dict[str, Any]:
    grades = admin.get(f"/api/objects/{object_id}/grade", params=params).json()["grades"]
    return next(g for g in grades if g["scale"] == "risk-grade")


@pytest.fixture
def shipped_again(admin: TestClient) -> Any:
    """Whatever the test adopts, the next begins with the product's own bands and no policy."""
    yield
    adopted(admin, ruleset=SHIPPED)
    rows = [{"level": level, "grade": grade} for level, grade in LEVELS.items()]
    adopted(admin, policy={"policy": POLICY, "rows": rows, "adopted": False})


pytestmark = pytest.mark.usefixtures("shipped_again")


# -- A set of bands ----------------------------------------------------------------------


def test_the_list_of_the_trial_is_what_adoption_changes(admin: TestClient) -> None:
    made = points(admin)
    put(admin, "risk-point", method="LEC", L="10", E="6", C="15")
    put(admin, "risk-point", method="direct", grade="low", basis="目录第 3 条")
    before = graded(admin)
    trial = tried(admin, ruleset=LS_B)
    assert graded(admin) == before  # a trial writes nothing
    listed = {i["id"]: (i["before"]["grade"], i["after"]["grade"]) for i in trial["items"]}
    assert (trial["total"], trial["next"]) == (len(listed), None)
    assert sum(c["n"] for c in trial["counts"]) == trial["total"]
    done = adopted(admin, ruleset=LS_B, expected=trial["total"])
    after = graded(admin)
    really = {i: (before[i][0], after[i][0]) for i in before if before[i] != after[i]}
    assert listed == really
    assert done["changed"] == len(really)
    # 12 is 一般 in the common set and 较大 in set B, 25 重大 in both.
    assert listed[made[3, 4]] == ("general", "serious")
    assert made[5, 5] not in listed


def test_a_list_of_last_month_made_again_is_the_same_to_the_byte(admin: TestClient) -> None:
    points(admin)
    asked = {"class": "risk-point", "as_of": MONTH_AGO, "limit": 1000}

    def figures() -> tuple[Any, Any, Any]:
        page = admin.get("/api/objects", params=asked).json()
        sheet = admin.get("/api/objects.csv", params={"class": "risk-point", "as_of": MONTH_AGO}).content
        counts = admin.get("/api/counts", params={"by": "grade", "as_of": MONTH_AGO}).json()
        rows = [line for line in sheet.removeprefix(b"\xef\xbb\xbf").splitlines() if not line.startswith(b"#")]
        return page["items"], rows, counts["rows"]

    old, present = figures(), graded(admin)
    assert old[0]
    assert len(old[1]) > len(old[0])  # with the header
    adopted(admin, ruleset=LS_B)
    assert graded(admin) != present
    assert figures() == old


def test_old_grades_keep_their_set_and_new_ones_name_the_new(admin: TestClient) -> None:
    made = points(admin)
    was = record(admin, made[3, 4])
    adopted(admin, ruleset=LS_B, title="本市分档")
    now = record(admin, made[3, 4])
    code = admin.get("/api/rulesets").json()["ruleset"]
    assert (now["value"], now["ruleset"], now["edition"]) == ("serious", code, "LS 分档乙")
    assert record(admin, made[5, 5])["ruleset"] == was["ruleset"]  # the same by both: it is not touched
    assert record(admin, made[3, 4], as_of=MONTH_AGO)["ruleset"] == was["ruleset"]
    late = put(admin, "risk-point", method="LS", L="3", S="4")
    assert record(admin, late["id"])["ruleset"] == code


def test_the_legend_is_told_the_name_of_the_set(client: TestClient, admin: TestClient) -> None:
    def scale(code: str) -> Any:
        return next(s for s in client.get("/api/catalogue").json()["scales"] if s["scale"] == code)["ruleset"]

    assert scale("major-hazard-level") is None
    adopted(admin, ruleset=LS_B, title="本市分档")
    named = scale("risk-grade")
    assert (named["title"], named["bands"]) == ("本市分档", ["LEC 四级分档", "LS 分档乙"])
    assert named["valid_from"] == clock.today().isoformat()


def test_own_bands_are_named_by_their_rule_set(admin: TestClient) -> None:
    made = points(admin)
    adopted(admin, ruleset={"tables": {"ls-bands": OWN}}, title="九江分档 2026")
    now = record(admin, made[4, 4])
    assert (now["value"], now["standard"], now["confidence"]) == ("major", "九江分档 2026", "judgement")
    listed = admin.get("/api/rulesets").json()
    ls = next(b for b in listed["bands"] if b["table"] == "ls-bands")
    assert (ls["choice"], ls["tag"], ls["rows"][0]["least"]) == (None, "judgement", "16")
    assert listed["history"][0]["title"] == "九江分档 2026"
    assert listed["history"][0]["since"]["by"] == "admin"


def test_of_two_sets_of_one_day_the_later_holds(admin: TestClient) -> None:
    for n in range(11):  # past the ninth: codes are no plain text
        adopted(admin, ruleset={"tables": {"ls-bands": OWN}} if n % 2 else LS_B, title=f"第 {n} 次")
    assert admin.get("/api/rulesets").json()["title"] == "第 10 次"


def test_the_list_comes_page_by_page(admin: TestClient) -> None:
    points(admin)
    whole = tried(admin, ruleset=LS_B)
    found, after = [], 0
    while after is not None:
        page = tried(admin, ruleset=LS_B, limit=3, after=after)
        assert ("total" in page) == (after == 0)
        found += page["items"]
        after = page["next"]
    assert found == whole["items"]


@pytest.mark.parametrize(
    ("bands", "field", "code", "word"),
    [
        ([OWN[0], band("serious", 10, 15), *OWN[2:]], "", "gap", "9 不在任何一档"),
        ([OWN[0], OWN[1], band("general", 4, 9), OWN[3]], "", "overlap", "9 同时在第 2 档、第 3 档"),
        ([OWN[0], band("serious", 9, 16, most_in=False), *OWN[2:]], "", None, ""),
        ([], "", "no_rows", "没有填写任何一档"),
        ([band("major", 16, "abc")], ".0.most", "decimal_parsing", ""),
        ([band("none", 16, 25)], ".0.level", "literal_error", ""),
        ([band("major", 16, "1e999999")], ".0.most", None, ""),
        ([OWN[0]] * 21, "", "too_long", ""),
        # More is worse: turned about, the worst risks would be blue.
        (
            [band(b["level"], o["least"], o["most"]) for b, o in zip(OWN, reversed(OWN), strict=True)],
            ".1.level",
            "upside_down",
            "第 2 档的分值比第 1 档大，等级却更低",
        ),
        ([OWN[0], band("serious", 4, 15), OWN[3]], "", "no_band", "一般风险没有一档"),
        ([*OWN[:2], band("general", 6, 8), band("general", 4, 5), OWN[3]], ".3.level", "twice", "一般风险写了两档"),
    ],
)
def test_bands_with_a_gap_or_an_overlap_are_refused_at_their_table(
    admin: TestClient, bands: list[dict[str, Any]], field: str, code: str | None, word: str
) -> None:
    state, said = admin.get("/api/rulesets").json()["state"], 0
    for path in ("trial", "adopt"):
        more = {"title": "有漏", "reason": "试", "expected": said} if path == "adopt" else {}
        answer = admin.post(f"/api/rulesets/{path}", json={"ruleset": {"tables": {"ls-bands": bands}}, **more})
        if code is None and not field:  # 15 < 16 are next to each other: no product lies between
            assert answer.status_code == 200, answer.text
            said = answer.json().get("total", 0)
            continue
        assert answer.status_code == 422, answer.text
        [error, *_] = answer.json()["errors"]
        assert error["field"] == f"ruleset.tables.ls-bands{field}"
        if word:
            assert error["code"] == code
            assert word in error["message"]
    if code or field:
        assert admin.get("/api/rulesets").json()["state"] == state


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"ruleset": {"use": {"ls-bands": "ls-bands-z"}}}, "ruleset.use.ls-bands"),
        ({"ruleset": {"use": {"gb18218": "lec-bands"}}}, "ruleset.use.gb18218"),
        ({"ruleset": {"tables": {"lec-values": OWN}}}, "ruleset.tables.lec-values"),
        ({"ruleset": LS_B, "title": ""}, "title"),
        ({"ruleset": LS_B, "reason": " "}, "reason"),
        ({"ruleset": LS_B, "valid_from": (clock.today() + timedelta(days=1)).isoformat()}, "valid_from"),
        ({"ruleset": LS_B, "valid_from": date(2026, 1, 1).isoformat()}, "valid_from"),
        ({}, "ruleset"),
        ({"ruleset": LS_B, "policy": {"policy": POLICY, "rows": []}}, "ruleset"),
    ],
)
def test_what_is_no_rule_set_is_refused_at_its_field(admin: TestClient, given: dict[str, Any], field: str) -> None:
    answer = admin.post("/api/rulesets/adopt", json={"title": "试", "reason": "试", "expected": 0, **given})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field


def test_a_policy_by_which_worse_is_less_is_refused(admin: TestClient) -> None:
    def answer(**levels: str) -> Any:
        rows = [{"level": level, "grade": grade} for level, grade in (LEVELS | levels).items()]
        return admin.post("/api/rulesets/trial", json={"policy": {"policy": POLICY, "rows": rows}})

    refused = answer(一级="low", 二级="serious")
    assert refused.status_code == 422
    [error] = refused.json()["errors"]
    assert (error["field"], error["code"]) == ("policy.rows.0.grade", "upside_down")
    assert "一级比二级更重" in error["message"]
    assert answer(一级="serious", 二级="serious").status_code == 200  # the same for both is a choice


def test_nothing_is_adopted_that_was_not_tried(admin: TestClient) -> None:
    answer = admin.post("/api/rulesets/adopt", json={"ruleset": LS_B, "title": "试", "reason": "试"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "expected"


def test_a_list_that_is_no_longer_so_is_not_adopted(admin: TestClient) -> None:
    points(admin)
    trial = tried(admin, ruleset=LS_B)
    put(admin, "risk-point", method="LS", L="3", S="4")
    state = admin.get("/api/rulesets").json()["state"]
    body = {"ruleset": LS_B, "title": "试", "reason": "试", "expected": trial["total"]}
    answer = admin.post("/api/rulesets/adopt", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "trial_moved")
    assert admin.get("/api/rulesets").json()["state"] == state


def test_what_is_written_while_an_adoption_prepares_is_graded_by_the_new_set_too(
    admin: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = points(admin)
    take, late = rulesets.state.take, []

    def written_first(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(rulesets.state, "take", take)
        late.append(put(admin, "risk-point", method="LS", L="3", S="4")["id"])
        held = admin.get(f"/api/objects/{made[3, 4]}").json()["object_state"]
        body = {"attributes": {"method": "LS", "L": "1", "S": "1"}}
        answer = admin.patch(f"/api/objects/{made[3, 4]}", json=body, headers={"If-Match": f'"{held}"'})
        assert answer.status_code == 200, answer.text
        return take(*given, **named)

    monkeypatch.setattr(rulesets.state, "take", written_first)
    adopted(admin, ruleset=LS_B)
    now = graded(admin)
    assert (now[late[0]][0], now[made[3, 4]][0]) == ("serious", "low")
    assert record(admin, made[3, 4])["inputs"]["L"]["value"] == "1"


# -- Weights of the heat map -----------------------------------------------------------------

WEIGHTS = {"major": "10", "serious": "3.5", "general": "1", "low": "0.1", "none": "0"}
EVEN = dict.fromkeys(WEIGHTS, "1")


def heat(client: TestClient, resolution: int = 7, **params: Any) -> dict[str, Any]:
    answer = client.get("/api/heat", params={"resolution": resolution, **params})
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text, parse_float=Decimal, parse_int=Decimal)


def weighed(by_grade: dict[str, Decimal]) -> Decimal:
    return sum((Decimal(WEIGHTS[g]) * n for g, n in by_grade.items()), Decimal(0))


def test_weights_are_tried_and_adopted_and_change_no_grade(admin: TestClient, client: TestClient) -> None:
    points(admin)
    put(admin, "school")
    before, plain = graded(admin), heat(admin)
    assert plain["weights"]["even"] is True
    assert all(c["weighted"] == c["n"] for c in plain["cells"])
    trial = tried(admin, ruleset={"weights": WEIGHTS})
    assert (trial["total"], trial["items"]) == (0, [])
    assert trial["weights"] == {"before": EVEN, "after": WEIGHTS}
    assert heat(admin) == plain  # a trial writes nothing

    done = adopted(admin, ruleset={"weights": WEIGHTS}, title="热力加权 2026", expected=0)
    assert done["changed"] == 0
    assert graded(admin) == before
    assert admin.get("/api/rulesets").json()["weights"] == WEIGHTS
    now = heat(admin)
    assert (now["weights"]["title"], now["weights"]["even"]) == ("热力加权 2026", False)
    assert {g: Decimal(w) for g, w in WEIGHTS.items()} == now["weights"]["by_grade"]
    assert [(c["cell"], c["n"], c["by_grade"]) for c in now["cells"]] == [
        (c["cell"], c["n"], c["by_grade"]) for c in plain["cells"]
    ]
    assert all(c["weighted"] == weighed(c["by_grade"]) for c in now["cells"])
    assert any(c["weighted"] != c["n"] for c in now["cells"])
    # Of a day and a state before it nothing has moved.
    for then in (MONTH_AGO, f"state:{done['state'] - 1}"):
        assert heat(admin, as_of=then)["weights"]["even"] is True
    assert heat(admin, as_of=f"state:{done['state']}")["weights"]["title"] == "热力加权 2026"
    assert heat(client, 5)["weights"]["title"] == "热力加权 2026"  # the public's is by the same


def test_weighted_children_add_up_to_their_parent(admin: TestClient) -> None:
    points(admin)
    for n in range(6):
        where = {"geometry": {"type": "Point", "coordinates": [116.0 + n / 300, 29.7]}}
        body = {
            "class": "risk-point",
            "name": f"散点 {n}",
            "attributes": {"method": "LS", "L": "5", "S": str(n % 5 + 1)},
        }
        assert admin.post("/api/objects", json=body | where).status_code == 201
    adopted(admin, ruleset={"weights": WEIGHTS})
    sums: dict[str, Decimal] = {}
    fine = heat(admin, 9)["cells"]
    for cell in fine:
        parent = h3.cell_to_parent(cell["cell"], 6)
        sums[parent] = sums.get(parent, Decimal(0)) + cell["weighted"]
    coarse = {c["cell"]: c["weighted"] for c in heat(admin, 6)["cells"]}
    assert sums == coarse
    assert len(fine) > len(coarse)


@pytest.mark.parametrize(
    ("weights", "field"),
    [
        ({"major": "-1"}, "ruleset.weights.major"),
        ({"serious": "1000.001"}, "ruleset.weights.serious"),
        ({"low": "0.0001"}, "ruleset.weights.low"),
        ({"low": "重"}, "ruleset.weights.low"),
        ({"purple": "1"}, "ruleset.weights.purple"),
        (dict.fromkeys(WEIGHTS, "0"), "ruleset.weights"),
    ],
)
def test_weights_that_are_none_are_refused_at_their_grade(
    admin: TestClient, weights: dict[str, str], field: str
) -> None:
    for path, more in (("trial", {}), ("adopt", {"title": "试", "reason": "试", "expected": 0})):
        answer = admin.post(f"/api/rulesets/{path}", json={"ruleset": {"weights": weights}, **more})
        assert answer.status_code == 422, answer.text
        assert [e["field"] for e in answer.json()["errors"]] == [field]


# -- Schemes of scores ------------------------------------------------------------------------

FURNACE = {
    "title": "涉炉企业计分",
    "bands": [
        band("红色", None, 40, most_in=False),
        band("橙色", 40, 60, most_in=False),
        band("黄色", 60, 80, most_in=False),
        band("蓝色", 80, None),
    ],
}
SHIPPED_SCHEME = "应急〔2018〕19号"


def scored(admin: TestClient, scheme: str = "*", **params: Any) -> list[dict[str, Any]]:
    answer = admin.get("/api/lists/enterprise-scores", params={"scheme": scheme, "limit": 200, **params})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["rows"])


def test_schemes_run_side_by_side_each_by_its_own_bands_to_the_boundary(admin: TestClient) -> None:
    def firm(name: str, *scores: dict[str, Any]) -> dict[str, Any]:
        body = {
            "class": "enterprise",
            "name": f"记分{name}",
            "valid_from": "2026-01-01",
            "attributes": {"scores": scores},
        }
        answer = admin.post("/api/objects", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def score(scheme: str, value: Any, on: str | None = "2026-02-01") -> dict[str, Any]:
        return {"scheme": scheme, "score": value, "scored_on": on, "basis": "检查"}

    both = firm("甲", score(SHIPPED_SCHEME, "60"), score("涉炉企业计分", "60"))
    firm("乙", score(SHIPPED_SCHEME, "59.99"), score("涉炉企业计分", "59.99"))
    firm("丙", score("涉炉企业计分", "85", "2026-01-05"), score("涉炉企业计分", "39.9", "2026-03-05"))
    firm("丁", score("无人知道的方案", "50"))
    assert both["level"] is None  # no grade follows from them
    before = {(r["name"]["name"], r["scheme"]): (r["level"] or {}).get("value") for r in scored(admin, q="记分")}
    assert before["记分甲", "涉炉企业计分"] is None  # no bands is no colour

    trial = tried(admin, ruleset={"schemes": [FURNACE]})
    assert trial["total"] == 0
    assert {(s["before"], s["after"]): s["n"] for s in trial["scores"]} == {
        (None, "黄色"): 1, (None, "橙色"): 1, (None, "蓝色"): 1, (None, "红色"): 1,
    }  # fmt: skip
    adopted(admin, ruleset={"schemes": [FURNACE]}, expected=0)
    now = {(r["name"]["name"], r["scheme"]): (r["level"] or {}).get("value") for r in scored(admin, q="记分")}
    assert now == {
        ("记分甲", SHIPPED_SCHEME): "橙色", ("记分甲", "涉炉企业计分"): "黄色",
        ("记分乙", SHIPPED_SCHEME): "红色", ("记分乙", "涉炉企业计分"): "橙色",
        ("记分丙", "涉炉企业计分"): "红色", ("记分丁", "无人知道的方案"): None,
    }  # fmt: skip
    [third] = [r for r in scored(admin, "涉炉企业计分", q="记分") if r["name"]["name"] == "记分丙"]
    assert (third["score"], third["scored_on"], third["earlier"]) == (39.9, "2026-03-05", ["2026-01-05 85 分"])
    assert {r["scheme"] for r in scored(admin, "涉炉企业计分", q="记分")} == {"涉炉企业计分"}
    body = admin.get("/api/lists/enterprise-scores", params={"scheme": "*", "q": "记分"}).json()
    found = {f["name"]: f["value"] for f in body["figures"]}
    assert (found["all"], found["level-1"], found["unbanded"]) == (6, 2, 1)
    file = admin.get("/api/lists/enterprise-scores.csv", params={"scheme": "涉炉企业计分", "q": "记分"})
    assert "涉炉企业计分" in file.text
    # Of an earlier day: the score that was there then, by the set of that day.
    then = {(r["name"]["name"], r["scheme"]): r["score"] for r in scored(admin, q="记分", as_of="2026-02-15")}
    assert then["记分丙", "涉炉企业计分"] == 85
    refused = admin.get("/api/lists/enterprise-scores", params={"scheme": "涉炉企业计分", "as_of": "2026-02-15"})
    assert refused.status_code == 422  # on that day there was no such scheme
    assert refused.json()["errors"][0]["field"] == "scheme"


def test_what_a_draft_leaves_out_stays_as_it_is_in_force(admin: TestClient) -> None:
    def in_force() -> dict[str, Any]:
        told = admin.get("/api/rulesets").json()
        bands = {
            b["table"]: (b["choice"], [(r["level"], r["least"], r["most"]) for r in b["rows"]]) for b in told["bands"]
        }
        return {
            "bands": bands,
            "weights": told["weights"],
            "schemes": [(s["title"], s["bands"]) for s in told["schemes"]],
        }

    lec = [band("major", 321, None), band("serious", 161, 320), band("general", 70, 160), band("low", None, 69)]
    adopted(admin, ruleset={"tables": {"lec-bands": lec}, **LS_B, "weights": WEIGHTS, "schemes": [FURNACE]})
    first = in_force()
    assert (first["weights"], [title for title, _ in first["schemes"]]) == (WEIGHTS, [SHIPPED_SCHEME, FURNACE["title"]])
    assert (first["bands"]["lec-bands"][0], first["bands"]["ls-bands"][0]) == (None, "ls-bands-b")
    adopted(admin, ruleset={})
    assert in_force() == first
    trial = tried(admin, ruleset={"tables": {"ls-bands": OWN}})
    assert (trial["weights"], trial["scores"]) == ({"before": WEIGHTS, "after": WEIGHTS}, [])
    adopted(admin, ruleset={"tables": {"ls-bands": OWN}})
    second = in_force()
    assert second == first | {"bands": first["bands"] | {"ls-bands": second["bands"]["ls-bands"]}}
    assert second["bands"]["ls-bands"][1][0] == ("major", "16", "25")
    # What is given anew, even if it is nothing, is another matter.
    adopted(admin, ruleset=SHIPPED)
    third = in_force()
    assert (third["weights"], [title for title, _ in third["schemes"]]) == (EVEN, [SHIPPED_SCHEME])
    assert {table: choice for table, (choice, _) in third["bands"].items()} == SHIPPED["use"]


@pytest.mark.parametrize(
    ("change", "field", "word"),
    [
        ({"title": SHIPPED_SCHEME}, "title", "已有"),
        ({"bands": FURNACE["bands"][:3]}, "bands", "80 不在任何一档"),
        ({"bands": [FURNACE["bands"][0], *FURNACE["bands"]]}, "bands", "写了两档"),
        ({"bands": []}, "bands", "没有填写任何一档"),
        ({"title": ""}, "title", ""),
    ],
)
def test_a_scheme_that_does_not_hold_is_refused_at_its_place(
    admin: TestClient, change: dict[str, Any], field: str, word: str
) -> None:
    answer = admin.post("/api/rulesets/trial", json={"ruleset": {"schemes": [FURNACE | change]}})
    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert error["field"] == f"ruleset.schemes.0.{field}"
    assert word in error["message"]


# -- A policy ----------------------------------------------------------------------------


def policy(rows: dict[str, Any], **given: Any) -> dict[str, Any]:
    return {"policy": POLICY, "rows": [{"level": lv, "grade": g} for lv, g in rows.items()], **given}


def test_a_policy_gives_its_grades_when_it_is_adopted(admin: TestClient) -> None:
    third = put(admin, "major-hazard", substances=[AMMONIA], exposed_persons=120)
    outside = put(admin, "major-hazard", substances=[{"table": 1, "no": 1, "quantity_t": "9"}], exposed_persons=0)
    assert third["grade"]["value"] == "none"
    before = graded(admin)
    trial = tried(admin, policy=policy(LEVELS))
    listed = {i["id"]: i["after"]["grade"] for i in trial["items"]}
    assert adopted(admin, policy=policy(LEVELS), expected=trial["total"])["changed"] == len(listed)
    after = graded(admin)
    assert listed == {i: after[i][0] for i in before if before[i] != after[i]}
    assert (after[third["id"]], after[outside["id"]]) == (("serious", "三级"), ("none", None))
    held = admin.get(f"/api/objects/{outside['id']}/grade").json()["grades"]
    assert [g["verdict"] for g in held] == ["不构成重大危险源"]
    # The level's own record is the one that was made: only what follows from it is new.
    grades = admin.get(f"/api/objects/{third['id']}/grade").json()["grades"]
    assert {g["how"] for g in grades} == {"computed", "policy"}

    worse = policy(LEVELS | {"三级": "major"})
    [only] = [i for i in tried(admin, policy=worse)["items"] if i["id"] == third["id"]]
    assert (only["before"]["grade"], only["after"]["grade"]) == ("serious", "major")
    off = adopted(admin, policy=policy(LEVELS, adopted=False))
    assert off["changed"] >= 1
    assert graded(admin)[third["id"]] == ("none", "三级")


def test_a_judged_grade_stays_under_any_policy(admin: TestClient) -> None:
    body = {"class": "major-hazard", "name": "判定过", "attributes": {"substances": [AMMONIA], "exposed_persons": 1}}
    judged = {"grade": {"value": "low", "basis": "专家组"}}
    made = admin.post("/api/objects", json=body | judged).json()
    adopted(admin, policy=policy(LEVELS))
    assert record(admin, made["id"])["how"] == "judged"


@pytest.mark.parametrize(
    ("rows", "field", "word"),
    [
        ({k: v for k, v in LEVELS.items() if k != "四级"}, "policy.rows", "四级"),
        (LEVELS | {"四级": None}, "policy.rows.3.grade", "四级"),
        (LEVELS | {"五级": "low"}, "policy.rows.4.level", "五级"),
    ],
)
def test_a_policy_that_leaves_a_level_without_a_grade_is_refused(
    admin: TestClient, rows: dict[str, Any], field: str, word: str
) -> None:
    for path, more in (("trial", {}), ("adopt", {"reason": "试", "expected": 0})):
        answer = admin.post(f"/api/rulesets/{path}", json={"policy": policy(rows), **more})
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["field"] == field
        assert word in answer.json()["errors"][0]["message"]


# -- Who, and the trail --------------------------------------------------------------------


def test_only_an_administrator_tries_and_adopts(
    admin: TestClient, client: TestClient, make_account: Callable[..., TestClient]
) -> None:
    body = {"ruleset": LS_B}
    whole = {**body, "title": "试", "reason": "试"}
    for role in ("editor", "reader", "auditor"):
        account = make_account(role)
        assert account.post("/api/rulesets/trial", json=body).status_code == 403
        assert account.post("/api/rulesets/adopt", json=whole).status_code == 403
    assert make_account("reader").get("/api/rulesets").status_code == 200
    assert client.post("/api/rulesets/trial", json=body).status_code == 401
    assert client.get("/api/rulesets").status_code == 401


def test_adoption_is_one_state_and_one_line_of_the_trail(admin: TestClient, engine: Engine) -> None:
    points(admin)
    before = admin.get("/api/rulesets").json()["state"]
    done = adopted(admin, ruleset=LS_B, title="本市分档", reason="安委会 3 号纪要")
    assert done["state"] == before + 1
    with engine.connect() as connection:
        connection.execute(text("SELECT set_config('riskmap.tier', '9', true)"))
        rows = connection.execute(
            text("SELECT actor, action, kind, ref, after FROM audit_entry WHERE state = :n"), {"n": done["state"]}
        ).all()
        written = connection.scalar(text("SELECT count(*) FROM risk_object WHERE state = :n"), {"n": done["state"]})
    assert [(r.actor, r.action, r.kind, r.ref) for r in rows] == [("admin", "adopt", "ruleset", done["ruleset"])]
    assert rows[0].after["reason"] == "安委会 3 号纪要"
    assert rows[0].after["changed"] == done["changed"] == written


def test_an_unknown_key_of_a_band_is_told_by_its_own_name(admin: TestClient) -> None:
    body = {"ruleset": {"tables": {"ls-bands": [band("major", 16, 25, word="重大风险")]}}}
    [error] = admin.post("/api/rulesets/trial", json=body).json()["errors"]
    assert error["field"] == "ruleset.tables.ls-bands.0.word"
    assert "没有规则集的自定分档的“ls-bands”第 1 项的“word”这一项" in error["message"]
