// The wall: clock, words of the live state, a picture that moves by pixels against burn-in, and no interaction.

const SHIFT_EVERY = 60_000;
const OFFSETS = [[0, 0], [2, 1], [3, 3], [1, 2], [0, 3], [2, 0], [3, 1], [1, 0]];
let place = 0;

const sheet = new CSSStyleSheet();
document.adoptedStyleSheets.push(sheet);
setInterval(() => {
  place = (place + 1) % OFFSETS.length;
  const [x, y] = OFFSETS[place];
  sheet.replaceSync(`.wall { translate: ${x}px ${y}px; }`);
}, SHIFT_EVERY);

const board = document.getElementById("wall-board");
const staleSince = document.getElementById("stale-since");

document.addEventListener("live:state", (event) => {
  const { state } = event.detail;
  const level = { live: "normal", delayed: "caution", connecting: "caution", stale: "critical", denied: "critical" }[state];
  document.getElementById("wall-live")?.setAttribute("data-level", level || "off");
  if (state === "stale") {
    staleSince.hidden = false;
    staleSince.querySelector("[data-stale-at]").textContent = document.querySelector("[data-clock]")?.textContent || "";
  } else staleSince.hidden = true;
  if (state === "denied" && board) board.replaceChildren();
});
if ("wakeLock" in navigator) {
  const keepAwake = () => document.visibilityState === "visible" && navigator.wakeLock.request("screen").catch(() => {});
  document.addEventListener("visibilitychange", keepAwake);
  keepAwake();
}
