// The overview's figures are sums over many rows: fetched anew, at most once a second, when any of them changes. live.js
// fetches them, so that a page whose figures did not come does not go on saying LIVE.

const PAUSE = 1000;
const region = document.getElementById("overview-region");
let timer = 0;

function refetch() {
  timer = 0;
  document.dispatchEvent(new CustomEvent("live:refetch", { detail: { region } }));
}
document.addEventListener("live:applied", () => {
  timer ||= setTimeout(refetch, PAUSE);
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-stop-open]")) document.getElementById("stop-dialog").showModal();
  if (event.target.closest("[data-stop-close]")) document.getElementById("stop-dialog").close();
});
