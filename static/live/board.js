// The live regions of a page: frames applied row by row, snapshots fetched region by region.
//
//   <section data-live-snapshot-url="/queue/rows/">   replaced from that address after a gap
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
    this.buffers = new Map(); // region being fetched -> frames that arrived meanwhile
    this.gone = new Map(); // id -> version at which it left
    this.postponed = new Map(); // id -> element that waits until its row is no longer edited
    this.owed = new Set(); // regions that could not be filled because somebody was typing in them
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

  applyElement(element, number) {
    if (!element.id) return;
    const present = document.getElementById(element.id);
    const into = document.getElementById(element.dataset.liveInto || "");
    const region = (present || into)?.closest(REGION);
    if (region && number <= this.numberOf(region)) return;
    const version = Number(element.dataset.v || 0);
    if (present) {
      if (isProtected(present) || version < Number(present.dataset.v || 0)) return;
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
    const good = results.filter((one) => one.ok);
    const engines = good.map((one) => one.engine).filter((one) => one !== null);
    return {
      ok: good.length === results.length,
      denied: results.some((one) => one.denied),
      number: good.length ? Math.min(...good.map((one) => one.number)) : null,
      epoch: good.length ? good[0].epoch : "",
      engine: engines.length ? Math.max(...engines) : null,
    };
  }

  async fetchRegion(region) {
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
      if (!response.ok) return { ok: false, denied: false };
      const html = await response.text();
      const number = Number(response.headers.get("X-Live-Number") || 0);
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
      return { ok: false, denied: false };
    } finally {
      this.buffers.delete(region);
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
      region.replaceChildren(template.content);
      return region;
    });
    this.numbers.set(region, number);
    for (const element of region.querySelectorAll("[id][data-v]")) this.gone.delete(element.id);
    enliven(region);
    this.summarise();
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
    this.summarise();
  }

  // Nothing of the board may stay on a screen that is no longer allowed to show it.
  clear() {
    for (const region of document.querySelectorAll(REGION)) {
      if (region.querySelector(NEVER)) continue;
      this.holds.reset(region);
      region.replaceChildren();
      this.numbers.set(region, -1);
    }
  }

  settleAll() {
    this.holds.settleAll();
    this.summarise();
  }

  tick() {
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
      if (isBeingEdited(region) || this.heldIn(region).length) continue;
      if (this.buffers.has(region)) continue;
      this.owed.delete(region);
      this.fetchRegion(region).then((result) => result.ok || result.denied || this.owed.add(region));
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
