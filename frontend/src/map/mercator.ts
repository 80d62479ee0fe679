/** Web Mercator as the tiles use it: the world is the unit square, y down, so a pixel is x × 256 × 2^zoom. */

export function worldX(lng: number): number {
  return lng / 360 + 0.5;
}

export function worldY(lat: number): number {
  return 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI);
}

export function lngOf(x: number): number {
  return (x - 0.5) * 360;
}

export function latOf(y: number): number {
  return (Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) * 360) / Math.PI - 90;
}

/** Metres of a degree of longitude at a latitude, on the ellipsoid of CGCS2000. */
export function metresOfDegree(lat: number): number {
  const phi = (lat * Math.PI) / 180;
  const e2 = (2 - 1 / 298.257222101) / 298.257222101;
  return ((Math.PI / 180) * 6378137 * Math.cos(phi)) / Math.sqrt(1 - e2 * Math.sin(phi) ** 2);
}

/** Metres between two places (longitude, latitude) of one city: within a thousandth of the geodesic's up to 50 km. */
export function metresBetween(a: readonly [number, number], b: readonly [number, number]): number {
  const middle = (a[1] + b[1]) / 2;
  const e2 = (2 - 1 / 298.257222101) / 298.257222101;
  const meridian = ((Math.PI / 180) * 6378137 * (1 - e2)) / (1 - e2 * Math.sin((middle * Math.PI) / 180) ** 2) ** 1.5;
  return Math.hypot((a[0] - b[0]) * metresOfDegree(middle), (a[1] - b[1]) * meridian);
}

/** Pixels across the world at a zoom of the page. */
export function worldSize(zoom: number): number {
  return 256 * 2 ** zoom;
}

/** What a canvas shows: its top left corner in world pixels of a zoom, and its size in CSS pixels. */
export interface Frame {
  zoom: number;
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Box { minX: number; minY: number; maxX: number; maxY: number }

/** The frame's part of the world, widened by some pixels. */
export function boxOf(frame: Frame, margin = 0): Box {
  const size = worldSize(frame.zoom);
  return {
    minX: (frame.left - margin) / size,
    minY: (frame.top - margin) / size,
    maxX: (frame.left + frame.width + margin) / size,
    maxY: (frame.top + frame.height + margin) / size,
  };
}

export function meets(a: Box, b: Box): boolean {
  return a.minX <= b.maxX && a.maxX >= b.minX && a.minY <= b.maxY && a.maxY >= b.minY;
}

/** A line or ring as flat world coordinates x0, y0, x1, y1, … */
export type Flat = Float64Array;

export function flatten(coordinates: readonly (readonly number[])[]): Flat {
  const out = new Float64Array(coordinates.length * 2);
  coordinates.forEach((c, i) => {
    out[2 * i] = worldX(c[0] ?? 0);
    out[2 * i + 1] = worldY(c[1] ?? 0);
  });
  return out;
}

export function boxOfLines(lines: readonly Flat[]): Box {
  const box = { minX: Infinity, minY: Infinity, maxX: -Infinity, maxY: -Infinity };
  for (const line of lines)
    for (let i = 0; i < line.length; i += 2) {
      const x = line[i] as number;
      const y = line[i + 1] as number;
      if (x < box.minX) box.minX = x;
      if (x > box.maxX) box.maxX = x;
      if (y < box.minY) box.minY = y;
      if (y > box.maxY) box.maxY = y;
    }
  return box;
}

export interface Geometry { type: string; coordinates: unknown }

/** Lines, rings and points of a GeoJSON geometry, in world coordinates. */
export function partsOf(geometry: Geometry): { points: Flat[]; lines: Flat[]; rings: Flat[] } {
  type Position = number[];
  const out = { points: [] as Flat[], lines: [] as Flat[], rings: [] as Flat[] };
  const c = geometry.coordinates;
  switch (geometry.type) {
    case "Point": out.points.push(flatten([c as Position])); break;
    case "MultiPoint": for (const p of c as Position[]) out.points.push(flatten([p])); break;
    case "LineString": out.lines.push(flatten(c as Position[])); break;
    case "MultiLineString": for (const l of c as Position[][]) out.lines.push(flatten(l)); break;
    case "Polygon": for (const r of c as Position[][]) out.rings.push(flatten(r)); break;
    case "MultiPolygon": for (const p of c as Position[][][]) for (const r of p) out.rings.push(flatten(r)); break;
  }
  return out;
}

/** Adds a line to a path in the frame's pixels; vertices closer than half a pixel are passed over. */
export function trace(path: CanvasPath, line: Flat, frame: Frame, close: boolean): void {
  const size = worldSize(frame.zoom);
  let lastX = NaN;
  let lastY = NaN;
  const end = line.length - 2;
  for (let i = 0; i <= end; i += 2) {
    const x = (line[i] as number) * size - frame.left;
    const y = (line[i + 1] as number) * size - frame.top;
    if (i === 0) path.moveTo(x, y);
    else if (i === end || Math.abs(x - lastX) + Math.abs(y - lastY) >= 0.5) path.lineTo(x, y);
    else continue;
    lastX = x;
    lastY = y;
  }
  if (close) path.closePath();
}

/**
 * Strokes a long dashed line where it is near the frame and nowhere else; `period` is the dashes' sum. Dashes are
 * counted from the line's beginning, so that what two frames paint of it fits together. A browser would work out
 * every dash of an outline that is a thousand times as long as the view.
 */
export function strokeDashed(c: CanvasRenderingContext2D, line: Flat, frame: Frame, close: boolean, period: number): void {
  const size = worldSize(frame.zoom);
  const far = 16; // pixels beyond the frame
  const end = line.length - (close ? 0 : 2);
  let [x, y] = [(line[0] as number) * size - frame.left, (line[1] as number) * size - frame.top];
  let length = 0;
  let drawing = false;
  for (let i = 2; i <= end; i += 2) {
    const at = i % line.length;
    const nextX = (line[at] as number) * size - frame.left;
    const nextY = (line[at + 1] as number) * size - frame.top;
    const away =
      (x < -far && nextX < -far) || (x > frame.width + far && nextX > frame.width + far) ||
      (y < -far && nextY < -far) || (y > frame.height + far && nextY > frame.height + far);
    if (away && drawing) c.stroke();
    else if (!away && !drawing) {
      c.beginPath();
      c.moveTo(x, y);
      c.lineDashOffset = length % period;
    }
    if (!away) c.lineTo(nextX, nextY);
    drawing = !away;
    length += Math.hypot(nextX - x, nextY - y);
    [x, y] = [nextX, nextY];
  }
  if (drawing) c.stroke();
  c.lineDashOffset = 0;
}
