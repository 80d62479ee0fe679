import { expect, it } from "vitest";
import { EVERYTHING } from "../selection/query";
import { GRADES } from "../words";
import { newDraft, sheetGrades } from "./order";

it("names the map sheets by the grades that they show, as their files are named", () => {
  const [draft, map] = [newDraft(), { ...EVERYTHING, grades: ["major" as const] }];
  expect(sheetGrades(draft, map)).toBe("较大以上"); // the map's choice is not taken
  draft.fromMap = true;
  expect(sheetGrades(draft, map)).toBe("重大");
  expect(sheetGrades(draft, { ...map, grades: ["serious", "general"] })).toBe("较大、一般");
  expect(sheetGrades(draft, { ...map, grades: [...GRADES] })).toBe("各级");
  expect(sheetGrades(draft, { ...map, grades: null })).toBe("较大以上");
});
