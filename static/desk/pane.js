// The pane of the chosen incident, beside the queue and beside the clinician's callers: which one it is, and that it is
// fetched anew when the stream tells of something newer. Its fields never move: only the live part is replaced.

import { keepUp, paneIsOld } from "./keep_up.js";

const REFRESH = 150;

export class Pane {
  // whole(id): the address of an incident's whole pane.
  constructor(whole) {
    this.whole = whole;
    this.chosen = "";
    this.timer = 0;
    this.looked = keepUp("pane", () => this.isOld(), () => this.fetch());
  }

  choose(id) {
    this.chosen = id;
    // An element without content, kept current by live.js, tells when this incident has changed.
    for (const old of document.querySelectorAll("[id^=seen-]")) old.remove();
    const seen = document.createElement("i");
    seen.id = `seen-${id}`;
    seen.hidden = true;
    document.body.append(seen);
    this.fetchWhole();
  }

  get live() {
    return document.getElementById("detail-live");
  }

  isShown() {
    return this.live?.dataset.incident === this.chosen;
  }

  // Whether it shows another incident than the chosen one, or an older state of it than the stream has told of.
  isOld() {
    return this.chosen !== "" && (!this.isShown() || paneIsOld(this.live, document.getElementById(`seen-${this.chosen}`)));
  }

  fetch() {
    this.timer = 0;
    if (this.isShown()) window.htmx.ajax("GET", `/queue/incidents/${this.chosen}/live/`, { target: "#detail-live", swap: "outerMorph" });
    else this.fetchWhole();
  }

  fetchWhole() {
    window.htmx.ajax("GET", this.whole(this.chosen), { target: "#detail", swap: "innerHTML" });
  }

  // One that waits is not put off: a busy call changes more often than this.
  soon() {
    if (this.chosen) this.timer ||= setTimeout(() => this.fetch(), REFRESH);
  }

  refresh() {
    if (this.isShown() && this.isOld()) this.soon();
  }
}
