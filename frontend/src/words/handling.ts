/** Words of what is done with a case after its answer: found on site, handed out anew, files, the daily file. */
import { num } from ".";

export const FILE_WORD: Record<string, string> = { signed: "签字扫描件", photo: "照片", other: "其他附件" };
export const FILE_HELP: Record<string, string> = { signed: "双方签字的告知书、承诺书；传上即结案", photo: "现场照片，可以一次选几张", other: "申请材料、整改报告等" };
export const OUTCOME_HELP: Record<string, string> = { pass: "案件为“已核查”", rectify: "定期限，复查后再登记", refuse: "案件为“不通过”，写明原因" };
export const OK_WORD: readonly (readonly [boolean | null, string])[] = [[true, "合格"], [false, "不合格"], [null, "不适用"]];
/** Between names that are typed into one field. */
export const NAME_BREAK = /[、，,；;\s]+/;

export const D = {
  // On site
  record: "登记核查结果",
  recordAgain: "登记复查结果",
  outcome: "核查结果",
  chooseOutcome: "请选择核查结果",
  checkers: "核查人员",
  checkersHint: "两人以上，用顿号隔开，如：张三、李四",
  on: "核查日期",
  rectifyBy: "整改期限",
  rectifyHelp: "到期未复查的列为逾期",
  items: "逐项情况",
  itemsLeft: (n: number) => `还有 ${num(n)} 项没有选结果；没有查的选“不适用”，或去掉这一项。`,
  restPass: "其余的都选合格",
  item: "核查项目",
  itemOf: (n: number) => `第 ${num(n)} 项`,
  itemNote: (n: number) => `第 ${num(n)} 项的说明`,
  itemNoteHint: "说明",
  addItem: "加一项",
  newItem: "写明查什么",
  dropItem: (n: number) => `去掉第 ${num(n)} 项`,
  itemNameless: "请写明查的是什么，或去掉这一项",
  note: "核查意见",
  noteHint: "不合格、限期整改的写明问题和要求",
  recording: "正在登记",
  recorded: (outcome: string) => `已登记核查结果：${outcome}`,
  nItems: (ok: number, bad: number, none: number) => `合格 ${num(ok)} 项，不合格 ${num(bad)} 项，不适用 ${num(none)} 项`,
  badItem: (item: string, note: string) => (note ? `${item}：${note}` : item),
  itemsRow: "逐项",
  badRow: "不合格项",
  notYet: (due: string) => (due ? `尚未登记，${due} 前核查` : "尚未登记"),
  notYetLate: (due: string) => `尚未登记，${due} 已到期`,
  mayNot: "由承办的镇街、部门登记。",

  // To whom
  assign: "改派",
  assignNow: (town: string, department: string) => `现派 ${[town, department].filter(Boolean).join(" ") || "—"}`,
  division: "镇街",
  divisionHint: "输入名称或区划代码",
  department: "部门",
  chooseDivision: "请选择镇街",
  chooseDepartment: "请填写部门",
  due: "办理期限",
  dueHelp: "不填的，从今天起按五个工作日",
  assigning: "正在改派",
  assigned: (town: string, department: string) => `已改派 ${town} ${department}`,

  // Files
  upload: "上传附件",
  kind: "种类",
  file: "文件",
  pick: "选择文件",
  pickAgain: "另选",
  kinds: "pdf、jpg、png、docx，每件 20 MB 以内",
  chooseFile: "请选择文件",
  closes: "传上即结案，不能再改。",
  sending: (name: string, done: string, all: string) => `正在上传 ${name}，${done} / ${all}`,
  checking: (name: string) => `${name} 已传完，正在检查`,
  cutOff: "上传中断，文件没有传完，也没有留下。请检查网络后重新上传。",
  stopped: "已取消上传，没有留下文件。",
  failedOf: (name: string, why: string) => `${name}：${why}`,
  keptSome: (n: number) => `前 ${num(n)} 件已传上。`,
  kept: (n: number) => `已上传 ${num(n)} 件`,
  keptClosed: "已上传签字扫描件，案件已结案",
  closed: "已结案",
  closedBy: (by: string, at: string) => `${by} 于 ${at} 结案`,
  fileSaid: (kind: string, size: string, by: string, at: string) => [FILE_WORD[kind] ?? kind, size, by, at].join(" · "),
  files: "附件",
  noFiles: "还没有附件。结论签署后，把双方签字的告知书、承诺书扫描上传，案件即结案。",
  take: (name: string) => `下载${name}`,
};
