import { describe, expect, it } from "vitest";
import { cutsOf } from "./cuts";
import { changeWords, minutesOf, minutesTo, minutesWords } from "./say";
import type { DiffRow, Sent } from "./types";

const sent = (name: string, travel_s: number | null, arrived = false): Sent => ({ team: 1, team_name: name, masked: null, travel_s, distance_m: 1, arrived });
const row = (before: Sent[] | null, after: Sent[] | null): DiffRow => ({ incident: 1, incident_name: "", what: "other_team", words: "", before, after });

describe("words of arrival", () => {
  it("says no way that there is in nought minutes", () => {
    expect([minutesOf(0), minutesOf(29), minutesOf(89), minutesWords(7199), minutesWords(7500)]).toEqual([1, 1, 1, "2 小时 0 分", "2 小时 5 分"]);
  });
  it("counts down to a moment and past it", () => {
    const now = Date.parse("2026-07-14T12:00:00Z");
    expect([minutesTo("2026-07-14T12:10:01Z", now), minutesTo("2026-07-14T11:55:00Z", now)]).toEqual([11, -5]);
  });
  it("says what accepting changes: the time of the same team, another team, nobody", () => {
    expect(changeWords(row([sent("甲队", 660)], [sent("甲队", 840)]))).toBe("甲队 11 → 14 分钟");
    expect(changeWords(row([sent("甲队", 2280)], [sent("乙队", 1320)]))).toBe("甲队 38 分钟 → 乙队 22 分钟");
    expect(changeWords(row([sent("甲队", 600)], []))).toBe("甲队 10 分钟 → 没有队伍");
    expect(changeWords(row([], [sent("甲队", 600), sent("乙队", 660)]))).toBe("甲队 10 分钟、乙队 11 分钟");
    expect(changeWords(row([sent("甲队", 600)], [sent("甲队", null, true), sent("乙队", 120)]))).toBe("甲队 10 分钟 → 甲队 已到达、乙队 2 分钟");
  });
});

describe("where roads are cut", () => {
  it("is at the ends that one closed piece alone has", () => {
    const line = (...coordinates: number[][]): { type: string; coordinates: number[][] } => ({ type: "LineString", coordinates });
    expect(cutsOf([line([1, 1], [2, 1]), line([2, 1], [3, 1], [4, 2])])).toEqual([{ lng: 1, lat: 1 }, { lng: 4, lat: 2 }]);
  });
});
