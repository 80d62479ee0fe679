/** Numbers of incidents, orders and plan drafts. */
export const exercised = (n: number): string => `演${n}`;
