import { describe, expect, it } from "vitest";
import { minute } from "../say";
import { standbyWords } from "./standingBy";
import type { Standby } from "./types";

const due = "2026-11-27T19:31:00+00:00";
const one: Standby = { id: 1, name: "例桥", at: [116, 29.7], recorded_at: "2026-11-27T17:22:10+00:00", travel_s: 7740, expected_at: due, routing: "road", arrived_at: null };
const at = (text: string): number => Date.parse(text);

describe("standing by", () => {
  it("is on the way until somebody says that it is there, however late", () => {
    const said = `前往前置点 例桥，预计 ${minute(due)} 到`;
    expect(standbyWords(one, at("2026-11-27T19:31:40Z"))).toEqual({ said, late: false }); // its own minute is not over
    expect(standbyWords(one, at("2026-11-27T19:43:00Z"))).toEqual({ said: `${said}，已晚 12 分钟`, late: true });
    expect(standbyWords({ ...one, arrived_at: due }, at("2026-11-27T19:50:00Z"))).toEqual({ said: `${minute(due)} 到前置点 例桥`, late: false });
  });
  it("says what is not known of the way", () => {
    expect(standbyWords({ ...one, routing: "straight_line" }, at("2026-11-27T18:00:00Z")).said).toMatch(/到（按直线估）$/);
    expect(standbyWords({ ...one, travel_s: null, expected_at: null, routing: null }, at("2026-11-27T20:00:00Z"))).toEqual({ said: "前往前置点 例桥，没有能走的路，不知道何时到", late: false });
  });
});
