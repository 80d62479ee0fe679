/** What the drawing tool says over the map. */
export const SKETCH = {
  point: "点按地图定点",
  pointKeys: "方向键移动地图，空格或回车取十字处",
  pointEdit: "拖动符号改位置",
  firstVertex: "点按地图定第一点",
  nextVertex: "继续点按加点，回车或双击完成",
  moreVertices: (least: number) => `至少 ${least} 点，继续点按加点`,
  circleCentre: "点按地图定圆心",
  circleEdge: "移动定半径，再点按完成",
  edit: "拖动各点改形状，右击一点删去，回车完成",
  editCircle: "拖动圆心移位置，拖动边上的点改半径",
  crossing: "边线交叉，范围无效：请移到别处，或撤去最后一点",
  loading: "正在准备画图",
  failed: "画图工具没有装上，请检查网络后再试",
  finish: "完成",
  undo: "撤一步",
  cancel: "取消",
  keys: "Esc 取消，退格撤一步，空格在图中心加点",
  radius: (text: string) => `半径 ${text}`,
  area: (text: string) => `面积 ${text}`,
  length: (text: string) => `长 ${text}`,
};

/** 950 m, 2.0 km, 12.4 km: as an officer says a distance. */
export function distanceWords(m: number): string {
  if (m < 1000) return `${m < 10 ? m.toFixed(1) : Math.round(m)} m`;
  return `${(m / 1000).toFixed(m < 100_000 ? 1 : 0)} km`;
}

/** 8,200 m², 12.4 km². */
export function areaWords(m2: number): string {
  if (m2 < 100_000) return `${Math.round(m2).toString().replace(/\B(?=(\d{3})+$)/g, ",")} m²`;
  return `${(m2 / 1e6).toFixed(m2 < 1e6 ? 2 : m2 < 1e9 ? 1 : 0)} km²`;
}
