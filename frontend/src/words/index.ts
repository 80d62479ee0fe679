/** Every word that a user sees, in one place. */
export const GRADES = ["major", "serious", "general", "low", "none"] as const;
export type Grade = (typeof GRADES)[number];

export const GRADE_WORD: Record<Grade, string> = { major: "重大", serious: "较大", general: "一般", low: "低", none: "未评定" };
export const GRADE_LETTER: Record<Grade, string> = { major: "红", serious: "橙", general: "黄", low: "蓝", none: "未" };
export const STAGE_WORD: Record<string, string> = {
  in_use: "在用", suspended: "停用", closing: "闭库（关闭）中", closed: "已闭库（关闭）", striking_off: "销号中", struck_off: "已销号",
};
export const QUALITY_WORD: Record<string, string> = { surveyed: "实测", clicked: "点选", geocoded: "地址匹配", guessed: "推定", none: "待定位" };
export const VISIBILITY_WORD: Record<string, string> = { public: "公开", department: "内部", command: "受控" };
export const ROLE_WORD: Record<string, string> = { administrator: "管理员", editor: "编辑", reader: "查看", auditor: "审计" };
export const TIER_WORD: Record<string, string> = { public: "公开", department: "内部", command: "受控" };
export const KIND_WORD: Record<string, string> = { hazard: "风险源", target: "脆弱性目标", response: "应急力量", context: "背景要素" };

export const W = {
  grade: "分级", all: "全部", seriousUp: "较大以上", majorOnly: "仅重大", classes: "分类", area: "区域", wholeArea: "全域",
  none: "全不选", hazardsOnly: "只看风险源", selection: "当前选择", count: "处", waiting: (n: number) => `另有 ${num(n)} 处待定位`,
  legendScale: "四色风险等级", legendWay: "红最重 → 蓝最轻 · 点按开关", heat: "六边形热力", table: "属性表",
  tableOf: (shown: number, total: number) => `第 ${num(shown)} 行起 · 共 ${num(total)} 行`,
  search: "名称、编号", signIn: "登录", signOut: "退出登录", username: "用户名", password: "密码",
  publicView: "公众视图：位置已概略，登录后查看全部", object: "对象", close: "关闭", locate: "定位", state: "数据状态",
  empty: (words: string) => `没有符合“${words}”的对象。可以放宽分级、分类或区域；这不等于没有风险。`,
  loading: (n: number | null) => (n === null ? "正在读取" : `正在读取 ${num(n)} 处`),
  offline: (at: string) => `连接中断，图上是 ${at} 的数据；恢复后自动更新`,
  fewNote: "格内不足 5 处，仅供参考", hexMajor: "格内有重大风险。颜色只表数量，不表等级；点开为清单",
  noPosition: "待定位：尚无可信位置，未画在图上",
};

/** 4266 → 4,266 */
export function num(n: number): string {
  return n.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A count that fits into a circle: 12345 → 1.2万 */
export function shortNum(n: number): string {
  return n < 10000 ? String(n) : `${(n / 10000).toFixed(n < 100000 ? 1 : 0)}万`;
}

/** 2026-07-14T09:32:00+08:00 → 2026-07-14 09:32, in Shanghai whatever the browser's zone. */
export function when(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "short" }).format(date);
}
