import { describe, expect, it } from "vitest";
import { EVERYTHING, fromHash, isNothing, toHash, toParams } from "./query";

describe("the selection in a link", () => {
  it("comes back as it was", () => {
    const chosen = { classes: ["school", "tank"], grades: ["major", "serious"] as ("major" | "serious")[], division: "360402", q: "小学 & +", cell: "8841a0" };
    const view = { zoom: 11, lat: 29.70001, lng: 115.99999 };
    expect(fromHash("#" + toHash(chosen, view, true, 17))).toEqual({ chosen, view, heat: true, object: 17 });
  });
  it("keeps the difference between everything and nothing", () => {
    expect(fromHash(toHash(EVERYTHING, null, false, null)).chosen).toEqual(EVERYTHING);
    const nothing = { ...EVERYTHING, classes: [] };
    expect(isNothing(fromHash(toHash(nothing, null, false, null)).chosen)).toBe(true);
  });
  it("asks for the hazards where no class was chosen", () => {
    expect(toParams(EVERYTHING, ["tank", "mine"]).toString()).toBe("class=tank&class=mine");
  });
});
