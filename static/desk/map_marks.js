// Units and calls on the map: six shapes (colour and form), headings, pale where a position is old, gliding where it moves.

import { still } from "./map_base.js";
import { colours, FONT, levelColour } from "./map_style.js";

const LEVELS = ["critical", "serious", "caution", "normal", "standby", "off"];
const GLIDE = 2000;
const FRAME = 50;
const JUMP_KM = 3; // a longer way in two seconds is no drive
const MOVED_KM = 0.015; // less is the receiver's noise and gives no heading
const EARTH_KM = 6371.0088;
const radians = (degrees) => (degrees * Math.PI) / 180;

export function kilometres(a, b) {
  const half = Math.sin(radians(b.lat - a.lat) / 2) ** 2 + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * Math.sin(radians(b.lon - a.lon) / 2) ** 2;
  return 2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(half)));
}

function bearing(a, b) {
  const east = (b.lon - a.lon) * Math.cos(radians((a.lat + b.lat) / 2));
  return ((Math.atan2(east, b.lat - a.lat) * 180) / Math.PI + 360) % 360;
}

// The status shapes of the pages, as pictures for the map.
async function addShapes(map, address, scale) {
  const text = await (await fetch(address)).text();
  const symbols = new DOMParser().parseFromString(text, "image/svg+xml");
  const paper = colours().paper;
  const ink = colours().ink;
  const add = async (name, body, unscaled) => {
    const size = Math.round(unscaled * scale);
    const image = new Image(size * 2, size * 2);
    image.src = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="${size * 2}" height="${size * 2}" ${body}</svg>`)}`;
    await image.decode();
    map.addImage(name, image, { pixelRatio: 2 });
  };
  const inside = (level) => [...symbols.getElementById(level).children].map((one) => new XMLSerializer().serializeToString(one)).join("");
  await Promise.all([
    ...LEVELS.flatMap((level) => {
      const colour = levelColour(level);
      return [
        add(`call-${level}`, `viewBox="-2 -2 20 20" color="${colour}"><circle cx="8" cy="8" r="10" fill="${paper}" opacity=".8"/>${inside(level)}`, 26),
        add(`unit-${level}`, `viewBox="-5 -5 26 26" color="${colour}"><circle cx="8" cy="8" r="11.5" fill="${paper}" stroke="${colour}" stroke-width="2"/><g transform="translate(2 2) scale(.75)">${inside(level)}</g>`, 30),
      ];
    }),
    add("heading", `viewBox="0 0 24 24"><path d="M12 1 18 9H6z" fill="${ink}" stroke="${paper}" stroke-width="1.5"/>`, 44),
  ]);
}

const EMPTY = { type: "FeatureCollection", features: [] };

export class Marks {
  constructor(map, onChosen) {
    this.map = map;
    this.units = new Map(); // id -> {data, from, to, since}
    this.beside = [];
    this.offset = 0;
    this.frame = 0;
    this.drawnAt = 0;
    for (const layer of onChosen ? ["units", "calls"] : []) {
      map.on("click", layer, (event) => onChosen(event.features[0].properties.id));
      map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
      map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
    }
  }

  // `onChosen`: null where nobody chooses. `letters`, `icons`: how much larger than on a desk.
  static async on(map, shapes, onChosen, { letters = 1, icons: iconScale = 1 } = {}) {
    await addShapes(map, shapes, iconScale);
    const c = colours();
    const label = { "text-field": ["get", "label"], "text-font": FONT, "text-size": 12.5 * letters, "text-anchor": "top", "text-optional": true };
    const paint = { "text-color": c.ink, "text-halo-color": c.paper, "text-halo-width": 1.8 * Math.sqrt(letters), "icon-opacity": ["get", "fade"], "text-opacity": ["get", "fade"] };
    const icons = (kind) => ({ "icon-image": ["concat", `${kind}-`, ["get", "level"]], "icon-allow-overlap": true, "icon-ignore-placement": true });
    for (const source of ["hot", "coverage", "calls", "units", "chosen"]) map.addSource(source, { type: "geojson", data: EMPTY });
    const before = map.getLayer("beat") ? "beat" : undefined;
    map.addLayer({ id: "hot", type: "fill", source: "hot", paint: { "fill-color": c.cover, "fill-opacity": ["interpolate", ["linear"], ["get", "share"], 0, 0.12, 1, 0.62], "fill-outline-color": c.cover } }, before);
    map.addLayer({ id: "hot-count", type: "symbol", source: "hot", layout: { "text-field": ["to-string", ["get", "count"]], "text-font": FONT, "text-size": 12 * letters }, paint: { "text-color": c.ink, "text-halo-color": c.paper, "text-halo-width": 1.6 } });
    map.addLayer({ id: "coverage", type: "fill", source: "coverage", paint: { "fill-color": c.cover, "fill-opacity": 0.02 } }, before);
    map.addLayer({ id: "coverage-edge", type: "line", source: "coverage", paint: { "line-color": c.cover, "line-width": 2.2, "line-opacity": 0.9 } });
    map.addLayer({ id: "coverage-name", type: "symbol", source: "coverage", layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": 12, "symbol-placement": "line", "symbol-spacing": 420 }, paint: { "text-color": c.cover, "text-halo-color": c.paper, "text-halo-width": 1.8 } });
    map.addLayer({ id: "chosen-way", type: "line", source: "chosen", paint: { "line-color": levelColour("focus"), "line-width": 2.5, "line-dasharray": [2, 1.5] } });
    map.addLayer({ id: "chosen", type: "circle", source: "chosen", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 21, "circle-color": "rgba(0,0,0,0)", "circle-stroke-color": levelColour("focus"), "circle-stroke-width": 3 } });
    map.addLayer({ id: "calls", type: "symbol", source: "calls", layout: { ...icons("call"), ...label, "text-offset": [0, 1.05] }, paint });
    map.addLayer({ id: "headings", type: "symbol", source: "units", filter: ["has", "heading"], layout: { "icon-image": "heading", "icon-rotate": ["get", "heading"], "icon-rotation-alignment": "map", "icon-allow-overlap": true, "icon-ignore-placement": true }, paint: { "icon-opacity": ["get", "fade"] } });
    map.addLayer({ id: "units", type: "symbol", source: "units", layout: { ...icons("unit"), ...label, "text-offset": [0, 1.25], "symbol-sort-key": ["get", "order"] }, paint });
    // A crew that needs somebody: on top, never pale, and its name stands even where it covers another.
    map.addLayer({ id: "worst", type: "symbol", source: "units", filter: ["==", ["get", "level"], "critical"], layout: { ...icons("unit"), ...label, "text-offset": [0, 1.25], "text-allow-overlap": true, "text-optional": false }, paint });
    return new Marks(map, onChosen);
  }

  // What the server said; `offset` is its clock minus ours, in milliseconds.
  // `beside`: ids of units that belong to the chosen call; a broken line leads from each to it.
  show(state, offset, chosen, beside = []) {
    this.state = state;
    this.offset = offset;
    this.chosen = chosen;
    this.beside = beside;
    const now = performance.now();
    const there = new Set();
    for (const data of state.units) {
      if (data.lat === null) continue;
      there.add(data.id);
      const to = { lat: data.lat, lon: data.lon };
      const known = this.units.get(data.id);
      const from = known ? this.at(known, now) : to;
      const way = kilometres(from, to);
      let { heading } = data;
      if (heading === null && known) heading = way >= MOVED_KM && way < JUMP_KM ? bearing(known.to, to) : (known.heading ?? null);
      const moves = way > 0 && way < JUMP_KM && !still();
      const same = known && known.to.lat === to.lat && known.to.lon === to.lon;
      this.units.set(data.id, same ? { ...known, data, heading } : { data, heading, from: moves ? from : to, to, since: now });
    }
    for (const id of [...this.units.keys()]) if (!there.has(id)) this.units.delete(id);
    this.map.getSource("calls").setData(collect(state.calls.filter((one) => one.lat !== null).map((one) => point(one, one, { fade: one.waiting ? 1 : 0.6, label: one.name }))));
    this.glide();
  }

  at(unit, now) {
    const share = Math.min(1, (now - unit.since) / GLIDE);
    return { lat: unit.from.lat + (unit.to.lat - unit.from.lat) * share, lon: unit.from.lon + (unit.to.lon - unit.from.lon) * share };
  }

  glide() {
    cancelAnimationFrame(this.frame);
    const now = performance.now();
    const moving = [...this.units.values()].some((unit) => now - unit.since < GLIDE && (unit.from.lat !== unit.to.lat || unit.from.lon !== unit.to.lon));
    if (!moving || now - this.drawnAt >= FRAME) this.draw(now);
    if (moving) this.frame = requestAnimationFrame(() => this.glide());
  }

  draw(now) {
    this.drawnAt = now;
    const clock = Date.now() + this.offset;
    const features = [...this.units.values()].map((unit) => {
      const age = unit.data.since ? (clock - Date.parse(unit.data.since)) / 1000 : Infinity;
      const old = age > this.state.stale_s;
      const properties = { fade: unit.data.level === "critical" ? 1 : old ? 0.45 : 1 - 0.35 * Math.min(1, Math.max(0, age - 60) / this.state.stale_s), label: old ? `${unit.data.name} ${Math.floor(age / 60)} min old` : unit.data.name, order: -LEVELS.indexOf(unit.data.level) };
      if (!old && unit.heading !== null && unit.heading !== undefined) properties.heading = unit.heading;
      return point(unit.data, this.at(unit, now), properties);
    });
    this.map.getSource("units").setData(collect(features));
    const where = (id) => features.find((one) => one.properties.id === id)?.geometry.coordinates;
    const chosen = where(this.chosen) || this.callPoint();
    const beside = chosen ? this.beside.map(where).filter(Boolean) : [];
    this.map.getSource("chosen").setData(collect([...(chosen ? [chosen] : []), ...beside].map((one) => shape("Point", one)).concat(beside.map((one) => shape("LineString", [one, chosen])))));
  }

  callPoint() {
    const call = this.state.calls.find((one) => one.id === this.chosen && one.lat !== null);
    return call ? [call.lon, call.lat] : null;
  }

  choose(id, beside = []) {
    this.chosen = id;
    this.beside = beside;
    if (this.state) this.draw(performance.now());
  }

  layer(name, data) {
    this.map.getSource(name).setData(data || EMPTY);
  }

  clear() {
    this.units.clear();
    for (const name of ["units", "calls", "chosen", "hot"]) this.layer(name, null);
  }
}

function point(data, at, properties) {
  return { type: "Feature", properties: { id: data.id, level: data.level, ...properties }, geometry: { type: "Point", coordinates: [at.lon, at.lat] } };
}

const shape = (type, coordinates) => ({ type: "Feature", properties: {}, geometry: { type, coordinates } });
const collect = (features) => ({ type: "FeatureCollection", features });
