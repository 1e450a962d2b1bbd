// Drawing a program's area beside its text: what is drawn stands as GeoJSON in the field below, and the form's own button
// takes it. Parts that exist are drawn pale; “Change” takes one up under its name, and importing it puts the new shape in
// its place.

import { classicScript, NoMap, openMap } from "./map_base.js";
import { colours } from "./map_style.js";

const section = document.getElementById("draw-map");
const text = document.getElementById("geo-text");
const tools = section.querySelector("[data-draw-tools]");
const box = section.querySelector(".canvas");
const said = section.querySelector("[data-draw-said]");
const remove = section.querySelector("[data-draw-delete]");
const name = document.getElementById("draw-name");
const edit = document.getElementById("draw-edit");
const parts = JSON.parse(document.getElementById("draw-parts").textContent);
const DIGITS = 6;
let draw = null;
let chosen = null;

const polygons = () => draw.getSnapshot().filter((one) => one.geometry.type === "Polygon" && ["polygon"].includes(one.properties.mode) && !one.properties.currentlyDrawing);
const collect = (features) => ({ type: "FeatureCollection", features });
const feature = (geometry, properties) => ({ type: "Feature", properties, geometry });
const ringsOf = (geometry) => (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates);

// Polygons of one name are one part: a part of several pieces comes back as it was, holes included.
function write() {
  const byName = new Map();
  polygons().forEach((one, nth) => {
    const key = one.properties.name || `Drawn ${nth + 1}`;
    byName.set(key, [...(byName.get(key) || []), [...one.geometry.coordinates, ...(one.properties.holes ? JSON.parse(one.properties.holes) : [])]]);
  });
  const features = [...byName].map(([key, pieces]) => feature(pieces.length === 1 ? { type: "Polygon", coordinates: pieces[0] } : { type: "MultiPolygon", coordinates: pieces }, { name: key }));
  text.value = features.length ? JSON.stringify(collect(features)) : "";
  text.dispatchEvent(new Event("input", { bubbles: true }));
  said.textContent = features.length ? `${features.length} drawn: ${[...byName.keys()].join(", ")}. Choose include or cut out below and press Import.` : "Nothing is drawn.";
}

function mode(to) {
  draw.setMode(to);
  for (const button of section.querySelectorAll("[data-draw-mode]")) button.setAttribute("aria-pressed", String(button.dataset.drawMode === to));
  if (to !== "select") choose(null);
}

function choose(id) {
  chosen = id;
  remove.disabled = id === null;
  name.disabled = id === null;
  name.value = id === null ? "" : (draw.getSnapshot().find((one) => one.id === id)?.properties.name ?? "");
}

// Put polygons on the map to be changed. Returns the words for what could not be.
function takeUp(pieces, called) {
  const features = pieces.map((rings) => {
    const rounded = rings.map((ring) => ring.map(([lon, lat]) => [Number(lon.toFixed(DIGITS)), Number(lat.toFixed(DIGITS))]));
    return { ...feature({ type: "Polygon", coordinates: [rounded[0]] }, { mode: "polygon", name: called, ...(rounded.length > 1 ? { holes: JSON.stringify(rounded.slice(1)) } : {}) }), id: draw.getFeatureId() };
  });
  const refused = draw.addFeatures(features).filter((one) => !one.valid);
  return refused.length ? `${refused.length} pieces cannot be changed here (${refused[0].reason}).` : "";
}

function fromText() {
  try {
    const data = JSON.parse(text.value);
    for (const [nth, one] of (data.features ?? []).entries()) takeUp(ringsOf(one.geometry), one.properties?.name || `Shape ${nth + 1}`);
  } catch {
    // What is typed there is not GeoJSON yet; the form says so when it is imported.
  }
}

async function open() {
  tools.hidden = false;
  try {
    const { map, library } = await openMap(box);
    await classicScript(box.dataset.drawLibrary);
    await classicScript(box.dataset.drawAdapter);
    begin(map, library);
  } catch (error) {
    box.hidden = true;
    said.textContent = error instanceof NoMap ? `${error.message} Use the lists, a file or the text.` : "The map could not be fetched. Load the page anew, or use the text.";
  }
}

function begin(map, library) {
  const c = colours();
  map.addSource("parts", { type: "geojson", data: collect(parts.map((part) => feature(part.geometry, { name: part.name, mode: part.mode }))) });
  const colour = ["match", ["get", "mode"], "exclude", "#d0453a", c.cover];
  map.addLayer({ id: "parts", type: "fill", source: "parts", paint: { "fill-color": colour, "fill-opacity": 0.14 } });
  map.addLayer({ id: "parts-edge", type: "line", source: "parts", paint: { "line-color": colour, "line-width": 1.6 } });
  const { TerraDraw, TerraDrawPolygonMode, TerraDrawSelectMode, ValidateNotSelfIntersecting } = window.terraDraw;
  const look = { fillColor: "#e8a200", fillOpacity: 0.25, outlineColor: "#e8a200", outlineWidth: 3 };
  const whole = (one, { updateType }) => (updateType === "finish" || updateType === "commit" ? ValidateNotSelfIntersecting(one) : { valid: true });
  draw = new TerraDraw({
    adapter: new window.terraDrawMaplibreGlAdapter.TerraDrawMapLibreGLAdapter({ map, lib: library, coordinatePrecision: DIGITS }),
    modes: [
      new TerraDrawPolygonMode({ styles: look, validation: whole }),
      new TerraDrawSelectMode({ flags: { polygon: { feature: { draggable: true, validation: whole, coordinates: { midpoints: true, draggable: true, deletable: true } } } } }),
    ],
  });
  draw.start();
  fromText();
  draw.on("finish", (id, context) => {
    write();
    if (context.action === "draw") {
      mode("select");
      draw.selectFeature(id);
    }
  });
  draw.on("select", choose);
  draw.on("deselect", () => choose(null));
  mode("polygon");
  box.scrollIntoView({ block: "center" });
  box.dataset.ready = "yes";
}

section.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-draw-open]");
  const button = event.target.closest("[data-draw-mode]");
  if (opener) {
    opener.disabled = true;
    open();
  } else if (button && draw) mode(button.dataset.drawMode);
  else if (event.target.closest("[data-draw-delete]") && chosen !== null) {
    const id = chosen;
    draw.deselectFeature(id);
    draw.removeFeatures([id]);
    choose(null);
    write();
  }
});

name.addEventListener("change", () => {
  if (chosen === null) return;
  draw.updateFeatureProperties(chosen, { name: name.value.trim() });
  write();
});

edit.addEventListener("change", () => {
  const part = draw && edit.value !== "" ? parts[Number(edit.value)] : null;
  edit.value = "";
  if (!part) return;
  const words = takeUp(ringsOf(part.geometry), part.name);
  mode("select");
  write();
  const form = text.form;
  form.querySelector(`[name=mode][value=${part.mode}]`).checked = true;
  said.textContent = `${words} ${part.name} is in the text below: reshape it and press Import.`;
});
