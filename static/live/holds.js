// Lists that keep their order while somebody works in them: [data-live-hold].
//
// Rows that would come in wait behind a pill ("2 new"), rows that would leave are marked and stay, rows whose key
// changed stay where they are. All of it happens when the pointer and the focus have left, when nothing has moved for a
// while, or when the pill is pressed.

import { keepingPlace } from "./focus.js";

const POINTER_IDLE = 15_000;
const FOCUS_IDLE = 60_000;

export class Holds {
  constructor(place) {
    this.place = place;
    this.lists = new Map(); // container -> {waiting: Map(id -> element), leaving: Set, unsorted, pill}
    this.pointer = { target: null, at: 0 };
    this.keyAt = 0;
    const moved = (event) => {
      this.pointer = { target: event.target, at: Date.now() };
    };
    document.addEventListener("pointermove", moved, { passive: true, capture: true });
    document.addEventListener("pointerdown", moved, { passive: true, capture: true });
    document.documentElement.addEventListener("pointerleave", () => (this.pointer = { target: null, at: 0 }));
    for (const name of ["keydown", "focusin"]) {
      document.addEventListener(name, () => (this.keyAt = Date.now()), { passive: true, capture: true });
    }
  }

  isHeld(container) {
    if (!container || !("liveHold" in container.dataset)) return false;
    const now = Date.now();
    const { target, at } = this.pointer;
    if (target instanceof Node && container.contains(target) && now - at < POINTER_IDLE) return true;
    return container.contains(document.activeElement) && now - this.keyAt < FOCUS_IDLE;
  }

  list(container) {
    if (!this.lists.has(container)) {
      this.lists.set(container, { waiting: new Map(), leaving: new Set(), unsorted: false, pill: null });
    }
    return this.lists.get(container);
  }

  wait(container, element) {
    const list = this.list(container);
    const earlier = list.waiting.get(element.id);
    if (earlier && Number(earlier.dataset.v || 0) > Number(element.dataset.v || 0)) return;
    list.waiting.set(element.id, element);
    this.showPill(container, list);
  }

  leave(container, element) {
    element.setAttribute("data-live-leaving", "");
    this.list(container).leaving.add(element.id);
  }

  unsorted(container) {
    this.list(container).unsorted = true;
  }

  // A waiting row that left before it was ever shown.
  forget(id) {
    for (const [container, list] of this.lists) {
      if (list.waiting.delete(id)) this.showPill(container, list);
    }
  }

  // A list was fetched anew while it is held: of the rows that wait only these are still there.
  keepWaiting(container, ids) {
    const list = this.lists.get(container);
    if (!list) return;
    for (const id of [...list.waiting.keys()]) if (!ids.has(id)) list.waiting.delete(id);
    this.showPill(container, list);
  }

  // The region is filled anew and includes everything that waited.
  reset(region) {
    for (const [container, list] of [...this.lists]) {
      if (!region.contains(container)) continue;
      list.pill?.remove();
      this.lists.delete(container);
    }
  }

  // Let in what is no longer held back; true if anything changed.
  release() {
    let changed = false;
    for (const container of [...this.lists.keys()]) {
      if (!container.isConnected) this.lists.delete(container);
      else if (!this.isHeld(container)) {
        this.settle(container);
        changed = true;
      }
    }
    return changed;
  }

  settleAll() {
    for (const container of [...this.lists.keys()]) this.settle(container);
  }

  settle(container) {
    const list = this.lists.get(container);
    if (!list) return;
    this.lists.delete(container);
    list.pill?.remove();
    keepingPlace(container, () => {
      for (const id of list.leaving) {
        const element = document.getElementById(id);
        if (element?.hasAttribute("data-live-leaving")) element.remove();
      }
      for (const element of list.waiting.values()) if (!document.getElementById(element.id)) this.place(element);
      if (list.unsorted) {
        for (const element of [...container.children]) if (element.dataset.liveInto) this.place(element);
      }
    });
  }

  showPill(container, list) {
    const count = list.waiting.size;
    if (!count) {
      list.pill?.remove();
      list.pill = null;
      return;
    }
    if (!list.pill) {
      list.pill = document.createElement("button");
      list.pill.type = "button";
      list.pill.className = "live-pill";
      list.pill.setAttribute("aria-live", "polite");
      list.pill.addEventListener("click", () => {
        this.settle(container);
        document.dispatchEvent(new CustomEvent("live:brought-in"));
      });
      // A button cannot stand inside a table; it floats above the list and moves nothing.
      const anchor = container.closest("table") || container;
      anchor.parentElement.insertBefore(list.pill, anchor);
    }
    list.pill.textContent = `${count} new`;
  }
}
