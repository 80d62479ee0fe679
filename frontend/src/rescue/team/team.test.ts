import { describe, expect, it } from "vitest";
import type { Order } from "../dispatch/types";
import type { Waiting } from "../queue";
import { type NewMark, type Step, told } from "./team";

const order = (status: Order["status"], ...marked: string[]): Order => ({ id: 7, status, marks: marked.map((what) => ({ what, what_title: what, at: "2026-11-26T01:00:00Z", made_at: "", by: "u", how_title: "", note: "" })) }) as unknown as Order;
const waits = (what: Step, more: Partial<Waiting<NewMark>> = {}): Waiting<NewMark> => ({ key: what, of: 7, user: "u", entry: { key: what, at: "2026-11-26T02:00:00Z", what, note: "" }, ...more });

describe("an order on a team's telephone", () => {
  it("goes on from the farthest step that was marked, whoever marked it", () => {
    expect(told(order("issued"), [])).toMatchObject({ next: "receipt", later: ["departure", "arrival"], over: false });
    expect(told(order("arrival", "receipt", "arrival"), [])).toMatchObject({ next: "result", later: [], over: false });
  });
  it("goes on from what waits here too, and tells it from what is in", () => {
    const found = told(order("receipt", "receipt"), [waits("departure")]);
    expect([found.next, found.marks.map((m) => [m.what, m.waits])]).toEqual(["arrival", [["receipt", false], ["departure", true]]]);
    expect(told(order("arrival", "arrival"), [waits("result")])).toMatchObject({ next: null, over: true });
  });
  it("is marked once while what was sent is still on the shelf", () => {
    const found = told(order("departure", "departure"), [waits("departure", { entry: { key: "k", at: "2026-11-26T09:00:00.000+08:00", what: "departure", note: "" } })]);
    expect(found.marks).toHaveLength(1);
  });
  it("does not count what was refused, nor another order's", () => {
    expect(told(order("receipt", "receipt"), [waits("departure", { clash: { code: "over", detail: "x" } }), waits("departure", { of: 8 })]).next).toBe("departure");
  });
  it("that is over has no further step", () => {
    for (const status of ["result", "cancelled"] as const) expect(told(order(status, "receipt", status), [])).toMatchObject({ next: null, later: [], over: true });
  });
});
