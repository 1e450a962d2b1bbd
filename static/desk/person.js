// Whom a call is about: searched, linked, new, unlinked; a hazard for the file. Nothing here links anybody by itself. The
// line below the number is a part of its own (care.js).

import { Combobox } from "./combobox.js";
import { relabel } from "./keymap.js";
import { keepForm } from "./note.js";

let form = null;

// Words of a profile go from the screen when the time to read them is over.
setInterval(() => {
  for (const line of document.querySelectorAll("[data-profile-until]")) if (Date.now() >= Date.parse(line.dataset.profileUntil)) line.remove();
}, 10000);

// The form is the same for every card: read once.
async function formHtml() {
  const response = await fetch("/console/person-form/", { credentials: "same-origin", headers: { "HX-Request": "true" } });
  if (!response.ok || response.redirected) throw new Error("not now");
  return response.text();
}

// The person's part of a card. Rejects while the network is away; asking again tries again.
export async function personOf(card) {
  form ||= formHtml().catch((error) => {
    form = null;
    throw error;
  });
  const html = await form;
  const box = card.field("[data-person-more] > .stack");
  box.insertAdjacentHTML("beforeend", html.replaceAll("__CALL__", card.id));
  relabel(box);
  return new Person(card);
}

// A profile lies over the questions while it is open: folded by Esc, and by going on elsewhere.
function fold(event, to) {
  const profile = event.target.closest("[data-profile]");
  if (profile && !profile.contains(to || null)) profile.open = false;
}

class Person {
  constructor(card) {
    this.card = card;
    this.more = card.field("[data-person-more]");
    this.reasons = card.field("[data-unlink-reasons]");
    this.back = null;
    this.who = new Combobox(card.field("[data-who]"), card.part("who-picks"), {
      url: "/console/persons/",
      onPick: (option) => (option.dataset.person ? this.link(option.dataset.person) : this.create()),
      // Enter ahead of the list picks nobody: a name is not yet a person.
      onPlain: () => card.say("who", "Choose from the list, or press New person."),
      onLate: () => card.say("who", ""),
    });
    card.field("[data-person-new]").addEventListener("submit", (event) => {
      event.preventDefault();
      this.create();
    });
    card.field("[data-hazard]").addEventListener("submit", (event) => {
      event.preventDefault();
      this.hazard(event.target);
    });
    const kept = new Set();
    for (const name of ["person-new", "hazard"]) {
      keepForm(card.drafts, card.field(`[data-${name}]`), `${card.id}.${name}`, (some) => {
        if (some) kept.add(name);
        else kept.delete(name);
        this.more.toggleAttribute("data-kept-words", kept.size > 0);
      });
    }
    this.reasons.addEventListener("click", (event) => {
      const reason = event.target.closest("button")?.dataset.unlink;
      if (reason) this.unlink(reason);
    });
    this.more.addEventListener("keydown", (event) => this.key(event));
    const box = this.more.closest(".about-box");
    box.addEventListener("keydown", (event) => event.key === "Escape" && fold(event));
    box.addEventListener("focusout", (event) => event.relatedTarget && fold(event, event.relatedTarget));
  }

  // A button of the line: “about them”, “not them”, or the profile's notes.
  press({ about, profileTake }) {
    if (profileTake !== undefined) this.card.send("profile", {}, "phone", { once: true, label: "the profile's notes" });
    else if (about) this.link(about);
    else {
      this.open(true);
      this.reasons.querySelector("button").focus();
    }
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Escape" && this.more.open) {
      event.preventDefault();
      this.open(false);
    } else if (event.key.length === 1 && event.target.closest("[data-unlink-reasons]")) {
      const button = this.reasons.querySelector(`[data-unlink-key="${CSS.escape(event.key.toUpperCase())}"]`);
      if (!button) return;
      event.preventDefault();
      this.unlink(button.dataset.unlink);
    }
  }

  toggle() {
    this.open(!this.more.open);
  }

  // Closed again by its key or Esc: the focus goes back to where it was.
  open(open) {
    if (open && !this.more.open) this.back = document.activeElement;
    this.more.open = open;
    if (!open) {
      this.goBack();
      return;
    }
    const hazard = this.card.field("[data-hazard]").elements;
    if (!hazard.text.value) hazard.about.value = "linked" in this.card.part("person-line").dataset ? "person" : "place";
    this.card.field("[data-who]").focus();
  }

  // What had the focus may have been drawn anew meanwhile.
  goBack() {
    const same = this.back?.isConnected ? this.back : this.back?.id && document.getElementById(this.back.id);
    if (same) same.focus();
    else if (this.back?.closest("[data-question]")) this.card.focusQuestion(0);
    else this.card.field("[data-phone]").focus();
  }

  async done(sent, form) {
    if (!(await sent)) {
      // The words of the refusal stand in there.
      this.more.open = true;
      return;
    }
    form?.reset();
    if (this.more.open) this.open(false);
  }

  link(person) {
    return this.done(this.send("link", { person }, "whom it is about"), this.card.field("[data-person-new]"));
  }

  create() {
    const fields = this.card.field("[data-person-new]");
    const said = Object.fromEntries(new FormData(fields));
    if (said.name.trim()) return this.done(this.send("new", { ...said, id: crypto.randomUUID() }, "whom it is about"), fields);
    this.card.say("who", "Give at least one word: a name, or what they are called.");
    this.card.field("[data-who]").focus();
    return null;
  }

  unlink(reason) {
    return this.done(this.send("unlink", { reason }, "not about them"));
  }

  send(what, data, label) {
    return this.card.send(`person/${what}`, data, "who", { once: true, label });
  }

  hazard(fields) {
    const data = { ...Object.fromEntries(new FormData(fields)), id: crypto.randomUUID() };
    return this.done(this.card.send("caution", data, "who", { once: true, label: "a hazard for the file" }), fields);
  }
}
