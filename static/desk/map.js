// The map's page: a list of calls and units that needs no map, and beside it the map, brought up to date by the live
// stream. Where the browser draws no maps, the list stays and the server's picture stands in the map's place.

import { inField, singleKeys } from "./desk.js";
import { fetchJson, NoMap, openMap, still, wholeArea } from "./map_base.js";
import { kilometres, Marks } from "./map_marks.js";

const PAUSE = 2000;
const PICTURE_PAUSE = 10_000;
const AGES = 10_000;
const MILE = 1.609344;
const CLOSE_ZOOM = 15;

const box = document.getElementById("map");
const said = document.getElementById("map-said");
const chosenLine = document.getElementById("map-chosen");
const first = JSON.parse(document.getElementById("map-first").textContent);
let state = first;
let offset = Date.parse(first.at) - Date.now();
let chosen = "";
let timer = 0;
let fetchedAt = Date.now();
let fetching = false;
let marks = null;
let view = null; // {map, ground}
let picture = null;

const all = () => [...state.calls, ...state.units];
const found = (id) => all().find((one) => one.id === id);
const rowOf = (id) => document.querySelector(`tr[data-spot="${CSS.escape(id)}"]`);

function say(words) {
  if (said.textContent !== words) said.textContent = words;
}

// The list ------------------------------------------------------------------------------------------------------------

function away(one) {
  const from = found(chosen);
  if (!from || from.lat === null || one.lat === null || one.id === chosen) return Infinity;
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
  row.setAttribute("aria-selected", String(one.id === chosen));
}

const isOld = (unit) => Boolean(unit.since) && Date.now() + offset - Date.parse(unit.since) > state.stale_s * 1000;

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
  list("call", state.calls);
  const near = state.calls.some((one) => one.id === chosen && one.lat !== null);
  list("unit", near ? [...state.units].sort((a, b) => away(a) - away(b) || a.name.localeCompare(b.name)) : state.units);
}

function choose(id, { focus = false, go = true } = {}) {
  chosen = id;
  const one = found(id);
  listAll();
  marks?.choose(id);
  if (!one) {
    chosenLine.textContent = "Choose a row: the map goes there, and distances are from it.";
    return;
  }
  const call = state.calls.includes(one);
  chosenLine.replaceChildren(`${call ? "Call" : "Unit"} ${one.name}: ${one.words}. ${one.lat === null ? "Not on the map. " : ""}`);
  if (call) {
    const link = document.createElement("a");
    link.href = `/queue/#${one.id}`;
    link.textContent = "Open in the queue";
    chosenLine.append(link);
  }
  if (focus) rowOf(id)?.focus();
  rowOf(id)?.scrollIntoView({ block: "nearest" });
  if (go && view && one.lat !== null) {
    view.map.easeTo({ center: [one.lon, one.lat], zoom: Math.max(view.map.getZoom(), CLOSE_ZOOM - 1), duration: still() ? 0 : 500 });
  }
}

document.addEventListener("click", (event) => {
  const row = event.target.closest("tr.spot");
  if (row) choose(row.dataset.spot, { focus: true });
  if (event.target.closest("[data-whole]") && view) wholeArea(view.map, view.ground);
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
  } else if (event.key === "Escape" && chosen) choose("");
  else if (key === "0" && letters && view) wholeArea(view.map, view.ground);
});

// Live ----------------------------------------------------------------------------------------------------------------

function show() {
  if (chosen && !found(chosen)) choose("");
  else listAll();
  marks?.show(state, offset, chosen);
  if (picture && Date.now() - picture.at >= PICTURE_PAUSE) drawPicture();
}

async function refresh() {
  timer = 0;
  fetching = true;
  try {
    state = await fetchJson(box.dataset.state);
    offset = Date.parse(state.at) - Date.now();
    show();
    if (said.dataset.late) {
      delete said.dataset.late;
      say("");
    }
  } catch {
    said.dataset.late = "yes";
    say("Positions could not be brought up to date; trying again.");
    timer ||= setTimeout(refresh, PICTURE_PAUSE);
  } finally {
    fetchedAt = Date.now();
    fetching = false;
  }
}

function changed() {
  if (!timer && !fetching) timer = setTimeout(refresh, Math.max(150, fetchedAt + PAUSE - Date.now()));
  else if (fetching) setTimeout(changed, PAUSE);
}

document.addEventListener("live:applied", changed);
document.addEventListener("live:reloaded", changed);
document.addEventListener("live:state", (event) => {
  const gone = event.detail.state === "denied";
  box.classList.toggle("dim", gone || event.detail.state === "stale");
  if (!gone) return;
  state = { ...state, calls: [], units: [] };
  marks?.clear();
  choose("");
});
setInterval(() => {
  listAll();
  marks?.state && marks.glide();
}, AGES);

// Layers --------------------------------------------------------------------------------------------------------------

const coverage = document.getElementById("show-coverage");
const hot = document.getElementById("show-hot");
coverage.addEventListener("change", async () => {
  try {
    marks?.layer("coverage", coverage.checked ? await fetchJson(box.dataset.coverage) : null);
  } catch {
    coverage.checked = false;
    say("The programs' areas could not be fetched. Tick it again.");
  }
});
hot.addEventListener("change", async () => {
  say("");
  if (!hot.value) {
    marks?.layer("hot", null);
    return;
  }
  try {
    const data = await fetchJson(`${box.dataset.hot}&hours=${hot.value}`);
    const most = Math.max(1, ...data.features.map((one) => one.properties.count));
    for (const one of data.features) one.properties.share = one.properties.count / most;
    marks?.layer("hot", data);
    const total = data.features.reduce((sum, one) => sum + one.properties.count, 0);
    say(`${total} calls in ${data.features.length} hexagons${data.withheld ? `; ${data.withheld} hexagons with fewer than ${data.fewest} calls are not shown` : ""}.`);
  } catch {
    hot.value = "";
    say("The hexagons could not be fetched. Choose again.");
  }
});

// Without WebGL -------------------------------------------------------------------------------------------------------

function drawPicture() {
  picture.at = Date.now();
  picture.image.src = `${box.dataset.picture}&t=${picture.at}`;
}

function withoutMap(words) {
  box.classList.add("pictured");
  box.replaceChildren();
  const image = document.createElement("img");
  image.className = "still";
  image.alt = "Still picture of the map; the lists beside it say the same.";
  const line = document.createElement("p");
  line.className = "notice";
  line.dataset.level = "caution";
  line.textContent = `${words} The list and a still picture, drawn anew every 10 seconds, stand in for the map.`;
  box.append(line, image);
  picture = { image, at: 0 };
  for (const control of [coverage, hot, document.querySelector("[data-whole]")]) control.disabled = true;
  drawPicture();
}

async function start() {
  listAll();
  try {
    view = await openMap(box);
  } catch (error) {
    withoutMap(error instanceof NoMap ? error.message : "The map could not be fetched.");
    return;
  }
  marks = await Marks.on(view.map, box.dataset.shapes, (id) => choose(id, { go: false }));
  marks.show(state, offset, chosen);
  view.map.getCanvas().setAttribute("aria-label", "Map. The lists beside it say the same and choose by keyboard.");
  view.map.on("webglcontextlost", () => say("The map lost its graphics; it comes back by itself or after a reload. The list goes on."));
  if (!view.ground.bounds && all().every((one) => one.lat === null)) say("No areas or streets are loaded for this centre: see Operations, Map.");
  box.dataset.ready = "yes";
}

start();
