/** What a telephone reports waits there until it is sent: in IndexedDB, so that a closed page loses none of it. */
import { Problem } from "../api/client";

/** Written once under its key, however often it is sent; `at` is when it was made. */
export interface Sendable { key: string; at: string }
/** One that waits; `of` is what it reports on; `clash` is why the service did not take it: then its sender decides;
 * `trouble` is what the service said when it failed over it: it is tried again. */
export interface Waiting<E extends Sendable> { key: string; of: number; user: string; entry: E; clash?: { code: string; detail: string }; trouble?: string }

export interface Shelf<E extends Sendable> {
  readonly lasting: boolean;
  all(): Promise<Waiting<E>[]>;
  put(one: Waiting<E>): Promise<void>;
  drop(key: string): Promise<void>;
}

/** Where the browser keeps nothing: as long as the page is open. */
export class OpenPageShelf<E extends Sendable> implements Shelf<E> {
  readonly lasting = false;
  private readonly kept = new Map<string, Waiting<E>>();
  all(): Promise<Waiting<E>[]> {
    return Promise.resolve([...this.kept.values()]);
  }
  put(one: Waiting<E>): Promise<void> {
    this.kept.set(one.key, one);
    return Promise.resolve();
  }
  drop(key: string): Promise<void> {
    this.kept.delete(key);
    return Promise.resolve();
  }
}

const STORE = "entries";

class DatabaseShelf<E extends Sendable> implements Shelf<E> {
  readonly lasting = true;
  constructor(private readonly database: IDBDatabase) {}
  private run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const within = this.database.transaction(STORE, mode);
      const asked = act(within.objectStore(STORE));
      within.oncomplete = () => resolve(asked.result);
      within.onerror = within.onabort = () => reject(within.error ?? new Error("IndexedDB"));
    });
  }
  all(): Promise<Waiting<E>[]> {
    return this.run("readonly", (store) => store.getAll() as IDBRequest<Waiting<E>[]>);
  }
  async put(one: Waiting<E>): Promise<void> {
    const plain = JSON.parse(JSON.stringify(one)) as Waiting<E>; // what the page has made reactive cannot be cloned
    await this.run("readwrite", (store) => store.put(plain));
  }
  async drop(key: string): Promise<void> {
    await this.run("readwrite", (store) => store.delete(key));
  }
}

/** Each kind of report has a shelf of its own. */
export function openShelf<E extends Sendable>(name: "evacuation" | "orders"): Promise<Shelf<E>> {
  return new Promise((resolve) => {
    try {
      const asked = indexedDB.open(`riskmap-${name}`, 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "key" });
      asked.onsuccess = () => resolve(new DatabaseShelf<E>(asked.result));
      asked.onerror = asked.onblocked = () => resolve(new OpenPageShelf<E>());
    } catch {
      resolve(new OpenPageShelf<E>());
    }
  });
}

export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `p-${[...bytes].map((b) => b.toString(16).padStart(2, "0")).join("")}`;
}

/** In the order in which they were made: what corrects another comes after it. */
export function inOrder<E extends Sendable>(waiting: Waiting<E>[]): Waiting<E>[] {
  return [...waiting].sort((a, b) => a.entry.at.localeCompare(b.entry.at));
}

/** Send what waits, one after another. What the service refuses stays with its reason; where nobody answers (offline), or
 * not now (later: the session has ended, too many at once), the rest waits. Over one that the service fails at (trouble)
 * those behind are tried all the same, but for what `follows` it and means nothing without it. */
export async function sendAll<E extends Sendable>(shelf: Pick<Shelf<E>, "put" | "drop">, waiting: Waiting<E>[], post: (one: Waiting<E>) => Promise<unknown>, follows: (one: Waiting<E>, before: Waiting<E>) => boolean = () => false): Promise<"all" | "offline" | "later" | "trouble"> {
  const held: Waiting<E>[] = [];
  for (const one of inOrder(waiting)) {
    if (held.some((before) => follows(one, before))) {
      held.push(one);
      continue;
    }
    try {
      await post(one);
    } catch (error) {
      if (!(error instanceof Problem) || error.status === 0) return "offline";
      if (error.status === 401 || error.status === 429) return "later";
      if (error.status >= 500) {
        held.push(one);
        await shelf.put({ ...one, trouble: error.detail });
      } else await shelf.put({ ...one, trouble: undefined, clash: { code: error.code, detail: error.detail } });
      continue;
    }
    await shelf.drop(one.key);
  }
  return held.length ? "trouble" : "all";
}
