/** Words of the daily file of new market entities. */
import { num } from ".";

export const COUNT_WORD: Record<string, string> = { read: "读入", new: "新立案", known: "已有", back: "退回", unplaced: "待落位", checked: "已核验" };

export const B = {
  title: "导入日清单",
  mayNot: "当前账号不能导入日清单。需要办理，请登录有编辑权限的账号。",
  file: "日清单",
  what: "市场监管推送的新设主体，整份上传，不用先整理。",
  drop: "把文件拖到这里，或",
  pick: "选择文件",
  pickAgain: "另选文件",
  kinds: "xlsx、xls、csv，2 万行、30 MB 以内；一次一份",
  notKind: (name: string) => `“${name}”不是日清单用的文件：请选 xlsx、xls 或 csv。PDF、图片先转成表格。`,
  one: "一次只能传一份，请选择一个文件。",
  columns: "认得的列",
  columnRows: [
    ["名称", "必填"], ["统一社会信用代码", "认重复用"], ["行业代码、经营范围", "至少填一项"], ["地址", "没有坐标的按地名地址库落位"], ["经度、纬度", "须说明坐标系"], ["负责人、人数、面积", "可以没有"],
  ] as readonly (readonly [string, string])[],
  columnsNote: "“企业名称”“住所”之类的叫法也认得；标题行、合计行不用删。",
  datum: "坐标系",
  byHeader: "照表头所写",
  byHeaderSub: "表头写明坐标系，或没有坐标列",
  start: "导入并核验",
  needFile: "请选择文件",
  sending: (done: string, all: string) => `正在上传 ${done} / ${all}`,
  checking: "已传完，正在看表头",
  cutOff: "上传中断，文件没有传完，也没有立案。请检查网络后重新选择文件。",
  stopped: "已取消上传，没有立案。",
  cancel: "取消",
  whole: "要么全部立案，要么一个不立；再传一次同一份，已立案的不会重复。",

  // The run
  ofFile: (title: string) => title.replace(/^[^：]*：/, ""),
  queued: "排队中，前面有别的任务",
  working: (phase: string) => `正在${phase || "准备"}……`,
  mayLeave: "可以离开这一页，回来时从“数据 → 任务”接着看。",
  stale: "没有读到最新进度，正在重试。",
  cancelling: "正在取消",
  cancelRun: "取消导入",
  noSuch: "没有这份日清单，或不是您的。请从“数据 → 任务”打开。",
  done: "已办完",
  failed: "没有办成，没有立案",
  cancelled: "已取消，没有立案",
  counts: "读入 = 新立案 + 已有 + 退回，新立案 = 已核验 + 待落位",
  nothingNew: "没有新立案：这一份里的主体都已有案件。",
  listed: (n: number) => `看这一批 ${num(n)} 案`,
  unplaced: (n: number) => `待落位 ${num(n)} 案，去落实地点`,
  returned: "下载退回表",
  returnedTip: "送来的那一份，错的格子涂色并写明原因，待落位的、已有的也标出；改好后整份再传，已立案的不会重复。",
  returnedBroken: "退回表没有下载完整，请重新下载。",
  another: "再导入一份",
  madeBy: (by: string, at: string) => `${by} ${at}`,

  // The list
  chip: (title: string) => `日清单 ${title}`,
  batch: "这一批",
  dropBatch: "不限这一批",
  openBatch: "看同一批",
};
