import { afterEach, describe, expect, it, vi } from "vitest";

vi.hoisted(() => {
  // What the store asks of the page as it is loaded.
  vi.stubGlobal("location", { hash: "", pathname: "/rescue" });
  vi.stubGlobal("window", globalThis);
  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined }));
});

import { Problem } from "../api/client";
import { command, followCommand } from "./command";
import { dispatch, followDispatch } from "./dispatch/dispatch";
import { followPeople, people } from "./evac/people";
import { followForces, forces } from "./forces/forces";
import { isAway, moreLog, night, readAll, readLog, turn } from "./night";

const full = (): void => {
  Object.assign(forces, { teams: { items: [{ id: 1, name: "甲队" }], hidden: 0 }, goods: {}, closures: [], records: [], team: 1 });
  Object.assign(people, { list: [{ id: 1, closed_at: null }], whole: { 1: { id: 1, villages: [] } }, shelters: {}, plans: [], plan: {} });
  Object.assign(command, { warnings: [], responses: [] });
  Object.assign(dispatch, { incidents: [], orders: [] });
};
const standing = (): unknown[] => [forces.teams, forces.goods, forces.closures, forces.records, forces.team, people.list, people.whole[1], people.shelters, people.plans, people.plan, command.warnings, command.responses, dispatch.incidents, dispatch.orders].filter((one) => one !== null && one !== undefined);

describe("what stands on the page of the night", () => {
  let ends: (() => void)[] = [];
  const follow = (): void => void (ends = [followCommand(), followForces(), followPeople(), followDispatch()]);
  afterEach(() => {
    ends.forEach((end) => end());
    Object.assign(night, { exercise: false, at: "" });
  });
  it("is gone at once under an exercise, under another minute, and under another account", () => {
    full();
    expect(standing()).toHaveLength(14);
    follow(); // another account signs in
    expect(standing()).toEqual([]);
    full();
    night.exercise = true;
    expect(standing()).toEqual([]);
    full();
    night.at = "2026-07-14T23:40:00+08:00";
    expect(standing()).toEqual([]);
  });
});

describe("an answer that comes after the page has turned to an exercise", () => {
  it("does not lead back to what is real", async () => {
    const held: Record<string, () => void> = {};
    const whole = (id: number): unknown => ({ id, series: 1, version: 1, exercise: id === 2, versions: [] });
    vi.stubGlobal("fetch", async (path: string) => {
      const exercise = path.includes("exercise=true");
      const [id] = /(?<=floods\/)\d+/.exec(path) ?? [];
      const body = path.includes("/floods?") ? { items: [whole(exercise ? 2 : 1)] } : id ? whole(Number(id)) : { items: [], next: null };
      // The real scenarios come late, but before the log of the exercise, which is asked first.
      const slow = path.includes("/floods?") && !exercise ? "floods" : path.includes("/log?") && exercise ? "log" : "";
      if (slow) await new Promise<void>((go) => (held[slow] = go));
      return new Response(JSON.stringify(body), { headers: { "Content-Type": "application/json" } });
    });
    const before = readAll();
    await vi.waitFor(() => expect(held.floods).toBeDefined());
    turn({ exercise: true });
    held.floods?.();
    await before;
    held.log?.();
    await vi.waitFor(() => expect(night.flood).not.toBeNull());
    expect([night.exercise, night.flood?.id, night.floods?.map((f) => f.id)]).toEqual([true, 2, [2]]);
    Object.assign(night, { exercise: false, wanted: null, flood: null, floods: null });
  });
});

describe("the log, read again", () => {
  it("keeps what was read further down, and nothing twice: what came about by itself has an id below all", async () => {
    const pages: Record<string, { items: number[]; next: number | null }> = { "": { items: [-7, 9, 8], next: 8 }, 8: { items: [-3, 5], next: null } };
    vi.stubGlobal("fetch", async (path: string) => {
      const page = pages[new URL(path, "http://x").searchParams.get("before") ?? ""] ?? { items: [], next: null };
      return new Response(JSON.stringify({ items: page.items.map((id) => ({ id })), next: page.next }), { headers: { "Content-Type": "application/json" } });
    });
    const ids = (): number[] | undefined => night.log?.map((e) => e.id);
    await readLog();
    await moreLog();
    expect(ids()).toEqual([-7, 9, 8, -3, 5]);
    pages[""] = { items: [10, -7, 9, 8], next: 8 };
    await readLog(true);
    expect([ids(), night.logNext]).toEqual([[10, -7, 9, 8, -3, 5], null]);
    // So many came at once that what was read no longer joins on: it is read again from there.
    pages[""] = { items: [20, 19], next: 19 };
    await readLog(true);
    expect([ids(), night.logNext]).toEqual([[20, 19], 19]);
    Object.assign(night, { log: null, logNext: null });
  });
});

describe("a service that is away for a moment", () => {
  it("is a broken line, a fault of its own, or that it was asked too often; not a refusal", () => {
    expect([0, 429, 500, 503].map((status) => isAway(new Problem(status, "", "")))).toEqual([true, true, true, true]);
    expect([401, 403, 404, 409].map((status) => isAway(new Problem(status, "", "")))).toEqual([false, false, false, false]);
    expect(isAway(new Error("x"))).toBe(false);
  });
});
