import { describe, expect, it } from "vitest";
import { cutsOf } from "./cuts";
import { RD } from "../../words/rescueDispatch";
import { addedUp, basisWords, byDistance, changeWords, fromTo, isPersons, minutesTo, numberOf, putTogether, trappedOf, typedTrapped, inTime } from "./say";
import type { DiffRow, Sent, TakenBack } from "./types";

const sent = (name: string, travel_s: number | null, arrived = false): Sent => ({ team: 1, team_name: name, masked: null, travel_s, distance_m: 1, arrived, rerouted: false, routing: travel_s === null ? null : "road" });
const row = (before: Sent[] | null, after: Sent[] | null): DiffRow => ({ incident: 1, incident_name: "", what: "other_team", words: "", before, after });

describe("incidents to be taken in", () => {
  it("are those near by first, with the distance, and not the one itself", () => {
    const at = (id: number, lng: number, lat: number) => ({ id, point: [lng, lat] as [number, number] });
    const of = at(1, 116, 29.7);
    const all = [at(2, 116.05, 29.7), of, at(3, 116, 29.7), at(4, 116, 29.70162)]; // as the list has them: by urgency
    expect(byDistance(of, all).map(({ incident, metres }) => [incident.id, RD.awayBy(metres)])).toEqual([[3, "在同一处"], [4, "距此 180 米"], [2, "距此 4.8 公里"]]);
  });
});

describe("words of arrival", () => {
  it("counts down to a moment and past it as a clock does", () => {
    const at = (time: string): number => minutesTo("2026-07-14T12:22:00Z", Date.parse(`2026-07-14T${time}Z`));
    expect(["12:00:00", "12:00:59", "12:01:00", "12:22:59", "12:23:00", "12:27:30"].map(at)).toEqual([22, 22, 21, 0, -1, -5]);
  });
  it("says what accepting changes: the time of the same team, another team, nobody", () => {
    expect(changeWords(row([sent("甲队", 660)], [sent("甲队", 840)]))).toBe("甲队 11 → 14 分钟");
    expect(changeWords(row([sent("甲队", 2280)], [sent("乙队", 1320)]))).toBe("甲队 38 分钟 → 乙队 22 分钟");
    expect(changeWords(row([sent("甲队", 600)], []))).toBe("甲队 10 分钟 → 没有队伍");
    expect(changeWords(row([], [sent("甲队", 600), sent("乙队", 660)]))).toBe("甲队 10 分钟、乙队 11 分钟");
    expect(changeWords(row([sent("甲队", 600)], [sent("甲队", null, true), sent("乙队", 120)]))).toBe("甲队 10 分钟 → 甲队 已到达、乙队 2 分钟");
  });
  it("says of what was split or merged that nobody goes there as such, not that nobody comes", () => {
    expect(changeWords({ ...row([sent("甲队", 2580)], []), what: "gone", words: "已拆分，不再单独派" })).toBe("已拆分，不再单独派");
  });
  it("calls another way so, with the times where they differ", () => {
    const turned = (name: string, travel_s: number): Sent => ({ ...sent(name, travel_s), rerouted: true });
    expect(changeWords(row([sent("甲队", 1375)], [turned("甲队", 1380)]))).toBe("甲队 改走另一条路 23 分钟");
    expect(changeWords(row([sent("甲队", 660)], [turned("甲队", 840)]))).toBe("甲队 改走另一条路 11 → 14 分钟");
    expect(changeWords(row([sent("甲队", 0, true), sent("乙队", 600)], [sent("甲队", null, true), turned("乙队", 600)]))).toBe("甲队 已到达、乙队 10 分钟 → 甲队 已到达、乙队 10 分钟（改走另一条路）");
  });
  it("says of a straight line that it is one, and makes no one figure of it and a road's", () => {
    const line = (name: string, travel_s: number): Sent => ({ ...sent(name, travel_s), routing: "straight_line" });
    expect(changeWords(row([sent("甲队", 7500)], [line("甲队", 600)]))).toBe("甲队 2 小时 5 分 → 10 分钟（直线估算）");
    expect(changeWords(row([sent("甲队", 660)], [line("甲队", 600)]))).toBe("甲队 11 分钟 → 10 分钟（直线估算）");
    expect(changeWords(row([], [line("乙队", 600)]))).toBe("乙队 10 分钟（直线估算）");
    expect(changeWords(row([sent("甲队", 660)], [line("乙队", 600), sent("丙队", null)]))).toBe("甲队 11 分钟 → 乙队 10 分钟（直线估算）、丙队 已派出");
  });
  it("has one unit below an hour, and each side its own where they differ", () => {
    expect(changeWords(row([sent("甲队", 7500)], [sent("乙队", 7500)]))).toBe("甲队 2 小时 5 分 → 乙队 2 小时 5 分");
    expect(changeWords(row([sent("甲队", 600)], [sent("甲队", 7500)]))).toBe("甲队 10 分钟 → 2 小时 5 分");
    expect([fromTo(7500, 600), fromTo(660, 600), fromTo(0, 600), fromTo(600, 0)]).toEqual(["2 小时 5 分 → 10 分钟", "11 → 10 分钟", "0 → 10 分钟", "10 → 0 分钟"]);
  });
});

describe("persons as they are typed", () => {
  it("are whole, and nothing typed is not none", () => {
    expect([" 12 ", "", "0", "-1", "1.5", "十二"].map(isPersons)).toEqual([true, true, true, false, false, false]);
    expect([numberOf(" 12 "), numberOf(" "), numberOf("0")]).toEqual([12, null, 0]);
  });
});

describe("by which water a plan is made", () => {
  const flood = { name: "例湖圩", version: 2, withdrawn_at: null };
  it("is what is looked at, else that of the plan that it stands upon, and dry without either alone", () => {
    expect(basisWords(flood, { flood: 7 })).toBe("按“例湖圩”第 2 版的水");
    expect(basisWords(null, { flood: 7 })).toBe("没有选淹没范围：按原方案情景的最新一版");
    expect(basisWords({ ...flood, withdrawn_at: "2026-07-14T12:00:00Z" }, { flood: 7 })).toContain("这一版已撤回");
    expect([basisWords(null, { flood: null }), basisWords(null, null)]).toEqual(["没有选淹没范围：按没有水算", "没有选淹没范围：按没有水算"]);
  });
});

describe("where roads are cut", () => {
  it("is at the ends that one closed piece alone has", () => {
    const line = (...coordinates: number[][]): { type: string; coordinates: number[][] } => ({ type: "LineString", coordinates });
    expect(cutsOf([line([1, 1], [2, 1]), line([2, 1], [3, 1], [4, 2])])).toEqual([{ lng: 1, lat: 1 }, { lng: 4, lat: 2 }]);
  });
});

describe("persons that are divided among parts", () => {
  it("add up, or it is said how many fewer or more; not known stays not known", () => {
    expect(addedUp(5, [3, 2])).toEqual({ said: "", asks: false });
    expect(addedUp(1200, [100, 50])).toEqual({ said: "各部分合计 150 人，比原来少 1,050 人", asks: true });
    expect(addedUp(5, [4, 3])).toEqual({ said: "各部分合计 7 人，比原来多 2 人", asks: false });
    expect(addedUp(5, [3, null])).toEqual({ said: "各部分合计 3 人，另有 1 部分人数不明，原来 5 人", asks: true });
    expect(addedUp(5, [5, null]).asks).toBe(false);
    expect(addedUp(5, [null, null])).toEqual({ said: "各部分人数都不明，原来 5 人", asks: true });
    expect(addedUp(null, [3, 2])).toEqual({ said: "各部分合计 5 人，原来人数不明", asks: false });
    expect(addedUp(null, [null, null])).toEqual({ said: "", asks: false });
    expect(addedUp(0, [0, 0])).toEqual({ said: "", asks: false });
  });
});

describe("the trapped", () => {
  it("keeps apart not known, nobody and so many; so many without a number is asked for", () => {
    expect(["", "0", "00", "12", "十二"].map(trappedOf)).toEqual(["unknown", "none", "none", "some", "some"]);
    expect([typedTrapped("unknown", "3"), typedTrapped("none", "3"), typedTrapped("some", " 3 ")]).toEqual(["", "0", "3"]);
    expect([numberOf(typedTrapped("unknown", "")), numberOf(typedTrapped("none", ""))]).toEqual([null, 0]);
    expect(isPersons(typedTrapped("some", ""))).toBe(false);
  });
});

describe("incidents that become one", () => {
  it.each<[(number | null)[], number | null, string, boolean]>([
    [[8, 4], 12, "", false],
    [[8, 4], 9, "合并前合计 12 人，合并后少 3 人", true],
    [[8, 4], 14, "合并前合计 12 人，合并后多 2 人", false],
    [[8, 4, null], 14, "", false],
    [[8, 4, null], 9, "合并前合计 12 人，另有 1 处不明，合并后少 3 人", true],
    [[8, null], null, "合并前合计 8 人，另有 1 处不明，合并后不明", false],
    [[null, null], null, "", false],
  ])("%j to %j", (before, after, said, asks) => expect(putTogether(before, after)).toEqual({ said, asks }));
});

describe("what became of an order", () => {
  it("is told in order of time, the wrong before what stands for it", () => {
    const at = (m: number): string => `2026-11-26T01:0${m}:00Z`;
    const marks = [{ at: at(1), what: "receipt" }, { at: at(2), what: "departure" }, { at: at(4), what: "arrival" }];
    const back = [{ at: at(2), what: "result" }, { at: at(3), what: "arrival" }] as unknown as TakenBack[];
    expect(inTime(marks, back).map((l) => [l.mark?.what, l.back?.what])).toEqual([["receipt", undefined], [undefined, "result"], ["departure", undefined], [undefined, "arrival"], ["arrival", undefined]]);
  });
});
