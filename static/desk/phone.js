// The responder's phone: the board is fetched anew when the unit's signal changes; hold-to-send; position by choice.

const HOLD = 1000;
const SHARE_EVERY = 30_000;
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
  const send = (where) => {
    form.querySelector("[name=lat]").value = where?.coords.latitude ?? "";
    form.querySelector("[name=lon]").value = where?.coords.longitude ?? "";
    form.querySelector("[name=device_at]").value = new Date().toISOString();
    form.requestSubmit();
  };
  navigator.vibrate?.([120, 60, 120]);
  // Help never waits for a position: one that is known is sent along.
  send(lastPosition);
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
