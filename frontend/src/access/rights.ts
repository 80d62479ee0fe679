/** Rights in words: what an account sees and writes. */
import { ROLE_WORD } from "../words";
import { A } from "../words/access";

export interface Rights { role: string; tier: string; areas: readonly string[]; departments: readonly string[]; classes: readonly string[]; may: readonly string[]; active?: boolean }
export interface NamesOf { area: (code: string) => string; class: (code: string) => string }

function listed(names: string[], more: (first: string, n: number) => string): string {
  return names.length <= 3 ? names.join("、") : more(names[0] ?? "", names.length);
}

/** Where, whose and what: 濂溪区教育局主管的学校. */
export function scopeWords(rights: Rights, names: NamesOf): string {
  const everywhere = rights.departments.length ? "" : A.everywhere;
  const where = rights.areas.length ? listed(rights.areas.map(names.area), A.andMore) : everywhere;
  const whose = rights.departments.length ? `${listed([...rights.departments], A.nDepartments)}${A.rights.of}` : "";
  const titles = rights.classes.map(names.class);
  const what = !titles.length ? A.allClasses : titles.length <= 3 ? titles.join("、") : A.nClasses(titles.length);
  return `${where}${whose}${what}`;
}

/** One sentence: 编辑；可见并可登记：濂溪区全部分类；内部级以下；范围外只见公开内容。 */
export function rightsWords(rights: Rights, names: NamesOf): string {
  const writes = rights.role === "administrator" || rights.role === "editor";
  const out = [ROLE_WORD[rights.role] ?? rights.role];
  if (rights.active === false) out.push(A.rights.off);
  const narrow = rights.areas.length > 0 || rights.departments.length > 0 || rights.classes.length > 0;
  if (rights.tier === "public") out.push(writes ? A.rights.publicOnly : A.rights.publicOnlyRead);
  else {
    out.push(`${writes ? A.rights.writes : A.rights.sees}：${scopeWords(rights, names)}`, A.rights.upTo[rights.tier] ?? rights.tier);
    if (narrow) out.push(A.rights.outside);
  }
  if (rights.role === "administrator") out.push(A.rights.administrator);
  if (rights.role === "auditor") out.push(A.rights.auditor[rights.tier] ?? rights.tier, ...(narrow ? [A.rights.auditorNarrow] : []));
  if (rights.may.includes("sign")) out.push(A.rights.sign);
  if (rights.may.includes("dispatch")) out.push(A.rights.dispatch);
  return `${out.join("；")}。`;
}
