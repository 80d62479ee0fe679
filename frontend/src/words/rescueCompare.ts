/** 对比: two floods side by side. */
import { num } from ".";

export const RC = {
  open: "与另一个范围对比",
  title: "两个淹没范围对比",
  said: "并排列出，不合并；各算各的。差＝右减左。",
  left: "左",
  right: "右",
  diff: "差",
  item: "项目",
  area: "面积",
  byDepth: "各级水深",
  inWater: "水中对象",
  byGrade: "按等级",
  byClass: "按分类",
  people: "人数",
  residents: "居民",
  present: "在场人员",
  roads: "道路",
  closed: "封闭",
  care: "慎行",
  none: "没有",
  noRoads: "没有装入路网",
  unknown: (n: number) => `另 ${num(n)} 处未登记人数`,
  reading: "正在查两个范围里各有什么",
  same: "请选两个不同的范围",
  versionOf: (name: string, n: number) => `${name} 第 ${n} 版`,
} as const;
