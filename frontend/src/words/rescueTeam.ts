/** 调度令 on a team's telephone. */
import { num } from ".";
import { said } from "../rescue/numbers";

export const RT = {
  title: "队伍调度令",
  list: "选您的队伍",
  find: "查找队伍",
  listNone: "没有您能看的队伍。",
  foundNone: "没有这样的队伍。",
  hidden: (n: number) => `另有 ${num(n)} 支您的账号无权查看，没有列出。`,
  reading: "正在读取",
  live: "实战",
  exercise: "演练",
  kind: "实战或演练",
  other: (n: number, kind: string) => `${kind}还有 ${num(n)} 份没有完成的调度令`,
  look: "去看",
  mayNot: "您的账号不能回报，请由管理范围含这支队伍的编辑回报，或打电话给指挥部。",
  since: (at: string) => `${at} 起`,
  never: "还没有报过",
  of: (at: string) => `${at} 读取`,

  struckOff: (how: string) => `这支队伍在登记里${how}`,
  struckOffSaid: "不能再回报，也不会再有调度令。先前的调度令和回报都在下面；没有办完的由指挥部记完成或撤销。",
  noOrders: "这支队伍没有调度令。",
  unfinished: (n: number) => `没有办完 ${num(n)} 份`,

  // What is to be done
  open: (n: number) => `待办 ${num(n)} 份`,
  none: "现在没有待办的调度令。有新的，联网时会自己出现。",
  over: "已办结",
  number: (n: string) => `调度令 ${n}`,
  ordered: (at: string, by: string) => `${at} ${by} 下达`,
  due: "应到",
  late: (m: string) => `已晚 ${m}`,
  way: "行进路线",
  straight: "（按直线估）",
  where: "位置",
  openMap: "用手机地图打开",
  launch: "下艇点",
  launchSaid: (m: number) => `从这里下艇，行船 ${num(Math.round(m))} m`,
  ashore: "靠岸点",
  ashoreSaid: (m: number) => `先行船 ${num(Math.round(m))} m，在这里靠岸`,
  afloat: "行船",
  afloatSaid: (m: number) => `从这里起全程行船 ${num(Math.round(m))} m`,
  trapped: "被困",
  people: (n: number) => `${num(n)} 人`,
  unknown: "不明",
  depth: "水深",
  metres: (m: string) => `${m} m`,
  needs: "需要",
  reporter: "报告人",
  incidentUnread: "险情详情没有取到，联网后再读。",

  // What was done
  marks: { receipt: "签收", departure: "出发", arrival: "到达", result: "完成" } as Record<string, string>,
  result: "结果（救出几人、还要什么）",
  skip: "前一步漏报的，直接点：",
  kept: (what: string) => `“${what}”已存，有网络后自动发`,
  sent: (what: string) => `已报“${what}”`,
  waits: "待发",
  wrongMark: "记错了",

  // How the team stands
  status: "队伍状态",
  report: "报状态",
  statusOnline: "状态和位置要有网络才能报。",
  stay: "不报",
  still: (status: string) => `仍报“${status}”`,
  sure: (status: string) => `报“${status}”？`,
  sureSaid: (n: number) => `还有 ${num(n)} 份调度令没有办完。报了以后指挥部会看到您没有按调度令行动；办完的请先点“完成”。`,
  elsewhere: (status: string) => `指挥部看到的是您已报“${status}”。如仍按这份调度令行动，请点下一步；不去的请打电话给指挥部。`,
  said: (status: string) => `已报“${status}”`,
  place: "报位置",
  placing: "正在定位",
  placed: "位置已报",
  noPlace: "没有取到位置：请允许浏览器用定位，或打电话报。",
  placeNeedsTls: "没有 HTTPS 证书，浏览器不给定位：请在“力量”里由值班员标位置。",

  // Without a network
  offline: "没有网络。回报先存在这台手机上，有网络后自动发。",
  ofOrder: (what: string, order: number, team = "") => `${team ? `${team}：` : ""}${what}（调度令 ${said(order)}）`,

  // The code in 力量
  link: "手机页二维码",
  linkTitle: (name: string) => `${name}手机页`,
  linkSaid: "带队的用手机扫码，登录后就在这支队伍的调度令：签收、出发、到达、完成都在上面点。没有账号的，请管理员先建。",
} as const;
