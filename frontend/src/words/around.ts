/** Words of what stands around the map: theme, wall, coordinates, measuring, what has changed. */
import { num } from ".";

export const A = {
  more: "更多",
  moreLabel: "显示与账户",
  dark: "深色指挥",
  darkKey: "深色、浅色切换（D）",
  wall: "大屏",
  wallKey: "大屏，再按退出（W）",
  wallOut: "退出大屏",
  me: "我的账号",
  live: "实时",
  cut: "断开",
  liveTip: "连接正常，数据一变动这里就更新",
  cutTip: "连接中断，这是最后一次收到的数据；恢复后自动更新",
  skip: "跳到",
  skipTo: { map: "地图", table: "属性表", filters: "筛选", night: "调度等各页", log: "日志" },

  crs: "坐标显示为",
  crsCopy: (text: string) => `复制坐标 ${text}`,
  crsCopied: "坐标已复制",
  crsOnlyShown: "只用于显示；入库一律为 CGCS2000",
  crsNames: {
    degrees: "CGCS2000 度", dms: "CGCS2000 度分秒", gauss: "高斯 3° 带（无带号）", zoned: "高斯 3° 带（加带号）", gcj02: "GCJ-02（仅显示）", bd09: "BD-09（仅显示）",
  } as Record<string, string>,
  crsShort: (name: string, zone: number) => ({ degrees: "CGCS2000", dms: "CGCS2000", gauss: `高斯 ${zone * 3}°E`, zoned: `高斯 ${zone} 带`, gcj02: "GCJ-02", bd09: "BD-09" })[name] ?? name,
  dms: (d: number, m: number, s: string, side: string) => `${d}°${String(m).padStart(2, "0")}′${s}″${side}`,
  gauss: (x: string, y: string) => `X ${x} Y ${y}`,
  about: (scale: number) => `约 1:${num(scale)}`,

  locateMe: "我的位置",
  locating: "正在取得位置……",
  located: (metres: number) => `您在图上圆圈中心，误差约 ${num(metres)} m`,
  locatedOut: "您的位置不在本图范围内",
  locateDenied: "浏览器没有给出位置。请在浏览器设置中允许本站使用位置后再点。",
  locateFailed: "这台设备现在定不了位，请到开阔处再试。",
};

/** 自上次查看以来. */
export const CH = {
  chip: (n: number) => `自上次查看以来 ${num(n)} 处变动`,
  tooMany: "数据有大批变动，未逐处比较",
  tooManyDo: "多为整批导入或改了等级对应表。看过现在的图后请标为已看；某一处改了什么，见该对象详情页的“变化”。",
  chipDays: (from: string, to: string | null, n: number) => `${from} 至${to ? ` ${to}` : "今"} ${num(n)} 处变动`,
  title: "自上次查看以来",
  titleDays: "两天之间的变化",
  spanDays: (from: string, to: string | null) => `${from} → ${to ?? "今天"}，都按现在所知`,
  tooManyDays: "请缩短两天之间的时间。",
  endDays: "结束比较",
  span: (from: string, at: string, to: number) => `状态 ${from}${at ? `（${at}）` : ""} → ${num(to)}`,
  within: "在当前选择和您的权限范围内",
  seen: "标为已看",
  seenTip: "以现在的数据为准，以后的变动重新计",
  ring: "在图上圈出",
  more: (n: number) => `再列 ${num(n)} 处`,
  none: "当前选择内没有变动。",
  kind: { added: "新增", ended: "注销", regraded: "改级", entered: "移入", left: "移出", changed: "变更" } as Record<string, string>,
  became: (before: string, now: string) => `${before} → ${now}`,
  entered: "由选择之外移入",
  left: "已不在当前选择内",
  field: {
    name: "名称", code: "编号", stage: "阶段", position: "位置", division: "区划", department: "主管部门", visibility: "公开范围",
    enterprise: "所属企业", parent: "上级", source: "来源", verified: "核实", tags: "标签", attributes: "属性",
  } as Record<string, string>,
};

/** Measuring. */
export const ME = {
  title: "测量",
  key: "测量距离、面积、方位（M）",
  what: "测量什么",
  line: "距离与方位",
  polygon: "面积",
  hintLine: "点按地图定起点",
  hintPolygon: "点按地图定第一点",
  hintEdit: "拖动各点可改，Esc 结束测量",
  leg: (i: number) => `第 ${i} 段`,
  edge: (i: number) => `第 ${i} 边`,
  total: "全长",
  perimeter: "周长",
  area: "面积",
  straight: "起点到终点",
  empty: "在图上点出各点。没有鼠标时用方向键移动地图，空格在图中心加点。",
  datum: "按 CGCS2000 椭球面量算；方位自北顺时针",
  copy: "复制结果",
  copied: "测量结果已复制",
  again: "重新测量",
  end: "结束测量",
};

/** 84.0 m, 12.346 km: a measured length keeps the metre as long as it means something. */
export function lengthText(m: number): string {
  if (m < 999.95) return `${m.toFixed(1)} m`;
  return `${(m / 1000).toFixed(m < 99_999.5 ? 3 : 2)} km`;
}

/** 820 m², 12.34 ha, 68.00 km² */
export function areaText(m2: number): string {
  if (m2 < 10_000) return `${num(Math.round(m2))} m²`;
  return m2 < 1_000_000 ? `${(m2 / 10_000).toFixed(2)} ha` : `${(m2 / 1e6).toFixed(2)} km²`;
}

const WAYS = ["北", "东北", "东", "东南", "南", "西南", "西", "西北"];
/** 45.0° 东北 */
export function bearingText(degrees: number): string {
  const tenths = Number(degrees.toFixed(1)) % 360;
  return `${tenths.toFixed(1)}° ${WAYS[Math.round(tenths / 45) % 8] ?? ""}`;
}

/** The wall. */
export const WALL = {
  label: "大屏",
  worst: "重大风险",
  none: "当前选择内没有重大风险对象。没有数据不等于没有风险。",
  hidden: "当前选择不含重大等级",
  rest: (n: number) => `另 ${num(n)} 处见清单`,
  out: "退出大屏（Esc）",
};
