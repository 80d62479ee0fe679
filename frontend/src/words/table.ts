/** Words of the table, its export, the legend's scales and the list by hexagon. */

export const T = {
  unassessed: "未评定",
  offScale: "不在此标度",
  noLevel: "未选级别",
};

/** 重大危险源级别 一级、二级 */
export function levelWords(title: string, levels: readonly string[]): string {
  const words = levels.map((level) => {
    const value = level.slice(level.indexOf(":") + 1);
    return value === "none" ? T.unassessed : value === "off" ? T.offScale : value;
  });
  return `${title} ${words.length ? words.join("、") : T.noLevel}`;
}
