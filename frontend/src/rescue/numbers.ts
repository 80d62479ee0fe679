import { exercised, ofPlan } from "../words/rescueNumbers";

/** What is exercised counts from here, as the service gives it (rescue/numbers.py). */
const EXERCISE = 9_000_000;

/** The number of an incident, an order or a plan draft as it is written and read out: what is exercised is told by it. */
export const said = (id: number): string => (id > EXERCISE ? exercised(id - EXERCISE) : String(id));
/** An accepted plan by its number, which counts from 1 among what is real and among what is exercised alike. */
export const planSaid = (n: number, exercise: boolean): string => ofPlan(said(exercise ? EXERCISE + n : n));
