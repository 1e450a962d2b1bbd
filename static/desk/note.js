// The note that is being typed: its draft, its end, and what waits for the network, which stays to be read meanwhile.

import { unsent } from "./outbox.js";

// What waits, in words, by the end of its address; null for what has a label of its own.
const WORDS = {
  location: ({ text }) => `where: ${text}`,
  phone: ({ number }) => `call back: ${number}`,
  nature: ({ nature }) => `what: ${nature.replaceAll("_", " ")}`,
  answers: ({ key, value }) => `${key.replaceAll("_", " ")}: ${value.replaceAll("_", " ")}`,
  notes: ({ text }) => text,
};

function wordsOf({ url, data, label }) {
  const said = WORDS[url.split("/").at(-2)];
  return said ? said(data) : label.replace(/^call .*?: /, "");
}

export class Note {
  constructor(card, drafts) {
    this.card = card;
    this.field = card.field("[data-note]");
    this.state = card.field("[data-draft-state]");
    this.box = card.field("[data-waiting]");
    drafts.watch(this.field, `${card.id}.note`, (words) => {
      this.state.textContent = words;
    });
    this.field.addEventListener("input", () => this.typed());
    for (const moved of ["outbox:changed", "outbox:sign"]) document.addEventListener(moved, () => this.waiting());
    this.waiting();
  }

  typed() {
    const full = this.field.value.length >= this.field.maxLength;
    if (full || this.full) this.card.say("note", full ? `A note holds ${this.field.maxLength} characters, and no more was taken: add it, and go on in the next.` : "");
    this.full = full;
    const line = this.field.value.trim().split("\n").pop();
    const place = document.getElementById(`tab-last-${this.card.id}`);
    if (line && place) place.textContent = `“…${line.slice(-40)}”`;
  }

  async add() {
    const { field } = this;
    const text = field.value.trim();
    if (!text) return;
    const data = { id: crypto.randomUUID(), text, device_at: new Date().toISOString() };
    // The words leave the field only for the outbox, which keeps them until the server has them.
    field.value = "";
    this.card.posted("note", field);
    this.state.textContent = "";
    const ok = await this.card.send("notes", data, "note", { lasting: true });
    if (!ok) {
      field.value = field.value ? `${text}\n${field.value}` : text;
      field.dispatchEvent(new Event("input"));
    }
  }

  // While NOT SENT is shown: what was said here and is not on the server, in its order.
  waiting() {
    const shown = document.getElementById("not-sent")?.hidden === false;
    const words = shown ? unsent().filter((one) => one.order === this.card.id && one.url !== "/console/calls/").map(wordsOf) : [];
    this.box.hidden = !words.length;
    this.box.replaceChildren(...words.map((said) => Object.assign(document.createElement("li"), { textContent: said })));
    this.box.scrollTop = this.box.scrollHeight;
  }
}

// Words in a form that is sent as a whole: kept in this browser until it is, and emptied by sending.
export function keepForm(drafts, form, name, shown = () => {}) {
  const fields = () => [...form.elements].filter((one) => one.name && one.matches("input[type=text], select"));
  const texts = () => fields().filter((one) => one.matches("input") && one.value.trim());
  for (const [key, value] of Object.entries(drafts.read(name)?.values || {})) {
    const field = form.elements[key];
    if (field) field.value = value;
  }
  shown(texts().length > 0);
  form.addEventListener("input", () => {
    if (texts().length) drafts.write(name, { values: Object.fromEntries(fields().map((one) => [one.name, one.value])) });
    else drafts.forget(name);
    shown(texts().length > 0);
  });
  form.addEventListener("reset", () => {
    drafts.forget(name);
    shown(false);
  });
}
