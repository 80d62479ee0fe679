/** Numbers of incidents, orders, plan drafts and accepted plans. */
export const exercised = (n: number): string => `演${n}`;
export const ofPlan = (said: string): string => `第 ${said} 号方案`;
