// One stream for all tabs of a browser. The tab that holds the lock reads it and passes events on; when it closes or
// hangs, another takes over with the numbers that it has seen, so nothing is missed.

import { readStream, Refused } from "./sse.js";

const BACKOFF_FIRST = 500;
const BACKOFF_MOST = 5_000;
const DENIED_RETRY = 10_000;
const SILENT = 12_000; // beats come every 5 s
const LEADER_SILENT = 8_000;
const ROLL_CALL = 80;
const KEEP = 100;
const JUST_OPENED = 2_000; // eight tabs that come online together ask eight times

export class SharedStream {
  constructor({ centre, audiences, after, onEvent, onDenied }) {
    this.centre = centre;
    this.audiences = audiences;
    this.after = after;
    this.onEvent = onEvent;
    this.onDenied = onDenied;
    this.id = Math.random().toString(36).slice(2);
    this.name = `live:${centre}`;
    this.leading = false;
    this.others = new Map(); // tab id -> {audiences, after}
    this.served = new Set(); // ids of the tabs that this stream gives everything they lack
    this.granted = null; // the audiences that the server has let this stream watch
    this.kept = []; // the last frames, for tabs that join
    this.keptAfter = {}; // audience -> everything after this number is in `kept`
    this.lastBeat = null;
    this.heardAt = 0;
    this.openedAt = 0;
    this.leaderAt = Date.now();
    this.attempt = 0;
    this.wake = null;
    this.abort = null;
  }

  start() {
    this.channel = new BroadcastChannel(this.name);
    this.channel.addEventListener("message", (event) => this.hear(event.data));
    // Web Locks exist on secure origins only; elsewhere every tab reads its own stream.
    if (!navigator.locks) {
      this.lead();
      return;
    }
    this.sayHello();
    this.queueForLock();
  }

  queueForLock(options = {}) {
    navigator.locks
      .request(this.name, options, () => this.lead())
      .catch(() => {
        // Another tab took the lock because this one seemed to hang.
        this.leading = false;
        this.abort?.abort();
        this.wake?.();
        setTimeout(() => this.queueForLock(), 1000);
      });
  }

  sayHello() {
    this.say({ kind: "hello", audiences: this.audiences, after: this.after() });
  }

  say(message) {
    if (navigator.locks) this.channel.postMessage({ from: this.id, ...message });
  }

  hear(message) {
    if (message.to && message.to !== this.id) return;
    if (message.kind === "event") {
      this.leaderAt = Date.now();
      // “Everybody has been told up to here” is true of the tabs that the leader knew when it passed it on, no others.
      const known = !message.served || message.served.includes(this.id);
      this.onEvent(message.name, known ? message.data : { ...message.data, number: null });
    } else if (message.kind === "alive") this.leaderAt = Date.now();
    else if (message.kind === "denied") this.onDenied();
    else if (message.kind === "roll-call") this.sayHello();
    else if (message.kind === "hello" && this.leading) this.welcome(message);
    else if (message.kind === "kick" && this.leading) {
      this.say({ kind: "alive" });
      this.hurry(message.now);
    }
  }

  // A tab has come: give it what it missed since its page was drawn, or reopen the stream for what it also watches.
  welcome({ from, audiences, after }) {
    this.others.set(from, { audiences, after });
    const watched = (audience) => audience in this.keptAfter && (!this.granted || this.granted.includes(audience));
    if (!audiences.every(watched)) {
      if (this.openedAt) this.abort?.abort();
      return;
    }
    this.served.add(from);
    if (audiences.some((audience) => after[audience] < this.keptAfter[audience])) {
      this.say({ kind: "event", to: from, name: "reload", data: { why: "joined", spread_ms: 0, audience: null } });
    } else {
      for (const data of this.kept) {
        if (data.number > (after[data.audience] ?? Infinity)) {
          this.say({ kind: "event", to: from, name: "frames", data });
        }
      }
    }
    if (this.lastBeat && Date.now() - this.heardAt < SILENT) {
      const data = { ...this.lastBeat, number: null, ago_ms: Date.now() - this.beatAt };
      this.say({ kind: "event", to: from, name: "beat", data });
    }
  }

  // The page has heard no beat for a while: wake the leader, or replace one that does not answer.
  kick(now = false) {
    if (this.leading) {
      this.hurry(now);
      return;
    }
    this.say({ kind: "kick", now });
    if (navigator.locks && Date.now() - this.leaderAt > LEADER_SILENT && this.kickedAt && !this.stealing) {
      this.stealing = true;
      this.queueForLock({ steal: true });
      setTimeout(() => (this.stealing = false), LEADER_SILENT);
    }
    this.kickedAt = Date.now();
  }

  // Give up a silent connection or a pause between attempts.
  hurry(now) {
    const opened = Date.now() - this.openedAt;
    if (now ? opened < JUST_OPENED : Date.now() - this.heardAt <= SILENT) return;
    this.abort?.abort();
    this.wake?.();
  }

  async lead() {
    this.leading = true;
    while (this.leading) {
      let pause = this.backoff();
      try {
        const asked = await this.rollCall();
        pause = (await this.read(asked)) ?? pause;
      } catch (error) {
        if (error instanceof Refused) {
          this.say({ kind: "denied" });
          this.onDenied();
          pause = DENIED_RETRY * (0.8 + 0.4 * Math.random());
        }
      }
      if (this.leading) await this.rest(pause);
    }
  }

  // Which audiences the open tabs watch, and from where: {audience: number}.
  async rollCall() {
    this.others.clear();
    if (navigator.locks) {
      this.say({ kind: "roll-call" });
      await new Promise((done) => setTimeout(done, ROLL_CALL));
    }
    const from = { ...this.after() };
    for (const { audiences, after } of this.others.values()) {
      for (const audience of audiences) from[audience] = Math.min(from[audience] ?? Infinity, after[audience]);
    }
    return from;
  }

  // Read one stream to its end. Returns the pause that the server asked for, if it did.
  async read(from) {
    const asked = Object.keys(from);
    this.served = new Set(this.others.keys());
    this.granted = null;
    let retry = null;
    this.asked = asked;
    this.kept = [];
    this.keptAfter = from;
    this.abort = new AbortController();
    this.heardAt = this.openedAt = Date.now();
    const pass = (name, data) => {
      this.heardAt = Date.now();
      this.attempt = 0;
      if (name === "bye") {
        retry = data.retry_ms;
        return;
      }
      if (name === "hello") {
        data.asked = asked;
        this.granted = data.audiences;
      }
      if (name === "beat") {
        this.lastBeat = data;
        this.beatAt = Date.now();
      }
      if (name === "frames") this.keep(data);
      this.say({ kind: "event", name, data, served: name === "beat" ? [...this.served] : undefined });
      this.onEvent(name, data);
    };
    await readStream({ centre: this.centre, from, signal: this.abort.signal, pass });
    return retry;
  }

  keep(data) {
    this.kept.push(data);
    if (this.kept.length > KEEP) {
      const lost = this.kept.shift();
      this.keptAfter[lost.audience] = Math.max(this.keptAfter[lost.audience] ?? 0, lost.number);
    }
  }

  backoff() {
    const longest = Math.min(BACKOFF_MOST, BACKOFF_FIRST * 2 ** this.attempt);
    this.attempt += 1;
    return longest * (0.5 + 0.5 * Math.random());
  }

  rest(pause) {
    return new Promise((done) => {
      const timer = setTimeout(done, pause);
      this.wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  }
}
