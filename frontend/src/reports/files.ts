/** The files of a set in the order in which one looks for them. */
import type { SetFile } from "./types";

export const ALL = "all.zip";
const ORDER = ["list", "map", "booklet", "report", "handbook", "rolling", "other", "data"] as const;
export type Group = (typeof ORDER)[number];

/** A name without its ending. */
export const stem = (name: string): string => name.replace(/\.[^.]+$/, "");

export function groupOf(file: SetFile): Group {
  return ORDER.find((g) => g === file.kind) ?? "other";
}

/** Groups that hold something; everything in one file, and pictures, stand by themselves. */
export function grouped(files: readonly SetFile[]): { group: Group; files: SetFile[] }[] {
  return ORDER.map((group) => ({ group, files: files.filter((f) => f.name !== ALL && !isPicture(f) && groupOf(f) === group) })).filter((g) => g.files.length);
}

function isPicture(file: SetFile): boolean {
  return file.kind === "picture" && /\.png$/i.test(file.name);
}

export function picturesOf(files: readonly SetFile[]): SetFile[] {
  return files.filter(isPicture);
}
