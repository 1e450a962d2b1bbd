// What is typed and not yet sent, kept in this browser at least every second, per person and call, and soon after on the
// server. The newer of the two comes back.

import * as there from "./unsent.js";

const PAUSE = 1000;
const DAY = 86_400_000;

export class Drafts {
  constructor(person) {
    this.prefix = `dd.draft.${person}.`;
    this.timers = new Map();
    this.bases = new Map();
    this.sweep();
  }

  // `onSaved(words)` says how it stands. `onRestored(stored)` is told the field's own value when a draft replaces it
  // that was begun on another one: somebody has changed it meanwhile.
  watch(field, name, onSaved, onRestored) {
    const stored = field.value;
    this.bases.set(name, stored);
    const before = this.newest(name);
    if (before?.text && before.text !== stored) {
      this.bases.set(name, before.base);
      field.value = before.text;
      field.toggleAttribute("data-dirty", true);
      onSaved?.("draft restored");
      if (before.base !== stored) onRestored?.(stored);
    }
    field.addEventListener("focus", () => {
      if (!field.hasAttribute("data-dirty")) this.bases.set(name, field.value);
    });
    field.addEventListener("input", () => {
      field.toggleAttribute("data-dirty", field.value !== "");
      there.later(name, field.value);
      if (this.timers.has(name)) return;
      this.timers.set(name, setTimeout(() => {
        this.timers.delete(name);
        if (field.hasAttribute("data-dirty") || !field.value) this.save(name, field.value, onSaved);
      }, PAUSE));
    });
    window.addEventListener("pagehide", () => {
      if (field.isConnected && field.hasAttribute("data-dirty")) this.save(name, field.value);
    });
  }

  // This browser's words, or the server's where those are later: typed at another machine, or lost here.
  newest(name) {
    const here = this.read(name);
    const kept = there.known(name);
    if (kept && kept.at > (here?.at || 0)) return { text: kept.text, base: here?.base ?? "" };
    if (here?.text && here.text !== kept?.text) there.later(name, here.text);
    return here;
  }

  read(name) {
    const kept = localStorage.getItem(this.prefix + name);
    if (!kept) return null;
    try {
      const value = JSON.parse(kept);
      if (value && typeof value === "object") return value;
    } catch {
      // Words as an earlier version kept them.
    }
    return { text: kept, base: "" };
  }

  write(name, value) {
    try {
      localStorage.setItem(this.prefix + name, JSON.stringify(value));
    } catch {
      // Said at the note, whose draft is lost by the same cause.
    }
  }

  save(name, text, onSaved) {
    try {
      localStorage.setItem(this.prefix + name, JSON.stringify({ text, base: this.bases.get(name) ?? "", at: Date.now() }));
      onSaved?.(text ? "draft saved" : "");
    } catch {
      onSaved?.("draft NOT saved: this browser keeps nothing");
    }
  }

  // Words that were put into a field for the person.
  now(field, name) {
    field.toggleAttribute("data-dirty", true);
    this.save(name, field.value);
  }

  // Sent, or for the outbox to keep until it is. The time stays: what the server still has from before is older.
  clear(name, field = null) {
    this.write(name, { text: "", base: "", at: Date.now() });
    field?.removeAttribute("data-dirty");
    there.gone(name);
  }

  forget(name) {
    localStorage.removeItem(this.prefix + name);
  }

  // Of what was sent only the time is left, and of interest while the server may still have the words.
  sweep() {
    for (const key of Object.keys(localStorage).filter((one) => one.startsWith(this.prefix))) {
      const kept = this.read(key.slice(this.prefix.length));
      if (kept?.text === "" && kept.at < Date.now() - 2 * DAY) localStorage.removeItem(key);
    }
  }
}
