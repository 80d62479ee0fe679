/** What is wrong at a path of the form, for the inputs inside it; and whether they may be changed at all. */
import type { InjectionKey } from "vue";

/** `within` is the first at a path or below it; `under` whether something hidden in a field is wrong. */
export interface Checks { at: (path: string) => string; within: (path: string) => string; under: (path: string) => boolean; readonly: boolean }
export const CHECKS: InjectionKey<Checks> = Symbol("checks");
