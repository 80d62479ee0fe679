import { describe, expect, it } from "vitest";
import type { ClassSpec, Detail } from "../../api/types";
import { blank, bodyOf, changed, compare, copyOf, draftOf, inputOf, merged } from "./form";

const spec = {
  class: "pond", title: "库", group: "g", role: "hazard", geometry: ["point"], scale: "own", department: "应急管理局", symbol: "c", list: [], popup: [],
  fields: [
    { name: "height", title: "高", type: "decimal" }, { name: "head", title: "头顶", type: "boolean" },
    { name: "goods", title: "物", type: "list", fields: [{ name: "item", title: "品", type: "text" }, { name: "n", title: "数", type: "integer" }] },
    { name: "kinds", title: "类", type: "list", fields: [{ name: "kind", title: "类", type: "text" }] },
  ],
} as unknown as ClassSpec;
const detail = {
  id: 1, class: "pond", name: "甲库", code: "A-1", division: "360402", stage: "in_use", visibility: "department", department: "应急管理局", geometry: null,
  attributes: { height: 45.5, goods: [{ item: "沙", n: 3 }], kinds: ["a"] }, tags: ["t"], source: "", verified: true,
} as unknown as Detail;
const base = draftOf(detail, [{ scale: "risk-grade", value: "major", how: "judged", basis: "会商", rank: 1, state: 1 }], spec);

describe("an object being edited", () => {
  it("sends what was changed and no more, numbers as they were typed", () => {
    const draft = structuredClone(base);
    draft.attributes.height = " 46.50 ";
    draft.attributes.head = "true";
    draft.tags = "t、u";
    expect(changed(base, draft).sort()).toEqual(["attributes.head", "attributes.height", "tags"]);
    expect(bodyOf(draft, spec, changed(base, draft))).toEqual({ tags: ["t", "u"], attributes: { height: "46.50", head: true } });
  });
  it("takes blanks and empty rows for nothing", () => {
    const draft = structuredClone(base);
    draft.name = "甲库 ";
    (draft.attributes.goods as Record<string, string>[]).push({ item: " " });
    expect(changed(base, draft)).toEqual([]);
  });
  it("empties what is emptied", () => {
    const draft = structuredClone(base);
    draft.attributes.height = "";
    draft.attributes.kinds = [];
    draft.code = "";
    draft.grade = { value: "", basis: "会商" };
    expect(bodyOf(draft, spec, changed(base, draft))).toEqual({ code: null, grade: null, attributes: { height: null, kinds: null } });
  });
  it("sends rows with their own types, and bare ones where a row has one field", () => {
    const draft = { ...blank(spec), name: "新" };
    draft.attributes.goods = [{ item: "沙", n: "3" }];
    draft.attributes.kinds = [{ kind: "a" }, { kind: "b" }];
    expect(bodyOf(draft, spec, null)).toEqual({
      class: "pond", name: "新", stage: "in_use", visibility: "department", attributes: { goods: [{ item: "沙", n: "3" }], kinds: ["a", "b"] },
    });
  });
  it("copies without number and judgement", () => {
    const copy = copyOf(base);
    expect([copy.code, copy.grade.value, copy.verified, copy.name]).toEqual(["", "", false, "甲库"]);
  });
  it("tells what two officers both changed from what only one did", () => {
    const theirs = structuredClone(base);
    const yours = structuredClone(base);
    theirs.name = "乙库";
    yours.name = "丙库";
    theirs.source = "排查";
    yours.attributes.height = "50";
    theirs.tags = yours.tags = "u";
    const found = compare(base, theirs, yours);
    expect(found.clashes).toEqual([{ key: "name", original: "甲库", theirs: "乙库", yours: "丙库" }]);
    expect([found.theirs, found.yours]).toEqual([["source"], ["attributes.height"]]);
    const made = merged(theirs, yours, [...found.yours, "name"]);
    expect([made.name, made.source, made.attributes.height, made.tags]).toEqual(["丙库", "排查", "50", "u"]);
  });
  it("finds the input of a fault", () => {
    expect(["attributes.goods.0.n", "position_quality", "grade.basis", "geometry"].map(inputOf)).toEqual(["attributes.goods", "quality", "grade", "geometry"]);
  });
});
