"""The applicant as a protected target in stored contours of individual risk: against its own criterion, both numbers
said; what is from memory refuses nobody."""

import itertools
from decimal import Decimal
from typing import Any

import pytest
import shapely
from starlette.testclient import TestClient
from tests.api.admission import GEOD, away

from riskmap.admission import risk
from riskmap.admission.judgement import Outcome, Verdict, Why
from riskmap.admission.rules import Rules
from riskmap.admission.trade import find
from riskmap.catalogue.rulesets import PRODUCT
from riskmap.grading.contours import Stored

RULES = Rules.of(PRODUCT)
_PLACES = itertools.count()


@pytest.fixture
def spot() -> tuple[float, float]:
    """A place of its own, far from those of the other tests."""
    return 115.0 + 0.15 * next(_PLACES), 26.5


def circle(at: tuple[float, float], metres: float) -> dict[str, Any]:
    ring = [list(GEOD.fwd(*at, a, metres)[:2]) for a in range(0, 360, 5)]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def contour(
    client: TestClient, at: tuple[float, float], level: str, metres: float, status: str | None, **given: Any
) -> int:
    own = {"level": level, "source": f"例报告{at[0]:.2f}", **({"plant_status": status} if status else {})}
    body = {
        "class": "risk-contour", "name": f"例厂 {level}", "geometry": circle(at, metres), "valid_from": "2026-01-01",
        "attributes": own, **given,
    }  # fmt: skip
    answer = client.post("/api/objects", json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def asked(client: TestClient, at: tuple[float, float], *tags: str, uncertainty_m: float = 0, **size: Any) -> Any:
    body = {
        "applicant": {"name": "示例"}, "trade": {"tags": list(tags)}, "size": size,
        "place": {"geometry": {"type": "Point", "coordinates": list(at)}, "uncertainty_m": uncertainty_m},
    }  # fmt: skip
    answer = client.post("/api/admission/checks", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def hits(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [h for h in answer["hits"] if h["rule"] == "ZONE-CONTOUR"]


def test_a_kindergarten_in_a_contour_over_its_criterion(admin: TestClient, spot: tuple[float, float]) -> None:
    for level, metres in (("1e-5", 200), ("3e-6", 400), ("3e-7", 900)):
        contour(admin, spot, level, metres, "existing")
    answer = asked(admin, away(spot, 100), "kindergarten", persons=90)
    [hit] = hits(answer)
    assert hit["risk"] | {"plant": ""} == {
        "target": "高敏感防护目标", "kind": "教育设施", "limit": "3×10⁻⁶", "contour": "1×10⁻⁵", "plant": "",
        "said": "不满足个人风险基准", "inside": True,
    }  # fmt: skip
    assert (hit["consequence"], hit["why"], hit["confidence"]) == ("on_site_check", "recall", "recall")
    assert hit["basis"] == "GB 36894-2018 个人风险基准"
    assert hit["object"]["name"] == "例厂 1e-5"
    said = answer["sentence"]
    assert "高敏感防护目标的基准为 3×10⁻⁶/年" in said
    assert "1×10⁻⁵ ≥ 3×10⁻⁶" in said
    assert "待核" in said
    assert answer["verdict"] == "on_site_check"


def test_inside_a_contour_that_does_not_exceed_is_said_and_refuses_nothing(
    admin: TestClient, spot: tuple[float, float]
) -> None:
    for level, metres in (("3e-6", 300), ("3e-7", 900)):
        contour(admin, spot, level, metres, "existing")
    answer = asked(admin, away(spot, 600), "kindergarten", persons=90)
    [hit] = hits(answer)
    assert hit["consequence"] == "none"
    assert (hit["risk"]["contour"], hit["risk"]["limit"], hit["risk"]["said"]) == (
        "3×10⁻⁷",
        "3×10⁻⁶",
        "满足个人风险基准",
    )
    assert answer["verdict"] == "commit_and_admit"
    # The same place beside a plant that is still to be built.
    other = (spot[0], spot[1] - 1)
    for level, metres in (("3e-6", 300), ("3e-7", 900)):
        contour(admin, other, level, metres, "new")
    [hit] = hits(asked(admin, away(other, 600), "kindergarten", persons=90))
    assert (hit["risk"]["limit"], hit["why"]) == ("3×10⁻⁷", "recall")


def test_a_hamlet_of_20_households_outside_the_stored_line_is_acceptable(
    admin: TestClient, spot: tuple[float, float]
) -> None:
    contour(admin, spot, "3e-6", 300, "new")
    contour(admin, spot, "3e-7", 900, "new")
    [hit] = hits(asked(admin, away(spot, 600), "village", households=20))
    assert (hit["risk"]["target"], hit["risk"]["limit"], hit["consequence"]) == ("一般防护目标二类", "3×10⁻⁶", "none")
    [hit] = hits(asked(admin, away(spot, 600), "village", households=30))  # 一类: 3×10⁻⁷, and inside it
    assert (hit["risk"]["target"], hit["consequence"]) == ("一般防护目标一类", "on_site_check")
    [hit] = hits(asked(admin, away(spot, 600), "village"))  # not told: the strictest, and said
    assert hit["risk"]["target"] == "一般防护目标一类"
    assert any("没有填写" in doubt for doubt in hit["doubts"])


def test_a_line_that_is_not_stored_and_one_without_the_plants_status_are_looked_at(
    admin: TestClient, spot: tuple[float, float]
) -> None:
    contour(admin, spot, "3e-7", 900, "existing")  # 3×10⁻⁶ is not there
    [hit] = hits(asked(admin, away(spot, 600), "school", persons=90))
    assert (hit["consequence"], hit["why"], hit["risk"]["said"]) == (
        "on_site_check",
        "no_number",
        "现场核查（缺该等值线）",
    )
    other = (spot[0], spot[1] - 1)
    contour(admin, other, "3e-6", 900, None)
    [hit] = hits(asked(admin, away(other, 600), "school", persons=90))
    assert hit["consequence"] == "on_site_check"
    assert any("新建还是在役" in doubt for doubt in hit["doubts"])


def test_a_place_within_the_positions_error_of_the_line_is_looked_at(
    admin: TestClient, spot: tuple[float, float]
) -> None:
    contour(admin, spot, "3e-6", 500, "existing")
    [hit] = hits(asked(admin, away(spot, 520), "school", persons=90, uncertainty_m=50))
    assert (hit["consequence"], hit["why"]) == ("on_site_check", "uncertain")
    [hit] = hits(asked(admin, away(spot, 300), "school", persons=90, uncertainty_m=50))
    assert hit["why"] == "recall"
    assert not hits(asked(admin, away(spot, 600), "school", persons=90, uncertainty_m=50))


def test_further_than_1_km_and_for_no_protected_target_nothing_is_asked(
    admin: TestClient, spot: tuple[float, float]
) -> None:
    contour(admin, spot, "3e-6", 300, "existing")
    assert not hits(asked(admin, away(spot, 1400), "school", persons=90))  # 1 100 m from the line
    assert not hits(asked(admin, spot, "filling-station"))  # no protected target of this rule


def test_who_may_not_see_the_contour_still_meets_it(
    admin: TestClient, make_account: Any, spot: tuple[float, float]
) -> None:
    contour(admin, spot, "3e-6", 500, "existing", visibility="command")
    clerk = make_account("editor", areas=["36"])
    answer = asked(clerk, away(spot, 100), "school", persons=90)
    [hit] = hits(answer)
    assert hit["object"] is None
    assert hit["masked"] == "对象无权查看（主管部门：应急管理局）"
    assert (hit["risk"]["contour"], hit["risk"]["plant"], hit["risk"]["limit"]) == (None, "", "3×10⁻⁶")
    assert "例厂" not in str(answer)


# -- Pure ------------------------------------------------------------------------------------


def stored(level: str | None, status: str | None = "existing") -> Stored:
    row = {"id": 1, "enterprise": None, "position_quality": "surveyed"}
    return Stored(row, None if level is None else Decimal(level), status, None, shapely.Point(0, 0).buffer(1))


def test_a_criterion_that_was_checked_advises_against() -> None:
    checked = {
        "gb36894-2018-individual-risk": [
            {**row.cells, "tag": "verified"} for row in RULES.book["gb36894-2018-individual-risk"].rows
        ]
    }
    rules = Rules.of(type(PRODUCT)("查", "查过的", tables=checked))
    school = risk.protected(find(rules, "", None, ["school"]), {"persons": 90}, rules)
    assert school is not None
    assert not school.doubts
    for known, outcome in ((rules, Outcome(Verdict.REFUSE, Why.WITHIN)), (RULES, Outcome(Verdict.CHECK, Why.RECALL))):
        found = risk.compare([stored("3e-6")], [True], [True], school, "refuse_advised", known)
        assert found is not None
        assert found.outcome == outcome
    crowd = risk.protected(find(rules, "", None, ["crowded-place"]), {}, rules)
    assert crowd is not None
    assert crowd.doubts
    found = risk.compare([stored("3e-5")], [True], [True], crowd, "refuse_advised", rules)
    assert found is not None
    assert found.outcome == Outcome(Verdict.CHECK, Why.ASSUMED)


def test_a_kind_told_by_a_tag_is_not_guessed() -> None:
    ktv = risk.protected(find(RULES, "KTV", None, []), {"persons": 120}, RULES)
    assert ktv == risk.Protected("一般防护目标一类", "娱乐康体类建筑或场所")


def test_a_contour_without_a_value_is_looked_at() -> None:
    school = risk.protected(find(RULES, "", None, ["school"]), {}, RULES)
    found = risk.compare([stored(None)], [True], [True], school, "refuse_advised", RULES)
    assert found is not None
    assert (found.outcome, found.doubts) == (Outcome(Verdict.CHECK, Why.UNKNOWN), (risk.NO_LEVEL,))
    assert risk.compare([stored(None)], [False], [False], school, "refuse_advised", RULES) is None
