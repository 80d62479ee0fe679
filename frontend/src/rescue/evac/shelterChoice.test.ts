import { describe, expect, it } from "vitest";
import { shelterChoices } from "./shelterChoice";
import type { Shelter } from "./types";

const at = (id: number, name: string, lng: number | null, free: number | null = 10, usable = true): Shelter => ({ id, name, free, usable, at: lng === null ? null : [lng, 29.7] });
const all = [at(1, "例湖中学", 116.03), at(2, "体育馆", 116.01, 0), at(3, "没有位置的", null, null), at(4, "第二小学", 116.2), at(5, "旧仓库", 116.005, 3, false), { id: null, name: null, free: null, usable: true, at: null }];

describe("the shelters that are offered", () => {
  it("are those of the plan, then the nearest, with what is free and how far it is", () => {
    const told = shelterChoices(all, [4, 1], [116, 29.7]);
    expect(told.map((c) => c.title)).toEqual(["第二小学", "例湖中学", "旧仓库", "体育馆", "没有位置的"]);
    expect(told.map((c) => c.note)).toEqual(["安置方案 · 空 10 · 直线 19.4 km", "安置方案 · 空 10 · 直线 2.9 km", "停用 · 直线 0.5 km", "已满 · 直线 1.0 km", ""]);
  });
  it("keep the service's order where the village has no place", () => {
    expect(shelterChoices(all, [], null).map((c) => c.key)).toEqual(["1", "2", "3", "4", "5"]);
  });
  it("are found by any part of the name", () => {
    expect(shelterChoices(all, [4], [116, 29.7], " 学 例").map((c) => c.title)).toEqual(["例湖中学"]);
    expect(shelterChoices(all, [], null, "没有这样的")).toEqual([]);
  });
});
