// Putting what the server sent into the page, without moving what a person reads or writes.

import { relabel } from "./keymap.js";

// Parts of the page from the server, each by its id. Fields are never among them. What has the focus, or else what is
// at the top of a scrolled part, stays where it is on the screen; what is folded open stays open.
export function apply(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  relabel(template.content);
  for (const part of [...template.content.children]) {
    const present = part.id && document.getElementById(part.id);
    if (!present || present.isEqualNode(part)) continue;
    const focused = present.contains(document.activeElement) ? document.activeElement.id : "";
    for (const one of present.querySelectorAll("details[id]")) {
      const same = part.querySelector(`#${CSS.escape(one.id)}`);
      if (same) same.open = one.open;
    }
    const scroller = present.parentElement;
    const top = scroller.scrollTop;
    const anchor = anchorOf(present, scroller);
    present.replaceWith(part);
    scroller.scrollTop = top;
    const same = anchor && document.getElementById(anchor.id);
    if (same) scroller.scrollTop += same.getBoundingClientRect().top - anchor.at;
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }
}

// The row that a person reads: the one with the focus, else the first that is not scrolled away.
function anchorOf(part, scroller) {
  const edge = scroller.getBoundingClientRect().top;
  const held = document.activeElement?.closest?.("fieldset[id]");
  const row = part.contains(held) ? held : [...part.querySelectorAll("fieldset[id]")].find((one) => one.getBoundingClientRect().bottom > edge);
  return row && scroller.scrollTop > 0 ? { id: row.id, at: row.getBoundingClientRect().top } : null;
}
