// A person's own keys: pressed keys are read as the default keys that they stand for, and shown where keys are named.

const chosen = JSON.parse(document.body.dataset.keymap || "{}"); // default key -> own key
const meaning = new Map(Object.entries(chosen).map(([usual, own]) => [own, usual]));

// Matched by code, since Option types symbols on a Mac.
function pressed(event) {
  if (event.metaKey || event.shiftKey) return "";
  if (event.ctrlKey) return !event.altKey && event.key === "Enter" ? "Ctrl+Enter" : "";
  if (event.altKey) {
    const key = /^(?:Key([A-Z])|Digit([0-9]))$/.exec(event.code);
    return key ? `Alt+${key[1] || key[2]}` : "";
  }
  return /^F[0-9]{1,2}$/.test(event.key) ? event.key : "";
}

// The default key that this event means for the person; empty for a key that means nothing here.
export function meant(event) {
  const key = pressed(event);
  if (meaning.has(key)) return meaning.get(key);
  return key in chosen ? "" : key;
}

// Names of keys inside `root`, as the person has them.
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
  for (const kbd of root.querySelectorAll("kbd:not([data-key])")) {
    if (!kbd.closest("[data-key]") && chosen[kbd.textContent]) kbd.textContent = chosen[kbd.textContent];
  }
}
