import { describe, expect, it } from "vitest";
import { HELP, KEYS } from "../words/help";

const sources = import.meta.glob<string>(["../shell/MapPage.vue", "../rescue/RescuePage.vue"], { query: "?raw", import: "default", eager: true });

describe("help", () => {
  it("names every key that the pages take", () => {
    const taken = Object.values(sources).flatMap((text) => [...text.matchAll(/case "([^"]+)"/g)].map((m) => (m[1] ?? "").toUpperCase()));
    expect(taken.length).toBeGreaterThan(6);
    const named = KEYS.flatMap((g) => g.keys.map(([key]) => key.toUpperCase()));
    expect(taken.filter((key) => !named.includes(key === "ESCAPE" ? "ESC" : key))).toEqual([]);
  });
  it("has each section once", () => {
    expect(new Set(HELP.sections.map((s) => s.id)).size).toBe(HELP.sections.length);
  });
});
