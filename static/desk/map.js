// The map's page: a list of calls and units that needs no map, and beside it the map, brought up to date by the live
// stream. Where the browser draws no maps, the list stays and the server's picture stands in the map's place.

import { inField, singleKeys } from "./desk.js";
import { fetchJson } from "./map_base.js";
import { LiveMap } from "./map_live.js";
import { kilometres } from "./map_marks.js";

const AGES = 10_000;
const MILE = 1.609344;

const box = document.getElementById("map");
const said = document.getElementById("map-said");
const chosenLine = document.getElementById("map-chosen");
const coverage = document.getElementById("show-coverage");
const hot = document.getElementById("show-hot");
const live = new LiveMap(box, {
  state: JSON.parse(document.getElementById("map-first").textContent),
  say,
  shown: () => (live.chosen && !live.find(live.chosen) ? choose("") : listAll()),
  onChosen: (id) => choose(id, { go: false }),
  onNoMap: () => {
    for (const control of [coverage, hot, document.querySelector("[data-whole]")]) control.disabled = true;
  },
  label: "Map. The lists beside it say the same and choose by keyboard.",
});
const rowOf = (id) => document.querySelector(`tr[data-spot="${CSS.escape(id)}"]`);

function say(words) {
  if (said.textContent !== words) said.textContent = words;
}

// The list ------------------------------------------------------------------------------------------------------------

function away(one) {
  const from = live.find(live.chosen);
  if (!from || from.lat === null || one.lat === null || one.id === live.chosen) return Infinity;
  return kilometres(from, one) / MILE;
}

function set(row, name, text) {
  const cell = row.querySelector(`[data-f=${name}]`);
  if (cell && cell.textContent !== text) cell.textContent = text;
}

function hide(row, name, hidden) {
  const cell = row.querySelector(`[data-f=${name}]`);
  if (cell && cell.hidden !== hidden) cell.hidden = hidden;
}

function fill(row, kind, one) {
  const level = row.querySelector("[data-f-level]");
  if (level.dataset.level !== one.level) {
    level.dataset.level = one.level;
    const use = level.querySelector("use");
    use.setAttribute("href", `${use.getAttribute("href").split("#")[0]}#${one.level}`);
  }
  for (const name of ["name", "what", "words", "on"]) set(row, name, one[name] ?? "");
  if (kind === "call") {
    set(row, "priority", String(one.priority));
    set(row, "beat", one.beat ? `beat ${one.beat}` : "");
  } else {
    hide(row, "stale", !isOld(one));
    set(row, "looks", one.looks);
    hide(row, "look", !one.looks);
  }
  hide(row, "none", one.lat !== null);
  const age = row.querySelector("[data-f=age]");
  if (one.since) age.dataset.since = one.since;
  else {
    delete age.dataset.since;
    age.textContent = "";
  }
  const miles = away(one);
  set(row, "away", miles === Infinity ? "" : `${miles.toFixed(1)} mi`);
  row.setAttribute("aria-selected", String(one.id === live.chosen));
}

const isOld = (unit) => Boolean(unit.since) && Date.now() + live.offset - Date.parse(unit.since) > live.state.stale_s * 1000;

function list(kind, ones) {
  const body = document.getElementById(`map-${kind}s`);
  const template = document.getElementById(`map-${kind}`);
  const focused = document.activeElement?.closest?.("tr[data-spot]");
  const rows = ones.map((one) => {
    let row = rowOf(one.id);
    if (!row) {
      row = template.content.firstElementChild.cloneNode(true);
      row.id = `map-${kind}-${one.id}`;
      row.dataset.spot = one.id;
    }
    fill(row, kind, one);
    return row;
  });
  if (rows.length !== body.children.length || rows.some((row, nth) => body.children[nth] !== row)) {
    body.replaceChildren(...rows);
    if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
  }
  document.getElementById(`map-${kind}s-count`).textContent = String(ones.length);
  document.getElementById(`map-no-${kind}s`).hidden = ones.length > 0;
}

function listAll() {
  const { calls, units } = live.state;
  list("call", calls);
  const near = calls.some((one) => one.id === live.chosen && one.lat !== null);
  list("unit", near ? [...units].sort((a, b) => away(a) - away(b) || a.name.localeCompare(b.name)) : units);
}

function choose(id, { focus = false, go = true } = {}) {
  live.choose(id);
  const one = live.find(id);
  listAll();
  if (!one) {
    chosenLine.textContent = "Choose a row: the map goes there, and distances are from it.";
    return;
  }
  const call = live.state.calls.includes(one);
  chosenLine.replaceChildren(`${call ? "Call" : "Unit"} ${one.name}: ${one.words}. ${one.lat === null ? "Not on the map. " : ""}`);
  if (call) {
    const link = document.createElement("a");
    link.href = `/queue/#${one.id}`;
    link.textContent = "Open in the queue";
    chosenLine.append(link);
  }
  if (focus) rowOf(id)?.focus();
  rowOf(id)?.scrollIntoView({ block: "nearest" });
  if (go) live.goTo(one);
}

document.addEventListener("click", (event) => {
  const row = event.target.closest("tr.spot");
  if (row) choose(row.dataset.spot, { focus: true });
  if (event.target.closest("[data-whole]")) live.whole();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || inField(event.target) || event.target.closest("#map")) return;
  const rows = [...document.querySelectorAll("tr.spot")];
  const here = rows.indexOf(document.activeElement);
  const key = event.key.toLowerCase();
  const letters = singleKeys();
  const down = event.key === "ArrowDown" || (letters && key === "j");
  const up = event.key === "ArrowUp" || (letters && key === "k");
  if ((down || up) && (here >= 0 || letters)) {
    event.preventDefault();
    rows[Math.min(Math.max(here + (down ? 1 : -1), 0), rows.length - 1)]?.focus();
  } else if ((event.key === "Enter" || event.key === " ") && here >= 0) {
    event.preventDefault();
    choose(rows[here].dataset.spot);
  } else if (event.key === "Escape" && live.chosen) choose("");
  else if (key === "0" && letters) live.whole();
});

setInterval(listAll, AGES);

// Layers --------------------------------------------------------------------------------------------------------------

coverage.addEventListener("change", async () => {
  try {
    live.layer("coverage", coverage.checked ? await fetchJson(box.dataset.coverage) : null);
  } catch {
    coverage.checked = false;
    say("The programs' areas could not be fetched. Tick it again.");
  }
});
hot.addEventListener("change", async () => {
  say("");
  if (!hot.value) {
    live.layer("hot", null);
    return;
  }
  try {
    const data = await fetchJson(`${box.dataset.hot}&hours=${hot.value}`);
    const most = Math.max(1, ...data.features.map((one) => one.properties.count));
    for (const one of data.features) one.properties.share = one.properties.count / most;
    live.layer("hot", data);
    const total = data.features.reduce((sum, one) => sum + one.properties.count, 0);
    say(`${total} calls in ${data.features.length} hexagons${data.withheld ? `; ${data.withheld} hexagons with fewer than ${data.fewest} calls are not shown` : ""}.`);
  } catch {
    hot.value = "";
    say("The hexagons could not be fetched. Choose again.");
  }
});

live.start();
