// The call taker's console: several calls at once, each in its own card; everything by keyboard.

import { keepRefused, post, resume, showRefused } from "./outbox.js";
import { apply } from "./apply.js";
import { Card } from "./call_card.js";
import { inField } from "./desk.js";
import { meant, pressKey, relabel } from "./keymap.js";

const POLL = 10_000;
const SHOWN = "dd.shown"; // the call in front, for this tab when it is loaded again
const cardsBox = document.getElementById("cards");
const tabs = document.getElementById("tabs");
const cards = new Map();
let active = "";

function show(id) {
  active = id;
  if (id) sessionStorage.setItem(SHOWN, id);
  for (const [key, card] of cards) card.element.hidden = key !== id;
  for (const tab of tabs.querySelectorAll("[data-tab]")) tab.setAttribute("aria-selected", String(tab.dataset.tab === id));
  tabs.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
  document.getElementById("no-calls").hidden = cards.size > 0;
}

function adopt(element) {
  const card = new Card(element);
  cards.set(card.id, card);
  return card;
}

// A call that a colleague has taken leaves this console, unless words are typed that nobody has yet.
function letGo() {
  for (const card of cards.values()) {
    const typed = card.field("[data-note]").value.trim() || card.element.querySelector("[data-dirty]");
    if (card.care.shows("other") && !typed) forget(card.id);
  }
}

// What colleagues offer to this person; asked for when the signal has moved.
let handedSeen = document.getElementById("handed-signal").dataset.v;
async function handed() {
  const now = document.getElementById("handed-signal").dataset.v;
  if (now === handedSeen) return;
  handedSeen = now;
  try {
    const response = await fetch("/console/handovers/", { credentials: "same-origin", headers: { "HX-Request": "true" } });
    if (response.ok && !response.redirected) apply(await response.text());
  } catch {
    handedSeen = "";
  }
}

async function answerHanded(button) {
  const result = await post(`/console/handovers/${button.dataset.handed}/`, { answer: button.dataset.answer }, { order: button.dataset.handed });
  if (!result.ok) {
    button.after(Object.assign(document.createElement("span"), { className: "problem", textContent: result.text }));
    return;
  }
  const answer = document.createElement("template");
  answer.innerHTML = result.text;
  const [tab, element] = ["tab", "card"].map((one) => answer.content.querySelector(`[data-handed-${one}]`)?.content.firstElementChild);
  apply(answer.content.querySelector("#handed").outerHTML);
  if (!tab || !element) return;
  if (cards.has(element.dataset.call)) forget(element.dataset.call);
  tabs.append(tab);
  cardsBox.append(element);
  show(adopt(element).id);
}

function forget(id) {
  cards.get(id)?.element.remove();
  cards.delete(id);
  document.getElementById(`tab-item-${id}`)?.remove();
  if (id === active) show([...cards.keys()].pop() || "");
  else document.getElementById("no-calls").hidden = cards.size > 0;
  // What had the focus may have gone with the card.
  if (document.activeElement === document.body) (tabs.querySelector('[aria-selected="true"]') || document.querySelector("[data-new-call]")).focus();
}

function stamped(template, id) {
  const copy = document.createElement("template");
  copy.innerHTML = template.innerHTML.replaceAll("__CALL__", id);
  return copy.content.firstElementChild;
}

// The row, its owner and its clock exist before the first letter: the post leaves before the field gets the focus.
function newCall() {
  const id = crypto.randomUUID();
  const sent = post("/console/calls/", { id, device_at: new Date().toISOString() }, { order: id, lasting: true });
  tabs.append(stamped(document.getElementById("blank-tab"), id));
  const element = stamped(document.getElementById("blank-card"), id);
  cardsBox.append(element);
  const since = document.querySelector(`#tab-${CSS.escape(id)} [data-since]`);
  if (since) since.dataset.since = new Date().toISOString();
  const card = adopt(element);
  show(id);
  card.field("[data-where]").focus();
  sent.then((result) => {
    if (result.ok) {
      apply(result.text);
      card.watchIncident();
    } else card.say("where", result.text);
  });
}

document.addEventListener("call:over", (event) => forget(event.detail));
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-new-call]")) newCall();
  const offered = event.target.closest("[data-handed]");
  if (offered) answerHanded(offered);
  const tab = event.target.closest("[data-tab]");
  if (tab) show(tab.dataset.tab);
});

tabs.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
  const all = [...tabs.querySelectorAll("[data-tab]")];
  const next = all[all.indexOf(event.target.closest("[data-tab]")) + (event.key === "ArrowRight" ? 1 : -1)];
  next?.focus();
});

// Keys that work everywhere on the page, also while typing. Matched by code, since Option types symbols on a Mac.
document.addEventListener("keydown", (event) => {
  const card = cards.get(active);
  const plain = !event.ctrlKey && !event.altKey && !event.metaKey;
  const key = meant(event);
  if (key === "F2" || key === "Alt+G") {
    event.preventDefault();
    if (key === "F2") newCall();
    else document.querySelector("#handed [data-answer=accepted]")?.click();
    return;
  }
  if (key === "Alt+6") {
    event.preventDefault();
    document.querySelector("#handed [data-answer=declined]")?.click();
    return;
  }
  if (!card || document.querySelector("dialog[open]")) return;
  const run = {
    F4: () => card.field("[data-where]").focus(),
    F8: () => card.decide("accept"),
    F9: () => card.decide("send"),
    F7: () => pressKey(card.element, "F7"),
    "Ctrl+Enter": () => (event.target.matches("[data-note]") ? card.note.add() : card.decide("send")),
    "Alt+Q": () => card.focusQuestion(1),
    "Alt+W": () => card.focusQuestion(-1),
    "Alt+C": () => card.phone(true),
    "Alt+U": () => card.force(),
    "Alt+L": () => card.care.openWhere(),
    "Alt+1": () => card.care.person("toggle"),
    "Alt+M": () => card.care.whisper(),
    "Alt+N": () => card.override.show(true),
    F10: () => card.field("[data-note]").focus(),
    "Alt+7": () => card.field("[data-resolve]")?.click(),
    "Alt+X": () => card.field("[data-ends] button").focus(),
    "Alt+Y": () => card.cues.act(card.cues.first("confirm")),
    "Alt+I": () => card.cues.act(card.cues.first("dismiss")),
    "Alt+A": () => card.part("dups").querySelector("[data-join]")?.click(),
    "Alt+P": () => card.care.park(),
    "Alt+O": () => card.field("[data-hand-over-to]").focus(),
    "Alt+R": () => card.care.press("on"),
    "Alt+Z": () => card.care.press(""),
    "Alt+K": () => card.conflicts.press("Alt+K") || pressKey(card.part("dups"), "Alt+K"),
    "Alt+J": () => card.conflicts.press("Alt+J"),
    "Alt+8": () => card.field("[data-unsent-take]")?.click(),
  }[key];
  if (run) {
    event.preventDefault();
    run();
  } else if (/^Alt/.test(key) && pressKey(card.element, key)) event.preventDefault();
  else if (event.key === "n" && plain && !inField(event.target) && document.body.dataset.singleKeys !== "off" && !event.target.closest("[data-question], [data-ends]")) {
    event.preventDefault();
    card.field("[data-note]").focus();
  }
});

document.addEventListener("focusout", (event) => {
  const question = event.target.closest?.("[data-question]");
  if (question && !question.contains(event.relatedTarget)) cards.get(active)?.saveList(question);
});

document.addEventListener("card:shown", letGo);
const isOld = (card) => Boolean(card.incident) && card.seenVersion() > Number(card.part("after").dataset.version || 0);
document.addEventListener("live:applied", () => {
  handed();
  for (const card of cards.values()) {
    if (isOld(card)) card.refreshSoon();
    // A hazard at the place or an alarm changes no version of the incident.
    const beside = Number(document.getElementById(`seen-${card.incident}`)?.dataset.beside || 0);
    if (beside > (card.beside || 0)) {
      card.beside = beside;
      card.refreshSoon();
    }
  }
});
document.addEventListener("live:reloaded", () => {
  for (const card of cards.values()) card.refreshSoon();
});
setInterval(() => {
  // Without the stream the cards poll, as the boards do; and one whose answer did not come is asked for again.
  const live = document.documentElement.dataset.liveState === "live";
  for (const card of cards.values()) if (!live || isOld(card)) card.refreshSoon();
}, POLL);
document.addEventListener("live:state", (event) => {
  if (event.detail.state === "live") for (const card of cards.values()) card.refreshSoon();
});

relabel(document);
for (const element of cardsBox.querySelectorAll(":scope > [data-call]")) adopt(element);
// The call that an address names (from the command line, or from practice), else the one that was in front.
show([location.hash.slice(1), sessionStorage.getItem(SHOWN), ...[...cards.keys()].reverse()].find((id) => cards.has(id)) || "");
if (location.hash) history.replaceState(null, "", location.pathname);
showRefused();
resume().then((results) => {
  keepRefused(results);
  // What is typed is kept as the page goes, and is there again.
  if (results.length) location.reload();
});
