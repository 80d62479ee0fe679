/** Words of the tables of rules of admission: columns, codes, trial and adoption. */
import { num } from "./index";
import { SURE_WORD, VERDICT_WORD } from "./admission";

/** How a column is typed and shown; its name comes with the tables. */
export type Kind = "text" | "long" | "metres" | "date" | "yes" | "tags" | "who" | "classes" | "words" | "region" | "place" | "scale" | "rule" | "choice";
export interface Column { column: string; kind: Kind; help?: string; choices?: Record<string, string>; unit?: string }
/** `shown` are the table's columns on the page: several of a row may stand in one, which then has a heading of its own. */
export interface TableWords { key: string[]; shown: { title?: string; columns: string[]; width?: number }[]; columns: Column[] }

export const CONSEQUENCE_WORD: Record<string, string> = { refuse_advised: VERDICT_WORD.refuse_advised ?? "", pre_licence: VERDICT_WORD.pre_licence ?? "", rectify_first: VERDICT_WORD.rectify_first ?? "", on_site_check: VERDICT_WORD.on_site_check ?? "", none: "只作提示" };
export const EDGE_WORD: Record<string, string> = { outline: "外廓", land: "公路用地外缘", line: "线状（边缘未测）", centre: "中心线" };
export const SIZE_WORD: Record<string, string> = { persons: "人数", residents: "居住人数", area_m2: "面积", investment_wan: "投资额（万元）", beds: "床位" };
const SIDE_WORD: Record<string, string> = { hazard: "风险源", people: "人员", place: "区域、线路" };
const DIRECTION_WORD: Record<string, string> = { both: "双向", applicant: "只问申请方" };
const BY_WORD: Record<string, string> = { "": "固定米数", "gb50156-petrol": "查加油站间距表", "gb50016-lpg": "查液化石油气储罐间距表", "gb50074-distance": "查石油库间距表", "gb18218-alpha": "周边 500 m 的住处改变重大危险源级别" };

const code: Column = { column: "code", kind: "text", help: "字母、数字、汉字、点、短横，至多 40 字，同一张表内不重" };
const BASIS: Column[] = [
  { column: "edition", kind: "text", help: "没有依据的规则不收" }, { column: "clause", kind: "text" },
  { column: "tag", kind: "choice", choices: SURE_WORD, help: "待核：不据此拒绝，至多到现场核查" },
];
const TERM: Column[] = [
  { column: "valid_from", kind: "date" }, { column: "valid_to", kind: "date" }, { column: "region", kind: "region", help: "区划代码，如 360402；空着为全域" },
];
const consequence: Column = { column: "consequence", kind: "choice", choices: CONSEQUENCE_WORD };
const basis = { title: "依据", columns: ["edition", "clause"], width: 192 };
const sure = { title: "可信", columns: ["tag"], width: 80 };
const metres = (column: string): Column => ({ column, kind: "metres", unit: "m" });
const petrol = ["l1", "l2", "l3"].flatMap((level) => ["none", "unload", "both"].map((way) => metres(`${level}_${way}`)));

export const TABLES: Record<string, TableWords> = {
  "admission-tags": {
    key: ["code"],
    shown: [{ title: "标签", columns: ["title"], width: 152 }, { title: "编号", columns: ["code"], width: 136 }, { title: "哪一方", columns: ["side"], width: 84 }, { title: "登记的分类", columns: ["classes", "of"], width: 168 }, { title: "条件", columns: ["where"], width: 120 }, { title: "识别词、行业", columns: ["words", "industry"] }, { title: "前置许可", columns: ["licence"], width: 144 }, sure],
    columns: [
      { ...code }, { column: "title", kind: "text" }, { column: "side", kind: "choice", choices: SIDE_WORD }, { column: "of", kind: "tags", help: "合起来的一类，如 人员密集的场所" },
      { column: "classes", kind: "classes", help: "周边哪些登记对象算这一类" }, { column: "where", kind: "text", help: "字段=值|值、字段=小..大 或 name~文字；几个条件用分号隔开" }, { column: "shape", kind: "text", help: "登记字段的代码；空着量到对象本身" },
      { column: "words", kind: "words", help: "经营范围里有其中一个即识别；一行一个" }, { column: "industry", kind: "words", help: "GB/T 4754，按前几位算；一行一个" }, { column: "commits", kind: "yes" },
      { column: "licence", kind: "text", help: "填了的，结论为转前置许可" }, { column: "permits", kind: "text" }, { column: "department", kind: "text" }, ...BASIS,
    ],
  },
  "admission-distances": {
    key: ["code"],
    shown: [{ title: "编号", columns: ["code"], width: 128 }, { title: "谁", columns: ["subject_title"] }, { title: "离谁", columns: ["target_title"] }, { title: "应有", columns: ["metres", "by"], width: 112 }, { title: "量法", columns: ["edge"], width: 104 }, { title: "方向", columns: ["directions"], width: 92 }, { title: "后果", columns: ["consequence"], width: 104 }, basis, sure],
    columns: [
      code, { column: "subject_title", kind: "text" }, { column: "subject", kind: "tags" }, { column: "target_title", kind: "text" }, { column: "target", kind: "tags" },
      metres("metres"), { column: "by", kind: "choice", choices: BY_WORD }, { column: "beyond", kind: "rule", help: "如 建筑控制区外缘" }, { ...metres("reach_m"), help: "空着同应有距离" },
      { column: "edge", kind: "choice", choices: EDGE_WORD }, { column: "directions", kind: "choice", choices: DIRECTION_WORD, help: "双向：申请方是其中任一方都问" }, consequence, { column: "effect", kind: "long", help: "写在结论里" }, ...BASIS, ...TERM,
    ],
  },
  "admission-zones": {
    key: ["code"],
    shown: [{ title: "编号", columns: ["code"], width: 144 }, { title: "区域", columns: ["title"], width: 176 }, { title: "谁", columns: ["who"] }, { title: "范围", columns: ["within_m"], width: 96 }, { title: "后果", columns: ["consequence"], width: 104 }, { title: "说明", columns: ["advice"] }, basis, sure],
    columns: [
      code, { column: "title", kind: "text" }, { column: "zone", kind: "tags" }, { column: "who", kind: "who" }, { ...metres("within_m"), help: "0：在其内" }, { column: "by", kind: "choice", choices: { "": "在其内或旁边就算", gb36894: "与防护目标的个人风险基准比较" } },
      consequence, { column: "advice", kind: "long", help: "写在结论里" }, ...BASIS, ...TERM,
    ],
  },
  "admission-negative": {
    key: ["code"],
    shown: [{ title: "编号", columns: ["code"], width: 104 }, { title: "事项", columns: ["title"] }, { title: "行业", columns: ["industry"], width: 80 }, { title: "标签", columns: ["who"], width: 128 }, { title: "区域", columns: ["place"], width: 136 }, { title: "规模", columns: ["scale"], width: 124 }, { title: "后果", columns: ["consequence"], width: 104 }, basis, sure],
    columns: [
      code, { column: "title", kind: "text" }, { column: "industry", kind: "words", help: "一行一个；行业、标签至少填一项" }, { column: "who", kind: "tags" }, { column: "place", kind: "place" },
      { column: "scale", kind: "scale" }, consequence, ...BASIS, ...TERM,
    ],
  },
  "gb50156-2012-petrol": {
    key: ["target"],
    shown: [{ title: "保护目标", columns: ["target"], width: 128 }, ...petrol.map((c) => ({ columns: [c.column], width: 76 })), { ...basis, width: 184 }, sure],
    columns: [{ column: "target", kind: "text" }, ...petrol, ...BASIS],
  },
  "gb50016-2014-lpg": {
    key: ["total_over_m3", "single_most_m3"],
    shown: [{ title: "总容积大于", columns: ["total_over_m3"] }, { title: "总容积至多", columns: ["total_most_m3"] }, { title: "单罐至多", columns: ["single_most_m3"] }, { title: "距居住区", columns: ["residential_m"] }, { title: "距民用建筑", columns: ["civil_m"] }, basis, sure],
    columns: [{ ...metres("total_over_m3"), unit: "m³" }, { ...metres("total_most_m3"), unit: "m³" }, { ...metres("single_most_m3"), unit: "m³" }, metres("residential_m"), metres("civil_m"), ...BASIS],
  },
  "gb50074-2014-distance": {
    key: ["level"],
    shown: [{ title: "石油库等级", columns: ["level"] }, { title: "距居住区", columns: ["residential_m"] }, basis, sure],
    columns: [{ column: "level", kind: "text" }, { ...metres("residential_m"), help: "空着：没有数值，到现场核查" }, ...BASIS],
  },
  "gb36894-2018-individual-risk": {
    key: ["target"],
    shown: [{ title: "防护目标", columns: ["target"] }, { title: "新建、改建、扩建（每年）", columns: ["new"] }, { title: "在役（每年）", columns: ["existing"] }, basis, sure],
    columns: [{ column: "target", kind: "text" }, { column: "new", kind: "text", help: "每年，如 3e-7" }, { column: "existing", kind: "text", help: "每年，如 3e-6" }, ...BASIS],
  },
};
/** The column of a table's own that is typed as choices has one for emptiness where it may be empty. */
export const columnOf = (table: string, column: string): Column | undefined => TABLES[table]?.columns.find((c) => c.column === column);

export const U = {
  title: "规则",
  tables: "规则表",
  inForce: (title: string, from: string | null) => (from ? `现行：${title}，自 ${from} 起` : `现行：${title}`),
  own: "本局",
  shipped: "随产品",
  ownTip: "本局采用的表；升级不会覆盖",
  shippedTip: "随产品提供，本局没有改过",
  changedPlate: (n: number) => `改 ${num(n)}`,
  find: "在表内查找",
  anySure: "全部可信程度",
  sureLabel: "按可信程度",
  rows: (n: number, of: number) => (n === of ? `共 ${num(of)} 条` : `${num(n)} 条，共 ${num(of)} 条`),
  none: "没有符合条件的规则。",
  recall: "待核：不据此拒绝",
  recallNote: "“待核”的数值没有对照过原文，命中也只到现场核查，不会不予准入。对照原文后改为“已核实”，才据此提出不予准入建议。",
  outline: (title: string) => `${title}的规则`,
  open: (name: string) => `打开 ${name}`,
  add: "新增一条",
  shippedBack: "还原为随产品的表",
  shippedBackTip: "采用后，这张表改回随产品提供的",
  willShip: "采用后这张表还原为随产品的。",
  unship: "不还原",
  state: { added: "新增", changed: "已改", removed: "已删" } as Record<string, string>,
  restore: "恢复",
  restoreRow: (name: string) => `恢复 ${name}`,
  edit: "修改规则",
  newRow: "新增规则",
  view: "规则",
  copy: "复制一条",
  remove: "删除",
  take: "记入草稿",
  cancel: "取消",
  close: "关闭",
  any: "任何新设市场主体",
  unset: "没有",
  pickTag: "查标签",
  pickClass: "查分类",
  placeNone: "不限",
  placeIn: "在其内",
  placeOut: "在其外",
  placeTag: "哪一种区域",
  addLimit: "加一项规模",
  dropLimit: (n: number) => `去掉第 ${n} 项规模`,
  limitOf: { name: "哪个数", sign: "比较", value: "数" },
  signs: { ">=": "不小于", ">": "大于", "<=": "不大于", "<": "小于" } as Record<string, string>,
  allOf: (n: number) => `${num(n)} 项`,
  draft: (n: number, tables: number) => `草稿：${num(tables)} 张表改 ${num(n)} 处，还没有采用，只在这个浏览器里。`,
  drop: "放弃修改",
  dropAsk: "放弃全部修改？草稿不再保留。",
  try: "试算",
  trying: "正在试算：最近的案各按草稿重问一遍……",
  tried: (asked: number, changed: number, concerned: number, cases: number) => {
    const of = asked < cases ? `共 ${num(cases)} 案，涉及所改规则的 ${num(concerned)} 案在前` : `全部，涉及所改规则的 ${num(concerned)} 案`;
    return `试算 ${num(asked)} 案（${of}），${changed ? `${num(changed)} 案的结论会变` : "结论都不变"}。`;
  },
  remarks: "采用之前请看",
  triedNone: "还没有可以试算的案。",
  moved: "试算以后又有改动，请重新试算。",
  before: "现在",
  after: "采用后",
  n: "案数",
  head: { case: "编号", name: "名称", before: "现在", after: "采用后", by: "因哪条规则" },
  adopt: "采用",
  adoptTitle: "采用规则",
  adoptText: (changed: number) => `自今天起施行。已立的案仍按原来的规则，不受影响；试算中结论会变的有 ${num(changed)} 案。`,
  name: "名称",
  nameHint: "结论和文书上写明，如 九江市准入规则（2026）",
  reason: "理由",
  reasonHint: "依据的文件、会议",
  needName: "请填写名称",
  needReason: "请填写理由",
  adopting: "正在采用",
  adopted: (title: string, state: number) => `已采用“${title}”，状态 ${num(state)}。`,
  faults: (n: number) => `有 ${num(n)} 处不合要求，改正后再试算：`,
  clash: (titles: string[]) => `起草以后，${titles.join("、")}已被别人采用的新规则替换。您的草稿是按旧表改的：请对照后重做，或仍以草稿整表替换。`,
  keepMine: "仍用我的草稿",
  takeTheirs: "放弃草稿，看现行的",
  moreUp: "采用时发现规则刚刚有改动，没有采用。",
  readOnly: "只有管理员可以修改、试算和采用，这里只供查看。",
  bookOut: "下载表格",
  bookOutTip: "全部规则表一个 xlsx，一张一个工作表",
  bookOutDraft: "全部规则表一个 xlsx，改过的照草稿",
  bookIn: "从表格导入",
  bookFile: "规则表文件",
  bookInTip: "改好的 xlsx 整份成为草稿，再试算、采用",
  bookReading: "正在核对",
  bookBroken: "下载中断，文件不完整，没有保存。请再试一次。",
  bookCutOff: "上传中断，草稿没有改动。请再传一次。",
  bookTaken: (name: string, n: number) => `“${name}”已记入草稿，与现行的共差 ${num(n)} 处；请试算后采用。`,
  bookSame: (name: string) => `“${name}”与现行的规则一样，草稿没有改动。`,
  bookFaults: (n: number) => `有 ${num(n)} 处不合要求`,
  bookRefused: (name: string) => `“${name}”没有记入草稿：`,
  what: "规则",
  metresOf: (value: string, unit: string) => `${value} ${unit}`,
  limit: (size: string, sign: string, value: string) => `${size}${sign === ">=" ? " ≥ " : sign === "<=" ? " ≤ " : ` ${sign} `}${value}`,
  inTag: (title: string) => `在${title}内`,
  outTag: (title: string) => `在${title}外`,
};
