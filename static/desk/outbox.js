// Posts that must not be lost: in order per call, the same body again until the server has answered, kept in this
// browser until then, and a full-width sign while anything is not on the server.

// Each tab keeps its own list: what another tab has not sent yet is never written over.
const KEYS = "dd.outbox.";
const KEY = KEYS + Math.random().toString(36).slice(2);
const REFUSED = "dd.refused"; // what waited and was then not taken
const TIMEOUT = 8000;
const PAUSE = 3000;
const EARLIER = 1500; // How long a post lets what was pressed before it in another order go first.
// The server is away or busy, or got only a part of it (408): the same again.
const AWAY = new Set([408, 502, 503, 504]);

const chains = new Map(); // order key -> promise of the last post
const waiting = new Set(); // reasons why NOT SENT is shown
let stored = [];
const wakers = new Set();

// Whose posts these are: what one person pressed is never sent under another's name.
const person = () => document.querySelector("[data-person]")?.dataset.person || "";
const mine = (item) => !item.person || !person() || item.person === person();
// What waits to be sent and outlives the tab, in the order of pressing: {url, data, order, label, at}. Each change is
// told by outbox:changed on document.
export const unsent = () => stored.filter(mine);

// The cookie first: signing in again in another tab changes the token, and what waits here must still be taken.
export function csrfToken() {
  const cookie = document.cookie.split("; ").find((one) => one.startsWith("csrftoken="));
  if (cookie) return cookie.slice("csrftoken=".length);
  return document.querySelector('meta[name="csrf-token"]')?.content || "";
}

export function failed(reason, words) {
  waiting.add(reason);
  const sign = document.getElementById("not-sent");
  if (!sign) return;
  sign.querySelector("[data-not-sent-words]").textContent = words;
  signed(sign, false);
}

export function mended(reason) {
  waiting.delete(reason);
  const sign = document.getElementById("not-sent");
  if (sign && waiting.size === 0) signed(sign, true);
}

// Told by outbox:sign, so that what waits can be shown where it was said.
function signed(sign, hidden) {
  if (sign.hidden === hidden) return;
  sign.hidden = hidden;
  document.dispatchEvent(new CustomEvent("outbox:sign"));
}

function keep() {
  try {
    if (stored.length) localStorage.setItem(KEY, JSON.stringify(stored));
    else localStorage.removeItem(KEY);
  } catch {
    // A full or forbidden store only costs the copy that survives a killed tab.
  }
  document.dispatchEvent(new CustomEvent("outbox:changed"));
}

const resting = (ms) => new Promise((resolve) => {
  const done = () => {
    clearTimeout(timer);
    wakers.delete(done);
    resolve();
  };
  const timer = setTimeout(done, ms);
  wakers.add(done);
});
window.addEventListener("online", () => [...wakers].forEach((wake) => wake()));

// `along` goes with a post only while its tab lives: it is no part of what is kept.
function bodyOf(item) {
  const body = new URLSearchParams(item.data);
  for (const [name, value] of Object.entries(item.along?.() || {})) body.set(name, value);
  return body;
}

async function deliver(item, earlier) {
  for (let tries = 0; ; tries += 1) {
    if (tries || !item.hurry) await Promise.race([earlier, new Promise((resolve) => setTimeout(resolve, EARLIER))]);
    try {
      const response = await fetch(item.url, {
        method: "POST",
        credentials: "same-origin",
        headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true" },
        body: bodyOf(item),
        signal: AbortSignal.timeout(TIMEOUT),
      });
      if (!AWAY.has(response.status)) {
        const text = await response.text();
        // A page instead of words: the cookies have gone, and with them the session.
        const out = response.status === 401 || (response.status === 403 && response.headers.get("content-type")?.startsWith("text/html"));
        if (out) failed(item.key, "You are signed out. Sign in in another tab; this is sent again then.");
        else return { ok: response.ok, status: response.status, text, field: response.headers.get("X-Problem-Field") || "" };
      } else failed(item.key, item.words);
    } catch {
      failed(item.key, item.words);
    }
    await resting(PAUSE);
  }
}

// Post `data` to `url` after everything else with the same `order`. Resolves when the server has answered, however
// long that takes. `lasting` posts survive the tab: only those that carry their own id, or the time of pressing, may.
// `data`: an object, or pairs where a name may come twice. `label`: what a list of waiting posts calls it. `beside`:
// another order whose posts go first where they were pressed first, if they can within EARLIER; `hurry`: not on its
// first try. `along()` gives what goes with it only while the tab lives.
export function post(url, data, options) {
  const { order, words = "Still trying. Tell dispatch by radio, write on paper.", lasting = false } = options;
  const { label = "", at = Date.now(), beside = "", hurry = false } = options;
  const key = `${order}:${url}:${Math.random()}`;
  const item = { url, data, order, words, label, at, beside, hurry, person: options.person ?? person(), key };
  if (options.along) Object.defineProperty(item, "along", { value: options.along, enumerable: false });
  const earlier = chains.get(beside) || Promise.resolve();
  if (lasting) {
    stored.push(item);
    keep();
  }
  const before = chains.get(order) || Promise.resolve();
  const run = before.then(() => deliver(item, earlier)).then((result) => {
    mended(item.key);
    stored = stored.filter((one) => one.key !== item.key);
    if (lasting) keep();
    return result;
  });
  chains.set(order, run);
  return run;
}

// What was pressed, with the number of its call, for a list of what was not taken.
export const named = (call, words) => `call ${document.querySelector(`#tab-${CSS.escape(call)} .data`)?.textContent || ""}: ${words}`;

// What earlier tabs of this person could not send, sent now in its order: same ids and times, so nothing is done twice.
// Resolves with [{item, result}] when the server has answered to all of it. Another person's stays for them.
export async function resume() {
  const left = [];
  const taken = [];
  for (const key of Object.keys(localStorage).filter((one) => one.startsWith(KEYS) && one !== KEY)) {
    try {
      const items = JSON.parse(localStorage.getItem(key));
      left.push(...items.filter(mine));
      taken.push([key, items.filter((item) => !mine(item))]);
    } catch {
      // Unreadable is as good as gone.
      taken.push([key, []]);
    }
  }
  left.sort((a, b) => a.at - b.at);
  const sending = left.map((item) => post(item.url, item.data, { ...item, lasting: true, hurry: false }));
  // Only now: this tab's own list holds them.
  for (const [key, others] of taken) {
    if (others.length) localStorage.setItem(key, JSON.stringify(others));
    else localStorage.removeItem(key);
  }
  const results = await Promise.all(sending);
  return left.map((item, place) => ({ item, result: results[place] }));
}

// Words that waited here and that the server then refused: kept and shown until a person has read them.
export function keepRefused(results) {
  const refused = results.filter(({ result }) => !result.ok);
  if (!refused.length) return;
  const said = refused.map(({ item: { data, label }, result }) => `“${label || data.text || data.number || data.nature || data.value || "a new call"}” (${result.text.slice(0, 160)})`);
  localStorage.setItem(REFUSED, JSON.stringify([...kept(), ...said]));
}

function kept() {
  return JSON.parse(localStorage.getItem(REFUSED) || "[]");
}

export function showRefused() {
  const words = kept();
  const sign = document.getElementById("said");
  if (!words.length || !sign) return;
  document.getElementById("said-words").textContent = `Kept here while the server was away, and then not taken: ${words.join("; ")}`;
  sign.hidden = false;
  sign.querySelector("[data-said-close]").addEventListener("click", () => localStorage.removeItem(REFUSED), { once: true });
}
