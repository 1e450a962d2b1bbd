// What was pressed on the phone: sent at once, or as soon as there is a network, in the order of pressing and with the
// phone's own time. Until the server has it, it is listed as waiting, and the page goes on as if it had been taken.

import { post, resume, unsent } from "./outbox.js";

const SLOW = 1500; // Only what the server does not have after a moment is worth a line.
const WORDS = "Your presses wait on this phone. Use your radio for what cannot wait.";
const timeZone = document.querySelector("[data-zone]")?.dataset.zone;
const clock = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false, timeZone });
const waits = (item) => !navigator.onLine || Date.now() - item.at >= SLOW;

export function say(words) {
  const place = document.getElementById("said-words");
  if (!place) return;
  place.textContent = words;
  document.getElementById("said").hidden = !words;
}

// Sends what an element names (data-send, data-words, data-order). Resolves with the server's answer.
export async function send(source, pairs) {
  const at = Date.now();
  const words = `${source.dataset.words} ${clock(at)}`;
  const order = source.dataset.order || "phone";
  // Help goes at once and beside everything else; sent again later, each takes its turn by the time of pressing.
  const turn = order === "help" ? { beside: "phone", hurry: true } : { beside: "help" };
  // What stood on this screen at the press: whatever comes to be known later, the crew has not read by it.
  const shown = source.dataset.shown ? [["shown", source.dataset.shown]] : [];
  const data = [...pairs, ...shown, ["device_at", new Date(at).toISOString()]];
  const done = post(source.dataset.send, data, { order, lasting: true, words: WORDS, label: words, at, ...turn });
  setTimeout(showWaiting, navigator.onLine ? SLOW : 0);
  const result = await done;
  const problem = source.isConnected ? source.querySelector?.(":scope > .problem") : null;
  problem?.replaceChildren();
  if (problem && !result.ok) problem.textContent = result.text;
  else told(words, result);
  return result;
}

function told(words, result) {
  if (result.ok) {
    const said = new DOMParser().parseFromString(result.text, "text/html").querySelector("[data-said]")?.dataset.said;
    if (said) say(`${words}: ${said}`);
  } else {
    say(result.status < 500 ? `${words}: ${result.text}` : "The server failed. Use your radio, then try again.");
  }
}

// What an earlier page of this phone could not send: same times and ids, so nothing is lost and nothing made twice.
export async function sendKept() {
  const results = await resume();
  for (const { item, result } of results) {
    told(item.label, result);
    if (!result.ok) giveBack(item.data);
  }
  return results.length > 0;
}

// Words are not lost with the call that they were about: back into the field, to be told otherwise.
export function giveBack(pairs) {
  const text = new URLSearchParams(pairs).get("text");
  const field = document.getElementById("crew-note-text");
  if (text && field && !field.value) field.value = text;
}

export function showWaiting() {
  const late = unsent().filter(waits);
  const list = document.getElementById("waiting-list");
  if (!list) return;
  list.replaceChildren(...late.map((item) => {
    const line = document.createElement("li");
    line.textContent = item.label;
    return line;
  }));
  document.getElementById("waiting-count").textContent = String(late.length);
  document.getElementById("waiting").hidden = late.length === 0;
  for (const item of late) goOn(item);
}

// The board cannot be drawn anew without a network: the step after this one takes its place.
function goOn(item) {
  const pressed = document.querySelector(`#phone-board [data-send="${item.url}"]`);
  if (!pressed) return;
  const order = pressed.closest(".stop-screen");
  if (order) order.hidden = true;
  if (pressed.dataset.step !== undefined) {
    const steps = [...pressed.parentElement.querySelectorAll("[data-step]")];
    const place = steps.indexOf(pressed);
    steps.forEach((step, index) => { step.hidden = index !== place + 1; });
    const section = pressed.closest("section");
    section.dataset.ahead = "";
    for (const part of section.querySelectorAll("[data-ahead-only]")) part.hidden = false;
    for (const part of section.querySelectorAll("[data-answered]")) part.hidden = true;
  }
  if (pressed.dataset.ends !== undefined) {
    const section = pressed.closest("section");
    section.hidden = true;
    section.nextElementSibling?.matches("[data-ended]") && (section.nextElementSibling.hidden = false);
  }
}

document.addEventListener("outbox:changed", showWaiting);
