import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createRenderer, defineComponent, nextTick } from "vue";

vi.hoisted(() => {
  // What the store asks of the page as it is loaded.
  vi.stubGlobal("location", { hash: "", pathname: "/rescue" });
  vi.stubGlobal("window", globalThis);
  for (const name of ["addEventListener", "removeEventListener"]) vi.stubGlobal(name, () => undefined);
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined }));
});

import { Problem } from "../api/client";
import type { Account } from "../api/types";
import { store } from "../selection/store";
import { useOutbox } from "./outbox";
import { OpenPageShelf, type Sendable, type Shelf, type Waiting } from "./queue";

type One = Waiting<Sendable>;
let shelf: Shelf<Sendable>;
vi.mock("./queue", async (all) => ({ ...(await all<typeof import("./queue")>()), openShelf: () => Promise.resolve(shelf) }));

const account = (username: string): Account => ({ username, role: "editor", tier: "department", may: [], areas: [], departments: [], classes: [] }) as unknown as Account;
const entry = (key: string, n = 0): Sendable => ({ key, at: `2026-11-26T01:00:0${n}.000Z` });
/** A page with nothing on it. */
const renderer = createRenderer<object, object>({ patchProp: () => undefined, insert: () => undefined, remove: () => undefined, createElement: () => ({}), createText: () => ({}), createComment: () => ({}), setText: () => undefined, setElementText: () => undefined, parentNode: () => null, nextSibling: () => null });
const settled = async (): Promise<void> => {
  for (let n = 0; n < 20; n++) await nextTick();
};
let close: () => void = () => undefined;
async function opened(post: (one: One) => Promise<unknown>) {
  let box!: ReturnType<typeof useOutbox>;
  const app = renderer.createApp(defineComponent({ setup: () => ((box = useOutbox("orders", { mine: () => true, post, follows: () => false, read: () => Promise.resolve() })), () => null) }));
  app.mount({});
  close = () => app.unmount();
  await settled();
  return box;
}

beforeEach(() => {
  shelf = new OpenPageShelf();
  store.account = account("u");
});
afterEach(() => {
  close();
  store.account = null;
});

describe("the outbox of a telephone", () => {
  it("sends what is put in while another is being sent, without being asked again", async () => {
    const sent: string[] = [];
    let go: () => void = () => undefined;
    const box = await opened((w) => (sent.push(w.key), w.key === "a" ? new Promise<void>((done) => (go = done)) : Promise.resolve()));
    await box.put(1, entry("a"));
    const first = box.flush();
    await settled();
    await box.put(1, entry("b", 1));
    await box.flush(); // comes back at once: the first is at it
    expect([sent, box.waiting.value.map((w) => w.key)]).toEqual([["a"], ["a", "b"]]);
    go();
    await first;
    expect([sent, box.waiting.value, await shelf.all()]).toEqual([["a", "b"], [], []]);
  });
  it("keeps on the open page what the browser does not keep", async () => {
    const kept = new OpenPageShelf<Sendable>();
    shelf = Object.assign(kept, { lasting: true });
    const box = await opened(() => Promise.reject(new Problem(0, "offline", "x")));
    await box.put(1, entry("a"));
    kept.put = () => Promise.reject(new Error("QuotaExceededError"));
    await box.put(1, entry("b", 1));
    expect([box.waiting.value.map((w) => w.key), box.shelf.value?.lasting]).toEqual([["a", "b"], false]);
  });
  it("does not send twice for ever what the browser will not take off its shelf", async () => {
    const sent: string[] = [];
    const kept = new OpenPageShelf<Sendable>();
    shelf = kept;
    const box = await opened((w) => Promise.resolve(sent.push(w.key)));
    kept.drop = () => Promise.reject(new Error("InvalidStateError"));
    await box.put(1, entry("a"));
    await box.put(1, entry("b", 1));
    await box.flush();
    await box.flush();
    expect([sent, box.waiting.value]).toEqual([["a", "b"], []]);
  });
  it("shows and sends nothing of one account under another, and loses none of it", async () => {
    const sent: string[] = [];
    let go: () => void = () => undefined;
    const box = await opened((w) => (sent.push(w.key), new Promise<void>((done) => (go = done))));
    await box.put(1, entry("a"));
    await box.put(1, entry("b", 1));
    const at = box.flush();
    await settled();
    store.account = account("v");
    expect(box.waiting.value).toEqual([]);
    go();
    await at;
    await box.flush();
    expect([sent, box.waiting.value, (await shelf.all()).map((w) => w.key)]).toEqual([["a"], [], ["b"]]);
    store.account = account("u");
    await settled();
    expect(box.waiting.value.map((w) => w.key)).toEqual(["b"]);
  });
  it("tells which one the service fails at, sends those behind it, and lets it be given up", async () => {
    const sent: string[] = [];
    const box = await opened((w) => (w.key === "a" ? Promise.reject(new Problem(500, "fault", "x")) : Promise.resolve(sent.push(w.key))));
    await box.put(1, entry("a"));
    await box.put(1, entry("b", 1));
    await box.flush();
    expect([sent, box.waiting.value.map((w) => [w.key, w.trouble]), box.offline.value]).toEqual([["b"], [["a", "x"]], false]);
    for (const w of box.waiting.value) await box.drop(w);
    expect([box.waiting.value, await shelf.all()]).toEqual([[], []]);
  });
  it("tries again what the service failed at, and takes it off when it is in", async () => {
    let fails = true;
    const box = await opened(() => (fails ? Promise.reject(new Problem(502, "fault", "x")) : Promise.resolve()));
    await box.put(1, entry("a"));
    await box.flush();
    fails = false;
    await box.flush();
    expect(box.waiting.value).toEqual([]);
  });
});
