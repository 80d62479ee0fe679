import { describe, expect, it } from "vitest";
import { browserWords } from "./agent";
import { changesOf, inShort, type Titles } from "./changes";
import { fits, generate, judge } from "./password";
import { rightsWords, scopeWords } from "./rights";
import type { Entry, Rules } from "./types";

const names = { area: (c: string) => ({ "360402": "濂溪区", "360429": "湖口县" })[c] ?? c, class: (c: string) => ({ school: "学校" })[c] ?? c };
const titles: Titles = { ...names, field: (name, class_) => (class_ === "school" && name === "persons" ? "在校人数" : undefined) };
const rules: Rules = { length: 8, most: 128, kinds: 3, long: 0, history: 5 };
const all = { role: "editor", tier: "department", areas: [], departments: [], classes: [], may: [] };

describe("rights in words", () => {
  it("says what an account of one district sees and writes", () => {
    expect(rightsWords({ ...all, areas: ["360402"] }, names)).toBe("编辑；可见并可登记：濂溪区全部分类；内部级以下；范围外只见公开内容。");
  });
  it("says of a reader that he only sees, and what else he may", () => {
    expect(rightsWords({ ...all, role: "reader", tier: "command", may: ["sign", "dispatch"] }, names)).toBe("查看；可见：全域全部分类；受控级以下；可签发；可调度。");
  });
  it("never promises writing to an account of the public tier", () => {
    expect(rightsWords({ ...all, tier: "public", areas: ["360402"] }, names)).toContain("不能登记");
  });
  it("says what an auditor does not see", () => {
    const auditor = { ...all, role: "auditor" };
    expect(rightsWords(auditor, names)).toContain("；可看操作记录，看不到受控对象的操作。");
    expect(rightsWords({ ...auditor, tier: "public" }, names)).toContain("；可看操作记录，看不到对象的操作。");
    expect(rightsWords({ ...auditor, tier: "command" }, names)).toContain("；可看操作记录。");
    expect(rightsWords({ ...auditor, tier: "command", areas: ["360402"] }, names)).toContain("；可看操作记录；看不到范围外对象和他人导入的操作。");
  });
  it("names departments and classes, and counts many", () => {
    expect(scopeWords({ ...all, areas: ["360402", "360429"], departments: ["教育局"], classes: ["school"] }, names)).toBe("濂溪区、湖口县教育局主管的学校");
    expect(scopeWords({ ...all, classes: ["a", "b", "c", "d"] }, names)).toBe("全域4 类");
  });
});

describe("passwords", () => {
  it("shows which rules are kept", () => {
    expect(judge("abcD1", "clerk", rules).map((r) => r.ok)).toEqual([false, true, true, null]);
    expect(judge("abcdefgh", "clerk", rules).map((r) => r.ok)).toEqual([true, false, true, null]);
    expect(judge("Clerk-01", "clerk-01", rules).map((r) => r.ok)).toEqual([true, true, false, null]);
    expect(fits("口令口令Aa1-", "clerk", rules)).toBe(true);
  });
  it("makes one that keeps any rules, each time another", () => {
    for (const strict of [rules, { ...rules, length: 64, kinds: 4 }]) {
      const made = Array.from({ length: 50 }, () => generate(strict));
      expect(made.every((password) => fits(password, "x", strict))).toBe(true);
      expect(new Set(made).size).toBe(50);
    }
  });
});

describe("browsers", () => {
  it.each([
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", "Edge 126 · Windows"],
    ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/150.0.0.0 Safari/537.36", "Chrome 150 · Linux"],
    ["Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/116.0 Mobile Safari/537.36 MicroMessenger/8.0.50", "微信 8 · Android"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1", "Safari 17 · iOS"],
    ["something-else", "something-else"],
    ["", "未知程序"],
  ])("%s", (agent, words) => expect(browserWords(agent)).toBe(words));
});

describe("entries of the trail", () => {
  const entry: Entry = { id: 1, n: 1, at: "", actor: "", address: "", action: "update", kind: "object", ref: "7", state: 3, result: "ok", before: null, after: null, hash: null, previous: null };
  it("shows only what differs, with the names of the catalogue", () => {
    const before = { class: "school", name: "例湖小学", visibility: 1, attributes: { persons: 600, beds: null } };
    const after = { class: "school", name: "例湖小学", visibility: 0, attributes: { persons: 620, beds: null } };
    expect(changesOf({ ...entry, before, after }, titles)).toEqual([
      { title: "公开范围", from: "内部", to: "公开" },
      { title: "在校人数", from: "600", to: "620" },
    ]);
  });
  it("says a single change in the row", () => {
    expect(inShort({ ...entry, kind: "account", before: { areas: ["360402"] }, after: { areas: ["360429"] } }, titles)).toBe("区域：濂溪区 → 湖口县");
  });
  it("names a new object, and says what a new account may", () => {
    expect(inShort({ ...entry, after: { class: "school", name: "例湖小学", stage: "in_use" } }, titles)).toBe("例湖小学");
    expect(inShort({ ...entry, kind: "account", after: { ...all, areas: ["360402"], active: true } }, titles)).toContain("濂溪区全部分类");
  });
  it("says what an import came to, and what its undoing left", () => {
    const run = { ...entry, kind: "import", ref: "i_1" };
    const after = { class: "school", file: "rs0.csv", read: 8000, added: 8000, changed: 0, same: 0, back: 0, waiting: 0 };
    expect(inShort({ ...run, action: "write", after }, titles)).toBe("导入 学校 · rs0.csv：新增 8,000、退回 0");
    expect(inShort({ ...run, action: "undo", after: { ended: 962, restored: 12, left: 3 } }, titles)).toBe("撤销：注销 962、恢复 12、留下 3");
    expect(inShort({ ...run, action: "queue", after: { class: "school", file: "f_1", dry_run: true } }, titles)).toBe("预演 学校");
  });
});
