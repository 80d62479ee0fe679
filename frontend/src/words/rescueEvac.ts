/** 转移 on a village officer's telephone. */
import { num } from ".";

export const RV = {
  title: "转移报数",
  list: "进行中的转移",
  none: "没有进行中的转移。",
  pickVillage: "选您负责的村（社区）",
  mayNot: "您的账号不能给这个村报数，请由管理范围含该村的编辑报。",
  mayNotAny: "没有您能报数的村。",
  reading: "正在读取",
  exercise: "演练",
  closed: "这次转移已结束，只收结束以前发生的。",
  toMove: "应转",
  moved: "已转",
  left: "未转",
  sheltered: "安置",
  relatives: "投亲靠友",
  returned: "返回",
  people: (n: number) => `${num(n)} 人`,
  of: (at: string) => `${at} 的数`,
  route: "路线",
  to: "去向",
  leader: "责任人",

  // Without a network
  offline: "没有网络。报的数先存在这台手机上，有网络后自动发。",
  keepOpen: "请不要关闭这个页面：关掉以后，没有网络时打不开它（要能打开，需给系统配上 HTTPS 证书和离线缓存）。已存的不会丢，再打开时接着发。",
  noShelf: "这个浏览器不让存数据（可能是无痕方式）：关掉页面，没有发出的就丢了。",
  waiting: (n: number) => `待发 ${num(n)} 条`,
  sendNow: "现在发",
  sending: "正在发",

  // Entry
  enter: "报数",
  kinds: { sheltered: "安置", with_relatives: "投亲靠友", returned: "返回", to_move_change: "应转增减" } as Record<string, string>,
  persons: "人数",
  shelter: "避难场所",
  noShelter: "不注明",
  room: (free: number) => (free > 0 ? `空 ${num(free)}` : "已满"),
  origin: "自何处返回",
  origins: { shelter: "避难场所", relatives: "亲友处" } as Record<string, string>,
  changeHint: "增加写正数，减少写负数",
  household: (name: string, n: number) => `${name} 家，未转 ${num(n)} 人`,
  wholeVillage: "按村报，不分户",
  note: "备注",
  send: "报",
  needPersons: "请填人数。",
  correcting: (what: string) => `更正“${what}”：写对的；人数写 0 为撤销`,
  cancel: "取消",
  kept: "已存，有网络后自动发",
  taken: (what: string) => `已报 ${what}`,

  // Clash
  clash: "没有记上",
  more: "同时增加应转，再报",
  again: "再报一次",
  change: "改人数",
  drop: "不报了",

  // Households
  households: "未转的户",
  allMoved: "户册里的户都已转。",
  noList: "没有户册，按村报数。",
  needs: { disabled: "失能", frail: "老弱病残孕", alone: "独居", left_behind: "留守" } as Record<string, string>,
  floating: "流动",
  ofAll: (left: number, all: number) => `${num(left)}/${num(all)} 人`,
  helper: "帮扶",
  pick: "报这户",
  doors: "敲门清单（PDF）",
  withoutHousehold: (n: number) => `另有 ${num(n)} 人只按村报了数，没有对到户`,

  // Reported
  reported: "报过的",
  nothing: "还没有报过。",
  cancelled: "已更正",
  correct: "更正",
  entry: (kind: string, n: number) => `${kind} ${num(n)} 人`,
} as const;
