"""What the register has as not in use: proposed by nothing, named by hand with that said, and never lost."""

from collections.abc import Callable, Iterator
from typing import Any

import pypdfium2
import pytest
from starlette.testclient import TestClient
from tests.api.dispatch import accept, get, incident, place, plan, post, sent, team
from tests.api.evacuation import enter
from tests.api.rescue import add
from tests.api.test_bad_input import refused
from tests.api.test_changes import change

Maker = Callable[..., TestClient]
COUNTY = "360402"
SAID = "登记为停用"


def stage(client: TestClient, object_id: int, to: str) -> None:
    change(client, {"id": object_id}, stage=to)


def boats(client: TestClient, where: float, *, near: str = "in_use") -> tuple[int, int]:
    """Two teams with boats: one near a place and one far, which nobody else's incidents are."""
    both = (
        team(client, f"例近艇队{where}", place(where), boats=1),
        team(client, f"例远艇队{where}", place(where + 3), boats=1),
    )
    if near != "in_use":
        stage(client, both[0], near)
    return both


def trapped(client: TestClient, where: float) -> dict[str, Any]:
    return incident(client, place(where), trapped=3, needs=["boat"])


def assigned(made: dict[str, Any], one: int) -> dict[str, Any]:
    return next(a for a in made["assignments"] if a["team"] == one)


class TestTeams:
    @pytest.mark.parametrize(("to", "said"), [("suspended", SAID), ("striking_off", "登记为销号中")])
    def test_nothing_proposes_it_and_the_lists_say_why(self, admin: TestClient, to: str, said: str) -> None:
        where = {"suspended": 200.0, "striking_off": 210.0}[to]
        near, far = boats(admin, where, near=to)
        one = trapped(admin, where)
        assert sent(plan(admin, one)) == {far: one["id"]}
        listed = {t["id"]: t["out_of_use"] for t in get(admin, "teams")["items"]}
        assert (listed[near], listed[far]) == (said, "")
        lon, lat = place(where)
        found = get(admin, "teams/nearest", lon=lon, lat=lat, need="boat", limit=200)
        order_ = [t["id"] for t in found["items"]]
        assert order_.index(far) < order_.index(near)  # though it is farther away
        assert next(t["said"] for t in found["items"] if t["id"] == near) == said
        assert found["fitting"] == len([t for t in found["items"] if not t["out_of_use"]])
        asked = {"minutes": 5, "need": "boat", "classes": ["village"], "grades": ["none"]}
        village = add(admin, "village", f"例村{where}", place(where), COUNTY)
        assert village in {p["id"] for p in post(admin, "standby/gaps", asked, 200)["items"]}
        stage(admin, near, "in_use")
        assert village not in {p["id"] for p in post(admin, "standby/gaps", asked, 200)["items"]}
        assert sent(plan(admin, one)) == {near: one["id"]}

    def test_nobody_stands_by_at_what_is_out_of_use(self, admin: TestClient) -> None:
        team(admin, "例前置艇队", place(260, 30), boats=1)
        village = add(admin, "village", "例远村", place(260, 0), COUNTY)
        stage(admin, village, "suspended")  # still to be reached
        site = add(admin, "fire-station", "例停用站", place(260, 0.1), COUNTY)
        asked = {"minutes": 10, "need": "boat", "classes": ["village"], "grades": ["none"], "k": 1}
        names = [s["name"] for s in post(admin, "standby/propose", asked, 200)["items"]]
        assert "例停用站" in names
        stage(admin, site, "suspended")
        names = [s["name"] for s in post(admin, "standby/propose", asked, 200)["items"]]
        assert "例停用站" not in names

    def test_by_hand_it_goes_and_the_plan_says_so(self, admin: TestClient) -> None:
        near, far = boats(admin, 220, near="suspended")
        one = trapped(admin, 220)
        made = plan(admin, one)
        by_hand = post(admin, f"plans/{made['id']}/change", {"team": near, "incident": one["id"]})
        assert sent(by_hand) == {near: one["id"], far: one["id"]}
        assert assigned(by_hand, near)["out_of_use"] == SAID
        assert SAID in assigned(by_hand, near)["why"]
        anew = post(admin, f"plans/{by_hand['id']}/replan", {})  # known when it was set by hand: it is kept
        assert assigned(anew, near)["pinned"]
        accept(admin, by_hand)
        [given] = [o for o in get(admin, "orders", incident=one["id"])["items"] if o["team"]["id"] == near]
        assert (given["out_of_use"], given["turned_back"]) == (SAID, False)

    def test_one_that_goes_out_of_use_meanwhile_is_not_sent_in_silence(self, admin: TestClient) -> None:
        near, far = boats(admin, 230)
        one = trapped(admin, 230)
        made = plan(admin, one)
        by_hand = post(admin, f"plans/{made['id']}/change", {"team": far, "incident": one["id"]})
        stage(admin, near, "suspended")
        stage(admin, far, "suspended")
        assert get(admin, f"plans/{made['id']}")["since"] == [f"例近艇队230{SAID}"]
        told = refused(admin.post(f"/api/rescue/plans/{made['id']}/accept"), 409)
        assert told["code"] == "team_changed"
        assert f"例近艇队230{SAID}" in told["detail"]
        anew = post(admin, f"plans/{by_hand['id']}/replan", {})
        assert not {near, far} & set(sent(anew))
        # Set by hand before anybody knew: it holds no more, and says why.
        assert [(o["team"], o["why"]) for o in anew["lapsed"]] == [(far, f"{SAID}，要派请手工指定")]

    def test_under_an_order_it_stays_there_and_goes_nowhere_else(self, admin: TestClient) -> None:
        near, _ = boats(admin, 240)
        one = trapped(admin, 240)
        made = plan(admin, one, teams=[near])
        accept(admin, made)
        stage(admin, near, "suspended")
        # Much more urgent, and near: any other team would be turned.
        worse = incident(admin, place(239.9), trapped=30, vulnerable=10, needs=["boat"], depth_m=2)
        anew = post(admin, f"plans/{made['id']}/replan", {"incidents": [one["id"], worse["id"]]})
        assert sent(anew) == {near: one["id"]}
        assert anew["withdraws"] == []
        assert anew["unreachable"][0]["code"] == "no_team"
        [running] = [o for o in get(admin, "orders", incident=one["id"])["items"] if o["team"]["id"] == near]
        assert (running["out_of_use"], running["late"]) == (SAID, False)
        stage(admin, near, "in_use")
        assert sent(post(admin, f"plans/{made['id']}/replan", {"incidents": [one["id"], worse["id"]]})) == {
            near: worse["id"]
        }


class TestStores:
    def test_the_list_says_so(self, admin: TestClient) -> None:
        made = add(admin, "relief-store", "例停用库", place(250), COUNTY)
        stage(admin, made, "suspended")
        assert {s["id"]: s["out_of_use"] for s in get(admin, "goods")["items"]}[made] == SAID

    def test_the_page_of_a_place_lists_it_last_and_marked(self, admin: TestClient) -> None:
        near, far = (
            add(admin, "shelter", f"例{n}", place(250, n), COUNTY, attributes={"capacity": 9}) for n in (40, 41)
        )
        lon, lat = place(250, 40)
        stage(admin, near, "suspended")
        told = get(admin, "onepage", lon=lon, lat=lat)
        found = {s["id"]: (i, s["out_of_use"]) for i, s in enumerate(told["help"]["shelters"]["items"])}
        assert found[far][0] < found[near][0]
        assert (found[near][1], found[far][1]) == (SAID, "")
        assert SAID in {c["out_of_use"] for c in told["calls"] if c["object"] == near}


class TestShelters:
    @pytest.fixture
    def of(self, admin: TestClient) -> Iterator[dict[str, Any]]:
        village = add(admin, "village", "例转移村", place(270), COUNTY, attributes={"residents": 30})
        listed = [{"name": "例转移村", "division": COUNTY, "to_move": 30, "object": village}]
        made = post(admin, "evacuations", {"name": "例转移", "villages": listed})
        yield made
        admin.post(f"/api/rescue/evacuations/{made['id']}/close", json={"reason": "试完"})

    def test_nobody_is_assigned_to_it_and_who_is_in_it_counts(self, admin: TestClient, of: dict[str, Any]) -> None:
        near, far = (
            add(admin, "shelter", f"例场所{n}", place(270 + n), COUNTY, attributes={"capacity": 100}) for n in (1, 2)
        )
        path = f"evacuations/{of['id']}"

        def to(made: dict[str, Any]) -> set[int]:
            return {t["shelter"] for v in made["villages"] for t in v["to"]}

        before = post(admin, f"{path}/plans", {})
        assert to(before) == {near}
        enter(admin, of, "sheltered", 5, shelter=near)
        stage(admin, near, "suspended")
        listed = {s["id"]: s for s in get(admin, f"{path}/shelters")["items"]}
        assert (listed[near]["usable"], listed[near]["why_not"], listed[near]["occupied"]) == (False, [SAID], 5)
        assert to(post(admin, f"{path}/plans", {})) == {far}
        assert refused(admin.post(f"/api/rescue/{path}/plans/{before['id']}/accept"), 409)["code"] == "no_room"
        # A plan that holds and sends people there says so, wherever it is read, and asks to be made anew.
        stage(admin, near, "in_use")
        held = post(admin, f"{path}/plans", {"shelters": [near]})
        post(admin, f"{path}/plans/{held['id']}/accept", {}, 200)
        assert [a["out_of_use"] for a in get(admin, path)["villages"][0]["assigned"]] == [""]
        then = get(admin, path)["at"]
        stage(admin, near, "suspended")
        [gone] = get(admin, f"{path}/plans/{held['id']}")["unused_since"]
        assert (gone["name"], gone["said"], gone["persons"]) == ("例场所1", SAID, 25)
        assert [a["out_of_use"] for a in get(admin, path)["villages"][0]["assigned"]] == [SAID]
        assert [a["out_of_use"] for a in get(admin, path, at=then)["villages"][0]["assigned"]] == [""]
        pages = pypdfium2.PdfDocument(admin.get(f"/api/rescue/{path}/left.pdf").content)
        assert f"{SAID}，请先问清去哪里" in "".join("".join(p.get_textpage().get_text_range().split()) for p in pages)
        # By hand it may be named, and the plan says what that means.
        named = post(admin, f"{path}/plans", {"shelters": [near]})
        assert to(named) == {near}
        assert f"指定的避难场所里有 1 处{SAID}，能不能住人请先核实" in named["notes"]
        post(admin, f"{path}/plans/{named['id']}/accept", {}, 200)
        assert get(admin, f"{path}/plans/{named['id']}")["unused_since"] == []
        # Closed for good: it stands in no list, and who is in it is told all the same.
        assert get(admin, f"{path}/shelters")["in_closed"] == 0
        stage(admin, near, "closed")
        told = get(admin, f"{path}/shelters")
        assert near not in {s["id"] for s in told["items"]}
        assert told["in_closed"] == 5
        assert get(admin, path)["in_shelters"] == 5


class TestStruckOff:
    def test_a_plan_that_named_it_is_made_anew_without_it(self, admin: TestClient) -> None:
        near, far = boats(admin, 320.0)
        one = trapped(admin, 320.0)
        made = plan(admin, one, teams=[near, far])
        stage(admin, near, "struck_off")
        again = post(admin, f"plans/{made['id']}/replan", {})
        assert sent(again) == {far: one["id"]}
        assert [(o["team_name"], o["why"]) for o in again["left_out"]] == [("例近艇队320.0", "已销号")]
        # Over some teams it stays over some, unless it is asked for all.
        third = team(admin, "例第三艇队320", place(320.5), boats=1)
        assert sent(post(admin, f"plans/{again['id']}/replan", {})) == {far: one["id"]}
        assert sent(post(admin, f"plans/{again['id']}/replan", {"widen": True})) == {third: one["id"]}
        ids = {"incidents": [one["id"]], "teams": [near, far]}
        assert (
            refused(admin.post("/api/rescue/plans", json=ids))["errors"][0]["field"] == "teams"
        )  # nobody names it anew


class TestStakes:
    def test_what_hangs_on_a_team_is_told_before_and_logged_when_it_is_struck_off(
        self, admin: TestClient, make_account: Maker
    ) -> None:
        one = team(admin, "例系艇队", place(300), boats=1)
        assert get(admin, f"objects/{one}/stakes")["items"] == []
        stage(admin, one, "suspended")  # nothing hangs on it: the night is not told
        stage(admin, one, "in_use")
        there = incident(admin, place(300.1), trapped=2, needs=["boat"], name="例系村")
        [given] = accept(make_account("editor", may=["dispatch"]), plan(admin, there, teams=[one]))["orders"]
        words = [f"没有完成的调度令 {given['number']}（例系村）"]
        assert get(admin, f"objects/{one}/stakes")["items"] == [{"exercise": False, "words": words}]
        stage(make_account("editor"), one, "suspended")
        newest = get(admin, "log")["items"][0]
        assert (newest["kind"], newest["what"]) == ("调度", f"例系艇队在登记里改为停用：{words[0]}")
        stage(admin, one, "in_use")
        assert get(admin, "log")["items"][0]["id"] == newest["id"]
        stage(admin, one, "struck_off")
        assert get(admin, "log")["items"][0]["what"] == f"例系艇队在登记里改为已销号：{words[0]}"
        assert admin.delete(f"/api/objects/{one}", params={"reason": "撤并"}).status_code == 200
        assert get(admin, "log")["items"][0]["what"] == f"例系艇队在登记里注销（撤并）：{words[0]}"
        refused(make_account("editor", areas=["360481"]).get(f"/api/rescue/objects/{one}/stakes"), 404)

    def test_what_hangs_on_a_shelter(self, admin: TestClient) -> None:
        village = add(admin, "village", "例系住村", place(310), COUNTY, attributes={"residents": 30})
        shelter = add(admin, "shelter", "例系场所", place(310.5), COUNTY, attributes={"capacity": 100})
        listed = [{"name": "例系住村", "division": COUNTY, "to_move": 30, "object": village}]
        of = post(admin, "evacuations", {"name": "例系转移", "villages": listed})
        made = post(admin, f"evacuations/{of['id']}/plans", {"shelters": [shelter]})
        post(admin, f"evacuations/{of['id']}/plans/{made['id']}/accept", {}, 200)
        enter(admin, of, "sheltered", 5, shelter=shelter)
        words = ["现有 5 人", "“例系转移”的安置方案安排 30 人"]
        assert get(admin, f"objects/{shelter}/stakes")["items"] == [{"exercise": False, "words": words}]
        stage(admin, shelter, "suspended")
        newest = get(admin, "log")["items"][0]
        assert (newest["kind"], newest["what"]) == ("转移", f"例系场所在登记里改为停用：{'；'.join(words)}")
        admin.post(f"/api/rescue/evacuations/{of['id']}/close", json={"reason": "试完"})
        assert get(admin, f"objects/{shelter}/stakes")["items"] == []
