// The clinician's screen: callers on the left, the chosen incident with one key per action on the right.
//
// As on the queue, the detail's live part is fetched anew when its incident changes; its fields never move.

import { inField, singleKeys } from "./desk.js";
import { keepUp, paneIsOld } from "./keep_up.js";

const REFRESH = 150;
const rows = () => [...document.querySelectorAll("#given-rows > tr.given:not([data-live-leaving])")];
const idOf = (row) => row.id.slice("given-".length);
let chosen = "";
let timer = 0;

function mark() {
  for (const row of rows()) row.setAttribute("aria-selected", String(idOf(row) === chosen));
}

function select(row, focus) {
  if (!row) return;
  if (focus) row.focus();
  if (idOf(row) === chosen) return;
  chosen = idOf(row);
  mark();
  // An element without content, kept current by live.js, tells when this incident has changed.
  for (const old of document.querySelectorAll("[id^=seen-]")) old.remove();
  const seen = document.createElement("i");
  seen.id = `seen-${chosen}`;
  seen.hidden = true;
  document.body.append(seen);
  window.htmx.ajax("GET", `/clinician/incidents/${chosen}/`, { target: "#detail", swap: "innerHTML" });
}

function step(by) {
  const all = rows();
  const here = all.findIndex((row) => idOf(row) === chosen);
  select(all[Math.min(Math.max(here + by, 0), all.length - 1)] || all[0], true);
}

const pane = () => document.getElementById("detail-live");
const isShown = () => pane()?.dataset.incident === chosen;
const isOld = () => chosen !== "" && (!isShown() || paneIsOld(pane(), document.getElementById(`seen-${chosen}`)));

function fetchPane() {
  timer = 0;
  if (isShown()) window.htmx.ajax("GET", `/queue/incidents/${chosen}/live/`, { target: "#detail-live", swap: "outerMorph" });
  else window.htmx.ajax("GET", `/clinician/incidents/${chosen}/`, { target: "#detail", swap: "innerHTML" });
}

function refresh() {
  // One that waits is not put off: a busy call changes more often than this.
  if (isShown() && isOld()) timer ||= setTimeout(fetchPane, REFRESH);
}

const looked = keepUp("pane", isOld, fetchPane);
document.addEventListener("htmx:after:swap", () => {
  refresh();
  looked();
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
  if (!chosen && rows().length) select(rows()[0], false);
}

document.addEventListener("live:applied", () => {
  first();
  refresh();
});
document.addEventListener("live:reloaded", () => {
  first();
  // What was missed may have been about the call in the pane.
  if (chosen) timer ||= setTimeout(fetchPane, REFRESH);
});
first();
