import { describe, expect, it } from "vitest";
import { fromGcj02, toGcj02 } from "./gcj02";
import { type GroundSource, groundTiles, groundZoom, layOf } from "./groundGrid";
import { type Frame, worldSize, worldX, worldY } from "./mercator";

// Published by others (tests of a geo tool and of wandergis/coordtransform), and computed by prcoords 1.0.2: WGS 84, GCJ-02.
const PAIRS = [
  [121.0917077, 30.6107779, 121.09626935575027, 30.608604331756705],
  [116.404, 39.915, 116.41024449916938, 39.91640428150164],
  [112.381, 33.0556, 112.387151275, 33.053901786],
  [129.5245, 50.534, 129.53290264, 50.535576843],
  [87.1881, 36.8611, 87.190824696, 36.860970957],
] as const;
const SOURCE: GroundSource = { source: "g", kind: "raster", tiles: ["/t/{z}/{x}/{y}"], minZoom: 3, maxZoom: 18, bounds: null, shifted: true };

function frameAt(lng: number, lat: number, zoom: number, width = 1366, height = 768): Frame {
  const size = worldSize(zoom);
  return { zoom, left: Math.round(worldX(lng) * size - width / 2), top: Math.round(worldY(lat) * size - height / 2), width, height };
}
/** Where a picture's pixel for a GCJ-02 place is drawn in a frame. */
function drawnAt(lng: number, lat: number, z: number, frame: Frame, shifted: boolean): { x: number; y: number } {
  const [gx, gy] = [worldX(lng) * 2 ** z, worldY(lat) * 2 ** z];
  const [x, y] = [Math.floor(gx), Math.floor(gy)];
  const [a, b, c, d, e, f] = layOf({ z, x, y }, frame, shifted);
  return { x: a * (gx - x) + c * (gy - y) + e, y: b * (gx - x) + d * (gy - y) + f };
}

describe("a GCJ-02 basemap", () => {
  it("is laid under the data: published pairs meet within a pixel at every zoom", () => {
    for (const [lng, lat, there, up] of PAIRS)
      for (let zoom = 5; zoom <= 19; zoom++) {
        const frame = frameAt(lng, lat, zoom);
        const size = worldSize(zoom);
        const at = drawnAt(there, up, Math.min(18, zoom), frame, true);
        const off = Math.hypot(at.x - (worldX(lng) * size - frame.left), at.y - (worldY(lat) * size - frame.top));
        expect(off, `${lng} ${zoom}`).toBeLessThan(zoom < 19 ? 0.5 : 1);
      }
    // Without the shift the same picture would lie hundreds of metres away.
    const [lng, lat, there, up] = PAIRS[1];
    const frame = frameAt(lng, lat, 16);
    const off = drawnAt(there, up, 16, frame, false);
    expect(Math.hypot(off.x - frame.width / 2, off.y - frame.height / 2)).toBeGreaterThan(200);
  });
  it("is exact inside a tile, not only at its corners", () => {
    let worst = 0;
    for (let zoom = 8; zoom <= 18; zoom++)
      for (let i = 0; i < 60; i++) {
        const [lng, lat] = [114 + ((i * 0.618) % 1) * 3, 28.6 + ((i * 0.414) % 1) * 1.6];
        const frame = frameAt(lng, lat, zoom);
        const at = drawnAt(...toGcj02(lng, lat), zoom, frame, true);
        worst = Math.max(worst, Math.hypot(at.x - (worldX(lng) * worldSize(zoom) - frame.left), at.y - (worldY(lat) * worldSize(zoom) - frame.top)));
      }
    expect(worst).toBeLessThan(0.5);
  });
  it("has neighbours that share their edge", () => {
    const frame = frameAt(116, 29.7, 15);
    const [a, b, , , e, f] = layOf({ z: 15, x: 26942, y: 13586 }, frame, true);
    const next = layOf({ z: 15, x: 26943, y: 13586 }, frame, true);
    expect(e + a).toBeCloseTo(next[4], 6);
    expect(f + b).toBeCloseTo(next[5], 6);
  });
  it("asks for the tiles that cover the view in its own grid", () => {
    const frame = frameAt(116.404, 39.915, 18, 300, 300);
    const all = groundTiles(SOURCE, frame);
    const size = worldSize(18);
    for (const [dx, dy] of [[0, 0], [300, 0], [0, 300], [300, 300]] as const) {
      const [gx, gy] = [(frame.left + dx) / size, (frame.top + dy) / size];
      const lng = (gx - 0.5) * 360;
      const lat = (Math.atan(Math.sinh(Math.PI * (1 - 2 * gy))) * 180) / Math.PI;
      const [there, up] = toGcj02(lng, lat);
      expect(all).toContainEqual({ z: 18, x: Math.floor(worldX(there) * 2 ** 18), y: Math.floor(worldY(up) * 2 ** 18) });
    }
  });
  it("goes there and back", () => {
    for (const [lng, lat, there, up] of PAIRS) {
      const [x, y] = fromGcj02(there, up);
      expect(Math.hypot(x - lng, y - lat)).toBeLessThan(1e-7);
    }
  });
});

describe("the tiles of a view", () => {
  const plain = { ...SOURCE, shifted: false };
  it("are of the nearest zoom that the source has", () => {
    expect(groundZoom(plain, 10.5)).toBe(11);
    expect(groundZoom(plain, 19)).toBe(18);
    expect(groundZoom({ ...plain, kind: "vector" }, 10)).toBe(9);
  });
  it("keep to the source's bounds, and are none where they would be far too many", () => {
    const bounds = [115, 29, 116, 30] as const;
    for (const { z, x } of groundTiles({ ...plain, bounds }, frameAt(116, 29.5, 11))) {
      expect((x / 2 ** z) * 360 - 180).toBeLessThan(116);
      expect(((x + 1) / 2 ** z) * 360 - 180).toBeGreaterThan(115);
    }
    expect(groundTiles({ ...plain, minZoom: 16 }, frameAt(116, 29.5, 8))).toEqual([]);
  });
});
