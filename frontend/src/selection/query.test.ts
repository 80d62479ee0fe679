import { describe, expect, it } from "vitest";
import { areaFromText } from "./area";
import { type FieldLimit, whereOf } from "./fields";
import { EVERYTHING, fromHash, isNothing, type Link, notUnderstood, toHash, toParams, WORST_FIRST } from "./query";

const PLAIN: Link = { chosen: EVERYTHING, view: null, heat: false, weighted: false, scale: null, cell: null, object: null, sort: WORST_FIRST, from: null };

describe("the selection in a link", () => {
  it("comes back as it was", () => {
    const link: Link = {
      chosen: { classes: ["school", "tank"], grades: ["major", "serious"], levels: ["major-hazard-level:一级", "major-hazard-level:none"], divisions: ["360402", "360429205"], stages: ["closed"], sources: ["部门排查", "巡查 & 上报"], departments: ["教育局"], verified: false, tags: [], enterprises: [17, 3],
        fields: [], area: { shape: { type: "Circle", center: [116, 29.7], radius_m: 2000 }, id: "" }, q: "小学 & +，甲", asOf: "2026-03-01" },
      view: { zoom: 11, lat: 29.70001, lng: 115.99999 }, heat: true, weighted: true, scale: "major-hazard-level", cell: "88418a0001fffff", object: 17, sort: "-attributes.dam_height_m", from: "2026-02-01",
    };
    expect(fromHash("#" + toHash(link))).toEqual(link);
  });
  it("keeps the difference between everything and nothing", () => {
    expect(fromHash(toHash(PLAIN))).toEqual(PLAIN);
    const nothing = { ...PLAIN, chosen: { ...EVERYTHING, classes: [] } };
    expect(isNothing(fromHash(toHash(nothing)).chosen)).toBe(true);
    expect(isNothing(fromHash(toHash({ ...PLAIN, chosen: { ...EVERYTHING, grades: [] } })).chosen)).toBe(true);
  });
  it("leaves out what it does not understand", () => {
    expect(fromHash("#map=99/1/1&object=-3&cell=zz&division=<b>&grade=purple,low&x=1")).toEqual({
      ...PLAIN, chosen: { ...EVERYTHING, grades: ["low"] },
    });
  });
});

describe("the selection for the service", () => {
  it("asks for the hazards where no class was chosen", () => {
    expect(toParams(EVERYTHING, ["tank", "mine"]).toString()).toBe("class=tank%2Cmine");
  });
  it("says every condition once", () => {
    const chosen = { ...EVERYTHING, classes: ["tank"], grades: ["major" as const], levels: ["tailings-class:一等"], divisions: ["3604"], q: " 油 " };
    expect(Object.fromEntries(toParams(chosen, []))).toEqual({ class: "tank", grade: "major", level: "tailings-class:一等", division: "3604", q: "油" });
  });
});

describe("limits on fields", () => {
  const fields: FieldLimit[] = [
    { field: "capacity_m3", kind: "number", from: "1000000", to: "" }, { field: "built", kind: "date", from: "2001-01-01", to: "2020-12-31" },
    { field: "kind", kind: "enum", values: ["上|游", "o'k"] }, { field: "head", kind: "boolean", value: true }, { field: "note", kind: "text", text: "50%_坝" },
  ];
  it("come back in a link, and are asked for with one class alone", () => {
    const link: Link = { ...PLAIN, chosen: { ...EVERYTHING, classes: ["tailings-pond"], fields } };
    expect(fromHash(toHash(link))).toEqual(link);
    expect(toParams(link.chosen, []).get("where")).toBe(whereOf(fields));
    expect(toParams({ ...link.chosen, classes: ["tank", "mine"] }, []).has("where")).toBe(false);
  });
  it("are CQL2 for the service, quotes and signs of LIKE as they were typed", () => {
    expect(whereOf(fields)).toBe(
      "capacity_m3 >= 1000000 AND built >= '2001-01-01' AND built <= '2020-12-31' AND kind IN ('上|游', 'o''k') AND head = TRUE AND note LIKE '%50\\%\\_坝%'",
    );
  });
});

describe("a link from elsewhere", () => {
  it("tells what was not understood", () => {
    expect(notUnderstood("#class=tank,<b>&colour=red&grade=purple,low&map=9/29/115&f.x=n1..&division=360402")).toEqual(["class=<b>", "colour=red", "grade=purple"]);
    expect(notUnderstood(toHash(PLAIN))).toEqual([]);
    expect(notUnderstood("class=tank&f.x=n1,000..")).toEqual(["f.x=n1", "f.x=000.."]);
    expect(notUnderstood("area=circle:1,2&as_of=yesterday")).toEqual(["area=circle:1,2", "as_of=yesterday"]);
  });
  it("brings no area that is none", () => {
    for (const text of ["", "circle:116,29.7,-1", "circle:116,99,10", "polygon:1,2;3,4", "polygon:1,2;3,x;5,6", "square:1,2"]) expect(areaFromText(text)).toBeNull();
  });
});
