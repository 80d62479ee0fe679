/** A number of persons as it is typed. */
import { RS } from "../words/rescue";

/** What is wrong with it, empty where it is right. `zero`: nobody may be said; `minus`: so many fewer may be said. */
export function personsFault(typed: string, may: { zero?: boolean; minus?: boolean } = {}): string {
  const text = typed.trim();
  if (!text) return RS.needPersons;
  if (!/^-?\d+$/.test(text)) return may.minus ? RS.wholeOrMinus : may.zero ? RS.whole0 : RS.whole1;
  const n = Number(text);
  if (Math.abs(n) > 999_999) return RS.tooMany;
  if (n < 0 && !may.minus) return may.zero ? RS.whole0 : RS.whole1;
  if (n === 0 && !may.zero) return may.minus ? RS.notZero : RS.whole1;
  return "";
}
