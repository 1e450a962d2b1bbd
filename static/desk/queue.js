// The dispatcher's queue: select by keyboard, detail beside it, one key per action.
//
// Rows and the tray are live regions. The detail's live part is fetched anew when its row changes; its fields stand in
// a part of their own that is only replaced when another incident is selected.

import { inField, singleKeys } from "./desk.js";
import { meant, relabel } from "./keymap.js";
import { Pane } from "./pane.js";

const rows = () => [...document.querySelectorAll("#queue-rows > tr.incident:not([data-live-leaving])")];
const pane = new Pane((id) => `/queue/incidents/${id}/`);

function mark() {
  for (const row of rows()) row.setAttribute("aria-selected", String(row.id === `incident-${pane.chosen}`));
}

function select(row, focus) {
  if (!row) return;
  const id = row.id.slice("incident-".length);
  if (focus) row.focus();
  if (id === pane.chosen) return;
  pane.choose(id);
  mark();
  history.replaceState(null, "", `#${id}`);
  document.dispatchEvent(new CustomEvent("queue:chosen", { detail: { id } }));
}

// Another part of the page means a call: the map beside the queue.
document.addEventListener("queue:choose", (event) => {
  const row = document.getElementById(`incident-${event.detail.id}`);
  select(row, false);
  row?.scrollIntoView({ block: "nearest" });
});

const visible = () => rows().filter((row) => !row.classList.contains("filtered"));

function step(by) {
  const all = visible();
  const here = all.findIndex((row) => row.id === `incident-${pane.chosen}`);
  select(all[Math.min(Math.max(here + by, 0), all.length - 1)] || all[0], true);
}

document.addEventListener("live:reloaded", () => {
  mark();
  filter();
  firstAlarm();
  relabel(document);
  // What was missed may have been about the call in the pane.
  pane.soon();
});

document.addEventListener("click", (event) => {
  const row = event.target.closest("tr.incident");
  if (row && !event.target.closest("button, a, form")) select(row, true);
  const end = event.target.closest("[data-end-alarm]");
  if (end) openAlarm(end);
});

// Find: over the rows that are on the page, so that nothing anybody types leaves it. What arrives is looked at too.
const find = document.getElementById("queue-find");
const hits = document.getElementById("queue-hits");

function filter() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  const all = rows();
  for (const row of all) {
    const text = row.textContent.toLowerCase();
    const hit = words.every((word) => text.includes(word));
    row.classList.toggle("filtered", !hit);
    shown += hit;
  }
  hits.textContent = words.length ? `${shown} of ${all.length} shown` : "";
  hits.classList.toggle("lv", words.length > 0 && shown < all.length);
}

find.addEventListener("input", filter);
find.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    find.value = "";
    filter();
    (rows().find((row) => row.id === `incident-${pane.chosen}`) || document.body).focus();
  } else if (event.key === "Enter" || event.key === "ArrowDown") {
    event.preventDefault();
    select(visible()[0], true);
  }
});

// A button in the live part leads to the field of its form, which stands in the part that never moves.
document.addEventListener("click", (event) => {
  const go = event.target.closest("[data-go]");
  if (go) document.getElementById(go.dataset.go)?.focus();
});

// What a key stands for: in the chosen call first, then on the page. The first of several is the one on top.
function press(key) {
  const hot = CSS.escape(key.toLowerCase());
  const target = document.querySelector(`#detail [data-hot="${hot}"]:not([hidden] *)`) || document.querySelector(`.queue [data-hot-page="${hot}"]`);
  if (!target) return false;
  if (inField(target)) target.focus();
  else target.click();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
  const key = meant(event);
  if (event.altKey) {
    if (key && (key === "R" ? bringIn() : press(key))) event.preventDefault();
    return;
  }
  // On the map the keys move the map.
  if (inField(event.target) || event.target.closest?.("#queue-map .canvas")) return;
  const onRow = event.target.closest?.("tr.incident");
  if (event.key === "ArrowDown" && (onRow || event.target === document.body)) {
    event.preventDefault();
    step(1);
  } else if (event.key === "ArrowUp" && (onRow || event.target === document.body)) {
    event.preventDefault();
    step(-1);
  } else if (event.key === "Enter" && onRow) {
    event.preventDefault();
    select(onRow, true);
    document.querySelector("#detail button")?.focus();
  } else if (singleKeys() && key) {
    if (key === "J" || key === "K") {
      event.preventDefault();
      step(key === "J" ? 1 : -1);
    } else if (key === "R" ? bringIn() : press(key)) event.preventDefault();
  }
});

function bringIn() {
  document.dispatchEvent(new CustomEvent("live:bring-in"));
  return true;
}

// One form ends any alarm: its note must not lie in a row that is replaced.
function openAlarm(button) {
  const form = document.getElementById("alarm-end-form");
  form.hidden = false;
  form.dataset.url = button.dataset.endAlarm;
  form.querySelector("[data-alarm-words]").textContent = button.dataset.words;
  form.querySelector("input[type=text]").focus();
}
document.addEventListener("submit", (event) => {
  if (event.target.id !== "alarm-end-form") return;
  event.preventDefault();
  const values = Object.fromEntries(new FormData(event.target));
  window.htmx.ajax("POST", event.target.dataset.url, { source: event.target, values, swap: "none" });
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-alarm-close]")) document.getElementById("alarm-end-form").hidden = true;
});
document.addEventListener("desk:reset", (event) => {
  if (event.target.id === "alarm-end-form") event.target.hidden = true;
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-stop-open]")) document.getElementById("stop-dialog").showModal();
  if (event.target.closest("[data-stop-close]")) document.getElementById("stop-dialog").close();
});

document.addEventListener("live:applied", () => {
  mark();
  filter();
  pane.refresh();
  firstAlarm();
  relabel(document);
});

// Two chords act on the alarm on top: its buttons say so, and only its.
function firstAlarm() {
  const first = document.querySelector("#tray-list > .alarm:not([data-live-leaving])");
  for (const [part, key, words] of [["take", "Alt+A", "Take the first alarm"], ["end", "Alt+X", "End the first alarm: how it was handled"]]) {
    for (const button of document.querySelectorAll(`#tray-list [id^="${part}-"]`)) {
      const own = first?.contains(button);
      if (own === ("hotPage" in button.dataset)) continue;
      if (own) Object.assign(button.dataset, { hotPage: key.toLowerCase(), key, words });
      else for (const name of ["hotPage", "key", "words", "keyUsual"]) delete button.dataset[name];
    }
  }
}
firstAlarm();
document.addEventListener("htmx:after:swap", () => {
  mark();
  firstAlarm();
  relabel(document);
  pane.refresh();
  pane.looked();
});
relabel(document);

const wanted = location.hash.slice(1);
const first = (wanted && document.getElementById(`incident-${wanted}`)) || rows()[0];
if (first) select(first, false);
