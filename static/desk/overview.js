// The overview's figures are sums over many rows: fetched anew, at most once a second, when any of them changes.

const PAUSE = 1000;
const region = document.getElementById("overview-region");
let timer = 0;
let seen = "";

async function refresh() {
  timer = 0;
  try {
    const response = await fetch(region.dataset.liveSnapshotUrl, { credentials: "same-origin", cache: "no-store", redirect: "manual" });
    if (!response.ok) return;
    const html = await response.text();
    if (html === seen || region.contains(document.activeElement)) return;
    seen = html;
    region.innerHTML = html;
  } catch {
    // live.js says how old the page is.
  }
}
document.addEventListener("live:applied", () => {
  if (!timer) timer = setTimeout(refresh, PAUSE);
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-stop-open]")) document.getElementById("stop-dialog").showModal();
  if (event.target.closest("[data-stop-close]")) document.getElementById("stop-dialog").close();
});
