// When a key pressed on a question is no answer to it: the focus has moved by itself a moment ago, or somebody is writing
// words and takes the question for the notes. A letter of a sentence must not become “No” to a weapon.

const SETTLE = 250; // milliseconds
const WORDS = 1500;
const SAID = "Words go to the notes: F10";

function hold(card, why, pause) {
  card.element.dataset.settling = why;
  clearTimeout(card.settling);
  card.settling = setTimeout(() => {
    delete card.element.dataset.settling;
    card.say("questions", "");
  }, pause);
}

function words(card) {
  hold(card, "words", WORDS);
  card.say("questions", SAID);
}

// A key pressed before anybody can have read the question was meant for the one that has just gone.
export function settle(card) {
  hold(card, "moved", SETTLE);
}

export function isHeld(card, event) {
  const why = card.element.dataset.settling;
  if (!why || event.key.length !== 1) return false;
  if (why === "words") words(card);
  return true;
}

// A letter that answers nothing here: what follows it is a word.
export function isWord(card, event, question) {
  const key = event.key.toLowerCase();
  if (key.length !== 1 || key === " " || question.querySelector(`[data-opt-key="${CSS.escape(key)}"]`)) return false;
  words(card);
  return true;
}
