// What is typed and not sent, kept on the server as well, for another machine and for whoever takes the call over.
// At most one post in PAUSE for a field; a newer one cancels an older one; nothing is sent while the network is away.

import { csrfToken } from "./outbox.js";

const PAUSE = 2000;
const AGAIN = 6000;
const tab = crypto.randomUUID();
const fields = new Map(); // name -> {text, at, kept, timer, run}

// A name is `call.field`.
const callOf = (name) => name.slice(0, name.indexOf("."));
const fieldOf = (name) => name.slice(name.indexOf(".") + 1);
const listOf = (name) => JSON.parse(document.getElementById(`unsent-${callOf(name)}`)?.dataset.unsent || "[]");

// What the server had when the card was drawn: {text, at}, with the time in milliseconds.
export const known = (name) => listOf(name).find((one) => one.field === fieldOf(name)) || null;

function entry(name) {
  if (!fields.has(name)) fields.set(name, { text: "", at: 0, kept: 0, timer: 0, run: null });
  return fields.get(name);
}

export function later(name, text) {
  const one = entry(name);
  one.text = text;
  one.at = Date.now();
  one.timer ||= setTimeout(() => send(name, one), PAUSE);
}

// Sent: what is still on its way must not bring it back. Nothing to say where the server never had any of it.
export function gone(name) {
  const one = entry(name);
  const had = one.run || one.kept || known(name)?.text;
  clearTimeout(one.timer);
  Object.assign(one, { text: "", at: Date.now(), timer: 0 });
  if (had) send(name, one);
}

async function send(name, one, keepalive = false) {
  clearTimeout(one.timer);
  one.timer = 0;
  if (!navigator.onLine || one.at <= one.kept) return;
  one.run?.abort();
  const run = new AbortController();
  const at = one.at;
  one.run = run;
  let again = true;
  try {
    const response = await fetch(`/console/calls/${callOf(name)}/unsent/`, {
      method: "POST",
      credentials: "same-origin",
      keepalive,
      headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true" },
      body: new URLSearchParams({ field: fieldOf(name), text: one.text, tab, typed_at: new Date(at).toISOString() }),
      signal: run.signal,
    });
    if (response.ok) one.kept = Math.max(one.kept, at);
    // Refused for good, or signed out: this browser still has it.
    again = response.status === 404 || response.status >= 500;
  } catch {
    again = !run.signal.aborted;
  }
  if (one.run === run) one.run = null;
  if (again && one.at > one.kept) one.timer ||= setTimeout(() => send(name, one), AGAIN);
}

const flush = (keepalive) => {
  for (const [name, one] of fields) if (one.timer || one.at > one.kept) send(name, one, keepalive);
};
window.addEventListener("pagehide", () => flush(true));
// The outbox goes first: it may hold the call itself.
window.addEventListener("online", () => setTimeout(() => flush(false), PAUSE));
