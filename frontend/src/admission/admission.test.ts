import { describe, expect, it } from "vitest";
import type { Row } from "../register/object/form";
import { aroundOf, layersOf, neighboursOf, rowsOf, zonesOf } from "./answer";
import { atLines, begunBy, blank, bodyOf, canAsk, drawnPlace, faultAt, type Given, givenBy, inputOf } from "./enquiry";
import { fromHash, nothing, type Question, sizeOf, toHash } from "./suitability";
import type { Asked, Hit } from "./types";
import { whereOf } from "../search/pin";
import { sureWord } from "../words/admission";

const hit = (more: Partial<Hit>): Hit => ({
  rule: "R", title: "", effect: "", direction: "applicant_to_target", consequence: "on_site_check", why: "short", basis: "", confidence: "verified",
  object: { id: 1, name: "s", class: "school", class_title: "", division: null }, masked: null, measured_m: 84, required_m: 100, uncertainty_m: 0, edge: null, said: "", doubts: [],
  line: [[116, 29.7], [116.001, 29.7]], would_pass: 16, words: "", ...more,
});
const asked = (more: Partial<Asked>): Asked => ({ rule: "R", title: "", basis: "", confidence: "verified", direction: "applicant_to_target", classes: ["school"], objects: 3, data_as_of: "2026-07-01", ...more });

describe("an enquiry as it is sent", () => {
  it("leaves out what is empty and keeps numbers as they were typed", () => {
    const storage: Row[] = [{}, { kind: "liquid" }, { kind: "liquid", fire_class: "B", volume_m3: "1,000.50", buried: "false" }];
    const draft = { ...blank(), scope: " x ", industry: " 5299 ", storage };
    draft.size.persons = "12";
    draft.place = drawnPlace({ type: "Point", coordinates: [116, 29.7] }, 1);
    const body = bodyOf(draft);
    expect(body.size).toEqual({ persons: "12", storage: [{ volume_m3: "1000.50", fire_class: "B", buried: false }] });
    expect(body.trade).toEqual({ industry_code: "5299", scope: "x", tags: [], without: [] });
    expect(body.place).toMatchObject({ crs: "EPSG:4490", uncertainty_m: "0", enterprise: null });
  });
  it("sends the officer's own numbers in their own datum", () => {
    const draft = blank();
    const own = { crs: "GCJ02", geometry: { type: "Point", coordinates: [116.01, 29.71] } };
    draft.place = { ...drawnPlace({ type: "Point", coordinates: [116, 29.7] }, 0), original: own };
    expect(bodyOf(draft).place).toMatchObject(own);
    const typed = { x: "116°0′36″E", y: "29.71", crs: "GCJ02" };
    draft.place = { ...drawnPlace({ type: "Point", coordinates: [116, 29.7] }, 0), typed };
    expect(bodyOf(draft).place).toMatchObject({ geometry: null, typed, crs: "EPSG:4490" });
    draft.place.enterprise = { id: 7, name: "" };
    expect(bodyOf(draft).place).toMatchObject({ geometry: null, typed: null, crs: "EPSG:4490", enterprise: 7 });
  });
  it("finds the input of a fault, also where empty lines were not sent", () => {
    expect(["place.geometry", "trade.tags.0", "size.storage.0.volume_m3", "size.persons", "applicant.name"].map(inputOf)).toEqual(["place", "trade.tags", "size.storage.0.volume_m3", "size.persons", "applicant.name"]);
    const storage: Row[] = [{ kind: "liquid" }, { fire_class: "B" }];
    const draft = { ...blank(), storage };
    expect(faultAt(atLines([{ field: "size.storage.0.volume_m3", code: "missing", message: "m" }], draft), "size.storage.1.volume_m3")).toBe("m");
  });
  it("is asked once there is a place and a trade", () => {
    const draft = blank();
    expect(canAsk({ ...draft, scope: "x" })).toBe(false);
    draft.place = drawnPlace({ type: "Point", coordinates: [116, 29.7] }, 0);
    expect([canAsk(draft), canAsk({ ...draft, chosen: ["t"] })]).toEqual([false, true]);
  });
  it("takes a click from far off for no exact place", () => {
    const far = drawnPlace({ type: "Point", coordinates: [116, 29.7] }, 41.2);
    expect([far.uncertainty, drawnPlace({ type: "Point", coordinates: [116, 29.7] }, 2.6).uncertainty]).toEqual(["45", "0"]);
  });
});

describe("an address that was found", () => {
  it("says its town once, beside its name in full", () => {
    const at = (name: string, address: string): string => whereOf({ name, address, where: "浔阳区向阳街道" });
    expect([at("湖利街1号", "浔阳区向阳街道湖利街1号"), at("浔阳区向阳街道湖利街1号", ""), at("向阳小区", "浔阳区向阳街道湖利街3号"), at("湖利街", "")]).toEqual(["浔阳区向阳街道", "", "浔阳区向阳街道湖利街3号", "浔阳区向阳街道"]);
  });
});

describe("an answer as it is shown", () => {
  it("marks a basis that is repealed before how sure it is", () => {
    expect([sureWord("某条例（2004，已废止）", "verified"), sureWord("AQ 4128-2019", "verified")]).toEqual(["已废止", "已核实"]);
  });
  it("draws one line for an object, that of the chosen row, and none for what is masked", () => {
    const rows = rowsOf({ hits: [hit({}), hit({ rule: "S", required_m: 50 }), hit({ object: null, masked: "m", line: null })], near: [hit({ object: { id: 2, name: "t", class: "school", class_title: "", division: null } })] });
    expect(neighboursOf(rows, null).map((n) => [n.id, n.said?.text, n.said?.chosen])).toEqual([[0, "84.0 m / 100 m", false], [3, "84.0 m / 100 m", false]]);
    expect(neighboursOf(rows, 1).map((n) => [n.id, n.said?.text, n.said?.chosen])).toEqual([[1, "84.0 m / 50 m", true], [3, "84.0 m / 100 m", false]]);
    expect(rows.map((r) => r.passes)).toEqual([false, false, false, true]);
  });
  it("shows what was met with its limits, and what passes only where nothing was met", () => {
    const far = hit({ measured_m: 900 });
    expect(aroundOf(rowsOf({ hits: [hit({})], near: [far] }))).toBe(125);
    expect(aroundOf(rowsOf({ hits: [], near: [far] }))).toBe(1125);
    expect(aroundOf([])).toBe(100);
  });
  it("names layers without data first, and counts a rule once", () => {
    const layers = layersOf([asked({}), asked({ rule: "S" }), asked({ direction: "source_to_applicant" }), asked({ classes: ["park"], objects: 0, data_as_of: null }), asked({ classes: [], objects: null })]);
    expect(layers.map((l) => [l.classes.join(), l.rules.length, l.objects])).toEqual([["park", 1, 0], ["school", 2, 3], ["", 1, null]]);
  });
  it("tells zones that one is in from those that nobody has registered", () => {
    const zones = zonesOf({ hits: [hit({}), hit({ direction: "place" })], asked: [asked({}), asked({ direction: "place" }), asked({ direction: "place", objects: 0 })] });
    expect([zones.inside.length, zones.asked, zones.unknown]).toEqual([1, 2, 1]);
  });
});

describe("a link of 哪里可以", () => {
  const question: Question = { ...nothing(), tags: ["tank-farm"], industry: "5941", size: { ...nothing().size, residents: "40", vapour_recovery: "both" }, storage: [{ fire_class: "甲B", volume_m3: "20000", largest_m3: "5000", buried: "true" }, { table: "2", symbol: "W5.3", quantity_t: "8.5" }] };
  it("carries the whole question there and back", () => {
    expect(fromHash(toHash(question, null, null)).question).toEqual(question);
  });
  it("of before is still read", () => {
    expect(fromHash("#what=tank-farm&persons=5&liquids=甲B:20000,丙A:&res=8").question).toMatchObject({ tags: ["tank-farm"], storage: [{ fire_class: "甲B", volume_m3: "20000" }, { fire_class: "丙A" }], size: { persons: "5" } });
  });
  it("leaves out what is no number and no class", () => {
    expect(fromHash("#residents=many&liquids=戊:3,甲B:x:7&goods=9:1&vapour=toString").question).toMatchObject({ size: { residents: "", vapour_recovery: "" }, storage: [{ fire_class: "甲B", largest_m3: "7" }] });
  });
  it("takes its size to a check", () => {
    expect(begunBy(givenBy({ tag: "tank-farm", industry: "5941", size: sizeOf(question) }) as Given)).toMatchObject({ industry: "5941", size: { residents: "40" }, storage: [{ fire_class: "甲B", buried: "true" }, { table: "2", symbol: "W5.3" }] });
  });
});
