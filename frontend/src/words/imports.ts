/** Words of the import, the waiting queue and the jobs. */
import type { Rows } from "../register/import/types";
import { num } from "./index";

/** 188416 → 184 KB */
export function bytes(n: number): string {
  if (n < 1024) return `${n} 字节`;
  return n < 1 << 20 ? `${Math.round(n / 1024)} KB` : `${(n / (1 << 20)).toFixed(1)} MB`;
}

/** 83.4 s → 1 分 23 秒 */
export function lasted(seconds: number): string {
  if (seconds < 1) return "不到 1 秒";
  if (seconds < 10) return `${seconds.toFixed(1)} 秒`;
  if (seconds < 60) return `${Math.round(seconds)} 秒`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} 分 ${Math.round(seconds % 60)} 秒` : `${Math.floor(minutes / 60)} 小时 ${minutes % 60} 分`;
}

const THIRD_MU = "666.6666666666666666666666667";
/** Units a sender may have meant, with the factor to the one that is stored. */
export const UNITS: Record<string, readonly (readonly [string, string])[]> = {
  "m": [["m", "1"], ["km", "1000"], ["cm", "0.01"]],
  "m²": [["m²", "1"], ["亩", THIRD_MU], ["公顷", "10000"], ["万m²", "10000"], ["km²", "1000000"]],
  "m³": [["m³", "1"], ["万m³", "10000"], ["亿m³", "100000000"]],
  "t": [["t", "1"], ["万t", "10000"], ["kg", "0.001"]],
  "人": [["人", "1"], ["万人", "10000"]],
  "元": [["元", "1"], ["万元", "10000"], ["亿元", "100000000"]],
};

/** What may stand behind a typed degree. */
export const DEGREE_END = /[°度]$/;

export const WAY: Record<string, string> = { back: "退回", waiting: "待定位", changed: "变更", ignored: "不导入", note: "已读入" };
export const STATUS_WORD: Record<string, string> = { queued: "排队", running: "进行中", done: "完成", failed: "没有完成", cancelled: "已取消" };
export const DATUM_NAME: Record<string, string> = { "EPSG:4490": "CGCS2000", "EPSG:4326": "WGS 84", GCJ02: "GCJ-02", BD09: "BD-09" };
export const ENCODING_NAME: Record<string, string> = { "utf-8-sig": "UTF-8", "utf-8": "UTF-8", gb18030: "GB 18030", "utf-16": "UTF-16" };
export const DATUM_SUB: Record<string, string> = { "EPSG:4490": "国家 2000，天地图", "EPSG:4326": "GPS、北斗手持", GCJ02: "高德、腾讯、微信", BD09: "百度地图" };

export const I = {
  steps: ["选文件", "对应列", "坐标基准", "预演", "入库"],
  stepNow: (i: number, title: string) => `第 ${i} 步，共 5 步：${title}`,
  aim: {
    file: "选一份清单和它的分类。文件先检查，确认之前不改动任何数据。",
    columns: "看表头认得对不对，每一列放进哪个字段。只有这里对应上的列才会入库。",
    datum: "看点位落得对不对。原来的数字会保留，入库为 CGCS2000。",
    dry: "先算一遍，不写入。看哪些行能进、哪些退回、哪些待定位，再决定入库。",
    result: "",
  },
  back: "上一步",
  next: "下一步",
  cancel: "取消",
  reading: "正在读取",
  retry: "再试一次",
  again: "再导入一份",
  anotherFile: "换文件",

  // Step 1
  file: "文件",
  drop: "把文件拖到这里，或",
  pick: "选择文件",
  kinds: "xlsx、xls、csv；SHP（zip，或同名的 shp、dbf、shx、prj、cpg 一起选）、GPKG、GeoJSON",
  limit: (mb: number) => `单次不超过 ${mb} MB`,
  secret: "涉密数据不得上传。",
  tooLarge: (name: string, size: string, mb: number) => `“${name}”有 ${size}，超过 ${mb} MB。请按区县或年份分成几份，再逐份导入。`,
  tooMany: "一次只导入一份表格。多个文件一起选只用于 SHP（同名的 shp、dbf、shx、prj、cpg）。",
  nothingIn: "文件是空的（0 字节），请重新选择文件。",
  sending: (done: string, all: string) => `正在上传 ${done} / ${all}`,
  checking: "已传完，正在检查文件",
  stopped: "已取消上传，没有留下文件。",
  cutOff: "上传中断，文件没有传完，也没有留下。请检查网络后重新选择文件。",
  sheetsOf: (n: number) => `${n} 个工作表`,
  sheetOf: (name: string, rows: number) => `${name ? `工作表“${name}”，` : ""}${num(rows)} 行`,
  layerOf: (name: string, rows: number) => `图层“${name}”，${num(rows)} 个图形`,
  encoding: (name: string) => `编码 ${ENCODING_NAME[name.toLowerCase()] ?? name}`,
  importAs: "导入为哪个分类",
  findClass: "查找分类，如 学校、尾矿库",
  noClass: "没有这个名称的分类，换个词查找。需要新分类时，请管理员在“分类与标度”中添加。",
  template: "下载模板",
  templateOf: (title: string) => `下载“${title}”的导入模板`,
  templateWhat: (title: string) => `还没有清单？用“${title}”的模板填：有下拉项、填写说明和一行样例。`,
  templateSame: (title: string, version: number) => `这份文件由“${title}”模板（第 ${version} 版）填成，分类已选好。`,
  templateOld: (title: string, version: number, present: number) => `这份文件由“${title}”模板第 ${version} 版填成，现为第 ${present} 版：多出的列会在下一步列出，少的列按空处理。`,
  templateOther: (title: string) => `这份文件由“${title}”模板填成，与所选分类不同，请确认。`,
  needFile: "先选文件",
  needClass: "再选分类",
  ready: "可以看对应列了",
  recent: "最近的导入",
  dryTag: "预演",
  stayed: (name: string, why: string) => `${name}：${why}`,
  undoneTag: "已撤销",

  // Step 2
  sheet: "工作表",
  sheetRows: (name: string, rows: number, hidden = false) => `${name}（${num(rows)} 行）${hidden ? "（隐藏）" : ""}`,
  header: "表头",
  headerAt: (line: number, lines: number) => (lines === 2 ? `第 ${line}–${line + 1} 行` : `第 ${line} 行`),
  headerNone: "没有认出表头。请在上面的表里点选表头所在的行；若分类选错，请返回上一步。",
  headerHow: "表头不对？点选真正的表头行。",
  headerPick: (line: number) => `以第 ${line} 行为表头`,
  headerLines: "表头占",
  oneLine: "一行",
  twoLines: "两行",
  headShow: "看前几行",
  headHide: "收起前几行",
  lineNo: "行",
  column: { header: "文件中的列", target: "对应字段", unit: "单位", sample: (line: number) => `第 ${line} 行`, check: "核对" },
  skip: "不导入",
  skipAll: "不导入这一列",
  targetOf: (header: string) => `“${header}”对应的字段`,
  findTarget: "查找字段",
  noTarget: "没有这个字段",
  nameless: "（无表头）",
  matched: (n: number, skipped: number) => `认出 ${n} 列${skipped ? `，${skipped} 列不导入` : ""}`,
  missing: (titles: string) => `缺必填：${titles}。请在下面选出哪一列是它；文件里没有的，补上这一列再上传。`,
  noneMatched: "一列也没有对应上。请核对表头行和所选分类。",
  remembers: "下次同样的表头会自动对应。",
  unitOf: (header: string) => `${header} 单位`,
  how: { exact: "同名", synonym: "按别名认出", remembered: "按上次的选择", given: "手工选定", none: "" } as Record<string, string>,
  required: "必填",
  taken: (header: string, target: string) => `“${target}”原由“${header}”一列填，现改为不导入那一列。`,
  arrow: (from: string, to: string) => `${from} → ${to}`,
  blank: "空",

  // Step 3
  datumAsk: "选坐标基准",
  datumHave: "坐标基准",
  keep: "原值保留，入库为 CGCS2000",
  zones: "选择分带",
  zoneWith: "带带号",
  zoneWithout: "不带带号",
  otherZone: "其他带，从列表选",
  inside: (n: number, of: number) => `${num(n)} / ${num(of)} 行落在辖区内`,
  noPosition: "这份文件没有坐标列。各行照常入库，进入“待定位”，可在地图上逐个放置，或用带坐标、同代码的文件再导入一次。",
  converted: "换算后落点",
  asSent: "原数字直接落图",
  noneOf: (n: number) => `另有 ${num(n)} 行无位置，不落图`,
  /** `of` rows of `total` were looked at; not all of those that have a place are on the map. */
  shown: (placed: number, unplaced: number, of: number, total: number) => {
    if (total > of) return `${num(total)} 行中抽取 ${num(of)} 行核对，${num(placed)} 行落图`;
    return placed + unplaced < of ? `抽取 ${num(of)} 行中的 ${num(placed)} 行落图` : `${num(of)} 行，${num(placed)} 行落图`;
  },
  shifted: (m: number) => (m < 10_000 ? `移动 ${num(Math.round(m))} m` : `移动 ${num(Math.round(m / 1000))} km`),
  rowsList: "各行的落点",
  rowAt: (line: number) => `第 ${line} 行`,
  /** What the service says of the datum, and that it is to be looked over where it is not sure and has not said so. */
  sureSentence: (sentence: string, sure: boolean) => (sure || sentence.includes("核对") ? sentence : `${sentence}请核对图上的落点，无误再继续。`),
  datumNeeded: "请先选定坐标基准。不确定时，问一问填表的人坐标是从哪里取的：手机地图多为 GCJ-02，百度多为 BD-09，GPS 仪器为 WGS 84，测绘成果为 CGCS2000。",

  // Step 4
  startDryLong: "开始预演",
  working: (phase: string) => `正在${phase || "准备"}`,
  queued: "排队中，前面有别的任务",
  mayLeave: "可以离开这一页，回来时从“任务”或地址接着看。",
  stop: "取消预演",
  stopImport: "取消入库",
  dryCancelled: "预演已取消，没有改动任何数据。",
  runAgain: "重新预演",
  short: { added: "新增", changed: "变更", same: "相同", waiting: "待定位", back: "退回" },
  counters: { read: "读入", added: "= 新增", changed: "+ 变更", same: "+ 相同", waiting: "+ 待定位", back: "+ 退回" },
  returned: "下载退回表",
  returnedTip: "您的原表，错的单元格已着色并写明原因，行号与原表相同；改好后再导入这一份即可",
  returnedLarge: (rows: number) => `行数超过 20,000，退回表只含表头和 ${num(rows)} 个退回行，另有一列“原行号”`,
  tabs: { back: "退回", waiting: "待定位", changed: "变更", ignored: "未导入", note: "提示" } as Record<string, string>,
  tabTip: {
    back: "这些行有错，不入库。改好后再导入同一份文件，已入库的行不会重复。",
    waiting: "这些行照常入库，但没有可信的位置：计入总数，不画在图上，可在“待定位”中放置。",
    changed: "这些行已在库中，内容有变，入库后以这份文件为准。",
    ignored: "空行、合计行和说明行，不当作数据。",
    note: "这些行照常入库，请留意提示。",
  } as Record<string, string>,
  table: { line: "原表行", reason: "原因与改法", way: "去向", change: "变更" },
  allColumns: "全部列",
  wrongColumns: "只看有关的列",
  mostWait: "大半的行没有可信的位置。请先退回上一步，核对坐标列和坐标基准，再决定是否入库。",
  noRows: { back: "没有退回的行。", waiting: "没有待定位的行。", changed: "没有变更的行。", ignored: "没有跳过的行。", note: "没有提示。" } as Record<string, string>,
  rowsAt: (from: number, to: number, of: number) => `第 ${num(from)}–${num(to)} 行，共 ${num(of)} 行`,
  dryDone: (took: string) => `预演完成，${took}，尚未改动任何数据`,
  undoable: "入库为一个数据状态，可整批撤销",
  take: (n: number) => `入库 ${num(n)} 行`,
  takeWaiting: (n: number) => `待定位的 ${num(n)} 行也入库，不画在图上`,
  nothingNew: "没有可入库的行",
  /** Why a run writes nothing, by what became of its rows. */
  nothing: ({ same, back, waiting }: Rows) => {
    if (!back) return same + waiting ? "与库中完全相同，没有可入库的行" : "没有可入库的行";
    if (!same && !waiting) return "全部退回，没有可入库的行。请下载退回表，改好后再导入。";
    const parts = [same ? `${num(same)} 行与库中相同` : "", waiting ? `${num(waiting)} 行待定位的也与库中相同` : "", `${num(back)} 行退回`];
    return `${parts.filter(Boolean).join("，")}，没有可入库的行。请下载退回表。`;
  },
  landing: "落点",
  seeOne: "看这一处",
  landed: (n: number, of: number) => (n < of ? `图上 ${num(n)} 处，共 ${num(of)} 处` : `${num(n)} 处`),
  dryFailed: "预演没有完成",

  // Step 5
  doneTitle: (n: number, title: string) => `已入库 ${num(n)} 行${title}`,
  nothingTitle: "没有改动",
  failedTitle: "没有入库，没有改动任何数据",
  cancelledTitle: "已取消，没有改动任何数据",
  runningTitle: "正在入库",
  undoneTitle: "这一批已撤销",
  state: (n: number) => `数据状态 ${num(n)}`,
  seeOnMap: (title: string) => `在图上看${title}`,
  goWaiting: (n: number) => `去放置 ${num(n)} 处待定位`,
  leftBack: (n: number) => `${num(n)} 行退回：下载退回表，按着色的单元格改好，再导入同一份文件；已入库的行不会重复。`,
  leftWaiting: (n: number) => `${num(n)} 行待定位：已计入总数，不画在图上。可逐个放置，或用同代码、带坐标的文件再导入一次。`,
  undo: "撤销整批",
  undoAsk: "撤销这一批导入？",
  undoWhat: (added: number, changed: number) => [added ? `新增的 ${num(added)} 处将注销` : "", changed ? `变更的 ${num(changed)} 处恢复为导入前的内容` : ""].filter(Boolean).join("，") + "。撤销记为一个新的数据状态，历史仍可查看。",
  undoLeft: (n: number) => `其中 ${num(n)} 处在导入之后又有改动，不撤销，保持现在的内容：`,
  undoNone: "没有可撤销的，保持现在的内容。",
  undoHidden: (n: number) => `另有 ${num(n)} 处现已不在您的管理范围内，不撤销；请管理员再撤销一次。`,
  undoneHidden: (n: number) => `另有 ${num(n)} 处现已不在您的管理范围内，没有撤销；请管理员再撤销一次。`,
  undoRest: "再撤销余下的",
  undoRestAsk: "再撤销余下的？",
  close: "关闭",
  andMore: (n: number) => `另有 ${num(n)} 处`,
  undoYes: "撤销整批",
  undoDone: (ended: number, restored: number, state: number) => `已撤销：注销 ${num(ended)} 处，恢复 ${num(restored)} 处，数据状态 ${num(state)}。`,
  undoKept: (n: number) => `${num(n)} 处在导入之后被改过，没有撤销：`,
  undoneBy: (by: string, at: string, state: number) => `${by} 于 ${at} 撤销，数据状态 ${num(state)}。`,
  undoneLeft: (n: number) => `${num(n)} 处没有撤销，保持现在的内容：在导入之后被改过，或不在撤销人的管理范围内。`,
  mayNotUndo: "这一批不能撤销：只有导入的人和管理员可以撤销，已全部撤销的不用再撤销。",
  took: (time: string) => (/^\d/.test(time) ? `用时 ${time}` : `用时${time}`),
  by: (who: string, at: string) => `${who} · ${at}`,
  source: (sheet: string, line: number | null) => [sheet ? `工作表“${sheet}”` : "", line ? `表头第 ${line} 行` : ""].filter(Boolean).join(" · "),

  noSuchRun: "没有这次导入，请从“任务”中打开。",
  openJobs: "去任务页",
  auditorImports: "审计账号不办理导入。",
  toAudit: "看操作记录",
  readerImports: "查看账号不办理导入，可看“待定位”。",
  toWaiting: "看待定位",

  // Leaving
  leaveAsk: "正在上传，要离开吗？",
  leaveWhat: "离开后上传中止，文件不会保留，需要重新选择。",
  leaveYes: "离开并中止",
  leaveNo: "继续上传",

  // Waiting queue
  waitingWhy: "这些对象已经入库，但没有可信的位置：原表没有坐标，或坐标写反、越界、看不懂。它们计入每一个总数和清单（写作“待定位”），只是不画在图上。在地图上放好即可；以后导入的文件里有同一代码的坐标，也会自动放上。",
  filterClass: "分类",
  filterDivision: "区县",
  filterText: "名称或编号",
  allClasses: "全部分类",
  allDivisions: "全部区县",
  waitingTotal: (n: number) => `共 ${num(n)} 处`,
  wcolumn: { name: "名称", cls: "分类", division: "区县", address: "地址", original: "原坐标", why: "原因", grade: "等级" },
  waitingNone: "没有待定位的对象。",
  waitingNoneHere: "按这些条件没有待定位的对象，可放宽分类、区县或名称。",
  pickRow: "从表中选一行，再在地图上点它的位置。",
  place: "位置",
  clickMap: "在地图上点一下它的位置，或在下面填经纬度（CGCS2000）。",
  suggestion: (words: string) => `建议：${words}`,
  takeSuggestion: "放到建议的位置",
  takeSwapped: "按对调后的位置放",
  lon: "经度（°E）",
  lat: "纬度（°N）",
  badLon: "经度应为 73–136 之间的度数，如 115.9921",
  badLat: "纬度应为 3–54 之间的度数，如 29.7120",
  swappedTyped: "经纬度好像写反了，请对调。",
  fellIn: (name: string) => `落在${name}`,
  fellOut: "不在任何区划内，请核对",
  otherDivision: (here: string, row: string) => `落在${here}，而登记的区划是${row}，请核对`,
  save: "保存位置",
  saving: "正在保存",
  saved: (name: string) => `“${name}”已定位，图上可见。`,
  conflict: "别人刚改过这个对象，已重新读取。请核对后再保存。",
  gone: "这个对象已被定位或注销，已从队列中移出。",
  mayNot: "当前账号不能改这个对象：不在您的区划、部门或分类范围内，请联系主管部门或管理员。",
  needsShape: "这一类要面状或线状的图形，不能用一个点代替。请用带图形的文件（SHP、GPKG、GeoJSON）、同一代码再导入一次。",
  mayNotRole: "当前账号只能查看，不能放置。",
  mapPlace: "地图，点按放置。方向键移动，加减键缩放，回车把位置放在地图中央。",
  mapPreview: "落点地图。方向键移动，加减键缩放；各行的落点在旁边的列表中可逐个查看。",

  // Jobs
  jobsWhat: "导入等较久的工作在后台进行，关掉页面也不中断；服务重启后会接着做。",
  jcolumn: { title: "任务", status: "状态", progress: "进度与结果", by: "发起", made: "开始", took: "用时" },
  jobsNone: "还没有任务。导入一份清单后，这里会列出它的进度和结果。",
  toImport: "去导入",
  jobCancel: "取消",
  jobCancelOf: (title: string) => `取消任务：${title}`,
  jobOpen: "查看",
  cancelAsked: "已请求取消",
  jobsStale: "没有读到最新进度，正在重试。",
  jobsRunning: (n: number) => (n ? `${num(n)} 个进行中` : "没有进行中的任务"),
};
