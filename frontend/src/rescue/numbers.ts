import { exercised } from "../words/rescueNumbers";

/** What is exercised counts from here, as the service gives it (rescue/numbers.py). */
const EXERCISE = 9_000_000;

/** The number of an incident, an order or a plan draft as it is written and read out: what is exercised is told by it. */
export const said = (id: number): string => (id > EXERCISE ? exercised(id - EXERCISE) : String(id));
