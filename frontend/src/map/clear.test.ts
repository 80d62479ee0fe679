import { describe, expect, it } from "vitest";
import { rimOf } from "./clear";

const box = (left: number, top: number, right: number, bottom: number) => ({ left, top, right, bottom });

describe("what is left of a map", () => {
  const desk = box(256, 124, 1046, 536);
  it("is all but the room for symbols where nothing lies over it", () => {
    expect(rimOf(desk, [])).toEqual({ left: 28, top: 36, right: 28, bottom: 36 });
    expect(rimOf(desk, [box(0, 0, 200, 500), box(1046, 124, 1366, 768)])).toEqual({ left: 28, top: 36, right: 28, bottom: 36 }); // columns beside it
  });
  it("keeps off buttons at the side and a note on top, each at the edge where that costs least", () => {
    expect(rimOf(desk, [box(996, 140, 1030, 344), box(500, 140, 800, 170), box(256, 512, 1046, 536)])).toEqual({ left: 28, top: 82, right: 78, bottom: 60 });
    expect(rimOf(desk, [box(996, 140, 1030, 270), box(996, 278, 1030, 344)])).toEqual({ left: 28, top: 36, right: 78, bottom: 36 }); // two groups in one column
  });
  it("is never so little that nothing can be seen", () => {
    const small = box(0, 0, 390, 120);
    const rim = rimOf(small, [box(0, 0, 390, 60), box(0, 70, 390, 120)]);
    expect(120 - rim.top - rim.bottom).toBeGreaterThanOrEqual(47);
  });
});
