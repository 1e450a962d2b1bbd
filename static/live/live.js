// Live boards in the browser: joins the stream that all tabs share, applies frames, shows how current the page is.
//
//   <body data-live-audiences="console wall" data-live-centre="1" data-live-epoch=".." data-live-number=".."
//         data-app-version="..">
//
// Nothing starts on a page without data-live-audiences. Events on document: live:state {state, goodAt}, live:applied
// {audience, number}, live:reloaded after a gap (fetch anew what no region holds). Send live:bring-in to let held rows
// in; live:refetch {region} for a region whose sums have changed; live:part {name, ok} for what the page fetches by
// itself, since a page is not LIVE while any part of it is older than it should be; live:load-anew to load the page.

import { Board } from "./board.js";
import { Clock } from "./clock.js";
import { SharedStream } from "./shared_stream.js";

const TICK = 1000;
const POLL = 10_000;
const KICK_AFTER = 15_000;
const VERSION_SPREAD = 5_000;
const VERSION_RELOAD_PAUSE = 60_000;
const RETRY_FIRST = 1_000;

class Page {
  constructor(body) {
    this.audiences = body.dataset.liveAudiences.split(/\s+/).filter(Boolean);
    this.centre = body.dataset.liveCentre || "";
    this.epoch = body.dataset.liveEpoch || "";
    this.version = body.dataset.appVersion || "";
    const number = Number(body.dataset.liveNumber || 0);
    this.last = Object.fromEntries(this.audiences.map((audience) => [audience, number]));
    this.clock = new Clock();
    this.board = new Board(number);
    this.polled = 0;
    this.reloading = null;
    this.pollAfter = POLL;
    this.failed = 0; // reloads in a row that brought no whole board
    this.parts = new Set(); // what the page fetches by itself and could not get
    this.wanted = false; // the page is to be loaded anew as soon as the server answers
    this.stream = new SharedStream({
      centre: this.centre,
      audiences: this.audiences,
      after: () => this.last,
      onEvent: (name, data) => this.take(name, data),
      onDenied: () => this.deny(),
    });
    document.addEventListener("visibilitychange", () => this.tick());
    document.addEventListener("live:bring-in", () => this.board.settleAll());
    document.addEventListener("live:refetch", (event) => this.refetch(event.detail.region));
    document.addEventListener("live:part", (event) => this.part(event.detail));
    document.addEventListener("live:load-anew", () => this.loadAnew(true));
    window.addEventListener("online", () => this.stream.kick(true));
    window.addEventListener("pageshow", (event) => event.persisted && this.reload());
    setInterval(() => this.tick(), TICK);
    this.stream.start();
    this.tick();
  }

  take(name, data) {
    if (name === "beat") this.beat(data);
    else if (name === "frames") this.frames(data);
    else if (name === "reload") this.reloadSoon(data);
    else if (name === "hello") this.hello(data);
  }

  hello(data) {
    const refused = this.audiences.some((one) => data.asked.includes(one) && !data.audiences.includes(one));
    if (refused) this.deny();
    else if (this.clock.denied) {
      // What was taken off the screen is not there yet.
      this.clock.denied = false;
      this.clock.behind(true);
      this.reload();
    } else if (this.clock.failed) this.reload();
  }

  beat(data) {
    this.clock.beat(data);
    if (this.newEpoch(data.epoch)) this.reload();
    else if (data.number !== null) {
      for (const audience of this.audiences) this.last[audience] = Math.max(this.last[audience], data.number);
    }
    this.checkVersion(data.app_version);
    this.tick();
  }

  // The numbers began anew (a restored database): what this page knows of them means nothing any more.
  newEpoch(epoch) {
    if (!epoch || epoch === this.epoch) return false;
    const changed = this.epoch !== "";
    this.epoch = epoch;
    if (changed) {
      for (const audience of this.audiences) this.last[audience] = 0;
      this.board.startOver();
    }
    return changed;
  }

  frames(data) {
    if (!this.audiences.includes(data.audience) || this.clock.denied) return;
    if (this.newEpoch(data.epoch)) {
      this.reload();
      return;
    }
    const last = this.last[data.audience];
    if (data.number <= last) return;
    const gap = data.prev > last;
    this.last[data.audience] = data.number;
    let whole = !gap;
    try {
      this.board.apply(data.html, data.number);
    } catch (error) {
      // One frame that cannot be put in must not be forgotten: the whole region comes instead.
      console.error(error);
      whole = false;
    }
    document.dispatchEvent(
      new CustomEvent("live:applied", { detail: { audience: data.audience, number: data.number } }),
    );
    if (!whole) this.reload();
  }

  // Something was missed. Until it is here the page is not live, also while it waits for its turn among many.
  reloadSoon(data) {
    if (data.audience && !this.audiences.includes(data.audience)) return;
    this.clock.behind();
    const pause = Math.random() * (data.spread_ms || 0);
    this.polled = Date.now() + pause;
    setTimeout(() => this.reload(), pause);
  }

  // Fetch every region anew. Asked again while it runs, it runs once more afterwards.
  async reload() {
    if (this.reloading) {
      this.again = true;
      return;
    }
    this.clock.behind();
    this.reloading = this.board.reload();
    const result = await this.reloading;
    this.reloading = null;
    this.polled = Date.now();
    if (result.denied) this.deny();
    else if (!result.ok) this.retry();
    if (result.ok) {
      if (this.wanted) location.reload();
      this.pollAfter = POLL;
      this.failed = 0;
      if (!this.again) this.clock.whole();
      if (result.number !== null) this.clock.snapshot(result.engine);
      this.newEpoch(result.epoch);
      for (const audience of this.audiences) this.last[audience] = Math.max(this.last[audience], result.number ?? 0);
      document.dispatchEvent(new CustomEvent("live:reloaded"));
    }
    this.tick();
    if (this.again) {
      this.again = false;
      this.reload();
    }
  }

  // What was to be fetched is still missing, and later beats will not say so: the page is not live until it has it. It
  // asks again soon, then as rarely as any page that polls.
  retry() {
    this.clock.behind(true);
    this.pollAfter = Math.min(POLL, RETRY_FIRST * 2 ** this.failed * (0.5 + Math.random()));
    this.failed += 1;
  }

  deny() {
    this.clock.denied = true;
    this.clock.whole();
    this.board.clear();
    this.tick();
  }

  async refetch(region) {
    if (this.clock.denied) return;
    if (this.reloading) {
      this.again = true;
      return;
    }
    const result = await this.board.fetchRegion(region);
    if (result.denied) this.deny();
    else if (!result.ok) this.retry();
    this.tick();
  }

  part({ name, ok }) {
    if (ok) this.parts.delete(name);
    else this.parts.add(name);
    this.tick();
  }

  tick() {
    this.board.tick(() => this.deny());
    this.clock.typing = this.board.waitsForTyping();
    this.clock.partly = this.parts.size > 0;
    const state = this.clock.show();
    if (this.clock.beatAge() >= KICK_AFTER) this.stream.kick();
    const polling = state === "delayed" || state === "stale";
    if (polling && Date.now() - this.polled >= this.pollAfter && !this.reloading) {
      this.polled = Date.now();
      this.reload();
    }
  }

  // A new server version: load the page anew, but never over text that somebody has typed, and never in a circle.
  checkVersion(version) {
    if (!version || !this.version || version === this.version || this.leaving) return;
    const key = `live-version:${version}`;
    if (holdsTyping()) return;
    try {
      if (Date.now() - Number(sessionStorage.getItem(key) || 0) < VERSION_RELOAD_PAUSE) return;
      sessionStorage.setItem(key, String(Date.now()));
    } catch {
      return; // Without a memory of the last attempt the page could reload for ever.
    }
    this.leaving = true;
    setTimeout(async () => {
      this.leaving = false;
      if (!holdsTyping() && !(await this.loadAnew())) sessionStorage.removeItem(key);
    }, Math.random() * VERSION_SPREAD);
  }

  // Only from a server that answers: a display that loads its page while the web process restarts would stand on an
  // error page, where nothing heals it and nobody presses a key. True if it loads.
  // `later`: else as soon as it answers.
  async loadAnew(later = false) {
    const { ok } = await this.board.reload();
    this.wanted ||= later;
    if (ok) location.reload();
    else this.retry();
    return ok;
  }
}

// Whether a load would lose what a person has written or is deciding. A console's call keeps its own drafts and marks what
// is not saved; any other field counts as soon as it holds something typed.
function holdsTyping() {
  if (document.querySelector("[data-dirty], dialog[open]")) return true;
  const fields = document.querySelectorAll("textarea, input:is([type=text], [type=tel], [type=number], :not([type]))");
  return [...fields].some((one) => one.value !== "" && one.value !== one.defaultValue && !one.closest("[data-call], [hidden]"));
}

if (document.body.dataset.liveAudiences) new Page(document.body);
