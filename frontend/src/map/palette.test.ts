import { describe, expect, it } from "vitest";
import { greyed, GROUND, type Palette } from "./palette";

describe("the grey ground", () => {
  it("has a grey for a colour that the build has shortened", () => {
    const black = Object.fromEntries(GROUND.map((name) => [name, "#000"]));
    const grey = greyed({ ...black, road: "#fff", water: "#D2DFE3" } as unknown as Palette);
    expect([grey.road, grey.water]).toEqual(["rgb(255 255 255)", "rgb(221 221 221)"]);
  });
});
