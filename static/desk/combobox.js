// A text field with a list of matches: debounced, superseded searches cancelled, arrows move, Enter picks.

import { csrfToken } from "./outbox.js";

const PAUSE = 110;
const AGAIN = 3000;
const OUTSIDE = 350; // More than the search of the centre's own places takes: asked when somebody stops typing.

// The one that cannot be meant otherwise: the same words, or, Enter being pressed ahead of the list, all that begins
// with them. What is merely like them was not said, and is picked by nobody unseen.
export function sureOf(options, text, exact = false) {
  const said = text.toLowerCase().replace(/\s+/g, " ");
  const label = (one) => one.dataset.label.toLowerCase();
  const same = options.filter((one) => label(one) === said);
  if (same.length || exact) return same.length === 1 ? same[0] : null;
  return options.length === 1 && label(options[0]).startsWith(said) ? options[0] : null;
}

export class Combobox {
  // onPick(li) when a match is chosen; onPlain(text) for Enter without a match; onLate(matches, text) for matches that
  // arrived after Enter.
  constructor(input, list, { url, onPick, onPlain, onLate }) {
    Object.assign(this, { input, list, url, onPick, onPlain, onLate, timer: 0, running: null, at: -1 });
    input.addEventListener("input", () => this.later());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    list.addEventListener("pointerdown", (event) => {
      const option = event.target.closest("[role=option]");
      event.preventDefault();
      if (option) this.pick(option);
    });
  }

  options() {
    return [...this.list.querySelectorAll("[role=option]")];
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.search(), PAUSE);
  }

  async search() {
    clearTimeout(this.timer);
    this.running?.abort();
    const text = this.input.value.trim();
    if (text.length < 2) {
      this.close();
      return;
    }
    this.running = new AbortController();
    try {
      const response = await fetch(this.url, {
        method: "POST",
        credentials: "same-origin",
        headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true" },
        body: new URLSearchParams({ text, token: this.list.id }),
        signal: this.running.signal,
      });
      this.away = !response.ok;
      if (!response.ok || this.input.value.trim() !== text) return;
      this.list.innerHTML = await response.text();
      this.searched = this.list.dataset.searched = text;
      this.show();
      if (this.input.dataset.outside) this.outside(text, this.running.signal);
    } catch (error) {
      // Superseded, or the network is away: typing goes on, Enter keeps the words as typed.
      this.away = error.name !== "AbortError";
    }
  }

  // A geocoder's matches come below what stands there already, and only while the same words stand there.
  async outside(text, signal) {
    clearTimeout(this.outer);
    this.outer = setTimeout(async () => {
      try {
        const response = await fetch(this.input.dataset.outside, {
          method: "POST",
          credentials: "same-origin",
          headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true" },
          body: new URLSearchParams({ text, token: this.list.id }),
          signal,
        });
        const found = response.ok && !response.redirected ? (await response.text()).trim() : "";
        if (!found || this.searched !== text || this.input.value.trim() !== text || this.list.querySelector("[data-lat]")) return;
        if (!this.options().length) this.list.replaceChildren();
        this.list.insertAdjacentHTML("beforeend", found);
        if (!this.list.hidden && this.at < 0) this.mark(0);
      } catch {
        // Superseded, or away: the centre's own matches are what there is.
      }
    }, OUTSIDE);
  }

  show() {
    if (document.activeElement !== this.input) return;
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.mark(this.options().length ? 0 : -1);
  }

  mark(index) {
    const options = this.options();
    this.at = options.length ? (index + options.length) % options.length : -1;
    options.forEach((one, place) => one.setAttribute("aria-selected", String(place === this.at)));
    const chosen = options[this.at];
    if (chosen) {
      this.input.setAttribute("aria-activedescendant", chosen.id);
      chosen.scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
    this.at = -1;
  }

  pick(option) {
    clearTimeout(this.timer);
    this.running?.abort();
    this.input.value = option.dataset.label;
    this.close();
    this.onPick(option);
  }

  // Enter never waits: what is typed next belongs to the next field. Matches that come later are told to onLate.
  async enter(text) {
    if (!text) return;
    const option = this.options()[Math.max(this.at, 0)];
    if (this.searched === text) {
      if (option) this.pick(option);
      else {
        this.close();
        this.onPlain(text);
      }
      return;
    }
    this.onPlain(text);
    this.owed = text;
    this.late(text);
  }

  // Where the list cannot be had, it is asked for again while the same words stand there.
  async late(text) {
    await this.search();
    if (this.owed !== text || this.input.value.trim() !== text || !this.input.isConnected) return;
    if (this.searched === text) {
      this.owed = null;
      this.onLate(this.options(), text);
    } else if (this.away) setTimeout(() => this.late(text), AGAIN);
  }

  async key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const open = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) await this.search();
      else this.mark(this.at + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.enter(this.input.value.trim());
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    }
  }
}
