// A map that stays current: fetched anew when the live stream says that something changed, one mark chosen, and the
// server's picture where the browser draws no maps. Used by the map's page and by the pane beside the queue.
//
//   new LiveMap(box, {
//     say(words),        // one line beside the map; "" ends it
//     shown(),           // `state` is new: bring the list up to date, before the marks are
//     onChosen(id),      // a mark was pressed
//     onNoMap(),         // there is no map to steer
//     label,             // what is said of the map to those who do not see it
//   })

import { fetchJson, NoMap, openMap, still, wholeArea } from "./map_base.js";
import { Marks } from "./map_marks.js";

const PAUSE = 2000;
const PICTURE_PAUSE = 10_000;
const AGES = 10_000;
const CLOSE_ZOOM = 14;

export class LiveMap {
  constructor(box, { state = null, say, shown, onChosen, onNoMap, label }) {
    Object.assign(this, { box, say, shown, onChosen, onNoMap, label });
    this.chosen = "";
    this.beside = []; // ids of units that are shown with the chosen one
    this.marks = null;
    this.view = null; // {map, ground}
    this.picture = null;
    this.timer = 0;
    this.fetching = false;
    this.fetchedAt = Date.now();
    this.late = false;
    this.take(state || { at: new Date().toISOString(), calls: [], units: [] });
    document.addEventListener("live:applied", () => this.changed());
    document.addEventListener("live:reloaded", () => this.changed());
    document.addEventListener("live:state", (event) => this.standing(event.detail.state));
    setInterval(() => this.marks?.state && this.marks.glide(), AGES);
  }

  take(state) {
    this.state = state;
    this.offset = Date.parse(state.at) - Date.now();
  }

  get all() {
    return [...this.state.calls, ...this.state.units];
  }

  find(id) {
    return this.all.find((one) => one.id === id);
  }

  // Nobody looks at it: nothing is fetched for it.
  get away() {
    return Boolean(this.box.closest("[hidden]"));
  }

  show() {
    this.shown();
    this.marks?.show(this.state, this.offset, this.chosen, this.beside);
    if (this.picture && Date.now() - this.picture.at >= PICTURE_PAUSE) this.drawPicture();
  }

  async refresh() {
    this.timer = 0;
    this.fetching = true;
    try {
      this.take(await fetchJson(this.box.dataset.state));
      this.show();
      if (this.late) this.say("");
      this.late = false;
    } catch {
      this.late = true;
      this.say("Positions could not be brought up to date; trying again.");
      this.timer ||= setTimeout(() => this.refresh(), PICTURE_PAUSE);
    } finally {
      this.fetchedAt = Date.now();
      this.fetching = false;
    }
  }

  changed() {
    if (this.away) return;
    if (this.fetching) setTimeout(() => this.changed(), PAUSE);
    else if (!this.timer) this.timer = setTimeout(() => this.refresh(), Math.max(150, this.fetchedAt + PAUSE - Date.now()));
  }

  standing(said) {
    const gone = said === "denied";
    this.box.classList.toggle("dim", gone || said === "stale");
    if (!gone) return;
    this.take({ ...this.state, calls: [], units: [] });
    this.marks?.clear();
    this.shown();
  }

  choose(id, beside = []) {
    this.chosen = id;
    this.beside = beside;
    this.marks?.choose(id, beside);
  }

  goTo(one) {
    if (!this.view || one.lat === null) return;
    const { map } = this.view;
    map.easeTo({ center: [one.lon, one.lat], zoom: Math.max(map.getZoom(), CLOSE_ZOOM), duration: still() ? 0 : 500 });
  }

  // Bring all of these into sight; where they are in sight already, nothing moves under anybody's eyes.
  goToAll(ones) {
    const points = ones.filter((one) => one.lat !== null).map((one) => [one.lon, one.lat]);
    if (!this.view || !points.length) return;
    const { map, library } = this.view;
    const seen = map.getBounds();
    if (points.every((point) => seen.contains(point))) return;
    const bounds = points.reduce((sum, point) => sum.extend(point), new library.LngLatBounds(points[0], points[0]));
    map.fitBounds(bounds, { padding: 56, maxZoom: CLOSE_ZOOM, duration: still() ? 0 : 500 });
  }

  whole() {
    if (this.view) wholeArea(this.view.map, this.view.ground);
  }

  layer(name, data) {
    this.marks?.layer(name, data);
  }

  drawPicture() {
    this.picture.at = Date.now();
    this.picture.image.src = `${this.box.dataset.picture}&t=${this.picture.at}`;
  }

  withoutMap(words) {
    this.box.classList.add("pictured");
    this.box.replaceChildren();
    const image = document.createElement("img");
    image.className = "still";
    image.alt = "Still picture of the map; the lists beside it say the same.";
    const line = document.createElement("p");
    line.className = "notice";
    line.dataset.level = "caution";
    line.textContent = `${words} The list and a still picture, drawn anew every 10 seconds, stand in for the map.`;
    this.box.append(line, image);
    this.picture = { image, at: 0 };
    this.onNoMap();
    this.drawPicture();
  }

  async start() {
    this.shown();
    try {
      this.view = await openMap(this.box);
    } catch (error) {
      this.withoutMap(error instanceof NoMap ? error.message : "The map could not be fetched.");
      return;
    }
    const { map, ground } = this.view;
    this.marks = await Marks.on(map, this.box.dataset.shapes, (id) => this.onChosen(id));
    this.marks.show(this.state, this.offset, this.chosen, this.beside);
    map.getCanvas().setAttribute("aria-label", this.label);
    map.on("webglcontextlost", () => this.say("The map lost its graphics; it comes back by itself or after a reload. The list goes on."));
    if (!ground.bounds && this.all.every((one) => one.lat === null)) this.say("No areas or streets are loaded for this centre: see Operations, Map.");
    this.box.dataset.ready = "yes";
  }
}
