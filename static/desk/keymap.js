// A person's own keys: pressed keys are read as the default keys that they stand for, and shown where keys are named.
// The queue has keys of its own; in a person's map they begin with “queue.”.

const page = document.querySelector("main.queue") ? "queue." : "";
const mine = ([usual]) => (page ? usual.startsWith(page) : !usual.startsWith("queue."));
const all = Object.entries(JSON.parse(document.body.dataset.keymap || "{}"));
const chosen = Object.fromEntries(all.filter(mine).map(([usual, own]) => [usual.slice(page.length), own])); // default key -> own key
const meaning = new Map(Object.entries(chosen).map(([usual, own]) => [own, usual]));

// Matched by code, since Option types symbols on a Mac. Single characters count only where nobody types.
function pressed(event) {
  if (event.metaKey || (event.shiftKey && event.key.length > 1)) return "";
  if (event.ctrlKey) return !event.altKey && event.key === "Enter" ? "Ctrl+Enter" : "";
  if (event.altKey) {
    const key = /^(?:Key([A-Z])|Digit([0-9]))$/.exec(event.code);
    return key && !event.shiftKey ? `Alt+${key[1] || key[2]}` : "";
  }
  return /^F[0-9]{1,2}$/.test(event.key) ? event.key : event.key.length === 1 && !event.target.matches?.("input, textarea, select") ? event.key.toUpperCase() : "";
}

// The default key that this event means for the person; empty for a key that means nothing here.
export function meant(event) {
  const key = pressed(event);
  if (meaning.has(key)) return meaning.get(key);
  return key in chosen ? "" : key;
}

// Press what a key stands for inside `root`: a button is pressed, a field gets the focus and its fold opens.
export function pressKey(root, key) {
  const named = root ? [...root.querySelectorAll("[data-key]")] : [];
  const target = named.find((one) => (one.dataset.keyUsual || one.dataset.key) === key && !one.closest("[hidden], template"));
  if (!target) return false;
  const fold = target.closest("details");
  if (fold && !target.closest("summary")) fold.open = true;
  target.scrollIntoView({ block: "nearest" });
  if (target.matches("button")) target.click();
  else target.focus();
  return true;
}

// Names of keys inside `root`, as the person has them. Doing it twice changes nothing.
export function relabel(root) {
  if (meaning.size === 0) return;
  const named = [...root.querySelectorAll("[data-key]")];
  for (const element of named) {
    const usual = element.dataset.keyUsual || element.dataset.key;
    const own = chosen[usual];
    if (!own) continue;
    element.dataset.keyUsual = usual;
    element.dataset.key = own;
    for (const kbd of element.matches("kbd") ? [element] : element.querySelectorAll("kbd")) if (kbd.textContent === usual) kbd.textContent = own;
  }
  for (const kbd of root.querySelectorAll("kbd:not([data-key], [data-usual])")) {
    const own = kbd.closest("[data-key], [data-fixed-keys]") ? "" : chosen[kbd.textContent];
    if (!own) continue;
    kbd.dataset.usual = kbd.textContent;
    kbd.textContent = own;
  }
}
