// How current the page is, in words and as attributes of <html>, and the ages of what it shows.

const DELAYED = 15_000;
const STALE = 30_000;
const ENGINE_SILENT = 10;
const RENDERER_SILENT = 15;
const MOMENT = 1_500; // what is missing and on its way for so long is not said
const DASH = "—";

export class Clock {
  constructor() {
    this.offset = 0;
    this.denied = false;
    this.connected = false;
    this.feedDown = false; // beats come, frames do not: Redis is away, or nobody draws
    this.missingAt = null; // since when something of this page is known to be missing
    this.failed = false; // it was asked for and did not come
    this.partly = false; // a part that the page fetches by itself could not be got
    this.typing = false; // it came, and waits until somebody stops typing where it belongs
    this.engineAge = null;
    this.beatAt = mark();
    this.goodAt = mark();
    this.state = "";
  }

  beat(data) {
    this.connected = true;
    // A tab that joins is given the last beat, and how old that is.
    const ago = data.ago_ms || 0;
    this.beatAt = mark(ago);
    this.offset = Date.parse(data.server_time) + ago - Date.now();
    document.documentElement.dataset.clockOff = String(this.offset);
    this.feedDown = data.redis !== "ok" || data.renderer > RENDERER_SILENT;
    if (!this.feedDown && !this.missingAt && !this.partly) this.goodAt = mark(ago);
    if (data.engine !== null) this.engineAge = data.engine;
  }

  // A region has just been fetched; engine is the age that the server read from the database, if it said so.
  snapshot(engine) {
    this.goodAt = mark();
    if (engine !== null && (this.feedDown || this.engineAge === null)) this.engineAge = engine;
  }

  // Something is missing here: it is being fetched, or (failed) could not be.
  behind(failed = false) {
    this.missingAt ||= mark();
    this.failed ||= failed;
  }

  whole() {
    this.missingAt = null;
    this.failed = false;
  }

  get incomplete() {
    return this.missingAt !== null && (this.failed || since(this.missingAt) >= MOMENT);
  }

  beatAge() {
    return since(this.beatAt);
  }

  compute() {
    if (this.denied) return "denied";
    const age = this.beatAge();
    if (age >= STALE) return "stale";
    if (age >= DELAYED) return "delayed";
    if (this.feedDown || this.incomplete || this.partly) return since(this.goodAt) >= STALE ? "stale" : "delayed";
    if (this.typing) return "delayed";
    return this.connected ? "live" : "connecting";
  }

  words(state) {
    const silent = this.beatAge() >= DELAYED;
    const seconds = Math.floor((silent ? this.beatAge() : since(this.goodAt)) / 1000);
    if (state === "live") return "LIVE";
    if (state === "connecting") return "CONNECTING";
    if (state === "denied") return "NOT AUTHORISED";
    if (state === "stale") return `STALE, last update ${seconds} s ago`;
    if (silent) return `DELAYED, last update ${seconds} s ago`;
    if (this.feedDown) return "DELAYED, reloading every 10 s";
    return this.incomplete || this.partly ? "DELAYED, part of this board has not come" : "DELAYED, waits until you stop typing";
  }

  // When everything on this page was last as the server has it, in milliseconds of this browser's clock.
  lastGood() {
    return Date.now() - since(this.beatAge() >= DELAYED ? this.beatAt : this.goodAt);
  }

  // Bring the page's marks up to date; returns the state.
  show() {
    const state = this.compute();
    const root = document.documentElement;
    if (state !== this.state) {
      this.state = state;
      root.dataset.liveState = state;
      document.dispatchEvent(new CustomEvent("live:state", { detail: { state, goodAt: this.lastGood() } }));
    }
    setText("[data-live-state-text]", this.words(state));
    const stopped = this.engineAge !== null && this.engineAge > ENGINE_SILENT;
    if (stopped) root.dataset.engine = "stopped";
    else delete root.dataset.engine;
    setText("[data-engine-text]", stopped ? "OFFERS STOPPED" : "");
    banner(state, stopped);
    const blank = state === "stale" || state === "denied";
    const now = Date.now() + this.offset;
    for (const element of document.querySelectorAll("[data-since]")) {
      const text = blank ? DASH : age(now - Date.parse(element.dataset.since), "short" in element.dataset);
      if (element.textContent !== text) element.textContent = text;
    }
    return state;
  }
}

// Both clocks, because one stops while a laptop sleeps and the other jumps when somebody sets it.
function mark(ago = 0) {
  return { wall: Date.now() - ago, steady: performance.now() - ago };
}

function since(then) {
  return Math.max(Date.now() - then.wall, performance.now() - then.steady);
}

function age(milliseconds, short) {
  if (Number.isNaN(milliseconds)) return DASH;
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds >= 2 * 86400) return `${Math.floor(seconds / 86400)} d`;
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60 && short) return `${Math.floor(minutes / 60)}h${two(minutes % 60)}`;
  if (minutes >= 60) return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
  return `${two(minutes)}:${two(seconds % 60)}`;
}

function setText(selector, text) {
  for (const element of document.querySelectorAll(selector)) {
    if (element.textContent !== text) element.textContent = text;
  }
}

const BANNERS = {
  stale: "STALE: this page is not receiving live updates. Check by radio or phone before you act on it.",
  denied: "Display not authorised: this device or sign-in may not show this board.",
};

// The sentence changes with the state only: a counter in an alert would be read out every second.
function banner(state, stopped) {
  const text = BANNERS[state] || (stopped ? "OFFERS STOPPED: the assignment engine is silent. Send units by hand." : "");
  let element = document.getElementById("live-banner");
  if (!element) {
    if (!text) return;
    element = document.createElement("div");
    element.id = "live-banner";
    element.className = "live-banner";
    element.setAttribute("role", "alert");
    document.body.prepend(element);
  }
  element.hidden = !text;
  if (element.textContent !== text) element.textContent = text;
}
