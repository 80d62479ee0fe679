import { describe, expect, it } from "vitest";
import { EVERYTHING, fromHash, isNothing, type Link, toHash, toParams } from "./query";

const PLAIN: Link = { chosen: EVERYTHING, view: null, heat: false, scale: null, cell: null, object: null };

describe("the selection in a link", () => {
  it("comes back as it was", () => {
    const link: Link = {
      chosen: { classes: ["school", "tank"], grades: ["major", "serious"], levels: ["major-hazard-level:一级", "major-hazard-level:none"], division: "360402", q: "小学 & +，甲" },
      view: { zoom: 11, lat: 29.70001, lng: 115.99999 }, heat: true, scale: "major-hazard-level", cell: "88418a0001fffff", object: 17,
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
    const chosen = { classes: ["tank"], grades: ["major" as const], levels: ["tailings-class:一等"], division: "3604", q: " 油 " };
    expect(Object.fromEntries(toParams(chosen, []))).toEqual({ class: "tank", grade: "major", level: "tailings-class:一等", division: "3604", q: "油" });
  });
});
