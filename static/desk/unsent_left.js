// Comes with the first card that somebody else has left words in.

import { csrfToken } from "./outbox.js";

// What a colleague left in a call that is mine now: read by one key, put where it belongs, and only then let go there.
export class Unsent {
  constructor(card, drafts) {
    this.card = card;
    this.drafts = drafts;
    this.box = document.getElementById(`unsent-others-${card.id}`);
    this.box?.addEventListener("click", (event) => {
      if (event.target.closest("[data-unsent-take]")) this.take();
      else if (event.target.closest("[data-unsent-leave]")) this.settle(this.box.dataset.ids);
    });
  }

  async take() {
    const result = await this.post("read", {});
    if (!result) return;
    const left = JSON.parse(result).words;
    for (const { field, text } of left) this.place(field, text);
    if (left.length) await this.settle(left.map((one) => one.id).join(","));
    this.card.field("[data-note]").focus();
  }

  // Into its own field where that is empty, else into the note that is being typed: nothing of mine is written over.
  place(field, text) {
    const own = field !== "note" && Object.fromEntries(this.card.typed())[field];
    const free = own && !own.value.trim();
    const into = free ? own : this.card.field("[data-note]");
    const words = free || field === "note" ? text : `${field.replace("_", " ")}: ${text}`;
    if (into.value.includes(words)) return;
    into.value = into.value.trim() ? `${into.value.trimEnd()}\n${words}` : words;
    into.dispatchEvent(new Event("input", { bubbles: true }));
    this.drafts.now(into, `${this.card.id}.${free ? field : "note"}`);
  }

  async settle(ids) {
    if ((await this.post("settled", { ids })) !== null) this.box.remove();
  }

  async post(what, data) {
    const problem = this.box.querySelector(".problem");
    try {
      const response = await fetch(`/console/calls/${this.card.id}/unsent/${what}/`, {
        method: "POST",
        credentials: "same-origin",
        headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true" },
        body: new URLSearchParams(data),
      });
      const text = await response.text();
      if (response.ok && !response.redirected) return text;
      problem.textContent = response.status < 500 ? text : "The server failed. Try again.";
    } catch {
      problem.textContent = "The network is away. Try again.";
    }
    return null;
  }
}
