import { describe, expect, it } from "vitest";
import { grouped, picturesOf } from "./files";

const file = (name: string, kind: string): { name: string; title: string; kind: string; bytes: number; pages: null } => ({ name, title: name, kind, bytes: 1, pages: null });

describe("files of a set", () => {
  const files = [file("all.zip", "data"), file("manifest.json", "data"), file("图册-A4.pdf", "booklet"), file("图-A3.pdf", "map"), file("图-A3.png", "picture"), file("新的.xlsx", "unheard of")];
  it("stand in groups by their kind, what is unheard of among the others; the whole and pictures by themselves", () => {
    expect(grouped(files).map((g) => [g.group, g.files.map((f) => f.name)])).toEqual([
      ["map", ["图-A3.pdf"]], ["booklet", ["图册-A4.pdf"]], ["other", ["新的.xlsx"]], ["data", ["manifest.json"]],
    ]);
    expect(picturesOf(files).map((f) => f.name)).toEqual(["图-A3.png"]);
  });
});
