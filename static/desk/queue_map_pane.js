// What the map beside the queue shows: every call and unit, and with the call that is chosen in the queue the units that
// are on it and the one that is recommended. The queue and the units below are its list.

import { LiveMap } from "./map_live.js";
import { kilometres } from "./map_marks.js";

const MILE = 1.609344;
const pane = document.getElementById("queue-map");
const said = document.getElementById("queue-map-said");
const problem = document.getElementById("queue-map-problem");
const map = new LiveMap(pane.querySelector(".canvas"), {
  say: (words) => {
    if (problem.textContent !== words) problem.textContent = words;
  },
  shown: () => follow({ go: false }),
  onChosen: pressed,
  onNoMap: () => {
    pane.querySelector("[data-whole]").disabled = true;
  },
  label: "Map. The queue and the units beside it say the same; choose in the queue.",
});
let marked = "";
let followed = "";
let asked = ""; // id of the mark that was pressed last, until another call is chosen

const chosenRow = () => document.querySelector('#queue-rows > tr.incident[aria-selected="true"]');

// The chosen call's units: those that are on it, or else the first that could go (recommended, once the call was sent).
// The call's pane names them; it arrives after the choice.
function unitsOf(call) {
  const detail = document.querySelector(`#detail-live[data-incident="${CSS.escape(call)}"]`);
  if (!detail) return { on: [], first: null, how: "" };
  const signs = new Set([...detail.querySelectorAll(".assign[data-unit-sign]")].map((one) => one.dataset.unitSign));
  const named = signs.size ? null : detail.querySelector(".cand[data-first]");
  return { on: map.state.units.filter((one) => signs.has(one.name)), first: map.state.units.find((one) => one.id === named?.dataset.unit) || null, how: named?.dataset.first };
}

function words(call, { on, first, how }) {
  if (!call) return "Choose a call.";
  const miles = (unit) => (call.lat === null || unit.lat === null ? "position not known" : `${(kilometres(call, unit) / MILE).toFixed(1)} mi`);
  const parts = on.map((unit) => `${unit.name} ${unit.words.toLowerCase()}, ${miles(unit)}`);
  if (first) parts.push(`${first.name} ${how}, ${miles(first)}`);
  if (call.lat === null) parts.unshift("not on the map, its point is not known");
  return `#${call.name}${parts.length ? `: ${parts.join("; ")}` : ""}`;
}

// Show what is chosen in the queue, and go there when it is another call than before.
function follow({ go = true } = {}) {
  const id = chosenRow()?.id.slice("incident-".length) || "";
  const units = unitsOf(id);
  const beside = [...units.on, ...(units.first ? [units.first] : [])];
  const call = map.find(id);
  const whole = `${id} ${beside.map((one) => one.id)}`;
  // The marks are drawn anew for another choice only, not for each of twenty frames a second.
  if (whole !== marked) {
    map.choose(id, beside.map((one) => one.id));
    asked = "";
  }
  marked = whole;
  const line = [words(call, units), about(map.find(asked))].filter(Boolean).join(" · ");
  if (said.textContent !== line) said.textContent = line;
  for (const row of document.querySelectorAll("#unit-list > .unit-row")) {
    row.toggleAttribute("data-beside", beside.some((unit) => row.id === `unit-${unit.id}`));
  }
  if (!go || !call || whole === followed) return;
  followed = whole;
  map.goToAll([call, ...beside]);
}

// A mark of a call chooses its row, a mark of a unit says how the unit stands.
function pressed(id) {
  asked = id;
  if (document.getElementById(`incident-${id}`)) document.dispatchEvent(new CustomEvent("queue:choose", { detail: { id } }));
  follow({ go: false });
}

function about(one) {
  if (!one) return "";
  if (map.state.units.includes(one)) return `${one.name}: ${one.words.toLowerCase()}${one.on ? ` on #${one.on}` : ""}`;
  return document.getElementById(`incident-${one.id}`) ? "" : `#${one.name} waits to be brought into the list`;
}

pane.querySelector("[data-whole]").addEventListener("click", () => map.whole());
for (const name of ["queue:chosen", "htmx:after:swap", "live:applied"]) {
  document.addEventListener(name, () => pane.hidden || follow());
}
// Without the map no unit is marked in the list.
new MutationObserver(() => {
  if (!pane.hidden) return;
  for (const row of document.querySelectorAll("#unit-list > [data-beside]")) delete row.dataset.beside;
}).observe(pane, { attributeFilter: ["hidden"] });

let started = null;

// The pane has come into sight: everything is fetched anew, and the map learns its size.
export async function seen() {
  await map.refresh();
  started ||= map.start();
  await started;
  map.view?.map.resize();
  followed = "";
  follow();
}
