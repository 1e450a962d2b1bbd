// Not diverting, or another response than suggested: one key opens the reasons, one letter names why and decides. The
// response is preset to the most cautious one and can be changed first; a less cautious one waits for a second person.

export class Override {
  constructor(card) {
    this.card = card;
    this.form = card.field("[data-override]");
    this.response = this.form.querySelector("[data-class]");
    this.form.addEventListener("submit", (event) => event.preventDefault());
  }

  show(shown) {
    this.form.hidden = !shown;
    this.card.say("override", "");
    if (!shown) {
      this.card.field("[data-override-open]").focus();
      return;
    }
    this.response.value = this.response.dataset.preset;
    this.form.scrollIntoView({ block: "nearest" });
    this.form.querySelector("[data-reason]").focus();
  }

  async because(button) {
    const { reason, reasonLess } = button.dataset;
    if (reasonLess !== undefined && this.response.value === this.response.dataset.preset) {
      this.card.say("override", "This reason is for a less cautious response: choose the response first.");
      this.response.focus();
      return;
    }
    if (await this.card.decide("override", { response_class: this.response.value, reason })) this.show(false);
  }

  // True when the key was one of the form's own. Letters count only while the form has the focus.
  key(event) {
    if (!event.target.closest("[data-override]") || event.ctrlKey || event.altKey || event.metaKey) return false;
    if (event.key === "Escape") this.show(false);
    else if (event.target === this.response) {
      if (event.key !== "Enter") return false;
      this.form.querySelector("[data-reason]").focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const all = [...this.form.querySelectorAll("[data-reason]")];
      all[(all.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : all.length - 1)) % all.length].focus();
    } else {
      const button = event.key.length === 1 && this.form.querySelector(`[data-reason-key="${CSS.escape(event.key.toUpperCase())}"]`);
      if (!button) return false;
      this.because(button);
    }
    return true;
  }
}
