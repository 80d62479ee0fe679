import { expect, it } from "vitest";
import { rebase } from "./rebase";

it("keeps what was typed upon a newer version, takes the rest of it, and tells what both have changed", () => {
  const before = { name: "三组", trapped: "5", depth: "", needs: ["boat"], note: "" };
  const typed = { ...before, trapped: "9", note: "屋顶" };
  const now = { ...before, trapped: "7", depth: "1.2", needs: ["boat", "pump"] };
  expect(rebase(typed, before, now)).toEqual({ form: { name: "三组", trapped: "9", depth: "1.2", needs: ["boat", "pump"], note: "屋顶" }, both: ["trapped"] });
  expect(rebase({ ...before, trapped: "7" }, before, now).both).toEqual([]); // the same change twice
  expect(rebase({ ...before }, before, now).form).toEqual(now);
});
