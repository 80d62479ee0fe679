/** Who asks, and which state of the data: sign-in, rights, the stream of states, the beginning. */
import { watch } from "vue";
import { getJson, Problem, send, setCsrf } from "../api/client";
import type { Catalogue, Division, Meta, Moment, Rights, Session } from "../api/types";
import { W } from "../words";
import { count, listAnew, showDetail } from "./asking";
import { openLink, settle } from "./opening";
import { firstHash, store } from "./state";
import { askToChange, complain, whenExpired } from "./trouble";
import { waitFor } from "./waitFor";

const PUBLIC_RIGHTS = "r_public";
const REPLY_MS = 2500; // how long a stream of events may be away before the page says so
const PULSE_MS = 30_000;

let catalogueMoved = 0; // the state that last changed classes, scales, policies or divisions

function moveTo(now: Moment): void {
  if (now.state < store.state) return;
  catalogueMoved = now.catalogue;
  store.state = now.state;
  store.at = now.at;
}

/** Classes and divisions as they are now: somebody has changed one. */
async function renewCatalogue(): Promise<void> {
  const [catalogue, divisions] = await Promise.all([getJson<Catalogue>("/api/catalogue"), getJson<{ items: Division[] }>("/api/divisions")]);
  store.catalogue = catalogue;
  store.divisions = divisions.items;
}

/** What the caller may see may have changed: take the new fingerprint and state. */
export async function renewRights(): Promise<Rights> {
  const now = await getJson<Rights>("/api/rights");
  store.rights = now.rights;
  store.online = true;
  moveTo(now);
  return now;
}

/** The session is over without our doing: show what the public sees, and ask to sign in. */
async function expire(): Promise<void> {
  forget();
  store.signIn = "expired";
  await reload().catch(complain);
}

function forget(): void {
  setCsrf("");
  store.account = null;
  store.rights = PUBLIC_RIGHTS;
  store.rows = [];
  store.detail = null;
  store.steps = [];
}

/** Whether the service answers more than this: not before a password that has to be changed is. */
function takeSession(session: Session): boolean {
  setCsrf(session.csrf);
  if (session.must_change) {
    askToChange(session.account.username, session.must_change);
    return false;
  }
  store.mustChange = null;
  store.account = session.account;
  store.rights = session.rights;
  return true;
}

export async function signIn(username: string, password: string): Promise<void> {
  store.switching = true;
  try {
    const session = await send<Session>("POST", "/api/session", { username, password });
    if (!session || !takeSession(session)) return;
  } finally {
    store.switching = store.mustChange !== null; // until then the service answers nothing else
  }
  await again();
}

/** Everything for who asks now; from the beginning where a password had to be changed first. */
async function again(): Promise<void> {
  await (store.meta ? reload() : begin());
}

export async function signOut(): Promise<void> {
  store.switching = true;
  try {
    await send("DELETE", "/api/session");
  } catch (error) {
    store.switching = false;
    // A session that has ended by itself is as good as signed out.
    if (!(error instanceof Problem && error.status === 401)) return complain(error);
  }
  store.selected = null;
  store.mustChange = null;
  forget();
  store.switching = false;
  await again().catch(complain);
}

/** After a change of who asks: catalogue (its fields follow the rights), counts, table, card. */
async function reload(): Promise<void> {
  const [, catalogue] = await Promise.all([renewRights(), getJson<Catalogue>("/api/catalogue")]);
  store.catalogue = catalogue;
  await settle();
  listAnew();
  await Promise.all([count(), showDetail()]);
}

let silence = 0;
let lost = 0; // streams in a row that did not come to be: each is asked for later than the one before
let due = 0; // the next, while there is none

function follow(): void {
  clearTimeout(due);
  due = 0;
  const events = new EventSource("/api/events");
  events.addEventListener("state", (event) => {
    store.online = true;
    moveTo(JSON.parse((event as MessageEvent<string>).data) as Moment);
  });
  events.addEventListener("open", () => {
    clearTimeout(silence);
    lost = 0;
    if (!store.online) void renewRights().catch(complain);
    store.online = true;
  });
  const off = (): void => void (store.online = false);
  window.addEventListener("offline", off);
  events.addEventListener("error", () => {
    clearTimeout(silence);
    silence = window.setTimeout(() => (store.online = false), REPLY_MS);
    // Not left to the browser, which asks every 3 s without end while a service is down.
    events.close();
    window.removeEventListener("offline", off);
    due = window.setTimeout(follow, waitFor(lost++));
  });
}

/** A line that dies in silence ends no stream: ask now and then, and at once when the browser is back on the net. */
function watchLine(): void {
  const ask = (): void => void renewRights().catch(complain);
  setInterval(ask, PULSE_MS);
  window.addEventListener("online", () => {
    ask();
    if (due) follow();
  });
}

export async function begin(): Promise<void> {
  try {
    const rights = await renewRights();
    if (rights.signed_in && !takeSession(await getJson<Session>("/api/session"))) return;
    const [meta, divisions, catalogue] = await Promise.all([
      getJson<Meta>("/api/meta"), getJson<{ items: Division[] }>("/api/divisions"), getJson<Catalogue>("/api/catalogue"),
    ]);
    store.meta = meta;
    store.divisions = divisions.items;
    store.catalogue = catalogue;
    store.error = "";
    document.title = meta.title;
    follow();
    watchLine();
    await openLink(firstHash);
    store.fitted = true;
    listAnew();
    await Promise.all([count(), showDetail()]);
  } catch (error) {
    store.error = error instanceof Problem ? error.detail : W.fault;
    setTimeout(() => void begin(), 4000);
  }
}

whenExpired(() => void expire());
watch(() => store.state, async (_now, before) => {
  if (!before || !store.catalogue) return;
  if (store.catalogue.state < catalogueMoved) await renewCatalogue().catch(complain);
  if (store.chosen.asOf) return; // the past that is shown does not move
  void count();
  listAnew();
  void showDetail();
});
