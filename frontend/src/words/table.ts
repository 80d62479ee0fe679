/** Words of the table, its export, the legend's scales and the list by hexagon. */
import { num } from ".";

export const T = {
  unassessed: "未评定",
  offScale: "不在此标度",
  noLevel: "未选级别",

  // Table
  tabs: { rows: "属性表", totals: "分级统计", cells: "按格清单" },
  tabsLabel: "表的内容",
  column: {
    grade: "风险等级", name: "名称", code: "编号", class: "分类", level: "自有级别", division: "区划", enterprise: "所属企业", parent: "上级", department: "主管部门",
    stage: "阶段", position: "位置", source: "来源", verified: "核实", visibility: "公开范围", tags: "标签", updated_at: "更新", id: "对象号",
  } as Record<string, string>,
  unit: (title: string, unit: string | undefined) => (unit ? `${title}（${unit}）` : title),
  sortBy: (title: string) => `按${title}排序`,
  columns: "列",
  columnsOf: (title: string) => `${title}：显示的列`,
  columnsAll: "全部分类：显示的列",
  common: "共有的列",
  own: (title: string) => `${title}的字段`,
  ownHint: "只选一个分类时，可加它自己的字段。",
  columnsDefault: "恢复默认列",
  moreColumns: (n: number) => `另有 ${n} 列因宽度收起，在“列”中勾选可固定显示`,
  wholeRows: (n: number) => `选择共 ${num(n)} 行`,
  viewRows: (n: number) => `地图范围内 ${num(n)} 行`,
  cellRows: (n: number) => `所点六边形内 ${num(n)} 行`,
  ofWhole: (n: number) => ` · 选择共 ${num(n)} 行`,
  reading: (n: number | null) => (n ? `正在读 ${num(n)} 处` : "正在读取"),
  notRead: "这一页没有读到",
  height: "属性表高度，上下方向键调整",
  unverified: "未核实",
  verified: "已核实",
  rowKeys: "上下键换行，翻页键换页，回车打开",

  // Totals by grade
  by: { class: "按分类", division: "按区划" },
  sum: "合计",
  narrowTo: (what: string, n: number) => `只看 ${what}，${num(n)} 处`,
  totalsSay: (n: number) => `各行合计 ${num(n)}，与属性表相同；点数字缩小到这一部分`,
  elsewhere: "未填区划",

  // Export
  export: "导出",
  exportTitle: (n: number) => `导出 ${num(n)} 行`,
  exportWhole: (n: number) => `当前选择，${num(n)} 行`,
  exportView: (n: number) => `与属性表相同（仅地图范围），${num(n)} 行`,
  exportCell: (n: number) => `所选六边形内，${num(n)} 行`,
  exportRange: "导出哪些行",
  exportColumns: "导出哪些列",
  columnsShown: "属性表现有的列",
  columnsEvery: "全部列",
  exportXlsx: "Excel 工作簿（.xlsx）",
  exportCsv: "CSV 文本（.csv）",
  exportNote: "文件开头写明选择、数据状态、时间和导出人；每次导出都记入操作记录。",
  making: (n: number, s: number) => `正在整理 ${num(n)} 行（${s} 秒）`,
  fetching: (done: string, all: string) => `已下载 ${done} / ${all} MB`,
  exported: (n: number) => `已导出 ${num(n)} 行`,
  exportFailed: (why: string) => `没有导出成功：${why}`,
  exportBroken: "下载中断，文件不完整，未保存。请检查网络后再试。",
  stop: "停止导出",

  // Legend
  colourBy: "按哪个标度着色",
  riskGrade: "四色风险等级",
  worst: { "low-rank": (first: string, last: string) => `${first}最重 → ${last}最轻`, "high-rank": (first: string, last: string) => `${last}最重 → ${first}最轻` } as Record<string, (first: string, last: string) => string>,
  largest: "最大",
  gradeWay: "红最重 → 蓝最轻",
  press: "点按开关",
  inView: "图上",
  inSelection: "选择",
  twoFigures: "图上 / 选择",
  line: (title: string, seen: string, all: string) => `${title}，地图范围内 ${seen} 处，选择共 ${all} 处`,
  ringLevels: "圈内数字为处数，圆环为各级占比，角标为最重一级",

  // Hexagons
  cellsSay: (n: number, of: number, weight: string) => `${num(n)} 格，共 ${num(of)} 处${weight && `，加权 ${weight}`}`,
  cellColumn: { place: "所在", n: "处数", weighted: "加权", centre: "格中心", few: "说明" },
  fewNote: "少，仅供参考",
  noCells: "地图这一范围内没有六边形。可缩小地图。",
  placeNames: "六边形所在的县区名称",
  openCell: (place: string, n: number) => `看${place && ` ${place} `}这一格的 ${num(n)} 处`,
  spokenCell: (place: string, n: number, few: boolean) => `六边形，${place}${num(n)} 处${few ? "（少，仅供参考）" : ""}`,
  outside: "区划外",
};

/** What stands beside a scale's levels; `outside`: as the scale calls it. */
export const besideWord = (value: string, outside: string | undefined): string | undefined => ({ outside, none: T.unassessed, off: T.offScale })[value];

/** 重大危险源级别 一级、二级 */
export function levelWords(title: string, levels: readonly string[], outside?: string): string {
  const words = levels.map((level) => {
    const value = level.slice(level.indexOf(":") + 1);
    return besideWord(value, outside) ?? value;
  });
  return `${title} ${words.length ? words.join("、") : T.noLevel}`;
}
