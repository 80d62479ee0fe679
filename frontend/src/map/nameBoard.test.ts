import { describe, expect, it } from "vitest";
import { spotOf } from "./labels";
import { worldSize } from "./mercator";
import { NameBoard, type NameSource, placeNames, type Wish } from "./NameBoard";

const wish = (text: string, x: number, y: number, rank = 0, more: Partial<Wish> = {}): Wish => ({ text, font: "", x, y, half: 13, body: spotOf(x, y, 13), rank, ...more });
const bodies = (wishes: readonly Wish[]): ReturnType<typeof spotOf>[] => wishes.flatMap((w) => w.body ?? []);
const width = ({ text }: { text: string }): number => text.length * 12;
const placed = (wishes: Wish[], soft = [] as ReturnType<typeof spotOf>[]): string[] => placeNames(wishes, bodies(wishes), soft, width).map((n) => n.wish.text);
const meet = (a: { l: number; r: number; t: number; b: number }, b: typeof a): boolean => a.l < b.r && a.r > b.l && a.t < b.b && a.b > b.t;

describe("names of several layers", () => {
  const town = Array.from({ length: 90 }, (_, i) => wish(`第${i}险情处`, (i * 67) % 420, (i * 41) % 260, i % 4));

  it("never lie over one another, nor over a symbol, and two side by side are not read as one", () => {
    const names = placeNames(town, bodies(town), [], width);
    expect(names.length).toBeGreaterThan(5);
    for (const [i, a] of names.entries()) {
      for (const b of names.slice(i + 1)) expect(meet(a.spot, b.spot)).toBe(false);
      for (const other of town) if (other !== a.wish && other.body) expect(meet(a.spot, other.body)).toBe(false);
    }
    const [left, right] = placeNames([wish("甲乙", 0, 0, 0, { half: 5, body: spotOf(0, 0, 5) }), wish("丙丁", 24, 0, 0, { half: 5, body: spotOf(24, 0, 5) })], [], [], width);
    expect(left && right && (Math.abs(left.x - right.x) >= 24 + 10 || Math.abs(left.y - right.y) >= 14)).toBe(true);
  });
  it("go by rank and not by the layer, the same whatever came first", () => {
    const walls = [spotOf(0, 40, 22), spotOf(0, -40, 22), spotOf(-60, 0, 26)]; // one side alone is free
    const one = (rank: number, text: string): Wish => wish(text, 0, 0, rank);
    for (const list of [[one(1, "待命队"), one(5, "险情")], [one(5, "险情"), one(1, "待命队")]])
      expect(placeNames(list, [...walls, ...bodies(list)], [], width).map((n) => n.wish.text)[0]).toBe("险情");
    expect(placed([...town])).toEqual(placed([...town]));
  });
  it("keep off what is below where that can be, and lie over it rather than be left out", () => {
    const below = spotOf(0, 26, 13);
    const [beside] = placeNames([wish("某队", 0, 0)], [], [below], width);
    expect(beside?.y).toBe(4); // to the right, and not over the symbol below
    const round = [[0, 26], [40, 0], [-40, 0], [0, -26]].map(([x = 0, y = 0]) => spotOf(x, y, 24));
    expect(placed([wish("某队", 0, 0)], round)).toEqual(["某队"]);
  });
  it("are left out where symbols of the night are all round, but for what must be named", () => {
    const round = [[0, 26], [40, 0], [-40, 0], [0, -26]].map(([x = 0, y = 0]) => spotOf(x, y, 24));
    const at = (must: boolean): number => placeNames([wish("某队", 0, 0, 0, { must })], round, [], width).length;
    expect([at(false), at(true)]).toEqual([0, 1]);
  });
  it("are measured once a zoom, and anew when a layer has changed", () => {
    let measured = 0;
    const c = { font: "", measureText: (t: string) => (measured++, { width: t.length * 12 }) } as unknown as CanvasRenderingContext2D;
    const source = (x: number): NameSource & { redrawn: number } => ({ board: null, redrawn: 0, wishesAt: () => ({ bodies: [], wishes: [wish("某处", x, 0)] }), redraw() { this.redrawn++; } });
    const [a, b, board] = [source(0), source(300), new NameBoard()];
    board.join(a, b);
    expect([board.of(a, c, 12).length, board.of(b, c, 12).length, measured]).toEqual([1, 1, 2]);
    const spots = board.spots(c, 12);
    a.board?.renew();
    expect([a.redrawn, b.redrawn]).toEqual([2, 2]);
    expect(board.spots(c, 12)).not.toBe(spots);
    expect(measured).toBe(4);
  });
  it("flip to another side of their symbol at the edge of what is seen, or are left out: never cut", () => {
    const view = { l: 0, r: 300, t: 0, b: 200 };
    const at = (x: number, y: number, must = false): { x: number; y: number } | undefined => placeNames([wish("一处险情的名称", x, y, 0, { must })], [], [], width, view)[0];
    const [right, left, below] = [at(290, 100), at(10, 100), at(150, 195)];
    expect([right && right.x < 290, left && left.x > 10, below && below.y <= 200 - 3]).toEqual([true, true, true]);
    expect([at(150, 100)?.y, at(360, 100)?.y]).toEqual([126, 126]); // in the middle, and out of sight, as ever
    for (const must of [false, true]) expect(placeNames([wish("比整张图还长的名称".repeat(4), 150, 100, 0, { must })], [], [], width, view)).toEqual([]);
    for (let x = -40; x <= 340; x += 7) for (let y = -40; y <= 240; y += 7) {
      const [name] = placeNames([wish("一处险情", x, y)], [], [], width, view);
      if (!name || !meet(name.spot, view)) continue;
      expect(name.spot.l >= 0 && name.spot.r <= 300 && name.spot.t >= 0 && name.spot.b <= 200).toBe(true);
    }
  });
  it("stay as the map moves, and are placed anew where it rests, if need be", () => {
    const c = { font: "", measureText: (t: string) => ({ width: t.length * 12 }) } as unknown as CanvasRenderingContext2D;
    let redrawn = 0;
    const size = worldSize(12);
    const source: NameSource = { board: null, wishesAt: () => ({ bodies: [], wishes: [wish("某处险情", 100, 100)] }), redraw: () => void redrawn++ };
    const board = new NameBoard();
    let [minX, maxX] = [0, 400];
    board.view = () => ({ minX: minX / size, maxX: maxX / size, minY: 0, maxY: 300 / size });
    board.join(source);
    const spots = board.spots(c, 12);
    expect(board.of(source, c, 12)[0]?.x).toBe(100);
    redrawn = 0;
    [minX, maxX] = [20, 420];
    board.settle();
    expect([redrawn, board.spots(c, 12) === spots]).toEqual([0, true]);
    [minX, maxX] = [90, 490];
    expect(board.of(source, c, 12)[0]?.x).toBe(100);
    board.settle();
    expect(redrawn).toBe(1);
    expect(board.of(source, c, 12)[0]?.x).toBeGreaterThan(100);
  });
});
