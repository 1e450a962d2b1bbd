// The live regions of a page: frames applied row by row, snapshots fetched region by region.
//
//   <section data-live-snapshot-url="/queue/rows/">   replaced from that address after a gap
//   <div data-live-snapshot-url=".." data-live-parts>   of its children only those are replaced that have changed
//   <tr id=".." data-v="7" data-live-into="queue-rows" data-live-key="1-2026-..">   a row: newer versions replace it
//   <tr id=".." data-v="8" data-live-gone>            the row leaves
//   <tbody id="queue-rows" data-live-hold>            keeps its order while somebody is in it
//   <tr data-live-empty>, <span data-live-count="queue-rows">   empty state and number of rows
//   <form data-live-never>                            never touched

import { Holds } from "./holds.js";
import { keepingFocus, isBeingEdited } from "./focus.js";

const PART = "<!--live-part-->";
const REGION = "[data-live-snapshot-url]";
const NEVER = "[data-live-never]";

export class Board {
  constructor(number) {
    this.pageNumber = number;
    this.numbers = new WeakMap(); // region -> number that its content includes
    this.turns = new WeakMap(); // region -> the fetch that began last; what an earlier one brings is older
    this.buffers = new Map(); // region being fetched -> frames that arrived meanwhile
    this.gone = new Map(); // id -> version at which it left
    this.postponed = new Map(); // id -> element that waits until its row is no longer edited
    this.parts = new WeakMap(); // region of sums -> the HTML of its parts as fetched last
    this.owed = new Set(); // regions that could not be filled because somebody was in them
    this.holds = new Holds((element) => this.place(element));
    this.summarise();
  }

  apply(html, number) {
    for (const buffer of this.buffers.values()) buffer.push({ html, number });
    for (const part of html.split(PART)) {
      const template = document.createElement("template");
      template.innerHTML = part;
      for (const element of [...template.content.children]) this.applyElement(element, number);
    }
    this.summarise();
  }

  // The numbers began anew: what is shown has no place in the new series, and whatever comes is newer.
  startOver() {
    this.pageNumber = -1;
    this.numbers = new WeakMap();
    this.gone.clear();
    this.postponed.clear();
    for (const element of document.querySelectorAll(`${REGION} [id][data-v]`)) element.dataset.v = "-1";
  }

  applyElement(element, number) {
    if (!element.id) return;
    const present = document.getElementById(element.id);
    const into = document.getElementById(element.dataset.liveInto || "");
    const region = (present || into)?.closest(REGION);
    if (region && number <= this.numberOf(region)) return;
    const version = Number(element.dataset.v || 0);
    if (present) {
      if (isProtected(present) || version < Number(present.dataset.v || 0)) return;
      this.postponed.delete(element.id);
      if (isBeingEdited(present)) this.postponed.set(element.id, element);
      else if ("liveGone" in element.dataset) this.remove(present, version);
      else this.replace(present, element);
    } else if ("liveGone" in element.dataset) {
      this.gone.set(element.id, version);
      this.holds.forget(element.id);
    } else if (into && !isProtected(into) && version >= (this.gone.get(element.id) ?? 0)) {
      if (this.holds.isHeld(into)) this.holds.wait(into, element);
      else this.place(element);
    }
  }

  remove(present, version) {
    this.gone.set(present.id, version);
    this.postponed.delete(present.id);
    const container = present.parentElement;
    if (this.holds.isHeld(container)) {
      present.dataset.v = String(version);
      this.holds.leave(container, present);
    } else present.remove();
  }

  replace(present, element) {
    const moved =
      present.dataset.liveKey !== element.dataset.liveKey ||
      (element.dataset.liveInto && element.dataset.liveInto !== present.parentElement?.id);
    const container = present.parentElement;
    keepingFocus(present, () => {
      present.replaceWith(element);
      return element;
    });
    enliven(element);
    if (!moved || !element.dataset.liveInto) return;
    const target = document.getElementById(element.dataset.liveInto);
    if (this.holds.isHeld(container) || this.holds.isHeld(target)) this.holds.unsorted(container);
    else this.place(element);
  }

  // Put a row where its key says. Rows are sorted by key, ascending.
  place(element) {
    const container = document.getElementById(element.dataset.liveInto || "");
    if (!container) return;
    const key = element.dataset.liveKey || "";
    const next = [...container.children].find(
      (other) => other !== element && "liveKey" in other.dataset && other.dataset.liveKey > key,
    );
    const inside = element.isConnected;
    if (inside && element.parentElement === container && element.nextElementSibling === (next || null)) return;
    keepingFocus(element, () => {
      container.insertBefore(element, next || null);
      return element;
    });
    if (!inside) enliven(element);
  }

  numberOf(region) {
    return this.numbers.get(region) ?? this.pageNumber;
  }

  // Fetch all regions. {ok, denied, number, epoch, engine}: number is what all of them include, null without regions.
  async reload() {
    const regions = [...document.querySelectorAll(REGION)];
    const results = await Promise.all(regions.map((region) => this.fetchRegion(region)));
    const good = results.filter((one) => one.ok && !one.later);
    const engines = good.map((one) => one.engine).filter((one) => one !== null);
    return {
      ok: results.every((one) => one.ok),
      denied: results.some((one) => one.denied),
      number: good.length ? Math.min(...good.map((one) => one.number)) : null,
      epoch: good.length ? good[0].epoch : "",
      engine: engines.length ? Math.max(...engines) : null,
    };
  }

  async fetchRegion(region) {
    const turn = {};
    const isLast = () => this.turns.get(region) === turn;
    this.turns.set(region, turn);
    this.buffers.set(region, []);
    try {
      const response = await fetch(region.dataset.liveSnapshotUrl, {
        credentials: "same-origin",
        cache: "no-store",
        redirect: "manual",
        headers: { "X-Live-Snapshot": "1" },
        signal: AbortSignal.timeout(8000),
      });
      // A redirect leads to the sign-in page: the session has ended.
      if (response.type === "opaqueredirect" || response.status === 401 || response.status === 403) {
        return { ok: false, denied: true };
      }
      // Without its number it is not ours: a page of the network's own, for one, says 200 as well.
      if (!response.ok || !response.headers.has("X-Live-Number")) return { ok: false, denied: false };
      const html = await response.text();
      if (!isLast()) return { ok: true, denied: false, later: true };
      const number = Number(response.headers.get("X-Live-Number"));
      const engine = response.headers.get("X-Live-Engine");
      const buffered = this.buffers.get(region) || [];
      this.buffers.delete(region);
      this.fill(region, html, number);
      for (const frame of buffered) if (frame.number > number) this.apply(frame.html, frame.number);
      return {
        ok: true,
        denied: false,
        number,
        epoch: response.headers.get("X-Live-Epoch") || "",
        engine: engine === null ? null : Number(engine),
      };
    } catch {
      return isLast() ? { ok: false, denied: false } : { ok: true, denied: false, later: true };
    } finally {
      if (isLast()) this.buffers.delete(region);
    }
  }

  fill(region, html, number) {
    if (region.querySelector(NEVER)) {
      console.error("A live region holds a form: move the form outside.", region);
      return;
    }
    if (isBeingEdited(region)) {
      this.owed.add(region);
      return;
    }
    const template = document.createElement("template");
    template.innerHTML = html;
    const held = this.heldIn(region);
    if (held.length) {
      for (const container of held) this.reconcile(container, template.content, number);
      this.owed.add(region);
      return;
    }
    this.holds.reset(region);
    keepingFocus(region, () => {
      if ("liveParts" in region.dataset) this.fillParts(region, [...template.content.children]);
      else region.replaceChildren(template.content);
      return region;
    });
    this.numbers.set(region, number);
    for (const element of region.querySelectorAll("[id][data-v]")) this.gone.delete(element.id);
    enliven(region);
    this.summarise();
  }

  // Only the parts that are not as they were fetched last: a link that somebody is about to press stays under the pointer.
  fillParts(region, fresh) {
    const texts = fresh.map((one) => one.outerHTML);
    const before = this.parts.get(region) || [];
    const shown = [...region.children];
    this.parts.set(region, texts);
    if (before.length !== fresh.length || shown.length !== fresh.length) region.replaceChildren(...fresh);
    else fresh.forEach((one, place) => before[place] === texts[place] || shown[place].replaceWith(one));
  }

  heldIn(region) {
    return [...region.querySelectorAll("[data-live-hold][id]")].filter((container) => this.holds.isHeld(container));
  }

  // Bring a list that somebody works in up to date row by row, without moving it.
  reconcile(container, content, number) {
    const fresh = content.querySelector(`#${CSS.escape(container.id)}`);
    if (!fresh) return;
    const rows = [...fresh.querySelectorAll(":scope > [id][data-v]")];
    const ids = new Set(rows.map((row) => row.id));
    for (const row of rows) {
      row.dataset.liveInto ||= container.id;
      this.gone.delete(row.id);
      this.applyElement(row, number + 1);
    }
    for (const row of container.querySelectorAll(":scope > [id][data-v]")) {
      if (!ids.has(row.id)) this.holds.leave(container, row);
    }
    this.holds.keepWaiting(container, ids);
    this.summarise();
  }

  // Nothing of the board may stay on a screen that is no longer allowed to show it.
  clear() {
    for (const region of document.querySelectorAll(REGION)) {
      if (region.querySelector(NEVER)) continue;
      this.holds.reset(region);
      this.parts.delete(region);
      region.replaceChildren();
      this.numbers.set(region, -1);
    }
  }

  settleAll() {
    this.holds.settleAll();
    this.summarise();
  }

  // Whether a region is older than what was fetched for it, since somebody is typing in it.
  waitsForTyping() {
    return [...this.owed].some((region) => region.isConnected && isBeingEdited(region));
  }

  tick(denied) {
    let changed = this.holds.release();
    for (const [id, element] of [...this.postponed]) {
      const present = document.getElementById(id);
      if (present && isBeingEdited(present)) continue;
      this.postponed.delete(id);
      const version = Number(element.dataset.v || 0);
      if (!present || version < Number(present.dataset.v || 0)) continue;
      if ("liveGone" in element.dataset) this.remove(present, version);
      else this.replace(present, element);
      changed = true;
    }
    for (const region of [...this.owed]) {
      if (!region.isConnected) {
        this.owed.delete(region);
        continue;
      }
      if (isBeingEdited(region) || this.heldIn(region).length) continue;
      if (this.buffers.has(region)) continue;
      this.owed.delete(region);
      this.fetchRegion(region).then((result) => {
        if (result.denied) denied();
        else if (!result.ok) this.owed.add(region);
      });
    }
    if (changed) this.summarise();
  }

  // Empty states and row counts follow from the rows; the server never has to send them.
  summarise() {
    for (const empty of document.querySelectorAll("[data-live-empty]")) {
      const rows = rowsOf(empty.parentElement);
      empty.hidden = rows > 0;
    }
    for (const counter of document.querySelectorAll("[data-live-count]")) {
      const text = String(rowsOf(document.getElementById(counter.dataset.liveCount)));
      if (counter.textContent !== text) counter.textContent = text;
    }
  }
}

function rowsOf(container) {
  return container ? container.querySelectorAll(":scope > [data-v]:not([data-live-leaving])").length : 0;
}

function isProtected(element) {
  return element.closest(NEVER) !== null || element.querySelector(NEVER) !== null;
}

function enliven(element) {
  if (window.htmx) window.htmx.process(element);
}
