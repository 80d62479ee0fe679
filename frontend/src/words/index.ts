/** Every word that a user sees, in one place; and the few codes that the service itself writes in Chinese. */
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
export const HOW_WORD: Record<string, string> = { computed: "按标准计算", judged: "人工判定", policy: "按本局对应表" };
export const LEVEL_WORSE: Record<string, string> = { "low-rank": "级次越靠前越重", "high-rank": "级次越靠后越重" };

/** Classes of roads as the base map writes them: the weightiest first. */
export const ROAD_RANK: Record<string, number> = { 高速: 0, 国道: 1, 省道: 2, 县道: 3, 城市道路: 3, 乡道: 4 };

export const W = {
  title: "城市安全风险一张图",
  /** Names of the pages, as bar and menus say them. */
  pages: {
    map: "一张图", admission: "准入", data: "数据", admin: "管理", import: "导入", waiting: "待定位", review: "等级待复核", jobs: "任务", accounts: "账号", classes: "分类与标度", basemaps: "底图", audit: "操作记录", me: "我的账号",
    signInFirst: "这一页要登录后才能看。",
  },
  clear: "清除",
  close: "关闭",
  unknown: "未知",
  dash: "—",
  yes: "是",
  no: "否",

  state: "数据状态",
  stateTip: "数据每次入库加一；地图、表格、清单都按同一状态号",
  offlineTip: "连接中断，这是最后一次收到的状态",
  offline: (at: string) => `连接中断，图上是 ${at} 的数据；恢复后自动更新`,
  offlineMissing: "连接中断，所选条件的图没有读到，空白不等于没有对象；恢复后自动更新",
  partly: "有的图块没有读到，图上仍是原来的画面；正在重试",
  over: "已关闭或已销号",
  missing: "所选条件的图没有读到，空白不等于没有对象；正在重试",
  loading: (n: number | null) => (n === null ? "正在读取" : `正在读取 ${num(n)} 处`),
  retry: "重试",
  figuresUnread: "数量没有读到",
  understood: "知道了",
  tooLong: (most: string, over: string) => `最多 ${most} 字，多了 ${over} 字，请删减后再交`,
  soLong: (left: string) => `还可写 ${left} 字`,
  notPasted: (most: string, over: string) => `没有粘上：这一栏最多 ${most} 字，粘贴的多 ${over} 字，请删减后再粘`,
  notTyped: (most: string) => `这一栏最多 ${most} 字，再多的没有填上`,
  cutShort: (most: string, over: string) => `这一栏最多 ${most} 字，多的 ${over} 字没有填上，请核对`,
  noService: "连不上服务，请检查网络；恢复后自动更新。",
  badAnswer: "服务没有正常回答，请稍后再试。",
  fault: "页面出错，请刷新后再试。",
  readFailed: "没有读到，请稍后再试。",
  notRead: (what: string, why: string) => `${what}没有读到：${why}`,
  steps: "等级依据",
  outlines: "行政区划界线",
  outlineOf: (names: string) => `${names}的界线`,
  expired: "登录已过期，请重新登录后继续。",

  grade: "分级",
  gradeQuick: "分级快选",
  all: "全部",
  seriousUp: "较大以上",
  majorOnly: "仅重大",
  classes: "分类",
  nClasses: (n: number) => `${n} 类`,
  findClass: "在分类中查找",
  noClass: "没有这个名称的分类",
  hazardsOnly: "只看风险源",
  noneChosen: "全不选",
  expand: (title: string) => `展开${title}`,
  collapse: (title: string) => `收起${title}`,
  area: "区域",
  nCounties: (n: number) => `${n} 个县级区划`,
  wholeArea: (area: string) => `${area}全域`,
  filters: "筛选",
  reset: "恢复默认",
  seeN: (n: number | null) => (n === null ? "看结果" : `看 ${num(n)} 处`),

  selection: "当前选择",
  hazardsN: (n: number) => `风险源 ${n} 类`,
  noClassChosen: "未选分类",
  allGrades: "全部等级",
  noGradeChosen: "未选等级",
  contains: (q: string) => `名称或编号含“${q}”`,
  drop: (text: string) => `去掉 ${text}`,
  total: "共",
  count: "处",
  waiting: (n: number) => `其中 ${num(n)} 处待定位`,
  waitingTip: "尚无可信位置，计入总数和清单，不画在图上",
  copyLink: "复制链接",
  copied: "已复制，打开链接即回到这一选择",
  copyFailed: "浏览器不允许复制，请从地址栏复制",
  copyRefused: "浏览器不允许复制，请选中文字后自行复制。",

  map: "地图",
  mapHelp: (total: string) => `地图，${total}。方向键移动，加减键缩放，N、P 逐个查看图上的符号，回车打开，Home 回到全域。`,
  zoomIn: "放大（+）",
  zoomOut: "缩小（−）",
  home: "看全域（Home）",
  heat: "六边形热力",
  heatKey: "六边形热力（H）",
  help: "帮助与全部按键（?）",
  degrees: (lng: number, lat: number) => `${lng.toFixed(4)}°E ${lat.toFixed(4)}°N`,
  datum: "CGCS2000",
  metres: (m: number) => (m >= 1000 ? `${m / 1000} km` : `${m} m`),
  places: (n: number) => `${num(n)} 处`,
  clusterHint: "点按放大",
  spoken: (what: string, i: number, of: number) => `${what}，图上第 ${i} 个，共 ${of} 个`,

  legend: "图例",
  legendScale: "四色风险等级",
  legendWay: "红最重 → 蓝最轻 · 点按开关",
  legendRing: "圈内数字为处数，圆环为各级占比，角标为最重一级（一般以上）",
  legendPlate: "白底方牌为保护目标、应急力量等，不分级（计入未评定）",
  heatWay: (resolution: number, what: string) => `H3 第 ${resolution} 级 · 每格${what}处数`,
  heatHazards: "风险源",
  heatObjects: "对象",
  heatFew: (below: number) => `1–${below - 1} 处（少，仅供参考）`,
  heatRange: (from: number, to: number | null) => (to === null ? `${num(from)} 以上` : from === to - 1 ? num(from) : `${num(from)}–${num(to - 1)}`),
  heatMajor: "格内有重大风险。颜色只表数量，不表等级；点开为清单",
  heatMajorWeighted: "格内有重大风险。颜色表加权值，不表等级；点开为清单",
  heatBy: "颜色按",
  heatCount: "数量",
  heatWeighted: "加权",
  heatWeightedWay: (resolution: number, what: string) => `H3 第 ${resolution} 级 · 每格${what}按等级加权之和`,
  heatEven: "本局未设权重",
  heatEvenTip: "现行规则集各级权重都是 1，加权与数量相同。权重由管理员在“管理 → 分类与标度 → 规则集”里试算后采用。",
  heatWeights: (title: string, weights: string) => `规则集：${title}；每处计：${weights}`,
  weightRange: (from: number, to: number | null) => (to === null ? `${decimal(from)} 以上` : `${decimal(from)} 至不足 ${decimal(to)}`),
  heatPublic: "公众视图最细为这一级",
  cellWords: (n: number, few: boolean, weight: number | null) => `${num(n)} 处${few ? "（少，仅供参考）" : ""}${weight === null ? "" : `，加权 ${decimal(weight)}`}`,

  table: "属性表",
  tableKey: "收起属性表（T）",
  tableOpen: "展开属性表（T）",
  inView: "仅看地图范围",
  inCell: (n: string) => `所点六边形内 ${n} 行`,
  inViewRows: (n: string) => `地图范围内 ${n} 行`,
  rows: (n: string) => `共 ${n} 行`,
  cellChosen: (n: number | null) => (n === null ? "表中只看所选六边形" : `表中只看所选六边形 ${num(n)} 处`),
  dropCell: "不再只看这个六边形",
  page: (i: number, of: number) => `第 ${num(i)} / ${num(of)} 页`,
  previous: "上一页",
  next: "下一页",
  worstFirst: "按风险等级从重到轻",
  column: { grade: "风险等级", name: "名称", cls: "分类", level: "自有级别", division: "区划", stage: "阶段", position: "位置", updated: "更新" },
  coarse: "概略",
  empty: (words: string) => `没有符合条件的对象：${words}。可放宽分级、分类或区域；没有数据不等于没有风险。`,
  emptyNothing: "没有选定任何分类或等级。在左侧勾选后显示。",
  emptyView: "地图这一范围内没有符合条件的对象。可缩小地图，或关掉“仅看地图范围”。",
  asOf: (at: string) => `数据截至 ${at}`,

  object: "对象",
  nth: (i: number, of: number) => `第 ${num(i)} / ${num(of)} 处`,
  prevObject: "上一处",
  nextObject: "下一处",
  locate: "定位",
  noPosition: "待定位：尚无可信位置，未画在图上",
  coarsePosition: "概略位置（公众视图）",
  gradeWay: "红最重 · 共 4 级",
  notAssessed: "尚未评定，不等于低风险",
  ended: (on: string, reason: string) => `已于 ${on} 注销：${reason}`,
  basis: "等级依据",
  belonging: "归属与数据",
  enterprise: "所属企业",
  parent: "上级",
  masked: "无权查看",
  department: "主管部门",
  division: "区划",
  stage: "阶段",
  position: "位置",
  visibility: "公开范围",
  source: "来源",
  verified: "已核实",
  unverified: "未核实",
  updated: "更新",
  ofState: (n: number) => `状态 ${num(n)}`,
  nItems: (n: number) => `${n} 项`,
  drawn: "已绘制",
  publicForm: "公众视图：位置概略，只含公开内容。登录后按权限查看全部。",

  signIn: "登录",
  signOut: "退出登录",
  leave: "退出",
  account: "账户",
  username: "用户名",
  password: "密码",
  fillBoth: "请填写用户名和密码。",
  signInFailed: "登录没有完成，请稍后再试。",
  signInNote: "内部使用，不得处理涉密数据",
  publicNote: "不登录也可看公众视图：位置概略，只含公开内容。",
  enterPublic: "直接看公众视图",
  publicView: "公众视图",

  nav: "功能",
  list: "清单",
  keys: "全部按键",
};

/** 4266 → 4,266 */
export function num(n: number): string {
  return n.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** The same of a number with decimals: 12345.5 → 12,345.5 */
export function decimal(n: number | string): string {
  const [whole = "", rest] = String(n).split(".");
  return num(Number(whole)) + (rest ? `.${rest}` : "");
}

/** A count that fits into a circle: 12345 → 1.2万 */
export function shortNum(n: number): string {
  return n < 10000 ? String(n) : `${(n / 10000).toFixed(n < 100000 ? 1 : 0)}万`;
}

/** 2026-07-14T09:32:00+08:00 → 2026-07-14 09:32, in Shanghai whatever the browser's zone. */
export function when(iso: string): string {
  const date = new Date(iso);
  if (!iso || Number.isNaN(date.getTime())) return "";
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "short" }).format(date);
}

/** The same without the year where it is this one: 07-14 09:32. */
export function whenShort(iso: string): string {
  const full = when(iso);
  return full.slice(0, 4) === when(new Date().toISOString()).slice(0, 4) ? full.slice(5) : full.slice(0, 10);
}

/** 重大 3、一般 12 */
export function byGradeWords(by: readonly number[]): string {
  return GRADES.flatMap((g, i) => (by[i] ? [`${GRADE_WORD[g]} ${num(by[i] ?? 0)}`] : [])).join("、");
}

/** Grades in words: 重大 and 较大 together are 较大以上. */
export function gradeWords(grades: readonly Grade[]): string {
  if (!grades.length) return W.noGradeChosen;
  if (grades.length === 2 && grades.includes("major") && grades.includes("serious")) return W.seriousUp;
  return grades.map((g) => GRADE_WORD[g]).join("、");
}
