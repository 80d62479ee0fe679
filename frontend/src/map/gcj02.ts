/** The offset of GCJ-02 and of BD-09 after it: the same formula as the service's, tried on the same published pairs. */

const A = 6378245;
const EE = 0.006693421622965943;
const X_PI = (Math.PI * 3000) / 180;
const { sin, cos, sqrt, abs, PI } = Math;

/** Longitude and latitude of WGS 84 (or CGCS2000, which differs by centimetres) as GCJ-02. */
export function toGcj02(lng: number, lat: number): [number, number] {
  if (!(lng > 72.004 && lng < 137.8347 && lat > 0.8293 && lat < 55.8271)) return [lng, lat];
  const x = lng - 105;
  const y = lat - 35;
  const root = sqrt(abs(x));
  const wave = ((20 * sin(6 * x * PI) + 20 * sin(2 * x * PI)) * 2) / 3;
  const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    + ((20 * sin(y * PI) + 40 * sin((y / 3) * PI)) * 2) / 3 + ((160 * sin((y / 12) * PI) + 320 * sin((y * PI) / 30)) * 2) / 3;
  const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    + ((20 * sin(x * PI) + 40 * sin((x / 3) * PI)) * 2) / 3 + ((150 * sin((x / 12) * PI) + 300 * sin((x / 30) * PI)) * 2) / 3;
  const radians = (lat * PI) / 180;
  const magic = 1 - EE * sin(radians) ** 2;
  return [
    lng + (east * 180) / ((A / sqrt(magic)) * cos(radians) * PI),
    lat + (north * 180) / (((A * (1 - EE)) / (magic * sqrt(magic))) * PI),
  ];
}

export function gcj02ToBd09(lng: number, lat: number): [number, number] {
  const z = sqrt(lng * lng + lat * lat) + 0.00002 * sin(lat * X_PI);
  const theta = Math.atan2(lat, lng) + 0.000003 * cos(lng * X_PI);
  return [z * cos(theta) + 0.0065, z * sin(theta) + 0.006];
}

/** The place whose GCJ-02 this is, by fixed-point steps: the offset changes slowly, so four steps leave far less than a millimetre. */
export function fromGcj02(lng: number, lat: number): [number, number] {
  let [x, y] = [lng, lat];
  for (let i = 0; i < 4; i++) {
    const [there, up] = toGcj02(x, y);
    [x, y] = [x + lng - there, y + lat - up];
  }
  return [x, y];
}
