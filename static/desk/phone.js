// The responder's phone: the board is fetched anew when the unit's signal changes; what is pressed goes through a queue
// that survives a dead spot (phone_queue.js); help (phone_help.js); what is kept on the phone (phone_away.js).

import { keepUp } from "./keep_up.js";
import { csrfToken, unsent } from "./outbox.js";
import { heard, install, wipe } from "./phone_away.js";
import { showUnconfirmed } from "./phone_help.js";
import { lastPosition } from "./phone_position.js";
import { giveBack, say, send, sendKept, showWaiting } from "./phone_queue.js";

const HEARD_EVERY = 20_000;

const board = () => document.getElementById("phone-board");
let openParts = [];
const refresh = () => navigator.onLine && window.htmx.ajax("GET", "/phone/board/", { target: "#phone-board", swap: "outerMorph" });
const signal = () => Number(document.getElementById("phone-signal")?.dataset.v || 0);
// The signal says up to where there is news; the board says what it was drawn from. A board that did not come, or came
// out of turn, is asked for until it is there: what it lacks may be a stage order.
let seen = signal();
const isOld = () => seen > Number(board()?.dataset.number || 0);
const looked = keepUp("phone", isOld, refresh);
// A part that the thumb has opened stays open when the board is drawn anew.
document.addEventListener("htmx:before:swap", () => {
  openParts = [...(board()?.querySelectorAll("details[open]") || [])].map((one) => one.id);
});
document.addEventListener("htmx:after:swap", (event) => {
  for (const id of openParts) document.getElementById(id)?.setAttribute("open", "");
  if (event.detail.ctx?.response?.status === 200) heard();
  showWaiting();
  looked();
});

document.addEventListener("live:applied", () => {
  const now = signal();
  if (now <= seen) return;
  seen = now;
  refresh();
});
// After a gap the region was filled, or could not be because somebody types in it.
document.addEventListener("live:reloaded", () => board()?.contains(document.activeElement) && refresh());
document.addEventListener("live:state", (event) => {
  if (event.detail.state === "live") refresh();
  // Not this person's any more: what was kept of the visit goes with the right to see it.
  else if (event.detail.state === "denied") globalThis.caches?.delete("dd-phone-kept");
});
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && refresh());
// Back in reach: what dispatch has said meanwhile comes first, a stage order above all.
window.addEventListener("online", refresh);

// A phone that shows its page tells the server so: dispatch then knows that an order can be read on it.
setInterval(() => {
  if (document.visibilityState !== "visible" || !board()) return;
  fetch("/phone/heard/", { method: "POST", credentials: "same-origin", headers: { "X-CSRFToken": csrfToken() } })
    .then((answer) => answer.ok && heard(), () => {});
}, HEARD_EVERY);

async function pressed(source, pairs) {
  const sent = send(source, pairs);
  // It is in the queue, which outlives the page: an empty field says so. Words that are refused come back.
  if (source.dataset.empties !== undefined) source.reset();
  const result = await sent;
  if (!result.ok) giveBack(pairs);
  refresh();
}
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-send]");
  if (button) pressed(button, button.dataset.field ? [[button.dataset.field, button.dataset.value]] : []);
});
document.addEventListener("submit", (event) => {
  const form = event.target.closest?.("form[data-send]");
  if (!form) return;
  event.preventDefault();
  const pairs = [...new FormData(form, event.submitter)].map(([name, value]) => {
    if (name === "id") return [name, crypto.randomUUID()];
    // A note belongs to the call that was on the page when it was written, also if it is over when it arrives.
    if (name === "assignment") return [name, board()?.dataset.assignment || ""];
    return [name, value];
  });
  if (form.dataset.where !== undefined && lastPosition()) pairs.push(["lat", lastPosition().lat], ["lon", lastPosition().lon]);
  pressed(form, pairs);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (button) navigator.clipboard?.writeText(button.dataset.copy).then(() => { button.textContent = "Copied"; }, () => {});
  // iPhones know no geo: links; their own map opens by maps:.
  const link = event.target.closest?.("a[href^='geo:']");
  if (link && /iPhone|iPad/.test(navigator.userAgent)) link.href = `maps:?q=${link.getAttribute("href").slice(4)}`;
});

// Signing out wipes the phone, so it must not lose what nobody else has: a second press says that it may.
let warned = false;
document.addEventListener("submit", (event) => {
  const form = event.target.closest?.("form[data-sign-out]");
  if (!form) return;
  const left = unsent().length;
  if ((!navigator.onLine || left) && !warned) {
    event.preventDefault();
    warned = true;
    say(`${left} not sent yet${navigator.onLine ? "" : ", and no network"}. Press sign out again to wipe this phone; what was not sent is lost.`);
  } else if (!navigator.onLine) {
    event.preventDefault();
    wipe().then(() => {
      document.body.replaceChildren(Object.assign(document.createElement("p"), {
        textContent: "This phone is wiped. The server still counts you as signed in: sign out once more when there is a network.",
      }));
    });
  } else wipe();
});

install(document.querySelector("[data-worker]")?.dataset.worker || "");
showWaiting();
sendKept().then((any) => any && refresh());
showWaiting();
showUnconfirmed();
