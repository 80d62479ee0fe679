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
import { isAway, night } from "./night";

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

describe("a service that is away for a moment", () => {
  it("is a broken line, a fault of its own, or that it was asked too often; not a refusal", () => {
    expect([0, 429, 500, 503].map((status) => isAway(new Problem(status, "", "")))).toEqual([true, true, true, true]);
    expect([401, 403, 404, 409].map((status) => isAway(new Problem(status, "", "")))).toEqual([false, false, false, false]);
    expect(isAway(new Error("x"))).toBe(false);
  });
});
