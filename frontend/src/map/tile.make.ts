/** Vector tiles for tests. */
import { PbfWriter } from "pbf";

export interface Made { id: number; type: 1 | 2 | 3; geometry: number[]; tags: Record<string, string | number | boolean> }

/** A vector tile as the service makes them: two layers, extent 4096. */
export function tileOf(layers: Record<string, Made[]>): Uint8Array {
  const out = new PbfWriter();
  for (const [name, features] of Object.entries(layers))
    out.writeMessage(3, (_, layer) => {
      const keys: string[] = [];
      const values: (string | number | boolean)[] = [];
      const place = <T>(list: T[], item: T): number => (list.includes(item) ? list.indexOf(item) : list.push(item) - 1);
      layer.writeVarintField(15, 2);
      layer.writeStringField(1, name);
      for (const made of features)
        layer.writeMessage(2, (__, feature) => {
          feature.writeVarintField(1, made.id);
          feature.writePackedVarint(2, Object.entries(made.tags).flatMap(([k, v]) => [place(keys, k), place(values, v)]));
          feature.writeVarintField(3, made.type);
          feature.writePackedVarint(4, made.geometry);
        }, null);
      for (const key of keys) layer.writeStringField(3, key);
      for (const value of values)
        layer.writeMessage(4, (__, v) => (typeof value === "string" ? v.writeStringField(1, value) : typeof value === "boolean" ? v.writeBooleanField(7, value) : v.writeVarintField(5, value)), null);
      layer.writeVarintField(5, 4096);
    }, null);
  return out.finish();
}
export const zigzag = (n: number): number => (n << 1) ^ (n >> 31);
export const move = (x: number, y: number): number[] => [9, zigzag(x), zigzag(y)];
