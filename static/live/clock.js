// How current the page is, in words and as attributes of <html>, and the ages of what it shows.

const DELAYED = 15_000;
const STALE = 30_000;
const ENGINE_SILENT = 10;
const RENDERER_SILENT = 15;
const DASH = "—";

export class Clock {
  constructor() {
    this.offset = 0;
    this.denied = false;
    this.connected = false;
    this.feedDown = false; // beats come, frames do not: Redis is away, or nobody draws
    this.incomplete = false; // a board that had to be fetched anew has not come yet
    this.engineAge = null;
    this.beatAt = mark();
    this.goodAt = mark();
    this.state = "";
  }

  beat(data) {
    this.connected = true;
    this.beatAt = mark();
    this.offset = Date.parse(data.server_time) - Date.now();
    this.feedDown = data.redis !== "ok" || data.renderer > RENDERER_SILENT;
    if (!this.feedDown && !this.incomplete) this.goodAt = mark();
    if (data.engine !== null) this.engineAge = data.engine;
  }

  // A region has just been fetched; engine is the age that the server read from the database, if it said so.
  snapshot(engine) {
    this.goodAt = mark();
    if (engine !== null && (this.feedDown || this.engineAge === null)) this.engineAge = engine;
  }

  beatAge() {
    return since(this.beatAt);
  }

  compute() {
    if (this.denied) return "denied";
    const age = this.beatAge();
    if (age >= STALE) return "stale";
    if (age >= DELAYED) return "delayed";
    if (this.feedDown || this.incomplete) return since(this.goodAt) >= STALE ? "stale" : "delayed";
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
    return this.feedDown ? "DELAYED, reloading every 10 s" : "DELAYED, part of this board has not come";
  }

  // Bring the page's marks up to date; returns the state.
  show() {
    const state = this.compute();
    const root = document.documentElement;
    if (state !== this.state) {
      this.state = state;
      root.dataset.liveState = state;
      document.dispatchEvent(new CustomEvent("live:state", { detail: { state } }));
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
function mark() {
  return { wall: Date.now(), steady: performance.now() };
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
