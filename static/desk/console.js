// The call taker's console: several calls at once, each in its own card; everything by keyboard.

import { post, resume } from "./outbox.js";
import { apply } from "./apply.js";
import { Card } from "./call_card.js";
import { inField } from "./desk.js";

const POLL = 10_000;
const cardsBox = document.getElementById("cards");
const tabs = document.getElementById("tabs");
const cards = new Map();
let active = "";

function show(id) {
  active = id;
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

function forget(id) {
  cards.get(id)?.element.remove();
  cards.delete(id);
  document.getElementById(`tab-item-${id}`)?.remove();
  show([...cards.keys()].pop() || "");
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
  if (event.key === "F2" && plain) {
    event.preventDefault();
    newCall();
    return;
  }
  if (!card) return;
  const take = (run) => {
    event.preventDefault();
    run();
  };
  if (event.key === "F4" && plain) take(() => card.field("[data-where]").focus());
  else if (event.key === "F8" && plain) take(() => card.decide("accept"));
  else if (event.key === "F9" && plain) take(() => card.decide("send"));
  else if (event.key === "Enter" && event.ctrlKey) take(() => (event.target.matches("[data-note]") ? card.note() : card.decide("send")));
  else if (event.altKey && !event.ctrlKey) {
    const actions = {
      KeyQ: () => card.focusQuestion(1),
      KeyW: () => card.focusQuestion(-1),
      KeyC: () => card.phone(true),
      KeyU: () => card.force(),
      KeyN: () => card.showOverride(true),
      KeyX: () => card.field("[data-ends] button").focus(),
      KeyY: () => card.cues.act(card.cues.first("confirm")),
      KeyI: () => card.cues.act(card.cues.first("dismiss")),
      KeyA: () => card.part("dups").querySelector("[data-join]")?.click(),
    };
    if (actions[event.code]) take(actions[event.code]);
  } else if (event.key === "n" && plain && !inField(event.target) && document.body.dataset.singleKeys !== "off" && !event.target.closest("[data-question], [data-ends]")) {
    take(() => card.field("[data-note]").focus());
  }
});

document.addEventListener("focusout", (event) => {
  const question = event.target.closest?.("[data-question]");
  if (question && !question.contains(event.relatedTarget)) cards.get(active)?.saveList(question);
});

document.addEventListener("live:applied", () => {
  for (const card of cards.values()) {
    if (card.incident && card.seenVersion() > Number(card.part("after").dataset.version || 0)) card.refreshSoon();
  }
});
setInterval(() => {
  // Without the stream the cards poll, as the boards do.
  if (document.documentElement.dataset.liveState !== "live") for (const card of cards.values()) card.refreshSoon();
}, POLL);
document.addEventListener("live:state", (event) => {
  if (event.detail.state === "live") for (const card of cards.values()) card.refreshSoon();
});

for (const element of cardsBox.querySelectorAll(":scope > [data-call]")) adopt(element);
show([...cards.keys()].pop() || "");
resume().then((results) => {
  if (results.length && !document.querySelector("[data-dirty]")) location.reload();
});
