// The wall: rotation, words of the live state, day and night, and a picture that moves by pixels against burn-in. No
// interaction, and nothing that needs somebody to press a key.

const SHIFT_EVERY = 60_000;
const SHIFTS = 8;
const wall = document.querySelector(".wall");
setInterval(() => {
  wall.dataset.shift = String((Number(wall.dataset.shift) + 1) % SHIFTS);
}, SHIFT_EVERY);

// One board after the other, each as long as it was set; all of them stay live while they are not shown.
const turns = [...document.querySelectorAll("[data-turn]")];
function turn(place) {
  turns.forEach((one, nth) => {
    one.hidden = nth !== place;
  });
  document.dispatchEvent(new CustomEvent("wall:turn"));
  const seconds = Number(turns[place].dataset.turn) || 30;
  if (turns.length > 1) setTimeout(turn, seconds * 1000, (place + 1) % turns.length);
}
if (turns.length) turn(0);

// Light by day and dark by night, by the centre's clock.
const { byClock, dayFrom, nightFrom } = document.documentElement.dataset;
function dayOrNight() {
  const hour = Number(new Intl.DateTimeFormat("en-GB", { timeZone: byClock, hour: "2-digit", hourCycle: "h23" }).format());
  document.documentElement.dataset.bsTheme = hour >= Number(dayFrom) && hour < Number(nightFrom) ? "light" : "dark";
}
if (byClock) setInterval(dayOrNight, SHIFT_EVERY);

const staleSince = document.getElementById("stale-since");
document.addEventListener("live:state", (event) => {
  const { state } = event.detail;
  const level = { live: "normal", delayed: "caution", connecting: "caution", stale: "critical", denied: "critical" }[state];
  document.getElementById("wall-live")?.setAttribute("data-level", level || "off");
  if (state === "stale") {
    if (staleSince.hidden) {
      staleSince.querySelector("[data-stale-at]").textContent = document.querySelector("[data-clock]")?.textContent || "";
    }
    staleSince.hidden = false;
  } else staleSince.hidden = true;
  if (state === "denied") for (const board of document.querySelectorAll(".wall-board")) board.replaceChildren();
});

// Somebody has changed what this display shows: the mark that the page was drawn with is replaced by a newer one.
const mark = document.querySelector("i[id^='display-']");
if (mark) {
  const before = mark.dataset.v;
  document.addEventListener("live:applied", (event) => {
    if (!event.detail.audience.startsWith("display:")) return;
    if (document.getElementById(mark.id)?.dataset.v !== before) location.reload();
  });
}

if ("wakeLock" in navigator) {
  const keepAwake = () => document.visibilityState === "visible" && navigator.wakeLock.request("screen").catch(() => {});
  document.addEventListener("visibilitychange", keepAwake);
  keepAwake();
}
