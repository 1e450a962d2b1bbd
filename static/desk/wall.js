// The wall: rotation, words of the live state, day and night, and a picture that moves by pixels against burn-in. No
// interaction, and nothing that needs somebody to press a key.

const SHIFT_EVERY = 60_000;
const SHIFTS = 8;
const SETTINGS_EVERY = 60_000;
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
  const now = Date.now() + Number(document.documentElement.dataset.clockOff || 0);
  const hour = Number(new Intl.DateTimeFormat("en-GB", { timeZone: byClock, hour: "2-digit", hourCycle: "h23" }).format(now));
  document.documentElement.dataset.bsTheme = hour >= Number(dayFrom) && hour < Number(nightFrom) ? "light" : "dark";
}
if (byClock) setInterval(dayOrNight, SHIFT_EVERY);

// The centre's time of an instant of this browser's clock.
function clockAt(instant) {
  const zone = document.querySelector("[data-clock]").dataset.clock;
  const clock = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return clock.format(instant + Number(document.documentElement.dataset.clockOff || 0));
}

const staleSince = document.getElementById("stale-since");
document.addEventListener("live:state", (event) => {
  const { state } = event.detail;
  const level = { live: "normal", delayed: "caution", connecting: "caution", stale: "critical", denied: "critical" }[state];
  const sign = document.getElementById("wall-live");
  sign.dataset.level = level || "off";
  const shape = sign.querySelector("use");
  shape.setAttribute("href", `${shape.getAttribute("href").split("#")[0]}#${sign.dataset.level}`);
  if (state === "stale") {
    if (staleSince.hidden) staleSince.querySelector("[data-stale-at]").textContent = clockAt(event.detail.goodAt);
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
    if (document.getElementById(mark.id)?.dataset.v !== before) document.dispatchEvent(new CustomEvent("live:load-anew"));
  });
}

// It may have been told so while it heard nothing: then what it shows and what it listens to are not what it should.
// After a gap, and while it is said not to be authorised, it looks at its own page, at most once a minute.
let lookedAt = Date.now();
let looking = 0;
const settings = (page) => JSON.stringify([
  page.body.dataset.liveAudiences,
  page.documentElement.dataset.byClock || "",
  ...[...page.querySelectorAll("link[rel=stylesheet], [data-turn]")].map((one) => one.getAttribute("href") || one.dataset.turn),
]);
async function lookAtSettings() {
  looking = 0;
  lookedAt = Date.now();
  try {
    const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store", redirect: "manual" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (settings(page) !== settings(document)) location.reload();
  } catch {
    // The network is away: the foot of the board says so.
  }
}
const lookSoon = () => {
  looking ||= setTimeout(lookAtSettings, Math.max(0, lookedAt + SETTINGS_EVERY - Date.now()));
};
if (mark) {
  document.addEventListener("live:reloaded", lookSoon);
  setInterval(() => document.documentElement.dataset.liveState === "denied" && lookSoon(), SETTINGS_EVERY);
}

if ("wakeLock" in navigator) {
  const keepAwake = () => document.visibilityState === "visible" && navigator.wakeLock.request("screen").catch(() => {});
  document.addEventListener("visibilitychange", keepAwake);
  keepAwake();
}
