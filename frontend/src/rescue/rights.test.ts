import { describe, expect, it } from "vitest";
import type { Account } from "../api/types";
import { mayKeepActs, mayRemove } from "./rights";

const account = (more: Partial<Account>): Account => ({ username: "town", role: "editor", tier: "department", may: ["dispatch"], areas: [], departments: [], classes: [], ...more }) as unknown as Account;

describe("what all share", () => {
  it("is not offered to who works for a part of the city", () => {
    const [all, town] = [account({}), account({ areas: ["360402"] })];
    expect([all, town].map(mayKeepActs)).toEqual([true, false]);
    expect([mayRemove(all, "other"), mayRemove(town, "other"), mayRemove(town, "town")]).toEqual([true, false, true]);
    expect(mayRemove(account({ role: "reader" }), "town")).toBe(false);
  });
});
