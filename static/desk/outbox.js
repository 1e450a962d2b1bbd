// Posts that must not be lost: in order per call, the same body again until the server has answered, kept in this
// browser until then, and a full-width sign while anything is not on the server.

const KEY = "dd.outbox";
const TIMEOUT = 8000;
const PAUSE = 3000;
const AWAY = new Set([502, 503, 504]);

const chains = new Map(); // order key -> promise of the last post
const waiting = new Set(); // reasons why NOT SENT is shown
let stored = [];
let wake = () => {};

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
  sign.hidden = false;
}

export function mended(reason) {
  waiting.delete(reason);
  const sign = document.getElementById("not-sent");
  if (sign && waiting.size === 0) sign.hidden = true;
}

function keep() {
  try {
    localStorage.setItem(KEY, JSON.stringify(stored));
  } catch {
    // A full or forbidden store only costs the copy that survives a killed tab.
  }
}

const resting = (ms) => new Promise((resolve) => {
  const timer = setTimeout(resolve, ms);
  wake = () => {
    clearTimeout(timer);
    resolve();
  };
});
window.addEventListener("online", () => wake());

async function deliver(item) {
  for (;;) {
    try {
      const response = await fetch(item.url, {
        method: "POST",
        credentials: "same-origin",
        headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true" },
        body: new URLSearchParams(item.data),
        signal: AbortSignal.timeout(TIMEOUT),
      });
      if (!AWAY.has(response.status)) {
        const text = await response.text();
        if (response.status === 401) failed(item.key, "You are signed out. Sign in in another tab; this is sent again then.");
        else return { ok: response.ok, status: response.status, text, field: response.headers.get("X-Problem-Field") || "" };
      } else failed(item.key, item.words);
    } catch {
      failed(item.key, item.words);
    }
    await resting(PAUSE);
  }
}

// Post `data` to `url` after everything else with the same `order`. Resolves when the server has answered, however
// long that takes. `lasting` posts survive the tab: only those that carry their own id may.
export function post(url, data, { order, words = "Still trying. Tell dispatch by radio, write on paper.", lasting = false }) {
  const item = { url, data, order, words, key: `${order}:${url}:${Math.random()}` };
  if (lasting) {
    stored.push(item);
    keep();
  }
  const before = chains.get(order) || Promise.resolve();
  const run = before.then(() => deliver(item)).then((result) => {
    mended(item.key);
    stored = stored.filter((one) => one.key !== item.key);
    if (lasting) keep();
    return result;
  });
  chains.set(order, run);
  return run;
}

// What an earlier tab could not send, sent now: same ids, so nothing is made twice.
export function resume() {
  let left = [];
  try {
    left = JSON.parse(localStorage.getItem(KEY) || "[]");
  } catch {
    left = [];
  }
  stored = [];
  return Promise.all(left.map((item) => post(item.url, item.data, { order: item.order, words: item.words, lasting: true })));
}
