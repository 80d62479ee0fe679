/** What a browser calls itself, as an officer would: Chrome 150 · Windows. */
import { A } from "../words/access";

// In this order: the later ones also stand in what the earlier ones say of themselves.
const BROWSERS: [RegExp, string][] = [
  [/MicroMessenger\/(\d+)/, A.wechat], [/Edg\w*\/(\d+)/, "Edge"], [/QQBrowser\/(\d+)/, A.qqBrowser], [/OPR\/(\d+)/, "Opera"], [/Firefox\/(\d+)/, "Firefox"],
  [/(?:Headless)?Chrome\/(\d+)/, "Chrome"], [/Version\/(\d+).*Safari/, "Safari"], [/QGIS\/(\d+)/, "QGIS"], [/python-(?:httpx|requests)\/(\d+)/, "Python"], [/curl\/(\d+)/, "curl"],
];
const SYSTEMS: [RegExp, string][] = [[/HarmonyOS/, A.harmony], [/Windows/, "Windows"], [/Android/, "Android"], [/iPhone|iPad/, "iOS"], [/Mac OS X/, "macOS"], [/Linux|X11/, "Linux"]];

export function browserWords(agent: string): string {
  const found = BROWSERS.map(([pattern, name]) => ({ name, version: pattern.exec(agent)?.[1] })).find((b) => b.version);
  const system = SYSTEMS.find(([pattern]) => pattern.test(agent))?.[1];
  const words = [found ? `${found.name} ${found.version}` : "", system ?? ""].filter(Boolean).join(" · ");
  return words || agent.slice(0, 24) || A.unknownBrowser;
}
