// Questions with several marks are answered by Enter or by leaving them. Until then the marks are one person's own: they
// outlive a picture of the card that arrives meanwhile, and the tab.

export class Marks {
  constructor(card, drafts) {
    this.card = card;
    this.drafts = drafts;
    this.name = `${card.id}.marks`;
    this.open = drafts.read(this.name) || {}; // question -> values that are marked and not sent
    this.shown();
  }

  values(question) {
    return [...question.querySelectorAll('[aria-pressed="true"]')].map((one) => one.dataset.value).filter((one) => one !== "unknown" && one !== "[]");
  }

  changed(question) {
    question.dataset.changed = "";
    this.open[question.dataset.question] = this.values(question);
    this.keep();
  }

  sent(question) {
    delete question.dataset.changed;
    if (!(question.dataset.question in this.open)) return;
    delete this.open[question.dataset.question];
    this.keep();
  }

  keep() {
    if (Object.keys(this.open).length) this.drafts.write(this.name, this.open);
    else this.drafts.forget(this.name);
  }

  // After the questions were drawn anew, and when the card is opened.
  shown() {
    for (const [key, values] of Object.entries(this.open)) {
      const question = this.card.part(`q-${key}`);
      if (!question) continue;
      question.dataset.changed = "";
      for (const one of question.querySelectorAll("[data-value]")) one.setAttribute("aria-pressed", String(values.includes(one.dataset.value)));
    }
  }
}
