// Warm transfers on the call taker's card: offer, rings, answered, taken back, lost. The state itself is a live part.

import { apply } from "./apply.js";
import { named, post } from "./outbox.js";
import { meant } from "./keymap.js";

const cardOf = (element) => element.closest("[data-call]");
const shown = () => document.querySelector("#cards > [data-call]:not([hidden])");

// Kept while the network is away, also when the tab dies; what arrives in another situation is not done but shown.
async function send(card, url, values, words) {
  const id = card.dataset.call;
  const place = document.getElementById(`transfer-problem-${id}`);
  const own = { post: crypto.randomUUID(), device_at: new Date().toISOString() };
  const result = await post(url, { ...values, ...own }, { order: id, lasting: true, label: named(id, words) });
  place.textContent = result.ok ? "" : result.text;
  if (result.ok) apply(result.text);
  return result.ok;
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-transfer-form]");
  if (!form) return;
  event.preventDefault();
  const values = { ...Object.fromEntries(new FormData(form)), id: crypto.randomUUID() };
  const whom = form.querySelector("[data-transfer-whom]")?.selectedOptions[0]?.textContent.trim();
  const words = form.dataset.words || (whom ? `transfer to ${whom}` : "they have the caller");
  if (await send(cardOf(form), form.dataset.url, values, words)) form.reset();
});

document.addEventListener("click", (event) => {
  // Information only: 211, else 311, is chosen; Enter offers, and the arrows choose otherwise.
  const resolve = event.target.closest("[data-resolve]");
  if (resolve) {
    const whom = cardOf(resolve).querySelector("[data-transfer-whom]");
    const first = ["211", "311"].map((kind) => whom.querySelector(`option[data-kind="${kind}"]`)).find(Boolean);
    if (first) whom.value = first.value;
    else document.getElementById(`transfer-problem-${cardOf(resolve).dataset.call}`).textContent = "Neither 211 nor 311 is in the list of numbers.";
    whom.focus();
  }
  const button = event.target.closest("[data-transfer-step]");
  if (!button) return;
  const card = cardOf(button);
  send(card, `/console/calls/${card.dataset.call}/transfer/${button.dataset.transferStep}/`, {}, button.textContent.trim());
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("[data-transfer-whom]")) {
    event.preventDefault();
    event.target.form.requestSubmit();
    return;
  }
  const key = meant(event);
  if (document.querySelector("dialog[open]")) return;
  const card = shown();
  if (!card) return;
  if (key === "Alt+T") {
    event.preventDefault();
    card.querySelector("[data-transfer-whom]").focus();
  } else if (key === "Alt+B") {
    event.preventDefault();
    card.querySelector('[data-transfer-step="back"]').click();
  }
});
