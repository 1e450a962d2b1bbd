// Two people in one card: what somebody else has changed is shown beside the field that I have typed in, with accept
// and keep. A field that I have not touched simply takes the new value.

import { relabel } from "./keymap.js";

const SHORT = { weapon_type: "weapon", access: "access", language: "lang" };

export class Conflicts {
  constructor(card) {
    this.card = card;
    this.mine = new Set();
    this.stored = this.values();
  }

  values() {
    return JSON.parse(this.card.part("fields")?.dataset.values || "{}");
  }

  input(name) {
    if (name in SHORT) return document.getElementById(`q-text-${SHORT[name]}-${this.card.id}`);
    return this.card.field(`[data-${name}]`);
  }

  // What is posted now is my own change, whatever form the server stores it in.
  own(name) {
    this.mine.add(name);
  }

  check() {
    const now = this.values();
    for (const [name, value] of Object.entries(now)) {
      const before = this.stored[name] ?? "";
      if (value === before) continue;
      this.stored[name] = value;
      const field = this.input(name);
      if (!field) continue;
      if (this.mine.delete(name)) {
        this.clear(name);
        continue;
      }
      const typed = field.value.trim();
      if (typed === value) this.clear(name);
      else if (document.activeElement === field || (typed !== before && typed !== "")) this.show(name, field, value);
      else this.take(name, field, value);
    }
    this.mine.clear();
  }

  take(name, field, value) {
    field.value = value;
    field.removeAttribute("data-dirty");
    if (name in this.card.saved) this.card.saved[name] = value;
    if (this.card.texts.has(field)) this.card.texts.set(field, value);
  }

  // My words stand over somebody else's: saved once more.
  keep(name, field) {
    const { card } = this;
    if (name in card.saved) card.saved[name] = null;
    if (name === "where") card.locateIfTyped();
    else if (name === "phone") card.phone(false);
    else if (name === "what") card.what.search().then(() => card.what.enter(field.value.trim()));
    else {
      card.texts.set(field, null);
      card.answerText(field);
    }
  }

  notice(name) {
    return document.getElementById(`conflict-${name}-${this.card.id}`);
  }

  clear(name) {
    this.notice(name)?.remove();
  }

  show(name, field, value) {
    this.clear(name);
    const box = document.createElement("p");
    box.className = "conflict notice";
    box.id = `conflict-${name}-${this.card.id}`;
    box.dataset.level = "serious";
    box.setAttribute("role", "status");
    const who = document.createElement("strong");
    who.textContent = "Somebody";
    box.append(who, ` changed this to “${value || "nothing"}”. `);
    const accept = this.button("Accept", "Alt+K", "Accept what somebody else changed", () => {
      this.take(name, field, value);
      this.clear(name);
      field.focus();
    });
    const keep = this.button("Keep mine", "Alt+J", "Keep what you typed over somebody else's change", () => {
      this.clear(name);
      this.keep(name, field);
      field.focus();
    });
    box.append(accept, " ", keep);
    field.closest(".field").append(box);
    relabel(box);
    this.name(name, who);
  }

  async name(name, who) {
    try {
      const response = await fetch(`/console/calls/${this.card.id}/changed/${name}/`, { credentials: "same-origin" });
      const text = response.ok && !response.redirected ? (await response.text()).trim() : "";
      if (text) who.textContent = text;
    } catch {
      // “Somebody” stays: the value is what matters.
    }
  }

  button(words, key, sheet, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn tiny";
    button.dataset.key = key;
    button.dataset.words = sheet;
    button.append(`${words} `, Object.assign(document.createElement("kbd"), { textContent: key }));
    button.addEventListener("click", act);
    return button;
  }

  press(key) {
    const first = this.card.element.querySelector(".conflict");
    first?.querySelectorAll("button")[key === "Alt+K" ? 0 : 1].click();
    return Boolean(first);
  }
}
