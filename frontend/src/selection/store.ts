/** The one door to the selection: its state, what it asks, who asks, its link, its words. */
export * from "./acts";
export * from "./asking";
export * from "./conditions";
export * from "./link";
export { chooseArea, openKept, openLink } from "./opening";
export * from "./session";
export * from "./state";
export { complain, whyOf } from "./trouble";
