import { describe, expect, it } from "vitest";
import { byGradeWords, num, when } from ".";

const sources = import.meta.glob<string>(["../**/*.ts", "../**/*.vue", "!../words/**", "!../**/*.test.ts"], { query: "?raw", import: "default", eager: true });

describe("words", () => {
  it("stand in this folder and nowhere else", () => {
    const found = Object.entries(sources).flatMap(([file, text]) => {
      const bare = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/<!--[\s\S]*?-->/g, "").replace(/(^|\s)\/\/.*$/gm, "");
      return bare.split("\n").flatMap((line) => (/\p{Script=Han}/u.test(line) ? [`${file}: ${line.trim()}`] : []));
    });
    expect(found).toEqual([]);
  });
  it("group thousands", () => {
    expect([num(0), num(999), num(1000), num(1234567)]).toEqual(["0", "999", "1,000", "1,234,567"]);
  });
  it("tell the time of Shanghai whatever the browser's zone", () => {
    expect(when("2026-07-14T01:32:00Z")).toBe("2026-07-14 09:32");
    expect(when("nonsense")).toBe("");
  });
  it("leave out grades that do not occur", () => {
    expect(byGradeWords([3, 0, 12, 0, 0])).toBe("重大 3、一般 12");
  });
});
