// One call's card: its fields, its questions, its keys. Fields belong to the person; the parts around them come from the
// server and are replaced as a whole. No field lies inside such a part: what arrives cannot touch what is being typed.

import { apply } from "./apply.js";
import { Cues } from "./cues.js";
import { named, post } from "./outbox.js";
import { Combobox, sureOf } from "./combobox.js";
import { Drafts } from "./drafts.js";
import { Care } from "./care.js";
import { Conflicts } from "./conflicts.js";
import { Marks } from "./marks.js";
import { isHeld, isWord, settle } from "./held_keys.js";
import { Note, keepForm } from "./note.js";
import { Override } from "./override.js";
import { relabel } from "./keymap.js";

const REFRESH = 150;
const sink = document.getElementById("console-sink");
const drafts = new Drafts(sink.dataset.user);

// A place of the gazetteer, or a geocoder's point, which stays unverified.
const placeOf = ({ dataset: { label, place, lat, lon } }) => (place ? { text: label, place } : { text: label, lat, lon });

export class Card {
  constructor(element) {
    this.element = element;
    this.id = element.dataset.call;
    this.saved = { where: this.field("[data-where]").value.trim(), phone: this.field("[data-phone]").value.trim() };
    this.texts = new Map();
    this.skipped = new Set();
    this.answering = 0;
    this.timer = 0;
    this.where = new Combobox(this.field("[data-where]"), this.part("picks"), {
      url: "/console/places/",
      onPick: (option) => this.locate(placeOf(option), true),
      onPlain: (text) => this.locate({ text }, true),
      onLate: (options, text) => {
        const sure = sureOf(options, text);
        if (sure) this.pickLate(sure);
      },
    });
    this.what = new Combobox(this.field("[data-what]"), this.part("what-picks"), {
      url: "/console/natures/",
      onPick: (option) => {
        this.pickNature(option);
        this.focusQuestion(0);
      },
      onPlain: () => this.focusQuestion(0),
      onLate: (options) => {
        if (options.length) this.pickNature(options[0]);
        else this.say("what", "Pick a nature from the list.");
      },
    });
    this.field("[data-where]").addEventListener("change", () => this.locateIfTyped());
    this.field("[data-phone]").addEventListener("change", () => this.phone(false));
    this.field("[data-phone]").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.ctrlKey) {
        event.preventDefault();
        this.phone(false);
        this.field("[data-what]").focus();
      }
    });
    for (const field of element.querySelectorAll("[data-answer-text]")) {
      this.texts.set(field, field.value);
      field.addEventListener("change", () => this.answerText(field));
    }
    this.drafts = drafts;
    this.note = new Note(this, drafts);
    for (const form of element.querySelectorAll("[data-transfer-form]")) keepForm(drafts, form, `${this.id}.${form.dataset.url.split("/").at(-2)}`);
    this.begun = [];
    for (const [name, field] of this.typed()) drafts.watch(field, `${this.id}.${name}`, null, (stored) => this.begun.push([name, field, stored]));
    this.cues = new Cues(this);
    this.care = new Care(this);
    this.conflicts = new Conflicts(this);
    this.override = new Override(this);
    this.marks = new Marks(this, drafts);
    if (this.part("unsent-others")) import("./unsent_left.js").then(({ Unsent }) => new Unsent(this, drafts));
    for (const one of this.begun) this.conflicts.show(...one);
    this.whatOpen();
    relabel(element);
    this.care.shown();
    element.addEventListener("click", (event) => this.click(event));
    element.addEventListener("keydown", (event) => this.key(event));
    this.watchIncident();
  }

  field(selector) {
    return this.element.querySelector(selector);
  }

  // Fields whose words are kept until they are sent, by the names of their values.
  typed() {
    const own = ["where", "phone", "what", "carrier"].map((name) => [name, this.field(`[data-${name}]`)]);
    return [...own, ...[...this.texts.keys()].map((field) => [field.dataset.answerText, field])];
  }

  // These words are the outbox's now, which keeps them until the server has them.
  posted(name, field) {
    drafts.clear(`${this.id}.${name}`, field);
  }

  part(name) {
    return document.getElementById(`${name}-${this.id}`);
  }

  // A tiny element whose version live.js keeps current tells when this call's incident has changed.
  watchIncident() {
    const incident = this.part("after").dataset.incident;
    if (!incident || this.incident === incident) return;
    this.incident = incident;
    this.element.dataset.incident = incident;
    if (document.getElementById(`seen-${incident}`)) return;
    const signal = document.createElement("i");
    signal.id = `seen-${incident}`;
    signal.dataset.v = this.part("after").dataset.version || "0";
    sink.append(signal);
  }

  seenVersion() {
    return Number(document.getElementById(`seen-${this.incident}`)?.dataset.v || 0);
  }

  say(name, words, field = null) {
    const place = this.part(`${name}-problem`);
    if (place) place.textContent = words;
    const input = field || this.part(name);
    if (input?.matches?.("input, textarea, select")) input.toggleAttribute("aria-invalid", words !== "");
    if (words && input?.matches?.("[aria-invalid]")) input.setAttribute("aria-invalid", "true");
  }

  send(path, data, problem, options = {}) {
    return this.sendTo(`/console/calls/${this.id}/${path}/`, data, problem, options);
  }

  async sendTo(url, data, problem, options = {}) {
    // The draft goes along, so that no answer makes the panel forget what its words hold.
    const along = () => ({ draft: this.field("[data-note]").value });
    const own = options.field || options.once ? { post: crypto.randomUUID(), device_at: new Date().toISOString() } : {};
    const lasting = options.lasting || "post" in own;
    const result = await post(url, { ...data, ...own }, { order: this.id, lasting, label: options.label && named(this.id, options.label), along: options.lasting ? null : along });
    if (!this.element.isConnected) return result.ok;
    if (result.ok) {
      if (options.field) this.conflicts.own(options.field);
      this.say(problem, "");
      // With further answers on their way this one's picture of the questions is already old.
      if (this.answering < 2) this.show(result.text);
      this.watchIncident();
    } else {
      const place = result.status >= 500 ? "The server failed. Say it by radio and try again." : result.text;
      this.say({ where: "where", number: "phone", nature: "what" }[result.field] || problem, place);
      // Not taken: the words are the person's again.
      const field = options.field && this.conflicts.input(options.field);
      if (field) drafts.now(field, `${this.id}.${options.field}`);
    }
    return result.ok;
  }

  show(html) {
    apply(html);
    this.marks.shown();
    this.conflicts.check();
    this.care.shown();
    this.cues.why();
    document.dispatchEvent(new CustomEvent("card:shown"));
  }

  locate(data, next) {
    this.saved.where = data.text;
    this.posted("where", this.field("[data-where]"));
    if (next) this.field("[data-phone]").focus();
    return this.send("location", data, "where", { field: "where" });
  }

  // Words that are a place of the list are that place, however the field is left. Emptied, it says again what stands.
  locateIfTyped() {
    const field = this.field("[data-where]");
    const text = field.value.trim();
    if (!text && document.activeElement !== field) field.value = this.saved.where || "";
    if (!text || text === this.saved.where) return Promise.resolve(true);
    const same = this.where.searched === text ? sureOf(this.where.options(), text, true) : null;
    return this.locate(same ? placeOf(same) : { text }, false);
  }

  phone(confirmed) {
    const number = this.field("[data-phone]").value.trim();
    if (!number) {
      this.say("phone", confirmed ? "Type the number to call back." : "");
      return Promise.resolve(false);
    }
    if (number === this.saved.phone && !confirmed) return Promise.resolve(true);
    this.saved.phone = number;
    this.posted("phone", this.field("[data-phone]"));
    return this.send("phone", { number, ...(confirmed ? { confirmed: "on" } : {}) }, "phone", { field: "phone" });
  }

  pickLate(option) {
    this.field("[data-where]").value = option.dataset.label;
    this.locate(placeOf(option), false);
  }

  pickNature(option) {
    this.field("[data-what]").value = option.dataset.label;
    this.posted("what", this.field("[data-what]"));
    return this.send("nature", { nature: option.dataset.nature }, "what", { field: "what" });
  }

  // The mark and the focus move at once: a key typed before the server has answered belongs to the next question.
  async answer(question, value) {
    const open = this.openQuestions();
    const next = open.slice(open.indexOf(question) + 1).find((one) => !this.skipped.has(one.id));
    for (const one of question.querySelectorAll("[data-value]")) {
      if (question.dataset.kind !== "list" || value === "[]" || value === "unknown") one.setAttribute("aria-pressed", String(one.dataset.value === value));
    }
    delete question.dataset.open;
    if (next && question.contains(document.activeElement)) this.focusIn(next);
    this.answering += 1;
    const ok = await this.send("answers", { key: question.dataset.question, value }, "send", { once: true });
    this.answering -= 1;
    // What had the focus may have been settled by this answer and folded away.
    const lost = !document.activeElement || document.activeElement === document.body;
    if (ok && this.answering === 0 && (!next || lost)) this.afterAnswer();
    else if (!ok && this.part(`q-${question.dataset.question}`)) this.focusIn(this.part(`q-${question.dataset.question}`));
  }

  answerText(field) {
    const value = field.value.trim();
    if (this.texts.get(field) === value) return;
    this.texts.set(field, value);
    this.posted(field.dataset.answerText, field);
    this.send("answers", { key: field.dataset.answerText, value: value || "unknown" }, "crew", { field: field.dataset.answerText });
  }

  // Whatever stands typed in the card and was not sent by leaving its field.
  appendTyped() {
    this.phone(false);
    for (const field of this.texts.keys()) this.answerText(field);
    this.note.add();
    this.whatOpen();
  }

  // Letters in WHAT are no nature until one is picked.
  whatOpen() {
    const what = this.field("[data-what]");
    this.say("what", what.hasAttribute("data-dirty") && what.value.trim() ? "Not picked yet: press Enter in this field." : "");
  }

  // Pressed twice it is one decision: the second press waits for the first.
  decide(action, more = {}) {
    this.deciding ||= this.decided(action, more).finally(() => {
      this.deciding = null;
    });
    return this.deciding;
  }

  // What stands on the screen goes along, also when it has to wait for the network: in another situation it is not done.
  async decided(action, more) {
    this.locateIfTyped();
    const data = { id: crypto.randomUUID(), action, seen: this.part("suggest").dataset.suggested || "", draft: this.field("[data-note]").value, ...more };
    const label = { accept: "accept the suggestion", send: "send", override: "not as suggested" }[action];
    const sent = this.send("decision", data, action === "override" ? "override" : "send", { once: true, label });
    this.appendTyped();
    const ok = await sent;
    if (ok) document.dispatchEvent(new CustomEvent("desk:decided", { detail: this.id }));
    return ok;
  }

  questions() {
    return [...this.part("questions").querySelectorAll("[data-question]")];
  }

  openQuestions() {
    return this.questions().filter((one) => "open" in one.dataset);
  }

  focusQuestion(step) {
    const open = this.openQuestions();
    if (!open.length) return;
    const here = open.findIndex((one) => one.contains(document.activeElement));
    if (here >= 0 && step > 0) this.skipped.add(open[here].id);
    const next = step === 0 ? 0 : here < 0 ? (step > 0 ? 0 : open.length - 1) : (here + step + open.length) % open.length;
    this.focusIn(open[next]);
  }

  focusIn(question) {
    (question.querySelector('[aria-pressed="true"]') || question.querySelector("button"))?.focus();
    // One that is higher than its window is read from its top.
    const room = question.closest(".scroll").clientHeight;
    question.scrollIntoView({ block: question.offsetHeight > room ? "start" : "nearest" });
  }

  // On to the question that decides most, unless the person has passed over it.
  afterAnswer() {
    const stillThere = document.activeElement === document.body || this.part("questions").contains(document.activeElement);
    if (!stillThere) return;
    const open = this.openQuestions();
    const target = open.find((one) => !this.skipped.has(one.id)) || open[0];
    if (!target) return this.field("[data-note]").focus();
    settle(this);
    this.focusIn(target);
  }

  // List questions collect several marks; Enter or leaving the question saves them.
  toggle(question, button) {
    const value = button.dataset.value;
    if (question.dataset.kind !== "list" || value === "unknown" || value === "[]") {
      this.marks.sent(question);
      this.answer(question, value);
      return;
    }
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    for (const key of ["0", "n"]) question.querySelector(`[data-opt-key="${key}"]`)?.setAttribute("aria-pressed", "false");
    this.marks.changed(question);
    button.focus();
  }

  saveList(question) {
    if (question.dataset.changed === undefined) return;
    const values = this.marks.values(question);
    this.marks.sent(question);
    this.answer(question, JSON.stringify(values));
  }

  click(event) {
    const button = event.target.closest("button");
    if (!button) return;
    const question = button.closest("[data-question]");
    if (question) this.toggle(question, button);
    else if ("force" in button.dataset) this.force();
    else if ("confirmPhone" in button.dataset) this.phone(true);
    else if ("addNote" in button.dataset) this.note.add();
    else if ("send" in button.dataset) this.decide("send");
    else if ("accept" in button.dataset) this.decide("accept");
    else if ("overrideOpen" in button.dataset) this.override.show(true);
    else if ("overrideClose" in button.dataset) this.override.show(false);
    else if (button.dataset.reason) this.override.because(button);
    else if ("cueConfirm" in button.dataset || "cueDismiss" in button.dataset) this.cues.act(button);
    else if (button.dataset.join) this.send("join", { incident: button.dataset.join }, "send");
    else if (button.dataset.apart) this.send("apart", { incident: button.dataset.apart }, "send");
    else if (button.dataset.end) this.end(button.dataset.end);
  }

  force() {
    const text = this.field("[data-where]").value.trim();
    if (text) this.locate({ text, force: "on" }, true);
    else this.say("where", "Say where.");
  }

  async end(code) {
    // Not waited for: the outbox keeps the order, also of what cannot be sent yet.
    this.locateIfTyped();
    this.appendTyped();
    if (!(await this.send("end", { ended_as: code }, "send", { once: true, label: `end, ${code}` }))) return;
    // A call whose incident is neither sent nor closed stays in sight, and one that owes a callback.
    this.care.overIfDone();
  }

  key(event) {
    const question = event.target.closest("[data-question]");
    if (question && !event.ctrlKey && !event.altKey && !event.metaKey) {
      if (isHeld(this, event) || this.care.whispering?.key(event, question) || isWord(this, event, question)) {
        event.preventDefault();
        return;
      }
      const key = event.key.toLowerCase();
      const option = key.length === 1 && question.querySelector(`[data-opt-key="${CSS.escape(key)}"]`);
      if (option) {
        event.preventDefault();
        this.toggle(question, option);
      } else if (event.key === "Enter" && question.dataset.changed !== undefined) {
        event.preventDefault();
        this.saveList(question);
      } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        const all = this.questions();
        const next = all[all.indexOf(question) + (event.key === "ArrowDown" ? 1 : -1)];
        if (next) this.focusIn(next);
      }
      return;
    }
    const ends = event.target.closest("[data-ends]");
    if (ends && !event.ctrlKey && !event.altKey && event.key.length === 1) {
      const button = ends.querySelector(`[data-end-key="${CSS.escape(event.key.toLowerCase())}"]`);
      if (button) {
        event.preventDefault();
        this.end(button.dataset.end);
      }
    }
    if (this.override.key(event)) event.preventDefault();
  }

  // When this fails the next change or poll tries again. One that waits is not put off, however often it changes.
  refreshSoon() {
    this.timer ||= setTimeout(() => {
      this.timer = 0;
      this.cues.read(true);
    }, REFRESH);
  }
}
