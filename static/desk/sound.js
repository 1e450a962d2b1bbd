// Sound: only the alarms that the wall's first line speaks of, only where their owner sits, never while that person
// types. Tones are made here. A browser that gives no permission to sound says SOUND OFF in the header.

const EVERY = 10_000;
const QUIET_AFTER_INPUT = 5_000;
const FIELD = "input, textarea, select, [contenteditable]";
const { sound, soundVolume, person, roles } = document.body.dataset;
const wanted = sound === "on";
const mine = new Set((roles || "").split(" "));
const state = document.getElementById("sound-state");
const heard = new Set(JSON.parse(sessionStorage.getItem("dd.heard") || "[]"));
let context = null;
let typedAt = 0;
let lastAt = 0;

const allowed = () => context?.state === "running";

function show() {
  if (!state) return;
  state.hidden = !wanted || allowed();
}

async function ask() {
  if (!wanted) return;
  context ??= new AudioContext();
  if (context.state !== "running") await Promise.race([context.resume(), new Promise((done) => setTimeout(done, 200))]);
  show();
}

// Two falling tones: heard through talk, unlike a telephone's ring.
function tone() {
  const begin = context.currentTime;
  for (const [nth, pitch] of [880, 660].entries()) {
    const source = context.createOscillator();
    const gain = context.createGain();
    source.frequency.value = pitch;
    gain.gain.setValueAtTime(0, begin + nth * 0.22);
    gain.gain.linearRampToValueAtTime((Number(soundVolume) || 5) / 20, begin + nth * 0.22 + 0.02);
    gain.gain.linearRampToValueAtTime(0, begin + nth * 0.22 + 0.2);
    source.connect(gain).connect(context.destination);
    source.start(begin + nth * 0.22);
    source.stop(begin + nth * 0.22 + 0.21);
  }
  document.dispatchEvent(new CustomEvent("sound:played"));
}

// An alarm is mine if I own it, or if it is for a role that I hold and nobody owns it, its owner's position is silent, or
// it was escalated.
function owned(mark) {
  return mark.dataset.owner === person || mine.has(mark.dataset.role);
}

function due() {
  const marks = [...document.querySelectorAll("[data-sounding]")].filter(owned).map((one) => one.dataset.sounding);
  if (document.documentElement.dataset.engine === "stopped" && (mine.has("dispatcher") || mine.has("supervisor"))) {
    marks.push("engine");
  }
  return marks;
}

function typing() {
  return document.activeElement?.matches(FIELD) && Date.now() - typedAt < QUIET_AFTER_INPUT;
}

function tick() {
  const marks = due();
  for (const one of [...heard]) if (!marks.includes(one)) heard.delete(one);
  const open = marks.filter((one) => !heard.has(one));
  document.documentElement.dataset.soundDue = String(open.length);
  if (!open.length || !wanted || !allowed() || typing() || Date.now() - lastAt < EVERY) return;
  lastAt = Date.now();
  // One tab of a browser sounds, however many are open.
  if (navigator.locks) navigator.locks.request("dd.sound", { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    tone();
    await new Promise((done) => setTimeout(done, EVERY / 2));
  });
  else tone();
}

document.addEventListener("input", () => {
  typedAt = Date.now();
}, true);
document.addEventListener("click", (event) => {
  ask();
  // Going to the alarms is having heard them; taking or ending them is on the tray.
  if (!event.target.closest?.("[data-alarm-link]")) return;
  for (const one of due()) heard.add(one);
  sessionStorage.setItem("dd.heard", JSON.stringify([...heard]));
});
document.addEventListener("keydown", ask, { once: true });
ask();
setInterval(tick, 500);
