// Whether the phone hears the server, since when not, and when it last did. What the server says is true; what is kept
// on the phone says how old it is.

const HEARD = "dd.phone.heard";
const AWAY = "dd.phone.away";
const ENOUGH = 12_000;
const timeZone = document.querySelector("[data-zone]")?.dataset.zone;
const clock = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false, timeZone });

const kept = Number(document.body.dataset.kept || 0);
const read = (key) => Number(localStorage.getItem(key) || 0);
let here = !kept; // Whether this page has heard the server itself.
let heardAt = kept ? Math.max(kept, read(HEARD)) : Date.now();
let written = 0;

export function heard() {
  here = true;
  heardAt = Date.now();
  if (heardAt - written > 5000) {
    written = heardAt;
    localStorage.setItem(HEARD, String(heardAt));
  }
  show();
}

export const away = () => {
  if (!navigator.onLine || !here) return true;
  return document.documentElement.dataset.liveState !== "live" && Date.now() - heardAt > ENOUGH;
};

function show() {
  const bar = document.getElementById("offline");
  if (!bar) return;
  const is = away();
  if (is && !read(AWAY)) localStorage.setItem(AWAY, String(here ? Date.now() : heardAt));
  if (!is && read(AWAY)) localStorage.removeItem(AWAY);
  bar.hidden = !is;
  document.body.toggleAttribute("data-away", is);
  const words = is ? `OFFLINE since ${clock(read(AWAY) || Date.now())}, last heard ${clock(heardAt)}` : "";
  const place = bar.querySelector("[data-offline-words]");
  if (place.textContent !== words) place.textContent = words;
}

document.addEventListener("live:applied", heard);
document.addEventListener("live:reloaded", heard);
document.addEventListener("live:state", (event) => (event.detail.state === "live" ? heard() : show()));
for (const name of ["online", "offline"]) window.addEventListener(name, show);
setInterval(() => (document.documentElement.dataset.liveState === "live" && navigator.onLine ? heard() : show()), 2000);
show();

// Nothing of a visit stays on the phone: the kept page and board, and what waits to be sent.
export async function wipe() {
  for (const key of Object.keys(localStorage)) if (key.startsWith("dd.")) localStorage.removeItem(key);
  await globalThis.caches?.delete("dd-phone-kept");
}

// The page without a network, where the browser can: over HTTPS, or on this machine.
export function install(address) {
  if (!("serviceWorker" in navigator)) return;
  const first = async () => {
    const store = await caches.open("dd-phone-kept");
    // The visit that has brought the worker was not seen by it: asked for once more, and kept.
    if (navigator.serviceWorker.controller && !(await store.match("/phone/"))) await fetch("/phone/").catch(() => {});
  };
  navigator.serviceWorker.addEventListener("controllerchange", first);
  navigator.serviceWorker.register(address, { scope: "/phone/", updateViaCache: "none" }).then(first, () => {
    // Without a worker the page is what it was: it works while there is a network.
  });
}
