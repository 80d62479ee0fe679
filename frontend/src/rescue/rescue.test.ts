import { describe, expect, it } from "vitest";
import { flatten } from "../map/mercator";
import { lines } from "./compare";
import { atOf, blank, bodyOf, classesOf, depthsGood, nextOf, sentRows, verticesOf } from "./draft";
import { roomIn } from "./room";
import { areaWords, depthWords, durationWords, hectares, kilometres, level, minutesOf, plain, rangeWords, residentsWords, toneOf } from "./say";
import type { Exposure, FloodWhole } from "./types";

const square = (x: number, y: number, half: number): { type: string; coordinates: number[][][] } => ({ type: "Polygon", coordinates: [[[x - half, y - half], [x + half, y - half], [x + half, y + half], [x - half, y + half], [x - half, y - half]]] });

describe("words of the water", () => {
  it("gives a depth the tone of the step that it has reached", () => {
    expect([0, 0.15, "0.249", 0.25, 0.5, "0.999", 1, 3].map(toneOf)).toEqual([1, 1, 1, 2, 3, 3, 4, 4]);
  });
  it("never says nobody where no home, or no number, is registered", () => {
    expect([residentsWords(0, 0, 0), residentsWords(0, 2, 2), residentsWords(120, 3, 1), residentsWords(0, 1, 0)]).toEqual(["没有登记", "未登记人数", "120", "0"]);
  });
  it("says ranges and lengths as the field does", () => {
    expect(rangeWords({ depth_m: "0.50", depth_to_m: "1.0" })).toBe("0.5–1 m");
    expect(rangeWords({ depth_m: 1, depth_to_m: null })).toBe("1 m 以上");
    expect(depthWords({ depth_m: null, depth_to_m: null, distance_m: 12.4 })).toBe("水边 12 m");
    expect(plain("100")).toBe("100");
    expect([level("22.1"), level(20), level("19.873"), level("-0.5")]).toEqual(["22.10", "20.00", "19.873", "-0.50"]);
    expect([hectares(4_123_000), hectares(900), areaWords(395_070_000), kilometres(11_840), kilometres(42)]).toEqual(["412.3 ha", "900 m²", "395.1 km²", "11.8 km", "42 m"]);
  });
});

describe("how long a way takes", () => {
  it("is never nought minutes, and hours from two of them on", () => {
    expect([0, 29, 60, 61, 1320, 1321].map(minutesOf)).toEqual([1, 1, 1, 2, 22, 23]);
    expect([0, 3540, 3541, 4980, 8820].map(durationWords)).toEqual(["1 分钟", "59 分钟", "1 小时", "1 小时 23 分", "2 小时 27 分"]);
  });
});

describe("a drawn flood", () => {
  it("sends the classes that are drawn, and finds their rows again", () => {
    const draft = { ...blank(), name: " 例湖圩 ", at: "2026-07-14T23:40" };
    draft.rows[1]?.shapes.push(square(116, 29.7, 0.01));
    draft.rows[3]?.shapes.push(square(116, 29.7, 0.004), square(116.1, 29.7, 0.004));
    const body = bodyOf(draft, true);
    expect(body).toMatchObject({ name: "例湖圩", at: "2026-07-14T23:40:00+08:00", exercise: true, series: null });
    expect((body.depths as { depth_m: string; depth_to_m: string | null; geometry: { type: string } }[]).map((d) => [d.depth_m, d.depth_to_m, d.geometry.type])).toEqual([["0.25", "0.5", "Polygon"], ["1", null, "MultiPolygon"]]);
    expect(sentRows(draft)).toEqual([1, 3]);
    expect(classesOf(draft).map((c) => c.ordinal)).toEqual([1, 3]);
  });
  it("begins the next version from the classes of the last", () => {
    const flood = { name: "例湖圩", series: 7, classes: [{ ordinal: 0, depth_m: "0.50", depth_to_m: null, area_m2: 1, traffic: "closed", geometry: { type: "MultiPolygon", coordinates: [square(116, 29.7, 0.01).coordinates, square(116.1, 29.7, 0.01).coordinates] } }] } as unknown as FloodWhole;
    const draft = nextOf(flood);
    expect([draft.series, draft.rows[0]?.depth, draft.rows[0]?.to, draft.rows[0]?.shapes.length, verticesOf(draft.rows[0]?.shapes ?? [])]).toEqual([7, "0.5", "", 2, 10]);
  });
  it("takes depths alone for depths, and an empty time for none", () => {
    expect([depthsGood({ depth: "0.5", to: "" }), depthsGood({ depth: "", to: "1" }), depthsGood({ depth: "半米", to: "" }), depthsGood({ depth: "0.5", to: "x" })]).toEqual([true, false, false, false]);
    expect(atOf("")).toBeNull();
  });
  it("writes a depth where its ring is widest, and not in a hole", () => {
    const outer = flatten(square(116, 29.7, 0.1).coordinates[0] ?? []);
    const hole = flatten(square(116, 29.7, 0.08).coordinates[0] ?? []);
    const room = roomIn([outer, hole]);
    expect(room && (room.y < Math.min(...[1, 3, 5, 7].map((i) => hole[i] ?? 0)) || room.y > Math.max(...[1, 3, 5, 7].map((i) => hole[i] ?? 0)) || Math.abs(room.x - 116 / 360 - 0.5) > 0.08 / 360)).toBe(true);
  });
});

describe("two floods side by side", () => {
  const grades = (major: number): Exposure["by_grade"] => Object.fromEntries(["major", "serious", "general", "low", "none"].map((g) => [g, { in_water: g === "major" ? major : 0, near: 0 }])) as Exposure["by_grade"];
  const side = (area: number, depth: string, major: number, more: Partial<Exposure>): { flood: FloodWhole; exposure: Exposure } => ({
    flood: { area_m2: area, classes: [{ ordinal: 0, depth_m: depth, depth_to_m: null, area_m2: area }] } as unknown as FloodWhole,
    exposure: { in_water: major, by_grade: grades(major), by_class: [], homes: 1, persons: 100, persons_unknown: 0, present: 5, roads: { closed_m: 1000, care_m: 0, set: {} }, ...more } as unknown as Exposure,
  });
  it("has each one's own figures and never one of both", () => {
    const of = new Map(lines(side(10_000, "0.5", 2, {}), side(30_000, "1", 1, { persons: 40, roads: { closed_m: null, care_m: null, set: null } as unknown as Exposure["roads"] })).map((l) => [l.title, [l.left, l.right, l.diff]]));
    expect(of.get("面积")).toEqual(["1.0 ha", "3.0 ha", "+2.0 ha"]);
    expect(of.get("0.5 m 以上")).toEqual(["1.0 ha", "没有", ""]); // another step is not 0 ha of this one
    expect(of.get("重大")).toEqual(["2", "1", "−1"]);
    expect(of.get("居民")).toEqual(["100", "40", "−60"]);
    expect(of.get("封闭")).toEqual(["1.0 km", "没有装入路网", ""]); // no data is no zero
  });
  it("does not take a number that nobody registered for nobody", () => {
    const [residents] = lines(side(1, "1", 0, { persons: 0, persons_unknown: 1 }), side(1, "1", 0, {})).filter((l) => l.title === "居民");
    expect([residents?.left, residents?.diff]).toEqual(["未登记人数，另 1 处未登记人数", ""]);
  });
});
