/** The outbox of a page on a telephone: what of it waits there, sent as soon as there is a network. */
import { onBeforeUnmount, onMounted, ref, shallowRef } from "vue";
import { store } from "../selection/store";
import { inOrder, openShelf, type Sendable, sendAll, type Shelf, type Waiting } from "./queue";
import { mayRead } from "./rights";

const EVERY = 15_000;

/** The service's time, as far as the page has heard it: by a telephone's own clock what was done now may be refused as
 * not yet. */
export function serviceClock(): { heard: (at: string) => void; now: () => string } {
  let ahead = 0;
  return { heard: (at) => void (ahead = Date.parse(at) - Date.now()), now: () => new Date(Date.now() + ahead).toISOString() };
}

/** `mine` is what of it belongs to the page; `post` sends one; `read` reads the page anew, as it does every so often. */
export function useOutbox<E extends Sendable>(name: "evacuation" | "orders", page: { mine: (one: Waiting<E>) => boolean; post: (one: Waiting<E>) => Promise<unknown>; read: () => Promise<void> }) {
  const shelf = shallowRef<Shelf<E> | null>(null);
  const waiting = shallowRef<Waiting<E>[]>([]);
  const sending = ref(false);
  const offline = ref(false);

  async function look(): Promise<void> {
    const all = (await shelf.value?.all()) ?? [];
    waiting.value = inOrder(all.filter((w) => w.user === store.account?.username && page.mine(w)));
  }
  /** What waits is sent; what clashed waits for its sender. */
  async function flush(): Promise<void> {
    if (sending.value || !shelf.value || !mayRead(store.account)) return;
    sending.value = true;
    try {
      await look();
      const ready = waiting.value.filter((w) => !w.clash);
      offline.value = (await sendAll(shelf.value, ready, page.post)) === "offline";
      if (ready.length) await page.read(); // first, that nothing is shown as not done in between
      await look();
    } finally {
      sending.value = false;
    }
  }
  /** Kept first, then sent. True where it waits for a network. */
  async function put(of: number, entry: E): Promise<boolean> {
    await shelf.value?.put({ key: entry.key, of, user: store.account?.username ?? "", entry });
    await look();
    await flush();
    return waiting.value.some((w) => w.key === entry.key && !w.clash);
  }
  /** Sent once more, with what its sender has decided. */
  async function again({ key, of, user, entry }: Waiting<E>, more: Partial<E> = {}): Promise<void> {
    await shelf.value?.put({ key, of, user, entry: { ...entry, ...more } });
    await flush();
  }
  async function drop(one: Waiting<E>): Promise<void> {
    await shelf.value?.drop(one.key);
    await look();
  }

  let timer = 0;
  const onLine = (): void => void flush().then(page.read);
  const offLine = (): void => void (offline.value = true);
  onMounted(async () => {
    shelf.value = await openShelf<E>(name);
    timer = window.setInterval(() => void (waiting.value.some((w) => !w.clash) ? flush() : page.read()), EVERY);
    window.addEventListener("online", onLine);
    window.addEventListener("offline", offLine);
    await flush();
  });
  onBeforeUnmount(() => {
    window.clearInterval(timer);
    window.removeEventListener("online", onLine);
    window.removeEventListener("offline", offLine);
  });
  return { shelf, waiting, sending, offline, flush, put, again, drop };
}
