// What every page needs: clock, countdowns, key sheet, htmx's token and its failures. No page logic lives here.

import { csrfToken, failed, mended } from "./outbox.js";

const FIELD = "input, textarea, select, [contenteditable]";

export const singleKeys = () => document.body.dataset.singleKeys !== "off";
export const inField = (target) => target instanceof Element && target.matches(FIELD);

// Clock of the centre, and countdowns. Ages belong to live.js, which also knows when they cannot be trusted.
const formats = new Map();
function clockText(zone, now) {
  if (!formats.has(zone)) {
    formats.set(zone, new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit" }));
  }
  return formats.get(zone).format(now);
}

export function leftText(milliseconds) {
  const seconds = Math.floor(Math.abs(milliseconds) / 1000);
  const text = `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
  return milliseconds < 0 ? `-${text}` : text;
}

function tick() {
  // By the server's clock, as far as the live stream has told it: this computer's may be minutes wrong.
  const now = Date.now() + Number(document.documentElement.dataset.clockOff || 0);
  for (const element of document.querySelectorAll("[data-clock]")) {
    const text = clockText(element.dataset.clock, now);
    if (element.textContent !== text) element.textContent = text;
  }
  const stale = document.documentElement.dataset.liveState === "stale";
  for (const element of document.querySelectorAll("[data-until]")) {
    const left = Date.parse(element.dataset.until) - now;
    const text = stale ? "—" : leftText(left);
    if (element.textContent !== text) element.textContent = text;
    if (left < 0 && element.dataset.over === undefined) element.dataset.over = "";
  }
}
setInterval(tick, 1000);
document.addEventListener("DOMContentLoaded", tick);

// The key sheet lists exactly the keys that the page shows on its buttons and that work for this person now.
const SINGLE = /^(?:.|J K or arrows)$/;
function openKeys() {
  const dialog = document.getElementById("keys");
  if (!dialog || dialog.open) return;
  const list = dialog.querySelector("[data-keys-list]");
  const seen = new Set();
  list.replaceChildren();
  for (const element of document.querySelectorAll("[data-key][data-words]")) {
    if (seen.has(element.dataset.key) || element.closest("template") || element.closest("[hidden]")) continue;
    if (!singleKeys() && SINGLE.test(element.dataset.key)) continue;
    seen.add(element.dataset.key);
    const term = document.createElement("dt");
    const key = document.createElement("kbd");
    key.textContent = element.dataset.key;
    term.append(key);
    const words = document.createElement("dd");
    words.textContent = element.dataset.words;
    list.append(term, words);
  }
  dialog.showModal();
  dialog.dispatchEvent(new CustomEvent("keys:shown", { bubbles: true }));
}
document.addEventListener("keydown", (event) => {
  if (event.key === "?" && singleKeys() && !inField(event.target) && !event.ctrlKey && !event.altKey) {
    event.preventDefault();
    openKeys();
  }
});
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-keys-button]")) openKeys();
  for (const menu of document.querySelectorAll(".person-menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// Having signed out wipes what this browser kept; asking to sign out does not, since open work may keep one here.
if (new URLSearchParams(location.search).has("out") && location.pathname.startsWith("/sign-in")) {
  for (const key of Object.keys(localStorage)) if (key.startsWith("dd.")) localStorage.removeItem(key);
  globalThis.caches?.delete("dd-phone-kept");
}

// htmx: the token, refusals beside their form (the server says where), and a network that is gone.
document.addEventListener("htmx:config:request", (event) => {
  event.detail.ctx.request.headers["X-CSRFToken"] = csrfToken();
});
document.addEventListener("htmx:before:swap", (event) => {
  const { response, hx } = event.detail.ctx;
  if (!response) return;
  if (response.raw.redirected && new URL(response.raw.url).pathname.startsWith("/sign-in")) {
    event.preventDefault();
    failed("page", "You are signed out. Sign in again in another tab: what you typed stays here.");
  } else if (response.status >= 400 && !hx?.retarget) {
    event.preventDefault();
    failed("page", response.status >= 500 ? "The server failed. Try again." : "This was refused. Reload the page and try again.");
  } else if (response.status < 400) {
    mended("page");
    event.target.closest?.("form")?.querySelector(".problem")?.replaceChildren();
  }
});
document.addEventListener("htmx:after:swap", (event) => {
  const { ctx } = event.detail;
  const said = document.getElementById("said");
  if (!said || !ctx?.response) return;
  if (ctx.hx?.retarget === "#said-words") said.hidden = false;
  else if (ctx.request.method !== "GET" && ctx.response.status < 400) said.hidden = true;
});
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-said-close]")) document.getElementById("said").hidden = true;
});
// A form that makes something carries an id made here, new for each sending: sent twice, it is made once.
document.addEventListener("submit", (event) => {
  const id = event.target.querySelector?.("[name=id][data-fresh]");
  if (id) id.value = crypto.randomUUID();
  if (event.target.matches?.("[data-reset]")) sentAs.set(event.target, wordsIn(event.target));
}, true);
// An answer empties its form, but not of what somebody has typed there since it was sent.
const sentAs = new WeakMap();
const wordsIn = (form) => JSON.stringify([...form.elements].filter((one) => one.type !== "hidden").map((one) => [one.value, one.checked]));
document.addEventListener("htmx:error", (event) => {
  const method = event.detail.ctx?.request?.method;
  if (method && method !== "GET") failed("page", "The network is away. Press the same button again when it is back.");
});
document.addEventListener("htmx:after:swap", (event) => {
  const form = event.detail.ctx?.sourceElement?.closest?.("form[data-reset]");
  if (form && event.detail.ctx.response?.status < 400 && (sentAs.get(form) ?? wordsIn(form)) === wordsIn(form)) {
    form.reset();
    form.dispatchEvent(new CustomEvent("desk:reset", { bubbles: true }));
  }
});
