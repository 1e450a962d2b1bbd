// Around a call: parked, whispered, handed over, called back, promised, cancelled, its earlier places, its clocks.

import { apply } from "./apply.js";

export class Care {
  constructor(card) {
    this.card = card;
    this.key = "";
    for (const begun of ["focusin", "pointerdown"]) card.element.addEventListener(begun, () => this.person(), { once: true });
    card.field("[data-channel]").addEventListener("change", (event) => this.send("channel", { channel: event.target.value }));
    card.field("[data-where-more]").addEventListener("toggle", () => this.places());
    card.field("[data-hand-over]").addEventListener("submit", (event) => {
      event.preventDefault();
      this.handOver(event.target);
    });
    card.field("[data-promise]").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send("promise", { minutes: new FormData(event.target).get("minutes") }, "promise");
    });
    const more = card.field("[data-where-more]");
    more.addEventListener("keydown", (event) => event.key === "Escape" && more.open && this.openWhere());
    card.element.addEventListener("click", (event) => this.click(event.target.closest("button")));
  }

  send(path, data, problem = "care") {
    return this.card.send(path, data, problem);
  }

  shows(what) {
    return this.card.part("care").dataset[what] !== undefined;
  }

  click(button) {
    if (!button) return;
    const data = button.dataset;
    if (data.about || "notThem" in data || "profileTake" in data) this.person("press", data);
    if ("park" in data) this.park();
    else if ("whisperKey" in data) this.whisper();
    else if ("calledBack" in data) this.calledBack(data.calledBack);
    else if ("cancelCall" in data) this.cancel();
    else if ("saveCarrier" in data) this.carrier();
    else if ("saveMoving" in data) this.moving();
    else if (data.strike) this.send(`notes/${data.strike}/strike`, {}, "note");
    else if (data.withdraw) this.card.sendTo(`/console/handovers/${data.withdraw}/`, { answer: "withdrawn" }, "care");
  }

  async cancel() {
    if (await this.send("cancel", {}, "promise")) this.overIfDone();
  }

  park() {
    return this.send("park", this.shows("parked") ? {} : { on: "on" });
  }

  whisper() {
    return this.send("whisper", this.shows("whisper") ? {} : { on: "on" });
  }

  async calledBack(reached) {
    const device = new Date().toISOString();
    const ok = await this.send("called-back", { id: crypto.randomUUID(), device_at: device, ...(reached ? { reached } : {}) });
    if (ok) this.overIfDone();
  }

  press(reached) {
    if (this.card.part("care").querySelector("[data-callback]")) this.calledBack(reached);
  }

  async handOver(form) {
    if (await this.send("hand-over", { id: crypto.randomUUID(), to: form.elements.to.value })) form.reset();
  }

  async carrier() {
    const field = this.card.field("[data-carrier]");
    const text = field.value.trim();
    if (!text) return;
    this.card.posted("carrier", field);
    field.value = "";
    if (!(await this.card.send("location", { text, carrier: "on" }, "where", { once: true }))) field.value ||= text;
    this.places();
  }

  async moving() {
    const text = this.card.field("[data-where]").value.trim();
    const moving = { moving: "on", heading: this.card.field("[data-heading]").value, seen_min: this.card.field("[data-seen]").value || "0" };
    await this.card.locate({ text, ...moving }, false);
    this.places();
  }

  // Closed again by its key, by Esc, or by going elsewhere.
  openWhere() {
    const more = this.card.field("[data-where-more]");
    more.open = !more.open;
    (more.open ? this.card.field("[data-carrier]") : this.card.field("[data-where]")).focus();
  }

  places() {
    if (this.card.field("[data-where-more]").open) this.read("places");
  }

  // A part that is asked for; whether it came. What is shown stays where it did not, and where it is not wanted any more.
  async read(part, wanted = () => true) {
    try {
      const response = await fetch(`/console/calls/${this.card.id}/${part}/`, { credentials: "same-origin", headers: { "HX-Request": "true" } });
      if (!response.ok || response.redirected) return false;
      const html = await response.text();
      if (wanted()) apply(html);
      return true;
    } catch {
      return false;
    }
  }

  // All about the person but the line itself comes with the first use of the card, not with the page.
  async person(what, data) {
    this.about ||= import("./person.js").then(({ personOf }) => personOf(this.card));
    try {
      const person = await this.about;
      if (what) person[what](data);
    } catch {
      this.about = null;
    }
  }

  // The line is asked for when number, place or person is another one, and while a question is to be asked again.
  async personLine() {
    const key = this.card.part("person-key").dataset.k;
    if (key === this.key && this.card.part("person-line").dataset.kept === undefined) return;
    this.key = key;
    const asked = (this.asked = {});
    if (!(await this.read("person", () => this.asked === asked)) && this.asked === asked) this.key = null;
  }

  // Yes or no only: how to ask so comes with the first call that needs it.
  async whispers() {
    this.asking ||= import("./whisper.js");
    try {
      const { Whisper } = await this.asking;
      this.whispering ||= new Whisper(this.card);
      this.whispering.put(document.activeElement.closest("[data-question]"));
    } catch {
      this.asking = null;
    }
  }

  overIfDone() {
    const after = this.card.part("after");
    // Pressed twice: the card has gone with the first.
    if (!after) return;
    const owed = this.card.part("care").querySelector("[data-callback]");
    if (owed || (!after.hasAttribute("data-closed") && !after.hasAttribute("data-sent"))) return;
    this.card.element.dispatchEvent(new CustomEvent("call:over", { bubbles: true, detail: this.card.id }));
  }

  // What the server says of the call, on the controls that are not replaced.
  shown() {
    this.personLine();
    const care = this.card.part("care").dataset;
    const park = this.card.field("[data-park]");
    park.setAttribute("aria-pressed", String(care.parked !== undefined));
    this.card.field("[data-whisper-key]").setAttribute("aria-pressed", String(care.whisper !== undefined));
    this.card.element.toggleAttribute("data-whispering", care.whisper !== undefined);
    if (care.whisper !== undefined) this.whispers();
    const channel = this.card.field("[data-channel]");
    if (care.channelNow && document.activeElement !== channel && [...channel.options].some((one) => one.value === care.channelNow)) channel.value = care.channelNow;
  }
}

// Clocks are quiet until they are over: then a shape, a colour and a word. Both stand there already, unseen.
function tick() {
  for (const clock of document.querySelectorAll("[data-runs]")) {
    const passed = (Date.now() - Date.parse(clock.dataset.runs)) / 1000;
    const level = passed >= Number(clock.dataset.late) ? "serious" : passed >= Number(clock.dataset.limit) ? "caution" : "";
    if ((clock.dataset.level || "") === level || !level) continue;
    clock.dataset.level = level;
    clock.classList.add("chip");
    clock.querySelector(".clock-word").textContent = level === "serious" ? ", late" : ", over";
    const use = clock.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${level}`));
  }
}
setInterval(tick, 1000);
