/** Words of 哪里可以: a trade and a size over the cells of an area. */
import { num } from "./index";

/** The four answers of a cell; the worst stands last. */
export const KINDS = ["admit", "conditional", "check", "against"] as const;
export type Kind = (typeof KINDS)[number];
export const KIND_WORD: Record<Kind, string> = { admit: "可准入", conditional: "有条件", check: "需核查", against: "不建议" };
export const KIND_LETTER: Record<Kind, string> = { admit: "准", conditional: "条", check: "核", against: "否" };
/** What it says of the places in a cell. */
export const KIND_MEANS: Record<Kind, string> = {
  admit: "格内任何一处都没有命中所问的规则",
  conditional: "格内任何一处都可以，但要先承诺、办前置许可或整改",
  check: "因在格内何处而定，或规则要求到现场核查",
  against: "格内任何一处都不合规则",
};

/** Across a cell's flats and its area, on the average over the earth. */
export const CELL_SIZE: Record<number, readonly [string, string]> = { 7: ["2.4 km", "5.2 km²"], 8: ["0.9 km", "0.74 km²"], 9: ["350 m", "0.11 km²"], 10: ["130 m", "1.5 公顷"] };

export const H = {
  title: "哪里可以",
  tabs: { cases: "案件", where: "哪里可以", rules: "规则", templates: "模板", holidays: "工作日" },
  tabsLabel: "准入的各页",
  ask: "看哪里可以",
  question: "问什么",
  what: "开办什么",
  findTag: "名称或识别词，如 烟花、加油",
  tagList: "可选的事项",
  size: "多大",
  sizeHint: "没有填的，凡规则要看规模之处按需核查计。",
  area: "在哪些地方找",
  whole: (area: string) => `${area}全域`,
  byDivision: "选区划",
  byView: "当前地图范围",
  byViewSaid: "地图当前所见的范围",
  findArea: "区县、乡镇",
  areaList: "可选的区划",
  grid: "网格",
  gridWord: (resolution: number, across: string, area: string) => `${resolution} 级 · 约 ${across} 宽，${area}`,
  asking: (seconds: number) => `正在逐格按规则核对……已 ${num(seconds)} 秒；第一次问约需数秒，再问同一问题即出`,
  stop: "不等了",
  stale: "条件改过，图上还是原来的问题。",
  needTag: "请先选要开办什么。",
  needNumber: (title: string) => `“${title}”应填数字，不带单位。`,
  needArea: "请选区划，或改为全域、当前地图范围。",
  failed: "没有得出",
  begin: "选要开办什么、多大、在哪些地方找，点“看哪里可以”。",
  beginMore: "全市、县区或所见范围逐格按现行规则核对一遍，看哪些地方可以、哪些要到现场核、哪些不建议。结果是找地方用的，定案仍要在地点上核验。",
  answer: (what: string, where: string, resolution: number) => `${what} · ${where} · ${resolution} 级网格`,
  total: (n: number) => `共 ${num(n)} 格`,
  context: (ruleset: string, state: number, day: string) => `规则集 ${ruleset} · 状态 ${num(state)} · ${day}`,
  radius: (m: number) => `一格的角到格心约 ${num(Math.round(m))} m；规则的米数比它小得多时，靠近对象的格因在格内何处而定，归入需核查。想细看，缩小范围、加细网格。`,
  legend: "格的颜色和字",
  legendNote: "与四色风险等级无关。点按只看这一类。",
  empty: "没有登记数据的分类",
  emptySaid: (titles: string[]) => `${titles.join("、")}：没有登记数据，与它们有关的规则没有对象可量，不等于附近没有。`,
  emptyNone: "所问的分类都有登记数据；登记是否齐全仍要核对。",
  notAsked: "没有问的规则",
  notAskedSaid: "只在一个区域施行的，逐格没有问；在地点上核验时会问。",
  notAskedNone: "现行规则都问了。",
  map: (words: string) => `${words}，逐格的地图。方向键移动，加减键缩放，N、P 逐格查看，回车打开。`,
  mapNothing: "地图，还没有问。方向键移动，加减键缩放。",
  spoken: (words: string, i: number, of: number) => `${words}，所见第 ${num(i)} 格，共 ${num(of)} 格`,
  cellAt: (where: string) => `${where}一格`,
  noDivision: "辖区边缘",
  deciding: "定结论的规则",
  noRules: "没有命中所问的规则。没有查到不等于没有风险。",
  commitsOnly: "没有命中所问的规则。所营事项要作安全承诺，故为告知承诺后准入。",
  rulesUnread: "规则的依据没有读到。",
  meaning: "格多大、怎么看",
  centre: "格心",
  chosen: "所点地点",
  choose: "在格内点选地点核验",
  chooseHint: "在图上格内点一下，把地点定在那里；不点就用格心。",
  close: "关上",
  more: (n: number) => `等 ${num(n)} 条规则`,
  list: "逐格列出",
  listOf: (n: number, kind: string) => `${kind} ${num(n)} 格`,
  listAll: "全部",
  listHead: { place: "位置", coords: "格心坐标", verdict: "结论", rules: "定结论的规则" },
  listMore: (n: number) => `再列 ${num(n)} 格`,
  listFold: "收起列表",
  listUnfold: "逐格列出",
  goTo: (where: string) => `在图上看 ${where}`,
  coords: (lng: number, lat: number) => `${lng.toFixed(4)}°E ${lat.toFixed(4)}°N`,
  copied: "链接已复制，打开即是这个问题",
  copyLink: "复制链接",
  licence: "前置许可",
};
