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

// What a colleague left in a call that is mine now: read by one key, put where it belongs, and only then let go there.
export class Unsent {
  constructor(card, drafts) {
    this.card = card;
    this.drafts = drafts;
    this.box = document.getElementById(`unsent-others-${card.id}`);
    this.box?.addEventListener("click", (event) => {
      if (event.target.closest("[data-unsent-take]")) this.take();
      else if (event.target.closest("[data-unsent-leave]")) this.settle(this.box.dataset.ids);
    });
  }

  async take() {
    const result = await this.post("read", {});
    if (!result) return;
    const left = JSON.parse(result).words;
    for (const { field, text } of left) this.place(field, text);
    if (left.length) await this.settle(left.map((one) => one.id).join(","));
    this.card.field("[data-note]").focus();
  }

  // Into its own field where that is empty, else into the note that is being typed: nothing of mine is written over.
  place(field, text) {
    const own = field !== "note" && Object.fromEntries(this.card.typed())[field];
    const free = own && !own.value.trim();
    const into = free ? own : this.card.field("[data-note]");
    const words = free || field === "note" ? text : `${field.replace("_", " ")}: ${text}`;
    if (into.value.includes(words)) return;
    into.value = into.value.trim() ? `${into.value.trimEnd()}\n${words}` : words;
    into.dispatchEvent(new Event("input", { bubbles: true }));
    this.drafts.now(into, `${this.card.id}.${free ? field : "note"}`);
  }

  async settle(ids) {
    if ((await this.post("settled", { ids })) !== null) this.box.remove();
  }

  async post(what, data) {
    const problem = this.box.querySelector(".problem");
    try {
      const response = await fetch(`/console/calls/${this.card.id}/unsent/${what}/`, {
        method: "POST",
        credentials: "same-origin",
        headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true" },
        body: new URLSearchParams(data),
      });
      const text = await response.text();
      if (response.ok && !response.redirected) return text;
      problem.textContent = response.status < 500 ? text : "The server failed. Try again.";
    } catch {
      problem.textContent = "The network is away. Try again.";
    }
    return null;
  }
}
