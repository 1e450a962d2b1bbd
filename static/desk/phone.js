// The responder's phone: the board is fetched anew when the unit's signal changes; what is pressed goes through a queue
// that survives a dead spot, with the phone's own time; hold-to-send; position by choice.

import { csrfToken, post, resume } from "./outbox.js";

const HOLD = 1000;
const SHARE_EVERY = 30_000;
const HEARD_EVERY = 20_000;
const SLOW = 1500;
let sharing = 0;

const board = () => document.getElementById("phone-board");
let openParts = [];
const refresh = () => window.htmx.ajax("GET", "/phone/board/", { target: "#phone-board", swap: "outerMorph" });
// A part that the thumb has opened stays open when the board is drawn anew.
document.addEventListener("htmx:before:swap", () => {
  openParts = [...(board()?.querySelectorAll("details[open]") || [])].map((one) => one.id);
});
document.addEventListener("htmx:after:swap", () => {
  for (const id of openParts) document.getElementById(id)?.setAttribute("open", "");
});

let seen = Number(document.getElementById("phone-signal")?.dataset.v || 0);
document.addEventListener("live:applied", () => {
  const now = Number(document.getElementById("phone-signal")?.dataset.v || 0);
  if (now <= seen) return;
  seen = now;
  refresh();
});
document.addEventListener("live:state", (event) => event.detail.state === "live" && refresh());
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && refresh());

// A phone that shows its page tells the server so: dispatch then knows that an order can be read on it.
setInterval(() => {
  if (document.visibilityState !== "visible" || !board()) return;
  fetch("/phone/heard/", { method: "POST", credentials: "same-origin", headers: { "X-CSRFToken": csrfToken() } }).catch(() => {});
}, HEARD_EVERY);

// Everything that is pressed: sent at once, or as soon as there is a network, in the order of pressing.
const waiting = new Map();
function showWaiting() {
  const list = document.getElementById("waiting-list");
  if (!list) return;
  list.replaceChildren(...[...waiting.values()].map((words) => {
    const item = document.createElement("li");
    item.textContent = words;
    return item;
  }));
  document.getElementById("waiting").hidden = waiting.size === 0;
}
function say(words) {
  const place = document.getElementById("said-words");
  if (!place) return;
  place.textContent = words;
  document.getElementById("said").hidden = !words;
}
async function send(source, data) {
  const now = new Date();
  const key = Symbol("sent");
  const words = `${source.dataset.words} ${now.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false })}`;
  // Only what the server does not have after a moment is worth a line.
  const slow = setTimeout(() => {
    waiting.set(key, words);
    showWaiting();
    if (source.dataset.step !== undefined) nextOffline(source);
  }, SLOW);
  const result = await post(source.dataset.send, { ...data, device_at: now.toISOString() }, {
    order: source.dataset.order || "phone",
    lasting: true,
    words: "Your presses wait on this phone. Use your radio for what cannot wait.",
  });
  clearTimeout(slow);
  waiting.delete(key);
  showWaiting();
  const problem = source.isConnected ? source.querySelector?.(":scope > .problem") : null;
  if (result.ok) {
    problem?.replaceChildren();
    const said = new DOMParser().parseFromString(result.text, "text/html").querySelector("[data-said]")?.dataset.said;
    say(said ? `${words}: ${said}` : "");
    if (source.id === "crew-note") source.reset();
  } else if (problem) {
    problem.textContent = result.text;
  } else {
    say(result.status < 500 ? `${source.dataset.words}: ${result.text}` : "The server failed. Use your radio, then try again.");
  }
  refresh();
}
// Without a network the board cannot be drawn anew: the step after this one takes its place.
function nextOffline(button) {
  const steps = [...(button.parentElement?.querySelectorAll("[data-step]") || [])];
  const next = steps[steps.indexOf(button) + 1];
  button.hidden = true;
  if (next) next.hidden = false;
}
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-send]");
  if (!button) return;
  send(button, button.dataset.field ? { [button.dataset.field]: button.dataset.value } : {});
});
document.addEventListener("submit", (event) => {
  const form = event.target.closest?.("form[data-send]");
  if (!form) return;
  event.preventDefault();
  const data = Object.fromEntries(new FormData(form, event.submitter));
  if ("id" in data) data.id = crypto.randomUUID();
  send(form, data);
});
// What an earlier page of this phone could not send: same times, so nothing is lost and nothing made twice.
resume().then((results) => results.length && refresh());

// Held for a second by finger, mouse, Enter or Space. Letting go early does nothing.
let holding = 0;
function startHold(button) {
  if (holding) return;
  button.classList.add("holding");
  holding = setTimeout(() => {
    stopHold();
    help();
  }, HOLD);
}
function stopHold() {
  clearTimeout(holding);
  holding = 0;
  for (const button of document.querySelectorAll(".holding")) button.classList.remove("holding");
}
function help() {
  const form = document.getElementById("help-form");
  navigator.vibrate?.([120, 60, 120]);
  // Help never waits for a position: one that is known is sent along.
  form.querySelector("[name=lat]").value = lastPosition?.coords.latitude ?? "";
  form.querySelector("[name=lon]").value = lastPosition?.coords.longitude ?? "";
  form.requestSubmit();
}
document.addEventListener("pointerdown", (event) => {
  const button = event.target.closest("[data-hold]");
  if (button) startHold(button);
});
for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, stopHold);
document.addEventListener("contextmenu", (event) => event.target.closest("[data-hold]") && event.preventDefault());
document.addEventListener("keydown", (event) => {
  const button = event.target.closest?.("[data-hold]");
  if (button && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    if (!event.repeat) startHold(button);
  }
});
document.addEventListener("keyup", (event) => event.target.closest?.("[data-hold]") && stopHold());

// Position: only while the person has switched it on, with a sign that cannot be missed.
let lastPosition = null;
function share() {
  navigator.geolocation.getCurrentPosition((where) => {
    lastPosition = where;
    const form = document.getElementById("position-form");
    form.querySelector("[name=lat]").value = where.coords.latitude;
    form.querySelector("[name=lon]").value = where.coords.longitude;
    form.requestSubmit();
  }, () => stopSharing("Position is not available on this phone."), { maximumAge: 15_000, timeout: 10_000 });
}
function stopSharing(words = "") {
  clearInterval(sharing);
  sharing = 0;
  document.getElementById("sharing").hidden = true;
  const button = document.querySelector("[data-share]");
  if (button) button.textContent = "Share my position";
  document.querySelector("#position-form .problem").textContent = words;
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-share]");
  if (!button) return;
  if (sharing) {
    stopSharing();
    return;
  }
  sharing = setInterval(share, SHARE_EVERY);
  document.getElementById("sharing").hidden = false;
  button.textContent = "Stop sharing my position";
  share();
});
