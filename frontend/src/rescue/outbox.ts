/** The outbox of a page on a telephone: what of it waits there, sent as soon as there is a network. */
import { onBeforeUnmount, onMounted, ref, shallowRef, watch } from "vue";
import { Problem } from "../api/client";
import { store } from "../selection/store";
import { inOrder, OpenPageShelf, openShelf, type Sendable, sendAll, type Shelf, type Waiting } from "./queue";
import { mayRead } from "./rights";

const EVERY = 15_000;

const PATIENCE = 20_000; // for one answer: on a line that carries nothing all would wait for it

/** The service's time, as far as the page has heard it: by a telephone's own clock what was done now may be refused as
 * not yet. The answer that came soonest is the nearest to it; no moment comes before the one that was told last. */
export function serviceClock(): { heard: (at: string) => void; now: () => string } {
  let ahead = -Infinity;
  let last = 0;
  return {
    heard: (at) => void (ahead = Math.max(ahead, Date.parse(at) - Date.now())),
    now: () => new Date((last = Math.max(last + 1, Date.now() + (Number.isFinite(ahead) ? ahead : 0)))).toISOString(),
  };
}

/** `mine` is what of it belongs to the page; `post` sends one; `follows` says that one means nothing before another is in;
 * `read` reads the page anew, as it does every so often. */
export function useOutbox<E extends Sendable>(name: "evacuation" | "orders", page: { mine: (one: Waiting<E>) => boolean; post: (one: Waiting<E>, signal: AbortSignal) => Promise<unknown>; follows: (one: Waiting<E>, before: Waiting<E>) => boolean; read: () => Promise<void> }) {
  const shelf = shallowRef<Shelf<E> | null>(null);
  const waiting = shallowRef<Waiting<E>[]>([]);
  const sending = ref(false);
  const offline = ref(false);
  let more = false; // something was kept while others were sent
  let done = new Set<string>(); // taken off the shelf since it was looked at

  async function look(): Promise<void> {
    const all = (await shelf.value?.all()) ?? [];
    done = new Set();
    waiting.value = inOrder(all.filter((w) => w.user === store.account?.username && page.mine(w)));
  }
  /** Where the browser does not keep it, the open page does. */
  async function write(act: (on: Shelf<E>) => Promise<void>): Promise<void> {
    if (!shelf.value) return;
    try {
      await act(shelf.value);
    } catch {
      const open = new OpenPageShelf<E>();
      for (const w of waiting.value) if (!done.has(w.key)) await open.put(w);
      shelf.value = open;
      await act(open);
    }
  }
  const put1 = (one: Waiting<E>): Promise<void> => write((on) => on.put(one));
  const drop1 = (key: string): Promise<void> => {
    done.add(key);
    return write((on) => on.drop(key));
  };
  /** Nothing of one account is sent in another's name, also where it changes in between. */
  const post = (w: Waiting<E>): Promise<unknown> => (w.user === store.account?.username ? page.post(w, AbortSignal.timeout(PATIENCE)) : Promise.reject(new Problem(401, "other_account", "")));
  /** What waits is sent; what clashed waits for its sender. */
  async function flush(): Promise<void> {
    more = true;
    if (sending.value) return;
    sending.value = true;
    try {
      while (more && shelf.value && mayRead(store.account)) {
        more = false;
        await look();
        const ready = waiting.value.filter((w) => !w.clash);
        if (!ready.length) continue;
        const came = await sendAll({ put: put1, drop: drop1 }, ready, post, page.follows);
        offline.value = came === "offline";
        await page.read(); // first, that nothing is shown as not done in between
        await look();
        if (came === "offline" || came === "later") break;
      }
    } finally {
      sending.value = false;
    }
  }
  /** Written down before anything is sent. */
  async function keep(one: Waiting<E>): Promise<void> {
    await put1(one);
    await look();
  }
  async function put(of: number, entry: E): Promise<void> {
    const user = store.account?.username;
    if (!user || !shelf.value) throw new Error("nobody is signed in");
    await keep({ key: entry.key, of, user, entry });
  }
  /** Whether it waits here for a network. */
  const waits = (key: string): boolean => offline.value && waiting.value.some((w) => w.key === key && !w.clash);
  /** Sent once more, with what its sender has decided. */
  async function again({ key, of, user, entry }: Waiting<E>, changed: Partial<E> = {}): Promise<void> {
    await keep({ key, of, user, entry: { ...entry, ...changed } });
    await flush();
  }
  async function drop(one: Waiting<E>): Promise<void> {
    await drop1(one.key);
    await look();
  }

  // What one account has waiting is not shown to the next.
  watch(() => store.account?.username, () => {
    waiting.value = [];
    void look();
  }, { flush: "sync" });

  let timer = 0;
  let gone = false;
  const onLine = (): void => void flush().then(page.read);
  const offLine = (): void => void (offline.value = true);
  onMounted(async () => {
    shelf.value = await openShelf<E>(name);
    if (gone) return;
    timer = window.setInterval(() => void (waiting.value.some((w) => !w.clash) ? flush() : page.read()), EVERY);
    window.addEventListener("online", onLine);
    window.addEventListener("offline", offLine);
    await flush();
  });
  onBeforeUnmount(() => {
    gone = true;
    window.clearInterval(timer);
    window.removeEventListener("online", onLine);
    window.removeEventListener("offline", offLine);
  });
  return { shelf, waiting, sending, offline, flush, put, waits, again, drop };
}
