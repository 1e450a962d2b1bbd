// NEED HELP: held for a second by finger, mouse, Enter or Space. Letting go early does nothing. Where the server does
// not say within seconds that it has it, the crew is told so and given somebody to telephone.

import { unsent } from "./outbox.js";
import { away } from "./phone_away.js";
import { lastPosition } from "./phone_position.js";

const HOLD = 1000;
const UNCONFIRMED = 3000;
let holding = 0;
let dismissed = 0;

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
  form.querySelector("[name=lat]").value = lastPosition()?.lat ?? "";
  form.querySelector("[name=lon]").value = lastPosition()?.lon ?? "";
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

// The unit and where it was last, and nothing about anybody else: a text goes through other people's hands.
function textOf(panel) {
  const known = document.getElementById("phone-board")?.dataset || {};
  const here = lastPosition();
  const at = here ? `${here.lat.toFixed(5)},${here.lon.toFixed(5)} at ${new Date(here.at).toTimeString().slice(0, 5)}` : known.position;
  return `NEED HELP: ${panel.dataset.unit}. ${at ? `Last position ${at}.` : "Position not known."}`;
}

// Shown for every urgent call for help that the server has not confirmed: at once without a network, else in seconds.
export function showUnconfirmed() {
  const panel = document.getElementById("help-away");
  if (!panel) return;
  const asked = unsent().filter((item) => item.order === "help" && (away() || Date.now() - item.at >= UNCONFIRMED));
  const newest = Math.max(0, ...asked.map((item) => item.at));
  const shown = newest > dismissed;
  if (shown && panel.hidden) {
    const text = panel.querySelector("[data-text-to]");
    if (text) text.href = `sms:${text.dataset.textTo}?body=${encodeURIComponent(textOf(panel))}`;
    panel.hidden = false;
    panel.querySelector("a, button").focus();
  } else if (!shown) panel.hidden = true;
}
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-help-hide]")) return;
  dismissed = Date.now();
  showUnconfirmed();
});
document.addEventListener("outbox:changed", () => {
  showUnconfirmed();
  setTimeout(showUnconfirmed, UNCONFIRMED + 50);
});
