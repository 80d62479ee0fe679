/** Whose name stands where not all of them can: the greater goes first. */
export const RANK = { chosen: 6, incident: 5, team: 4, depth: 3, place: 2, waiting: 1 } as const;
