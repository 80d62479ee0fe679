/** Values of an object in words. */
import type { ClassSpec, Detail, FieldSpec } from "../api/types";
import { num, QUALITY_WORD, W } from "../words";

export function sayValue(value: unknown, field: FieldSpec): string {
  const unit = field.unit ? ` ${field.unit}` : "";
  if (value === true) return W.yes;
  if (value === false) return W.no;
  if (typeof value === "number") return `${Number.isInteger(value) ? num(value) : value}${unit}`;
  if (Array.isArray(value)) return W.nItems(value.length);
  if (typeof value === "object") return W.drawn;
  const text = String(value);
  return field.options?.find((o) => o.value === text)?.title ?? text + (/^-?[\d.]+$/.test(text) ? unit : "");
}

/** The fields of a class that an object has: those of the popup first, then the others. */
export function fieldsOf(object: Detail, spec: ClassSpec | undefined): { name: string; title: string; text: string }[] {
  if (!spec) return [];
  const order = [...new Set([...spec.popup, ...spec.fields.map((f) => f.name)])];
  return order.flatMap((name) => {
    const field = spec.fields.find((f) => f.name === name);
    const value = object.attributes[name];
    return field && value !== undefined && value !== null && value !== "" ? [{ name, title: field.title, text: sayValue(value, field) }] : [];
  });
}

export function sayPosition(object: Detail): string {
  const { geometry } = object;
  if (!geometry) return W.noPosition;
  const quality = object.form === "public" ? W.coarsePosition : (QUALITY_WORD[object.position_quality ?? ""] ?? "");
  if (geometry.type !== "Point") return quality;
  const [lng, lat] = geometry.coordinates as [number, number];
  return `${quality} · ${W.degrees(lng, lat)}`;
}
