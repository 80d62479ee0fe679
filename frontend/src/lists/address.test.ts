import { describe, expect, it } from "vitest";
import { inHash } from "./address";

describe("an address of the lists", () => {
  it("has its selection behind the #, wherever it was written", () => {
    const to = { path: "/lists/major-hazards", query: { as_of: "2026-03-01", division: "360430", sort: "-r" }, hash: "#grade=major" };
    expect(inHash(to)).toEqual({ path: to.path, query: { sort: "-r" }, hash: "#grade=major&division=360430&as_of=2026-03-01", replace: true });
  });
  it("stays as it is where nothing of the selection stands in the query", () => {
    expect(inHash({ path: "/lists/major-hazards", query: { sort: "-r", since: "2026-03-01" }, hash: "" })).toBeNull();
  });
});
