// A part that a page fetches by itself when a signal of the live stream says that it has changed. One that did not come,
// or came out of turn, is asked for until it is there, and meanwhile the page does not say LIVE: what the part lacks may
// be a hazard or a stage order.

const AGAIN = 2_000;
const RAREST = 10_000; // a server that does not keep up is not helped by being asked more often

// isOld(): whether the part is older than the signal says. get(): fetch it. Returns a function for whoever has just put
// something in: what was said to be missing may be there now.
export function keepUp(name, isOld, get) {
  let since = 0;
  let asked = 0; // times in a row
  let askAt = 0;
  const look = () => {
    const old = isOld();
    if (!old) since = asked = 0;
    else if (!since) since = Date.now();
    const late = old && Date.now() - since >= AGAIN;
    document.dispatchEvent(new CustomEvent("live:part", { detail: { name, ok: !late } }));
    return late;
  };
  setInterval(() => {
    if (!look() || Date.now() < askAt || document.documentElement.dataset.liveState === "denied") return;
    askAt = Date.now() + Math.min(RAREST, AGAIN * 2 ** asked * (0.5 + Math.random()));
    asked += 1;
    get();
  }, AGAIN);
  return () => since && look();
}

// Whether the pane of one incident is older than its signal: by the incident's own version, or by what is told beside it
// (a hazard at the place, an alarm), which changes no version of the incident.
export function paneIsOld(part, seen) {
  const newer = (name, shown) => Number(seen?.dataset[name] || 0) > Number(part?.dataset[shown] || 0);
  return newer("v", "version") || newer("beside", "beside");
}
