// Words that matter in the note that is being typed, and the rules behind the suggestion: both read for one card.

import { apply } from "./apply.js";
import { csrfToken } from "./outbox.js";

const PAUSE = 250;

export class Cues {
  constructor(card) {
    this.card = card;
    this.note = card.field("[data-note]");
    this.timer = 0;
    this.running = null;
    this.note.addEventListener("input", () => this.later());
    card.field("[data-why]").addEventListener("toggle", () => this.why());
    if (this.note.value) this.later();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.read(), PAUSE);
  }

  // Superseded requests are cancelled; a failure costs the marks only. `all` asks for the whole card.
  async read(all = false) {
    clearTimeout(this.timer);
    this.running?.abort();
    // A colleague may have taken the call meanwhile.
    if (!this.card.element.isConnected) return;
    const run = new AbortController();
    this.running = run;
    const seen = [...this.card.part("cues").querySelectorAll("[data-holds]")].map((one) => one.dataset.holds).join("\n");
    try {
      const response = await fetch(`/console/calls/${this.card.id}/draft/`, {
        method: "POST",
        credentials: "same-origin",
        headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true" },
        body: new URLSearchParams({ draft: this.note.value, seen, ...(all ? { all: "on" } : {}) }),
        signal: run.signal,
      });
      const html = await response.text();
      // An answer that is still on its way brings a newer picture than this one.
      if (response.ok && !response.redirected && this.running === run && this.card.answering === 0 && this.card.element.isConnected) this.card.show(html);
    } catch {
      // Superseded, or the network is away: typing and sending go on without marks.
    }
  }

  first(what) {
    return this.card.part("cues").querySelector(`[data-cue-${what}]`);
  }

  // One key says what the chip proposes, another that it is not so. The caret stays in the note.
  async act(button) {
    if (!button) return;
    const { cueConfirm, cueAnswer, cueDismiss } = button.dataset;
    if (cueConfirm) await this.card.send("answers", { key: cueConfirm, value: cueAnswer, basis: "told" }, "note", { once: true });
    else await this.card.send("dismiss", { mark: cueDismiss }, "note");
    if (document.activeElement === document.body) (this.first("confirm") || this.note).focus();
  }

  // The rules behind the suggestion, fetched while somebody has them open.
  async why() {
    if (!this.card.field("[data-why]").open) return;
    try {
      const response = await fetch(`/console/calls/${this.card.id}/why/`, { credentials: "same-origin", headers: { "HX-Request": "true" } });
      if (response.ok && !response.redirected) apply(await response.text());
    } catch {
      // The next answer tries again; what is shown stays readable.
    }
  }
}
