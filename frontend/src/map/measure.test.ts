import { describe, expect, it } from "vitest";
import { areaText, bearingText, lengthText } from "../words/around";
import { geodesic, type Position } from "./geodesic";
import { measure } from "./measure";

describe("measuring on the ellipsoid", () => {
  it("gives the published way from New York to London", async () => {
    const { legs, metres, area } = measure({ type: "LineString", coordinates: [[-73.8, 40.6], [-0.5, 51.6]] }, await geodesic());
    expect(Math.abs(metres - 5551759.4)).toBeLessThan(0.001);
    expect(legs[0]?.bearing).toBeCloseTo(51.198882845579, 9);
    expect(area).toBeNull();
  });
  it("gives the published outlines and areas", async () => {
    const earth = await geodesic();
    const of = (...ring: Position[]): ReturnType<typeof measure> => measure({ type: "Polygon", coordinates: [[...ring, ring[0] as Position]] }, earth);
    const cap = of([0, 89], [90, 89], [180, 89], [-90, 89]); // GeographicLib's test Planimeter0
    expect(cap.legs).toHaveLength(4);
    expect(Math.abs(cap.metres - 631819.8745)).toBeLessThan(1e-4);
    expect(Math.abs((cap.area ?? 0) - 24952305678)).toBeLessThan(1);
    const triangle = of([1, 2], [2, 1], [3, 3]); // Planimeter15
    expect(Math.abs((triangle.area ?? 0) - 18454562325.45119)).toBeLessThan(1);
  });
  it("agrees with PostGIS on a field by the lake", async () => {
    const ring: Position[] = [[115.95, 29.65], [116.05, 29.66], [116.04, 29.73], [115.96, 29.72], [115.95, 29.65]];
    const { metres, area } = measure({ type: "Polygon", coordinates: [ring] }, await geodesic());
    // SELECT ST_Perimeter(g), ST_Area(g) of geography, EPSG:4490
    expect(Math.abs(metres - 33203.01074016911)).toBeLessThan(0.001);
    expect(Math.abs((area ?? 0) - 67587698.43321991)).toBeLessThan(1);
  });
  it("says it in plain units", () => {
    expect([lengthText(84), lengthText(845.26), lengthText(12345.6), lengthText(123456)]).toEqual(["84.0 m", "845.3 m", "12.346 km", "123.46 km"]);
    expect([areaText(820), areaText(123_400), areaText(68_000_000)]).toEqual(["820 m²", "12.34 ha", "68.00 km²"]);
    expect([bearingText(0), bearingText(44.96), bearingText(225), bearingText(359.99)]).toEqual(["0.0° 北", "45.0° 东北", "225.0° 西南", "0.0° 北"]);
  });
});
