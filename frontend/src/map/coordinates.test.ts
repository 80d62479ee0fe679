import { describe, expect, it } from "vitest";
import { degreesIn, dms, gauss, zoneOf } from "./coordinates";
import { gcj02ToBd09, toGcj02 } from "./gcj02";

const metres = (a: readonly number[], b: readonly number[]): number =>
  Math.hypot(((a[0] as number) - (b[0] as number)) * 111_320 * Math.cos(((a[1] as number) * Math.PI) / 180), ((a[1] as number) - (b[1] as number)) * 110_574);

describe("Gauss–Krüger, 3-degree zones", () => {
  // By PROJ: EPSG:4527, 4526, 4528 with the zone's number, EPSG:4548, 4547, 4549 without.
  it.each([
    [116, 29.7, 39, 3287276.885839649, 403222.3127245581],
    [115.123456, 29.987654, 38, 3319276.110067344, 608415.007875837],
    [117.4999, 39.9, 39, 4418545.293639597, 542750.6921613779],
    [120.7, 31.2, 40, 3453359.6793207675, 566713.8248654082],
  ])("of %f %f is that of EPSG to a millimetre", (lng, lat, zone, north, east) => {
    const at = gauss(lng, lat);
    expect(zoneOf(lng)).toBe(zone);
    expect(Math.abs(at.x - north)).toBeLessThan(0.001);
    expect(Math.abs(at.y - east)).toBeLessThan(0.001);
    expect(at.zoned - at.y).toBe(zone * 1e6);
  });
});

describe("degrees of others", () => {
  it("of GCJ-02 are the published ones", () => {
    for (const [lng, lat, thereLng, thereLat] of [
      [121.0917077, 30.6107779, 121.09626935575027, 30.608604331756705],
      [116.404, 39.915, 116.41024449916938, 39.91640428150164],
      [87.1881, 36.8611, 87.190824696, 36.860970957],
    ] as const) expect(metres(toGcj02(lng, lat), [thereLng, thereLat])).toBeLessThan(0.01);
    expect(toGcj02(2.35, 48.85)).toEqual([2.35, 48.85]);
  });
  it("of BD-09 are the published ones", () => {
    expect(metres(gcj02ToBd09(116.404, 39.915), [116.41036949371029, 39.92133699351021])).toBeLessThan(0.01);
    expect(degreesIn("bd09", 116.404, 39.915)).toEqual(gcj02ToBd09(...toGcj02(116.404, 39.915)));
    expect(degreesIn("gauss", 116.404, 39.915)).toBeNull();
  });
  it("carry seconds over", () => {
    expect(dms(116.5)).toEqual({ d: 116, m: 30, s: "00.00" });
    expect(dms(29.9999999)).toEqual({ d: 30, m: 0, s: "00.00" });
    expect(dms(115.987654)).toEqual({ d: 115, m: 59, s: "15.55" });
  });
});
