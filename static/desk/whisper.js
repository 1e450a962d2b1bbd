// Whisper mode: a caller who cannot talk answers yes or no. The question with the focus is put one answer at a time,
// dangers first; Y takes the answer that is put, N puts the next one. When all are denied, it is unknown.

export class Whisper {
  constructor(card) {
    this.card = card;
    this.at = new Map(); // question id -> place among its answers
    card.element.addEventListener("focusin", (event) => this.put(event.target.closest?.("[data-question]")));
  }

  get on() {
    return this.card.part("care")?.dataset.whisper !== undefined;
  }

  // The dangerous answers first, since a quiet call may end at any second.
  answers(question) {
    const all = [...question.querySelectorAll("[data-value]")].filter((one) => one.dataset.value !== "unknown");
    const danger = (one) => (one.dataset.level ? 0 : 1);
    return all.map((one, place) => [one, place]).sort((a, b) => danger(a[0]) - danger(b[0]) || a[1] - b[1]).map((pair) => pair[0]);
  }

  put(question) {
    if (!this.on || !question) return;
    const put = this.answers(question)[this.at.get(question.id) || 0];
    const line = question.querySelector(".yes-no");
    if (!put || !line) return;
    const words = [...put.childNodes].filter((one) => one.nodeType === Node.TEXT_NODE).map((one) => one.textContent).join("");
    line.hidden = false;
    line.textContent = `“${question.querySelector(".name").textContent.trim()}: ${words.trim()}? Yes or no.” Y yes, N no`;
  }

  // True when the key was an answer to what is put.
  key(event, question) {
    const key = event.key.toLowerCase();
    if (!this.on || (key !== "y" && key !== "n")) return false;
    const answers = this.answers(question);
    const place = this.at.get(question.id) || 0;
    if (key === "y") {
      this.at.delete(question.id);
      this.card.toggle(question, answers[place]);
      this.card.saveList(question);
    } else if (place + 1 < answers.length) {
      this.at.set(question.id, place + 1);
      this.put(question);
    } else {
      this.at.delete(question.id);
      this.card.answer(question, "unknown");
    }
    return true;
  }
}
