// What is typed and not yet sent, kept in this browser at least every second, per person and call.

const PAUSE = 1000;

export class Drafts {
  constructor(person) {
    this.prefix = `dd.draft.${person}.`;
    this.timers = new Map();
  }

  watch(field, name, onSaved) {
    const key = this.prefix + name;
    const before = localStorage.getItem(key);
    if (before && !field.value) {
      field.value = before;
      onSaved?.("draft restored");
    }
    field.addEventListener("input", () => {
      field.toggleAttribute("data-dirty", field.value !== "");
      if (this.timers.has(key)) return;
      this.timers.set(key, setTimeout(() => {
        this.timers.delete(key);
        this.save(key, field.value, onSaved);
      }, PAUSE));
    });
    window.addEventListener("pagehide", () => this.save(key, field.value));
  }

  save(key, text, onSaved) {
    try {
      if (text) localStorage.setItem(key, text);
      else localStorage.removeItem(key);
      onSaved?.(text ? "draft saved" : "");
    } catch {
      onSaved?.("draft NOT saved: this browser keeps nothing");
    }
  }

  clear(name) {
    localStorage.removeItem(this.prefix + name);
  }
}
