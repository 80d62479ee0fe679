import { expect, it } from "vitest";
import { RD } from "../words/rescueDispatch";
import { RF } from "../words/rescueForces";
import { RT } from "../words/rescueTeam";
import { said } from "./numbers";

it("tells what is exercised by its number, and writes numbers without commas", () => {
  expect([said(7), said(12_345), said(9_000_000), said(9_000_001), said(9_001_234)]).toEqual(["7", "12345", "9000000", "演1", "演1234"]);
});
it("says an accepted plan of an exercise like all else that is exercised", () => {
  for (const of of [RD.running, RD.cardHeld, RD.ofPlan]) expect([of(1, false), of(1, true)].map((w) => w.replace("执行中", ""))).toEqual(["第 1 号方案", "第 演1 号方案"]);
  expect([RD.overtaken("甲", "21:05", 2, true), RD.isAccepted("甲", "21:05", 2, true), RD.accepted(2, true, 3)].every((w) => w.includes("第 演2 号方案"))).toBe(true);
});
it("is how every word says a number", () => {
  const [real, drill] = [7, 9_000_002];
  const all = [RD.name(drill, "例"), RD.pin(drill, "例"), RD.row(drill), RD.card(drill), RD.card0(drill), RD.short(drill, "缺艇"), RD.ofIncident(drill), RD.finishedPlan([drill]), RD.lapsed("例队", drill, "已结束"), RD.finishedToast(drill), RD.goesTo("例队", drill), RD.editTitle(drill), RD.mergeTitle(drill), RD.splitTitle(drill), RD.saved(drill), RD.changed(drill), RD.mergedSaid(drill), RD.splitSaid([drill]), RD.cameFrom([drill]), RF.incidentOf(drill, "例", ""), RF.forIncident(drill), RF.order(drill, drill), RF.called("接通", "甲", "21:05", drill), RT.ofOrder("签收", drill)];
  for (const one of all) expect(one).toMatch(/演2(?!\d)/);
  expect(all.join()).not.toMatch(/9,?000/);
  expect([RD.name(real, "例"), RD.card(1234), RF.order(real, 8), RD.splitSaid([real, 8])]).toEqual(["险情 7 例", "方案稿 1234 待采纳", "调度令 7 → 险情 8", "已拆为险情 7、8"]);
});
