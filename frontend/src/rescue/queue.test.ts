import { describe, expect, it } from "vitest";
import { Problem } from "../api/client";
import { entryFollows } from "./evac/entry";
import type { NewEntry } from "./evac/types";
import { newKey, OpenPageShelf, sendAll, type Waiting as Kept } from "./queue";

type Waiting = Kept<NewEntry>;

function one(minute: number, more: Partial<Waiting["entry"]> = {}): Waiting {
  const key = newKey();
  return { key, of: 1, user: "u", entry: { village: 1, kind: "sheltered", persons: minute, key, at: `2026-11-26T01:${String(minute).padStart(2, "0")}:00.000Z`, ...more } };
}

describe("entries that wait", () => {
  it("go in the order in which they were made, and are gone when they were taken", async () => {
    const shelf = new OpenPageShelf<NewEntry>();
    for (const minute of [3, 1, 2]) await shelf.put(one(minute));
    const sent: number[] = [];
    const post = (w: Waiting): Promise<void> => Promise.resolve(void sent.push(w.entry.persons));
    expect(await sendAll(shelf, await shelf.all(), post)).toBe("all");
    expect(sent).toEqual([1, 2, 3]);
    expect(await shelf.all()).toEqual([]);
  });
  it("stay whole where nobody answers, and none behind is sent before", async () => {
    const shelf = new OpenPageShelf<NewEntry>();
    for (const minute of [1, 2, 3]) await shelf.put(one(minute));
    let asked = 0;
    const post = (w: Waiting): Promise<void> => (asked++, w.entry.persons === 2 ? Promise.reject(new Problem(0, "offline", "x")) : Promise.resolve());
    expect(await sendAll(shelf, await shelf.all(), post)).toBe("offline");
    expect([asked, (await shelf.all()).map((w) => w.entry.persons)]).toEqual([2, [2, 3]]);
    expect((await shelf.all()).every((w) => !w.clash)).toBe(true);
  });
  it("that are refused stay with the reason, and the others go on", async () => {
    const shelf = new OpenPageShelf<NewEntry>();
    for (const minute of [1, 2]) await shelf.put(one(minute));
    const post = (w: Waiting): Promise<void> => (w.entry.persons === 1 ? Promise.reject(new Problem(409, "over_to_move", "x 5")) : Promise.resolve());
    expect(await sendAll(shelf, await shelf.all(), post)).toBe("all");
    const [left, ...rest] = await shelf.all();
    expect([left?.clash, rest]).toEqual([{ code: "over_to_move", detail: "x 5" }, []]);
  });
  it("are tried though the service fails at one before, which stays with what it said", async () => {
    const shelf = new OpenPageShelf<NewEntry>();
    for (const minute of [1, 2, 3]) await shelf.put(one(minute));
    const sent: number[] = [];
    const post = (w: Waiting): Promise<void> => (w.entry.persons === 1 ? Promise.reject(new Problem(500, "fault", "x")) : Promise.resolve(void sent.push(w.entry.persons)));
    expect(await sendAll(shelf, await shelf.all(), post)).toBe("trouble");
    expect(sent).toEqual([2, 3]);
    expect((await shelf.all()).map((w) => [w.entry.persons, w.trouble, w.clash])).toEqual([[1, "x", undefined]]);
  });
  it("but for what means nothing before it: its correction, and a return before those who arrived", async () => {
    const shelf = new OpenPageShelf<NewEntry>();
    const [first, more, back, mended, again, elsewhere] = [one(1), one(2), one(3, { kind: "returned" }), one(4, { cancels: "" }), one(5), one(6, { kind: "returned", village: 2 })];
    mended.entry.cancels = first.key;
    again.entry.cancels = mended.key;
    for (const w of [first, more, back, mended, again, elsewhere]) await shelf.put(w);
    const sent: number[] = [];
    const post = (w: Waiting): Promise<void> => (w === first ? Promise.reject(new Problem(503, "fault", "x")) : Promise.resolve(void sent.push(w.entry.persons)));
    expect(await sendAll(shelf, await shelf.all(), post, entryFollows)).toBe("trouble");
    expect(sent).toEqual([2, 6]);
    expect((await shelf.all()).map((w) => w.entry.persons)).toEqual([1, 3, 4, 5]);
  });
  it("have keys of their own that the service takes", () => {
    const keys = new Set(Array.from({ length: 100 }, newKey));
    expect(keys.size).toBe(100);
    expect([...keys].every((k) => /^[A-Za-z0-9_.:-]{1,80}$/.test(k))).toBe(true);
  });
});
