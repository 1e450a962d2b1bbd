// One incident's point on a small map, opened by a button: <button data-map-pin="INCIDENT">. Nothing of it is fetched
// before. The panel is not modal: whoever types goes on typing.

import { fetchJson, NoMap, openMap } from "./map_base.js";
import { Marks } from "./map_marks.js";

const CLOSE = 15.5;
let panel = null;
let opener = null;

function close() {
  panel?.shown?.map.remove();
  panel?.element.remove();
  panel = null;
  opener?.focus({ preventScroll: true });
}

function build() {
  const source = document.getElementById("map-pin");
  const element = source.content.firstElementChild.cloneNode(true);
  document.body.append(element);
  element.show();
  element.querySelector("[data-map-close]").addEventListener("click", close);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close();
  });
  return { element, box: element.querySelector(".canvas"), words: element.querySelector("[data-map-words]"), shown: null };
}

async function open(button) {
  close();
  opener = button;
  const mine = build();
  panel = mine;
  const address = mine.box.dataset.pin.replace("00000000-0000-0000-0000-000000000000", button.dataset.mapPin);
  mine.words.textContent = "Fetching…";
  mine.element.querySelector("[data-map-close]").focus({ preventScroll: true });
  try {
    const spot = await fetchJson(address);
    if (panel !== mine) return;
    if (spot.lat === null) {
      mine.words.textContent = `#${spot.name}: no point is known for its location.`;
      return;
    }
    mine.words.textContent = `#${spot.name} at ${spot.lat.toFixed(5)}, ${spot.lon.toFixed(5)}`;
    const shown = await openMap(mine.box, { bounds: undefined, center: [spot.lon, spot.lat], zoom: CLOSE });
    if (panel !== mine) {
      shown.map.remove();
      return;
    }
    mine.shown = shown;
    shown.map.getCanvas().setAttribute("aria-label", "Map of the call's location");
    const marks = await Marks.on(shown.map, mine.box.dataset.shapes, () => {});
    const call = { id: button.dataset.mapPin, waiting: true, ...spot };
    const state = await fetchJson(mine.box.dataset.state);
    marks.show({ ...state, calls: [call] }, Date.parse(state.at) - Date.now(), call.id);
    mine.box.dataset.ready = "yes";
  } catch (error) {
    if (panel === mine) mine.words.textContent += error instanceof NoMap ? ` · ${error.message}` : " The map could not be fetched. Open it again.";
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-map-pin]");
  if (!button) return;
  if (panel && opener === button) close();
  else open(button);
});
