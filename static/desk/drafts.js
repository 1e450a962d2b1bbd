// What is typed and not yet sent, kept in this browser at least every second, per person and call.

const PAUSE = 1000;

export class Drafts {
  constructor(person) {
    this.prefix = `dd.draft.${person}.`;
    this.timers = new Map();
  }

  // `onSaved(words)` says how it stands. `onRestored(stored)` is told the field's own value when a draft replaces it
  // that was begun on another one: somebody has changed it meanwhile.
  watch(field, name, onSaved, onRestored) {
    const key = this.prefix + name;
    const stored = field.value;
    const before = this.read(name);
    let base = stored;
    if (before && before.text !== stored) {
      base = before.base;
      field.value = before.text;
      field.toggleAttribute("data-dirty", true);
      onSaved?.("draft restored");
      if (base !== stored) onRestored?.(stored);
    }
    field.addEventListener("focus", () => {
      if (!field.hasAttribute("data-dirty")) base = field.value;
    });
    field.addEventListener("input", () => {
      field.toggleAttribute("data-dirty", field.value !== "");
      if (this.timers.has(key)) return;
      this.timers.set(key, setTimeout(() => {
        this.timers.delete(key);
        if (field.hasAttribute("data-dirty") || !field.value) this.save(key, field.value, base, onSaved);
      }, PAUSE));
    });
    window.addEventListener("pagehide", () => {
      if (field.isConnected && field.hasAttribute("data-dirty")) this.save(key, field.value, base);
    });
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

  save(key, text, base, onSaved) {
    try {
      if (text) localStorage.setItem(key, JSON.stringify({ text, base }));
      else localStorage.removeItem(key);
      onSaved?.(text ? "draft saved" : "");
    } catch {
      onSaved?.("draft NOT saved: this browser keeps nothing");
    }
  }

  // Sent, or for the outbox to keep until it is.
  clear(name, field = null) {
    localStorage.removeItem(this.prefix + name);
    field?.removeAttribute("data-dirty");
  }
}
