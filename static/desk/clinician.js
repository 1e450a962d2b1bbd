// The clinician's screen: callers on the left, the chosen incident with one key per action on the right.
//
// As on the queue, the detail's live part is fetched anew when its incident changes; its fields never move.

import { inField, singleKeys } from "./desk.js";
import { Pane } from "./pane.js";

const rows = () => [...document.querySelectorAll("#given-rows > tr.given:not([data-live-leaving])")];
const idOf = (row) => row.id.slice("given-".length);
const pane = new Pane((id) => `/clinician/incidents/${id}/`);

function mark() {
  for (const row of rows()) row.setAttribute("aria-selected", String(idOf(row) === pane.chosen));
}

function select(row, focus) {
  if (!row) return;
  if (focus) row.focus();
  if (idOf(row) === pane.chosen) return;
  pane.choose(idOf(row));
  mark();
}

function step(by) {
  const all = rows();
  const here = all.findIndex((row) => idOf(row) === pane.chosen);
  select(all[Math.min(Math.max(here + by, 0), all.length - 1)] || all[0], true);
}

document.addEventListener("htmx:after:swap", () => {
  pane.refresh();
  pane.looked();
});

document.addEventListener("click", (event) => {
  const row = event.target.closest("tr.given");
  if (row) select(row, true);
  const go = event.target.closest("[data-go]");
  if (go) document.getElementById(go.dataset.go)?.focus();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || inField(event.target) || document.querySelector("dialog[open]")) return;
  const onRow = event.target.closest?.("tr.given");
  if ((event.key === "ArrowDown" || event.key === "ArrowUp") && (onRow || event.target === document.body)) {
    event.preventDefault();
    step(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter" && onRow) {
    event.preventDefault();
    select(onRow, true);
    document.querySelector("#f-take button")?.focus();
  } else if (singleKeys()) {
    const key = event.key.toLowerCase();
    if (key === "j" || key === "k") {
      event.preventDefault();
      step(key === "j" ? 1 : -1);
      return;
    }
    const target = document.querySelector(`#detail .detail-edit [data-hot="${CSS.escape(key)}"]`);
    if (!target) return;
    event.preventDefault();
    if (inField(target)) target.focus();
    else target.click();
  }
});

// A caller who comes while nothing is chosen is shown at once; what a person works on stays.
function first() {
  mark();
  if (!pane.chosen && rows().length) select(rows()[0], false);
}

document.addEventListener("live:applied", () => {
  first();
  pane.refresh();
});
document.addEventListener("live:reloaded", () => {
  first();
  // What was missed may have been about the call in the pane.
  pane.soon();
});
first();
