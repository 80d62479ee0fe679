import { describe, expect, it } from "vitest";
import { moved, sameOrder } from "./columns";

const of = (...names: string[]): { name: string; hidden: boolean }[] => names.map((name) => ({ name, hidden: false }));

describe("columns of a list", () => {
  it("move by one and stop at the ends", () => {
    expect(moved(of("a", "b", "c"), 0, 1).map((c) => c.name)).toEqual(["b", "a", "c"]);
    expect(moved(of("a", "b", "c"), 2, 3)).toEqual(of("a", "b", "c"));
    expect(moved(of("a", "b", "c"), 0, -1)).toEqual(of("a", "b", "c"));
  });
  it("move over several, both ways", () => {
    expect(moved(of("a", "b", "c", "d"), 0, 2).map((c) => c.name)).toEqual(["b", "c", "a", "d"]);
    expect(moved(of("a", "b", "c", "d"), 3, 1).map((c) => c.name)).toEqual(["a", "d", "b", "c"]);
  });
  it("are the same only in the same order with the same hidden", () => {
    expect(sameOrder(of("a", "b"), of("a", "b"))).toBe(true);
    expect(sameOrder(of("a", "b"), of("b", "a"))).toBe(false);
    expect(sameOrder(of("a"), [{ name: "a", hidden: true }])).toBe(false);
  });
});
