/** What the service itself writes in Chinese, as codes that the page sends or goes by. */
export const LOG_KINDS = ["水情", "预警", "响应", "调度", "转移", "设置"] as const;
export type LogKind = (typeof LOG_KINDS)[number];
export const OWN_KIND: LogKind = "调度"; // of an entry that is typed

export const WARNING_COLOURS = ["蓝", "黄", "橙", "红"] as const;
export type WarningColour = (typeof WARNING_COLOURS)[number];
export const COLOUR_TONE: Record<WarningColour, string> = { 蓝: "--risk-low-fill", 黄: "--risk-general-fill", 橙: "--risk-serious-fill", 红: "--risk-major-fill" };
export const WARNING_KINDS = ["暴雨", "山洪", "洪水", "地质灾害", "渍涝", "台风", "强对流", "雷电", "大风", "冰雹", "高温", "干旱", "大雾", "暴雪", "寒潮", "道路结冰", "森林火险"] as const;
export const USUAL_WARNING = { kind: "暴雨", colour: "橙" as WarningColour } as const;

/** What came of a call. */
export const RESULTS = ["接通", "未接", "转达"] as const;
export const MISSED = "未接";
export const TAKE_BACK = "撤销";

export const RESPONSE_KINDS = ["防汛", "防台风", "山洪地质灾害", "抗旱", "低温雨雪冰冻", "高温", "森林防灭火"] as const;
export const NATIONAL_DATUM = "1985国家高程基准";
export const REACTIVE = "遇湿反应";
