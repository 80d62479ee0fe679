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
  skipTo: { map: "地图", table: "属性表", filters: "筛选" },

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
