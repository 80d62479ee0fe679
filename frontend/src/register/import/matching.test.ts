import { describe, expect, it } from "vitest";
import { bytes, I, lasted } from "../../words/imports";
import { choose, columnsShown, degree, differs, divisionAt, grouped, obstacle, reasons, refusalOf, rowsIn, unitNow, unitsFor } from "./matching";
import type { Column, FileInfo, Match, Rows, RunColumn, RunRow } from "./types";

const column = (index: number, target: string | null, factor: string | null = null): Column => ({
  index, header: `列${index}`, target, how: "exact", factor, unit_from: null, unit_to: null, samples: [],
});
const runColumn = (index: number, target: string | null): RunColumn => ({ index, header: `列${index}`, target, title: "", back: 0, waiting: 0 });

describe("files", () => {
  it("of a shapefile go together, tables one by one", () => {
    expect(refusalOf([{ name: "a.shp", size: 5 }, { name: "a.DBF", size: 5 }, { name: "a.prj", size: 5 }], 1)).toBe("");
    expect(refusalOf([{ name: "a.xlsx", size: 5 }, { name: "b.xlsx", size: 5 }], 1)).toContain("一次只导入一份");
  });
  it("that are empty or too large are refused before they are sent", () => {
    expect(refusalOf([{ name: "a.csv", size: 0 }], 1)).toContain("空的");
    expect(refusalOf([{ name: "a.csv", size: 2 ** 20 }], 1)).toBe("");
    expect(refusalOf([{ name: "a.csv", size: 2 ** 20 + 1 }], 1)).toContain("超过");
  });
});

describe("columns", () => {
  it("give a target up to the one that was chosen last", () => {
    const { choices, gaveUp } = choose([column(0, "name"), column(1, null), column(2, "capacity_m3", "10000")], 1, "name", null);
    expect(gaveUp?.index).toBe(0);
    expect(choices).toEqual([{ index: 0, target: null, factor: null }, { index: 1, target: "name", factor: null }, { index: 2, target: "capacity_m3", factor: "10000" }]);
  });
  it("that are not imported take nothing from another", () => {
    expect(choose([column(0, null), column(1, "name")], 1, null, null).gaveUp).toBeNull();
  });
  it("keep the order of their groups", () => {
    const target = (name: string, group: string) => ({ target: name, title: name, group, unit: null, required: false, help: "" });
    expect(grouped([target("a", "甲"), target("b", "乙"), target("c", "甲")]).map((g) => [g.group, g.targets.length])).toEqual([["甲", 2], ["乙", 1]]);
  });
  it("without what is required are told by its title", () => {
    const match = { header: { line: 1, lines: 1 }, columns: [column(0, "code")], missing: ["名称"] } as unknown as Match;
    expect(obstacle(match)).toContain("名称");
    expect(obstacle({ ...match, missing: [] })).toBe("");
    expect(obstacle({ ...match, missing: [], columns: [column(0, null)] })).toContain("没有对应上");
    expect(obstacle({ ...match, header: null, columns: [] })).toContain("没有认出表头");
  });
  it("stand at the unit of their factor", () => {
    expect(unitNow(column(0, "capacity_m3", "10000"), unitsFor("m³"))).toBe("万m³");
    expect(unitNow(column(0, "capacity_m3"), unitsFor("m³"))).toBe("m³");
    expect(unitNow({ ...column(0, "area_m2", "10000"), unit_from: "万m²" }, unitsFor("m²"))).toBe("万m²");
    expect(unitsFor("分贝")).toEqual([]);
  });
});

describe("rows", () => {
  const columns = [runColumn(0, "persons"), runColumn(1, "name"), runColumn(2, "code"), runColumn(3, null)];
  const rows: RunRow[] = [{ line: 9, kind: "back", cells: [], faults: [{ index: 0, column: "列0", code: "not_a_number", message: "" }], object: null, change: null }];
  it("show what names them and what is wrong, or all", () => {
    expect(columnsShown(columns, rows, false).map((c) => c.index)).toEqual([2, 1, 0]);
    const more = [...columns, runColumn(4, "a"), runColumn(5, "b"), runColumn(6, "c")];
    expect(columnsShown(more, rows, false).map((c) => c.index)).toEqual([2, 1, 0, 4, 5]);
    expect(columnsShown(columns, rows, true).map((c) => c.index)).toEqual([2, 1, 0, 3]);
  });
  it("that are no data show the column that says what they are", () => {
    const sum: RunRow = { line: 99, kind: "ignored", cells: [null, null, null, "合计"], faults: [], object: null, change: null };
    expect(columnsShown(columns, [sum], false).map((c) => c.index)).toEqual([2, 1, 0, 3]);
    expect(columnsShown(Array.from({ length: 30 }, (_, i) => runColumn(i, `t${i}`)), [sum], false)).toHaveLength(5);
  });
  it("of a sheet are counted below its header", () => {
    const file = { sheets: [{ name: "甲", rows: 304 }] } as unknown as FileInfo;
    expect(rowsIn(file, { sheet: "甲", header: { line: 3, lines: 2 } } as unknown as Match)).toBe(300);
    expect(rowsIn(file, null)).toBe(0);
  });
  it("that are not written are told by what became of them", () => {
    const none: Rows = { read: 0, added: 0, changed: 0, same: 0, back: 0, waiting: 0, ignored: 0, writes: 0 };
    expect(I.nothing({ ...none, same: 14, back: 286 })).toBe("14 行与库中相同，286 行退回，没有可入库的行。请下载退回表。");
    expect(I.nothing({ ...none, same: 12 })).toContain("完全相同");
    expect(I.nothing({ ...none, back: 2 })).toContain("全部退回");
    expect(I.nothing(none)).toBe("没有可入库的行");
  });
});

describe("reasons", () => {
  const fault = (column: string, message: string) => ({ index: 0, column, code: "", message });
  it("are told once, with their columns where there are several", () => {
    expect(reasons([fault("经度", "没有坐标"), fault("纬度", "没有坐标")])).toBe("没有坐标");
    expect(reasons([fault("经度", "没有坐标"), fault("纬度", "没有坐标"), fault("人数", "人数应为数字")])).toBe("经度、纬度：没有坐标；人数应为数字");
  });
});

describe("a place", () => {
  const ring = (x: number, y: number, size: number) => [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]];
  const shapes = [
    { properties: { code: "1", name: "甲" }, geometry: { type: "Polygon", coordinates: [ring(0, 0, 10), ring(4, 4, 2)] } },
    { properties: { code: "2", name: "乙" }, geometry: { type: "MultiPolygon", coordinates: [[ring(20, 0, 5)], [ring(4, 4, 2)]] } },
  ];
  it("lies in the division whose outline holds it, and not in its hole", () => {
    expect(divisionAt(shapes, 1, 1)?.name).toBe("甲");
    expect(divisionAt(shapes, 5, 5)?.name).toBe("乙");
    expect(divisionAt(shapes, 22, 2)?.name).toBe("乙");
    expect(divisionAt(shapes, 15, 2)).toBeNull();
  });
  it("may be typed as officers type", () => {
    expect(degree(" １１５．９９２１ ")).toBe(115.9921);
    expect(degree("29.71°")).toBe(29.71);
    expect(degree("29,7")).toBeNaN();
    expect(degree("")).toBeNaN();
  });
});

describe("values", () => {
  it("that are one number are not told as a change", () => {
    expect(differs("115.823750", "115.82375")).toBe(false);
    expect(differs("44.4", "444000")).toBe(true);
    expect(differs("０１", "01")).toBe(true);
    expect(differs(" 例湖小学 ", "例湖小学")).toBe(false);
  });
});

describe("words", () => {
  it("say sizes and times shortly", () => {
    expect([bytes(900), bytes(188416), bytes(20 * 2 ** 20)]).toEqual(["900 字节", "184 KB", "20.0 MB"]);
    expect([lasted(0.2), lasted(1.84), lasted(59), lasted(83.4), lasted(7260)]).toEqual(["不到 1 秒", "1.8 秒", "59 秒", "1 分 23 秒", "2 小时 1 分"]);
  });
});
