// A wall's map: the marks that its board holds, on the centre's own ground. Nobody touches it; where the browser draws no
// maps, or loses its graphics, the server's picture stands in and the list beside it goes on.

import { fetchJson, NoMap, openMap, wholeArea } from "./map_base.js";
import { Marks } from "./map_marks.js";

const HOT_EVERY = 300_000;
const PICTURE_EVERY = 10_000;
const LOST_FOR = 30_000;
const TRY_AGAIN = 60_000;
const LETTERS = 12.5; // px of a mark's words on a desk
const FLOOR = 0.8; // of data text: 16 of 20 arc-minutes

class WallMap {
  constructor(turn) {
    this.turn = turn;
    this.ground = turn.querySelector(".wall-ground");
    this.box = this.ground.querySelector(".canvas");
    this.said = this.ground.querySelector("[data-map-said]");
    this.opening = false;
    this.view = null;
    this.marks = null;
    this.image = null;
    this.lostAt = 0;
    this.failedAt = 0;
    setInterval(() => this.hot(), HOT_EVERY);
    setInterval(() => this.tick(), PICTURE_EVERY);
  }

  // A map is made when it is first to be seen: before, it has no size.
  async seen() {
    if (this.turn.hidden) return;
    if (this.view) {
      this.view.map.resize();
      wholeArea(this.view.map, this.view.ground);
    } else if (!this.opening && !this.image) await this.open();
    this.show();
  }

  async open() {
    this.opening = true;
    try {
      const text = parseFloat(getComputedStyle(this.turn.querySelector(".columns h2")).fontSize);
      const letters = (FLOOR * text) / LETTERS;
      const view = await openMap(this.box, { interactive: false, scale: letters * 0.8 });
      this.marks = await Marks.on(view.map, this.box.dataset.shapes, null, { letters, icons: letters * 0.5 });
      view.map.on("webglcontextlost", () => (this.lostAt = Date.now()));
      view.map.on("webglcontextrestored", () => (this.lostAt = 0));
      this.view = view;
      this.box.dataset.ready = "yes";
      await this.hot();
    } catch (error) {
      if (error instanceof NoMap) this.pictured();
      else this.failedAt = Date.now();
    } finally {
      this.opening = false;
    }
  }

  pictured() {
    this.box.replaceChildren();
    this.image = document.createElement("img");
    this.image.alt = "Still picture of the map; the lists beside it say the same.";
    this.box.append(this.image);
    this.said.textContent = "Still picture, each 10 s.";
  }

  // Light or dark has changed, and the colours of a map are those it was made with.
  async again() {
    this.view?.map.remove();
    this.view = this.marks = null;
    delete this.box.dataset.ready;
    await this.seen();
  }

  // What the board says now; an emptied board empties the map.
  show() {
    const held = this.turn.querySelector(".wall-board .mapped > script[type='application/json']");
    this.ground.hidden = !held;
    if (!held) {
      this.marks?.clear();
      this.image?.removeAttribute("src");
      return;
    }
    const state = JSON.parse(held.textContent);
    if (held !== this.held) {
      this.held = held;
      this.offset = Date.parse(state.at) - Date.now();
    }
    this.marks?.show(state, this.offset, "");
    if (this.image && !this.image.getAttribute("src")) this.draw();
  }

  draw() {
    this.image.src = `${this.box.dataset.picture}?theme=${document.documentElement.dataset.bsTheme}&t=${Date.now()}`;
  }

  async hot() {
    if (!this.marks) return;
    try {
      const data = await fetchJson(this.box.dataset.hot);
      const most = Math.max(1, ...data.features.map((one) => one.properties.count));
      for (const one of data.features) one.properties.share = one.properties.count / most;
      this.marks.layer("hot", data);
      this.said.textContent = data.features.length ? `Hexagons: ${data.fewest} calls or more in 7 days.` : "";
    } catch {
      this.said.textContent = "Hexagons could not be fetched.";
    }
  }

  tick() {
    if (this.turn.hidden) return;
    if (this.image && !this.ground.hidden) this.draw();
    else if (this.marks) this.marks.state && this.marks.glide();
    else if (this.failedAt && Date.now() - this.failedAt > TRY_AGAIN) this.seen();
    if (this.lostAt && Date.now() - this.lostAt > LOST_FOR) document.dispatchEvent(new CustomEvent("live:load-anew"));
  }
}

const maps = [...document.querySelectorAll("[data-turn]:has(.wall-ground)")].map((turn) => new WallMap(turn));
const show = () => maps.forEach((one) => one.show());
document.addEventListener("wall:turn", () => maps.forEach((one) => one.seen()));
document.addEventListener("live:applied", show);
document.addEventListener("live:reloaded", show);
document.addEventListener("live:state", show);
new MutationObserver(() => maps.forEach((one) => one.again())).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
maps.forEach((one) => one.seen());
