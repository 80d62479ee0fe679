import { describe, expect, it } from "vitest";
import type { ClassSpec } from "../api/types";
import { blankClass, blankField, bodyOf, declaredElsewhere, draftOf, linesOf, moved, optionsOf, proposeName, shownFaults } from "./form";
import type { ClassBody } from "./types";

const body: ClassBody = {
  class: "escape-room", title: "密室逃脱", group: "buildings", role: "hazard", geometry: ["point"], scale: null, department: "公安局", symbol: "c-key", retired: false,
  fields: [
    { name: "rooms", title: "主题数", type: "integer", unit: "个", minimum: 1, maximum: "50", required: true, visibility: "public", synonyms: [] },
    { name: "volume", title: "容积", type: "decimal", unit: "m³", visibility: "department", source: "GB", synonyms: [{ header: "容积(万方)", unit: "万方", factor: "10000" }] },
    { name: "exits", title: "出口", type: "enum", options: [{ value: "one", title: "一个", words: ["单个", "1个"] }], visibility: "department", synonyms: [] },
    { name: "goods", title: "物资", type: "list", visibility: "department", synonyms: [], fields: [{ name: "item", title: "品名", type: "text", max_length: 20 }] },
  ],
  list: ["name", "rooms"], popup: ["rooms"], synonyms: [{ header: "店名", target: "name" }],
};

const spec = (cls: string, fields: ClassSpec["fields"]): ClassSpec => ({
  class: cls, title: cls, group: "", role: "hazard", geometry: [], scale: null, department: "", symbol: "", fields, list: [], popup: [],
});

describe("a class being edited", () => {
  it("comes back as it was opened, with what the form does not edit", () => {
    const back = bodyOf(draftOf(body));
    expect(back).toEqual({
      ...body,
      fields: [
        { ...body.fields[0], minimum: "1" },
        body.fields[1],
        body.fields[2],
        { ...body.fields[3], fields: [{ ...body.fields[3]?.fields?.[0], max_length: "20" }] },
      ],
    });
  });
  it("sends only what belongs to a field's type", () => {
    const draft = blankClass("class-1");
    draft.fields = [{ ...blankField(), name: "a", title: "甲", type: "text", unit: "m", minimum: "3", maxLength: "9", options: [{ value: "x", title: "x" }] }];
    expect(bodyOf(draft).fields).toEqual([{ name: "a", title: "甲", type: "text", max_length: "9", visibility: "department", synonyms: [] }]);
  });
  it("leaves out synonyms without a header", () => {
    const draft = draftOf(body);
    draft.synonyms.push({ key: 9, header: "  ", target: "name" });
    expect(bodyOf(draft).synonyms).toEqual([{ header: "店名", target: "name" }]);
  });
});

describe("options written one a line", () => {
  it("keep the stored value of those that were there", () => {
    expect(optionsOf("两个\n一个、三个", [{ value: "one", title: "一个" }])).toEqual([
      { title: "两个", value: "两个" }, { title: "一个", value: "one" }, { title: "三个", value: "三个" },
    ]);
    expect(optionsOf(" \n", [])).toEqual([]);
  });
  it("have what else senders write behind a colon", () => {
    const options = [
      { value: "primary", title: "小学", words: ["完小", "村小"] }, { value: "new", title: "新建、改建" }, { value: "odd", title: "比例：大", words: ["大"] },
    ];
    expect(linesOf(options)).toBe("小学：完小、村小\n新建、改建\n比例：大：大");
    expect(optionsOf(linesOf(options), options)).toEqual(options);
    expect(optionsOf("小学: 完小，\n中学：中学堂；完中\n高中：", options)).toEqual([
      { value: "primary", title: "小学", words: ["完小"] }, { value: "中学", title: "中学", words: ["中学堂", "完中"] }, { value: "高中", title: "高中" },
    ]);
  });
  it("lose their words where the line has none", () => {
    expect(optionsOf("小学", [{ value: "primary", title: "小学", words: ["完小"] }])).toEqual([{ value: "primary", title: "小学" }]);
  });
});

describe("a field's name", () => {
  const classes = [spec("a", [{ name: "persons", title: "人数", type: "integer", unit: "人" }]), spec("b", [{ name: "persons", title: "人数", type: "integer" }, { name: "staff", title: "人数", type: "integer" }])];
  it("is what most other classes call it", () => {
    expect(proposeName("人数", [], classes)).toBe("persons");
    expect(proposeName("人数", ["persons"], classes)).toBe("staff");
    expect(declaredElsewhere("persons", classes)).toEqual({ type: "integer", unit: "人" });
    expect(declaredElsewhere("nothing", classes)).toBeNull();
  });
  it("is else the next that is free", () => {
    expect(proposeName("主题", ["field_1", "FIELD_2"], classes)).toBe("field_3");
    expect(proposeName("主题", [], [spec("a", [{ name: "field_1", title: "别的", type: "text" }])])).toBe("field_2");
  });
});

describe("faults", () => {
  const faults = [
    { field: "title", code: "required", message: "请填写分类名称" },
    { field: "title", code: "taken", message: "已有" },
    { field: "fields.0.maximum", code: "below_minimum", message: "最大值 4 应大于最小值 5" },
  ];
  it("of what is still empty are told when one has tried to save", () => {
    expect([...shownFaults(faults, false).keys()]).toEqual(["title", "fields.0.maximum"]);
    expect(shownFaults(faults, false).get("title")).toBe("已有");
    expect(shownFaults(faults, true).get("title")).toBe("请填写分类名称");
  });
});

it("moves one up or down and never over the edge", () => {
  expect(moved(["a", "b", "c"], 1, -1)).toEqual(["b", "a", "c"]);
  expect(moved(["a", "b", "c"], 2, 1)).toEqual(["a", "b", "c"]);
  expect(moved(["a"], 0, -1)).toEqual(["a"]);
});
