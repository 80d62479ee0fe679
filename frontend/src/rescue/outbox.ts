/** The outbox of a page on a telephone: what of it waits there, sent as soon as there is a network. */
import { onBeforeUnmount, onMounted, ref, shallowRef } from "vue";
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

/** `mine` is what of it belongs to the page; `post` sends one; `read` reads the page anew, as it does every so often. */
export function useOutbox<E extends Sendable>(name: "evacuation" | "orders", page: { mine: (one: Waiting<E>) => boolean; post: (one: Waiting<E>, signal: AbortSignal) => Promise<unknown>; read: () => Promise<void> }) {
  const shelf = shallowRef<Shelf<E> | null>(null);
  const waiting = shallowRef<Waiting<E>[]>([]);
  const sending = ref(false);
  const offline = ref(false);
  let more = false; // something was kept while others were sent

  async function look(): Promise<void> {
    const all = (await shelf.value?.all()) ?? [];
    waiting.value = inOrder(all.filter((w) => w.user === store.account?.username && page.mine(w)));
  }
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
        const came = await sendAll(shelf.value, ready, (w) => page.post(w, AbortSignal.timeout(PATIENCE)));
        offline.value = came === "offline";
        await page.read(); // first, that nothing is shown as not done in between
        await look();
        if (came !== "all") break;
      }
    } finally {
      sending.value = false;
    }
  }
  /** Written down before anything is sent. Where the browser does not keep it, the open page does. */
  async function keep(one: Waiting<E>): Promise<void> {
    try {
      await shelf.value?.put(one);
    } catch {
      const open = new OpenPageShelf<E>();
      for (const w of [...waiting.value, one]) await open.put(w);
      shelf.value = open;
    }
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
    await shelf.value?.drop(one.key);
    await look();
  }

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
