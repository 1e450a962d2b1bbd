// Keeping the focus, and the place on the screen, of whoever works in a list while it changes.

const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]";
const EDITABLE = "input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit]), textarea, select";

// Whether somebody is typing into a field inside the element.
export function isBeingEdited(element) {
  const active = document.activeElement;
  return Boolean(active && element.contains(active) && (active.matches(EDITABLE) || active.isContentEditable));
}

// Run change(), which returns the element that now stands for `element`, and focus the same control in it again.
export function keepingFocus(element, change) {
  const active = document.activeElement;
  const had = active && active !== document.body && element.contains(active);
  const id = had ? active.id : "";
  const index = had ? focusables(element).indexOf(active) : -1;
  const open = [...element.querySelectorAll("details[id][open]")].map((one) => one.id);
  const changed = change();
  for (const one of open) {
    const details = document.getElementById(one);
    if (details instanceof HTMLDetailsElement) details.open = true;
  }
  if (!had || document.activeElement === active) return;
  const again = (id && document.getElementById(id)) || focusables(changed)[index] || focusables(changed)[0];
  again?.focus({ preventScroll: true });
}

// Run change() and scroll so that the focused row, or else the row under the top edge, stays where it was.
export function keepingPlace(container, change) {
  const active = document.activeElement;
  const row =
    [...container.children].find((one) => one.contains(active)) ||
    [...container.children].find((one) => one.getBoundingClientRect().bottom > scrollerOf(container).getBoundingClientRect().top);
  const before = row?.getBoundingClientRect().top;
  change();
  if (!row?.isConnected) return;
  const moved = row.getBoundingClientRect().top - before;
  if (moved) scrollerOf(container).scrollTop += moved;
}

function focusables(element) {
  return [...(element.matches(FOCUSABLE) ? [element] : []), ...element.querySelectorAll(FOCUSABLE)];
}

function scrollerOf(element) {
  for (let one = element; one && one !== document.body; one = one.parentElement) {
    if (one.scrollHeight > one.clientHeight && /auto|scroll/.test(getComputedStyle(one).overflowY)) return one;
  }
  return document.scrollingElement || document.documentElement;
}
