// The last state of the floor, kept in this browser so that it can be printed when the server is gone. At most a minute
// old while the server answers; wiped at sign-out with everything else that starts with "dd.".

const KEY = "dd.snapshot";
const EVERY = 45_000;
const box = document.getElementById("downtime-sheet");

async function keep() {
  try {
    const response = await fetch(box.dataset.snapshot, { credentials: "same-origin", signal: AbortSignal.timeout(8000) });
    if (!response.ok || response.redirected) return;
    localStorage.setItem(KEY, await response.text());
  } catch {
    // The one that is kept is the one to print.
  }
}

function print() {
  const kept = localStorage.getItem(KEY);
  if (!kept) return;
  box.innerHTML = kept;
  document.body.classList.add("printing-sheet");
  window.print();
}
window.addEventListener("afterprint", () => {
  document.body.classList.remove("printing-sheet");
  box.replaceChildren();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print-snapshot]")) print();
});
keep();
setInterval(keep, EVERY);
