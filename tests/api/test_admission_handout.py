"""Cases on their way: checked on site, handed out anew, signed copy and photographs kept, closed; holidays."""

import io
import threading
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.api.admission import IN_RUICHANG, IN_SHILI, IN_WULI, ask, away, load_towns, put, sign

from riskmap.base import clock
from riskmap.base.settings import Settings

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
Maker = Callable[..., TestClient]


@pytest.fixture(scope="module", autouse=True)
def towns(app: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    load_towns(app.state.engine, tmp_path_factory.mktemp("divisions"))


def findings(outcome: str = "pass", **more: Any) -> dict[str, Any]:
    items = [{"item": "违规住人", "ok": outcome == "pass", "note": ""}, {"item": "喷涂作业", "ok": None, "note": ""}]
    today = clock.today().isoformat()
    return {"outcome": outcome, "checkers": ["张三", "李四"], "on": today, "items": items, "note": "", **more}


def post(client: TestClient, case: dict[str, Any], what: str, body: dict[str, Any]) -> Any:
    return client.post(f"/api/admission/checks/{case['case']}/{what}", json=body)


def upload(client: TestClient, case: dict[str, Any], body: bytes, name: str = "扫描.pdf", kind: str = "signed") -> Any:
    address = f"/api/admission/checks/{case['case']}/files"
    return client.post(address, files={"file": (name, body)}, data={"kind": kind})


def docx(*more: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("[Content_Types].xml", "word/document.xml", *more):
            archive.writestr(name, "<x/>")
    return out.getvalue()


def whats(client: TestClient, case: dict[str, Any]) -> list[str]:
    return [e["what"] for e in client.get(f"/api/admission/checks/{case['case']}").json()["events"]]


# -- On site ------------------------------------------------------------------------------------


def test_the_list_for_the_site_names_rules_and_no_object(admin: TestClient) -> None:
    at = away(IN_WULI, 3_500)
    put(admin, "school", "核对的小学", away(at, 84))
    case = ask(admin, at, scope="烟花爆竹零售")
    items = case["checklist"]
    title = next(hit["title"] for hit in case["hits"] if hit["rule"] == "FW-RETAIL-100")
    assert f"现场核对：{title}" in items
    assert not [item for item in items if "核对的小学" in item]  # others read what is found
    told = findings() | {"items": [{"item": item, "ok": True, "note": ""} for item in items]}
    answer = post(admin, case, "findings", told)
    assert answer.status_code == 200, answer.text
    assert [row["item"] for row in answer.json()["findings"]["items"]] == items


@pytest.mark.parametrize(("outcome", "status"), [("pass", "checked"), ("refuse", "refused")])
def test_what_was_found_on_site_ends_the_check(admin: TestClient, outcome: str, status: str) -> None:
    case = ask(admin, IN_SHILI, "gas-restaurant")
    answer = post(admin, case, "findings", findings(outcome))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["status"] == body["standing"] == status
    assert body["findings"]["checkers"] == ["张三", "李四"]
    assert body["checked"]["by"] == "admin"
    assert body["events"][-1]["what"] == "checked"
    again = post(admin, case, "findings", findings())
    assert again.status_code == 409
    assert "admin" in again.json()["detail"]


def test_what_is_to_be_put_right_keeps_the_case_with_a_new_due_day(admin: TestClient) -> None:
    case = ask(admin, IN_SHILI, "gas-restaurant")
    by = (clock.today() + timedelta(days=20)).isoformat()
    body = post(admin, case, "findings", findings("rectify", rectify_by=by)).json()
    assert (body["status"], body["due"]) == ("assigned", by)
    assert body["checked"] is None
    done = post(admin, case, "findings", findings()).json()  # looked at again
    assert done["status"] == "checked"
    assert whats(admin, case).count("checked") == 2
    listed = admin.get("/api/admission/checks").json()["counts"]
    assert listed["total"] == sum(n for name, n in listed.items() if name != "total")


TOMORROW = (clock.today() + timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"checkers": ["张三"]}, "checkers", "too_few"),
        ({"checkers": ["张三", "张三"]}, "checkers", "too_few"),
        ({"on": TOMORROW}, "on", "in_future"),
        ({"outcome": "rectify"}, "rectify_by", "missing"),
        ({"outcome": "rectify", "rectify_by": "2020-01-01"}, "rectify_by", "too_early"),
        ({"rectify_by": TOMORROW}, "rectify_by", "not_wanted"),
        ({"items": [{"item": "违规住人", "ok": False}]}, "outcome", "items_fail"),
        ({"outcome": "refuse", "items": []}, "note", "missing"),
        ({"items": []}, "items", "missing"),
        ({"on": "2020-01-01"}, "on", "too_early"),
    ],
)
def test_a_faulty_result_says_what_is_wrong_and_changes_nothing(
    admin: TestClient, given: dict[str, Any], field: str, code: str
) -> None:
    case = ask(admin, IN_SHILI, "gas-restaurant")
    answer = post(admin, case, "findings", findings() | given)
    assert answer.status_code == 422, answer.text
    assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [(field, code)]
    assert whats(admin, case) == ["made", "assigned"]


def test_of_two_who_record_at_once_one_is_told_of_the_other(admin: TestClient, make_account: Maker) -> None:
    case, other = ask(admin, IN_SHILI, "gas-restaurant"), make_account("editor")
    barrier, answers = threading.Barrier(2), []

    def record(client: TestClient, outcome: str) -> None:
        barrier.wait()
        answers.append(post(client, case, "findings", findings(outcome)))

    threads = [threading.Thread(target=record, args=pair) for pair in ((admin, "pass"), (other, "refuse"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(a.status_code for a in answers) == [200, 409]
    assert whats(admin, case).count("checked") == 1


def test_only_who_is_in_charge_works_on_a_case(admin: TestClient, make_account: Maker) -> None:
    case = ask(admin, IN_SHILI, "gas-restaurant")
    department = case["department"]
    for role in ("reader", "auditor"):
        client = make_account(role)
        assert post(client, case, "findings", findings()).status_code == 403
        assert post(client, case, "assign", {"division": "360402002", "department": department}).status_code == 403
        assert upload(client, case, PDF, kind="photo").status_code == 403
    stranger = make_account("editor", areas=["360481"])
    for answer in (
        post(stranger, case, "findings", findings()),
        post(stranger, case, "assign", {"division": "360481", "department": department}),
        upload(stranger, case, PDF, kind="photo"),
    ):
        assert answer.status_code == 404
    elsewhere = ask(stranger, IN_SHILI, "gas-restaurant")  # whoever asks sees his case, wherever it goes
    assert post(stranger, elsewhere, "findings", findings()).status_code == 403
    assert upload(stranger, elsewhere, PDF, kind="photo").status_code == 201
    town = make_account("editor", areas=["360402001"])
    assert post(town, case, "findings", findings()).status_code == 200


# -- To whom ------------------------------------------------------------------------------------


def test_a_case_is_handed_out_anew_within_both_areas(admin: TestClient, make_account: Maker) -> None:
    case = ask(admin, IN_SHILI, "gas-restaurant")
    county, department = make_account("editor", areas=["360402"]), case["department"]
    assert case["town"] == "360402001"
    beyond = post(county, case, "assign", {"division": "360481", "department": department})
    assert beyond.status_code == 403
    unknown = post(admin, case, "assign", {"division": "360499", "department": department})
    assert [e["code"] for e in unknown.json()["errors"]] == ["unknown_division"]
    nobody = post(admin, case, "assign", {"division": "360402002", "department": "没有这个局"})
    assert [(e["field"], e["code"]) for e in nobody.json()["errors"]] == [("department", "unknown_department")]
    assert "应急管理局" in nobody.json()["errors"][0]["message"]  # which there are
    past = post(admin, case, "assign", {"division": "360402002", "department": department, "due": "2020-01-01"})
    assert [e["code"] for e in past.json()["errors"]] == ["past"]
    make_account("editor", departments=["消防救援大队"])  # an account's department is one that there is
    assert "消防救援大队" in admin.get("/api/admission/departments").json()["items"]
    moved = post(county, case, "assign", {"division": "360402002", "department": "消防救援大队"})
    assert moved.status_code == 200, moved.text
    body = moved.json()
    assert (body["town"], body["town_name"], body["department"]) == ("360402002", "濂溪区五里街道", "消防救援大队")
    assert body["place"]["division"] == "360402001"  # it lies where it lies
    assert admin.post(f"/api/admission/checks/{case['case']}/rerun").json()["same"] is True
    assert make_account("editor", areas=["360402001"]).get(f"/api/admission/checks/{case['case']}").status_code == 404
    post(admin, case, "findings", findings())
    late = post(admin, case, "assign", {"division": "360402001", "department": department})
    assert late.status_code == 409


def test_the_departments_of_classes_tags_accounts_and_objects_are_those_that_there_are(
    admin: TestClient, make_account: Maker
) -> None:
    case = ask(admin, IN_SHILI, "gas-restaurant")
    to = {"division": "360402002"}
    assert post(admin, case, "assign", to | {"department": "某开发区管委会"}).status_code == 422
    put(admin, "school", "开发区小学", IN_RUICHANG, department="某开发区管委会")
    for department in ("教育局", "某开发区管委会"):  # of a class; of an object
        assert post(admin, case, "assign", to | {"department": department}).status_code == 200, department
    own = make_account("editor", departments=["教育局"])
    assert own.get("/api/admission/departments").json()["items"] == ["教育局"]


def test_handed_out_anew_what_is_to_be_put_right_keeps_its_later_day(admin: TestClient) -> None:
    case = ask(admin, IN_SHILI, "gas-restaurant")
    by = (clock.today() + timedelta(days=30)).isoformat()
    post(admin, case, "findings", findings("rectify", rectify_by=by))
    to = {"division": "360402002", "department": case["department"]}
    assert post(admin, case, "assign", to).json()["due"] == by
    soon = (clock.today() + timedelta(days=1)).isoformat()
    assert post(admin, case, "assign", to | {"due": soon}).json()["due"] == soon  # as the officer says
    short = ask(admin, IN_SHILI, "gas-restaurant")
    usual = short["due"]
    post(admin, short, "findings", findings("rectify", rectify_by=soon))
    assert post(admin, short, "assign", to).json()["due"] == usual


def test_who_signs_signs_for_his_own_charge(admin: TestClient, make_account: Maker) -> None:
    other = make_account("editor", areas=["360481"], may=["sign"])
    case = ask(other, IN_SHILI, "gas-restaurant")  # he asks, and it goes elsewhere
    assert case["may"]["sign"] is False
    answer = other.post(f"/api/admission/checks/{case['case']}/sign", json={"verdict": case["verdict"], "note": ""})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_in_charge")
    assert answer.json()["detail"] == case["may_not_sign"]
    elsewhere = make_account("editor", areas=["360402"], departments=["教育局"], may=["sign"])
    mine = ask(elsewhere, IN_SHILI, "gas-restaurant")
    assert mine["may"]["sign"] is False  # of another department
    sign(make_account("editor", areas=["360402"], may=["sign"]), case)


# -- Papers -------------------------------------------------------------------------------------


def test_the_signed_copy_closes_a_signed_case_once(admin: TestClient, make_account: Maker) -> None:
    case, officer = ask(admin, IN_WULI, "gas-restaurant"), make_account("editor", may=["sign"])
    early = upload(admin, case, PDF)
    assert early.status_code == 409
    assert "签署" in early.json()["detail"]
    assert admin.get(f"/api/admission/checks/{case['case']}").json()["files"] == []
    sign(officer, case)
    done = upload(admin, case, PDF, name="..\\盖章<件>.exe")
    assert done.status_code == 201, done.text
    body = done.json()
    assert body["closed"]["by"] == "admin"
    assert whats(admin, case)[-2:] == ["uploaded", "closed"]
    [file] = body["files"]
    assert (file["name"], file["media_type"], file["bytes"]) == ("盖章_件_.pdf", "application/pdf", len(PDF))
    assert upload(admin, case, PDF).status_code == 409
    assert upload(admin, case, PDF, kind="other").status_code == 201
    sent = admin.get(f"/api/admission/checks/{case['case']}/files/{file['id']}")
    assert sent.content == PDF
    trail = make_account("auditor", tier="command").get(
        "/api/audit", params={"ref": case["case"], "action": "download"}
    )
    assert [entry["after"]["name"] for entry in trail.json()["items"]] == ["盖章_件_.pdf"]
    assert sent.headers["content-disposition"].startswith("attachment")
    assert sent.headers["x-content-type-options"] == "nosniff"
    # The check on site may follow the commitment.
    assert post(admin, case, "findings", findings()).json()["status"] == "checked"


def figures(client: TestClient) -> dict[str, int]:
    counts: dict[str, int] = client.get("/api/admission/checks").json()["counts"]
    assert sum(n for name, n in counts.items() if name != "total") == counts["total"]
    return counts


@pytest.mark.parametrize("verdict", ["on_site_check", "rectify_first"])
def test_what_rests_on_a_look_on_site_is_not_closed_before_it(
    admin: TestClient, make_account: Maker, verdict: str
) -> None:
    case, officer = ask(admin, IN_WULI, "gas-restaurant"), make_account("editor", may=["sign"])
    sign(officer, case, verdict)
    early = upload(admin, case, PDF)
    assert (early.status_code, early.json()["code"]) == (409, "not_checked")
    assert admin.get(f"/api/admission/checks/{case['case']}").json()["not_closed"] == early.json()["detail"]
    assert "还没有登记现场核查结果" in early.json()["detail"]
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    post(admin, case, "findings", findings("rectify", rectify_by=tomorrow))
    assert "复查" in upload(admin, case, PDF).json()["detail"]
    before = figures(admin)
    assert post(admin, case, "findings", findings()).status_code == 200
    assert upload(admin, case, PDF).status_code == 201
    after = figures(admin)
    assert (after["checked"], after["total"]) == (before["checked"] + 1, before["total"])


def test_a_refusal_that_is_closed_waits_for_no_look(admin: TestClient, make_account: Maker) -> None:
    case, officer = ask(admin, IN_WULI, "gas-restaurant"), make_account("editor", may=["sign"])
    sign(officer, case, "refuse_advised")
    before = figures(admin)
    assert upload(admin, case, PDF).json()["standing"] == "refused"
    after = figures(admin)
    assert (after["refused"], after["assigned"]) == (before["refused"] + 1, before["assigned"] - 1)
    late = post(admin, case, "findings", findings())
    assert (late.status_code, late.json()["code"]) == (409, "closed")
    assert "结案" in late.json()["detail"]


@pytest.mark.parametrize(
    ("body", "name", "code"),
    [
        (b"", "a.pdf", "empty_file"),
        (b"MZ\x90\x00 not a picture", "a.jpg", "unknown_kind"),
        (b"<html><script>alert(1)</script>", "a.pdf", "unknown_kind"),
        (b"PK\x03\x04 cut short", "a.docx", "unknown_kind"),
        (docx("word/vbaProject.bin"), "a.docx", "macros"),
    ],
)
def test_what_a_file_is_is_told_by_its_content(admin: TestClient, body: bytes, name: str, code: str) -> None:
    case = ask(admin, IN_SHILI, "gas-restaurant")
    answer = upload(admin, case, body, name, kind="photo")
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert whats(admin, case) == ["made", "assigned"]


def test_a_docx_is_taken_and_a_file_beyond_20_mb_is_not(admin: TestClient, settings: Settings) -> None:
    case = ask(admin, IN_SHILI, "gas-restaurant")
    taken = upload(admin, case, docx(), "笔录.bin", kind="other")
    assert taken.json()["files"][0]["name"] == "笔录.docx"
    large = upload(admin, case, PDF + b"\0" * (20 << 20), kind="photo")
    assert large.status_code == 413
    assert "20 MB" in large.json()["detail"]
    kept = [p for p in (settings.data_dir / "admission" / "files").rglob("*") if p.is_file()]
    assert not [p for p in kept if p.suffix == ".part"]


def test_a_file_is_sent_to_who_sees_its_case_only(admin: TestClient, make_account: Maker) -> None:
    case, other = ask(admin, IN_RUICHANG, "gas-restaurant"), ask(admin, IN_SHILI, "gas-restaurant")
    file = upload(admin, case, PDF, kind="photo").json()["files"][0]["id"]
    address = f"/api/admission/checks/{case['case']}/files/{file}"
    assert make_account("editor", areas=["360402"]).get(address).status_code == 404
    assert admin.get(f"/api/admission/checks/{other['case']}/files/{file}").status_code == 404
    assert make_account("reader").get(address).status_code == 200


def test_every_act_is_in_the_trail_with_its_word(admin: TestClient, make_account: Maker) -> None:
    case = ask(admin, IN_SHILI, "gas-restaurant")
    post(admin, case, "assign", {"division": "360402002", "department": "应急管理局"})
    sign(make_account("editor", may=["sign"]), case)
    upload(admin, case, PDF)
    post(admin, case, "findings", findings())
    found = make_account("auditor", tier="command").get("/api/audit", params={"ref": case["case"]}).json()
    said = {found["names"]["actions"][e["action"]] for e in found["items"]}
    assert said == {"查询", "派发", "签署", "上传", "结案", "现场核查"}


# -- Holidays -----------------------------------------------------------------------------------


def test_holidays_of_a_year_are_replaced_whole_and_count_for_due_days(admin: TestClient) -> None:
    address, today = "/api/admission/holidays", clock.today()
    without = ask(admin, IN_SHILI, "gas-restaurant")
    assert f"未装入 {today.year}" in without["due_note"]
    days = [today + timedelta(days=n) for n in range(1, 11)]
    by_year = {year: [d for d in days if d.year == year] for year in {d.year for d in days} | {today.year}}
    try:
        for year, off in by_year.items():
            items = [{"day": d.isoformat(), "works": False, "title": "长假"} for d in off]
            items = items or [{"day": f"{year}-01-01", "works": False, "title": "元旦"}]
            answer = admin.put(address, params={"year": year}, json={"items": items})
            assert answer.status_code == 200, answer.text
            assert len(answer.json()["items"]) == len(items)
        due = date.fromisoformat(ask(admin, IN_SHILI, "gas-restaurant")["due"])
        worked, day = 0, today
        while worked < 5:
            day += timedelta(days=1)
            worked += day not in days and day.weekday() < 5
        assert due == day
        assert due > date.fromisoformat(without["due"])
    finally:
        for year in by_year:
            assert admin.put(address, params={"year": year}, json={"items": []}).json()["items"] == []
    assert ask(admin, IN_SHILI, "gas-restaurant")["due"] == without["due"]


def test_a_faulty_table_of_holidays_is_refused_row_by_row(admin: TestClient) -> None:
    address = "/api/admission/holidays"
    good = [
        {"day": "2031-01-01", "works": False, "title": "元旦"},
        {"day": "2031-01-04", "works": True, "title": "调休"},
    ]
    assert admin.put(address, params={"year": 2031}, json={"items": good}).status_code == 200
    answer = admin.put(
        address, params={"year": 2031}, json={"items": [*good, good[0], {"day": "2032-01-01", "works": False}]}
    )
    assert answer.status_code == 422
    assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [
        ("items.2.day", "twice"),
        ("items.3.day", "other_year"),
    ]
    assert [i["day"] for i in admin.get(address, params={"year": 2031}).json()["items"]] == ["2031-01-01", "2031-01-04"]


def test_only_the_administrator_loads_holidays(client: TestClient, make_account: Maker) -> None:
    address, body = "/api/admission/holidays", {"items": []}
    assert client.get(address).status_code == 401
    editor = make_account("editor")
    assert editor.get(address).status_code == 200
    assert editor.put(address, params={"year": 2033}, json=body).status_code == 403
