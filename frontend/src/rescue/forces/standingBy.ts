/** Where a team was told to stand by, in words; values in, words out. */
import { RF } from "../../words/rescueForces";
import { minutesTo } from "../dispatch/say";
import { minute, minutesWords } from "../say";
import type { Standby } from "./types";

/** 前往前置点 例桥，预计 03:31 到，已晚 12 分钟; 03:40 到前置点 例桥. Nobody is there because it is time. */
export function standbyWords(s: Standby, now: number): { said: string; late: boolean } {
  if (s.arrived_at) return { said: RF.wasThere(s.name, minute(s.arrived_at)), late: false };
  if (!s.expected_at) return { said: RF.goesUnknown(s.name), late: false };
  const said = RF.goesBy(s.name, minute(s.expected_at), s.routing === "straight_line");
  const left = minutesTo(s.expected_at, now);
  return left < 0 ? { said: RF.goesLate(said, minutesWords(-left)), late: true } : { said, late: false };
}
