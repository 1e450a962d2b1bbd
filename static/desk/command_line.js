// The command line (Ctrl+K): what Enter would do is said before Enter; an error does nothing and says why; what can be
// undone offers it for ten seconds. Lines are kept in this page only, for the arrow keys, and nowhere else.

import { csrfToken } from "./outbox.js";

const PAUSE = 120;
const UNDO_S = 10;
const form = document.getElementById("command-line");
const input = document.getElementById("command-text");
const picks = document.getElementById("command-picks");
const echo = document.getElementById("command-echo");
const help = document.getElementById("command-help");
const done = document.getElementById("command-done");

const said = [];
let back = 0;
let timer = 0;
let asked = null; // the question under way: a newer one ends it
let running = false;
let id = crypto.randomUUID();
let before = null; // where the focus was
let undoTimer = 0;
let refused = ""; // the line that was last said to be wrong: Enter does not send it

// What the page has selected: the row of the queue, or the call in front on the console.
function selected() {
  const row = document.querySelector('tr.incident[aria-selected="true"]');
  if (row) return row.id.slice("incident-".length);
  return document.querySelector("[data-call][data-incident]:not([hidden])")?.dataset.incident || document.body.dataset.incident || "";
}

async function post(url, data, signal) {
  const response = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    headers: { "X-CSRFToken": csrfToken() },
    body: new URLSearchParams(data),
    signal,
  });
  if (response.headers.get("content-type")?.startsWith("application/json")) return response.json();
  return { problem: (await response.text()).slice(0, 200) || "This was refused." };
}

function say(words, level) {
  echo.textContent = words;
  echo.dataset.level = level;
}

function offer(words) {
  picks.replaceChildren(...words.map((word, place) => {
    const item = document.createElement("li");
    item.id = `command-pick-${place}`;
    item.role = "option";
    item.textContent = word;
    return item;
  }));
  input.setAttribute("aria-expanded", String(words.length > 0));
}

function showHelp(rows, list = help) {
  list.hidden = !rows;
  list.replaceChildren(...(rows || []).flatMap(([name, words, usage]) => {
    const term = document.createElement("dt");
    term.textContent = name;
    const what = document.createElement("dd");
    const example = document.createElement("code");
    example.textContent = usage;
    what.append(`${words} `, example);
    return [term, what];
  }));
}

// The last command is undone by its button, or by the word.
const undoButton = () => done.querySelector("[data-command-undo]:not([hidden])");
const isUndo = () => input.value.trim().toLowerCase() === "undo";

async function ask() {
  asked?.abort();
  if (isUndo()) {
    const last = undoButton() ? done.querySelector("[data-command-words]").textContent : "";
    say(last ? `take back: ${last}` : "There is nothing to undo: ten seconds are over, or it cannot be undone.", last ? "normal" : "caution");
    return;
  }
  if (!input.value.trim()) {
    offer([]);
    showHelp(null);
    say("Type a command, or help.", "");
    return;
  }
  asked = new AbortController();
  try {
    const answer = await post(form.dataset.echo, { id, text: input.value, selected: selected() }, asked.signal);
    offer(answer.complete || []);
    showHelp(answer.help);
    refused = answer.problem ? input.value : "";
    say(answer.help ? "" : answer.echo || answer.problem, answer.echo ? "normal" : "caution");
  } catch (error) {
    if (error.name !== "AbortError") say("The server cannot be reached: use the buttons, radio or paper.", "serious");
  }
}

function complete() {
  const first = picks.firstElementChild;
  if (!first) return false;
  const cut = /\s$/.test(input.value) ? input.value : input.value.replace(/\S*$/, "");
  input.value = cut + first.textContent + (first.textContent.endsWith(":") ? "" : " ");
  ask();
  return true;
}

function open() {
  before = document.activeElement;
  form.hidden = false;
  input.focus();
  input.select();
  ask();
}

function close() {
  form.hidden = true;
  if (before?.isConnected) before.focus();
}

function report(answer) {
  clearInterval(undoTimer);
  const button = done.querySelector("[data-command-undo]");
  done.hidden = false;
  done.querySelector("[data-command-words]").textContent = answer.done;
  button.hidden = !answer.undo;
  button.dataset.token = answer.undo || "";
  let left = UNDO_S;
  const left_ = done.querySelector("[data-command-left]");
  left_.textContent = left;
  undoTimer = setInterval(() => {
    left -= 1;
    left_.textContent = left;
    if (left > 0) return;
    clearInterval(undoTimer);
    button.hidden = true;
    if (!answer.undo) done.hidden = true;
  }, 1000);
  if (!answer.go) return;
  const here = location.pathname;
  location.assign(answer.go);
  // Another place of the same page is no other page: what was made there is drawn by loading it.
  if (location.pathname === here && answer.go.includes("#")) location.reload();
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = input.value;
  if (!text.trim() || running || text === refused) return;
  if (["help", "?"].includes(text.trim().toLowerCase())) return;
  if (isUndo()) {
    const button = undoButton();
    if (!button) return;
    input.value = "";
    close();
    button.click();
    return;
  }
  running = true;
  clearTimeout(timer);
  asked?.abort();
  try {
    const answer = await post(form.dataset.run, { id, text, selected: selected() });
    if (answer.problem) {
      say(answer.problem, "serious");
      return;
    }
    said.push(text);
    back = said.length;
    id = crypto.randomUUID();
    input.value = "";
    offer([]);
    close();
    report(answer);
    document.dispatchEvent(new CustomEvent("command:done", { detail: answer }));
  } catch {
    // The same id goes again with the next Enter: nothing is done twice.
    say("The server cannot be reached. Press Enter again, or use radio and paper.", "serious");
  } finally {
    running = false;
  }
});

input?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE);
});
input?.addEventListener("keydown", (event) => {
  if (event.key === "Tab" && !event.shiftKey && complete()) event.preventDefault();
  else if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    close();
  } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    event.preventDefault();
    back = Math.min(Math.max(back + (event.key === "ArrowUp" ? -1 : 1), 0), said.length);
    input.value = said[back] || "";
    ask();
  }
});
picks?.addEventListener("mousedown", (event) => {
  event.preventDefault();
  if (event.target === picks.firstElementChild) complete();
  else if (event.target.matches("li")) {
    picks.prepend(event.target);
    complete();
  }
});

document.addEventListener("click", async (event) => {
  if (event.target.closest("[data-command-close]")) close();
  if (event.target.closest("[data-command-open]")) open();
  const button = event.target.closest("[data-command-undo]");
  if (!button?.dataset.token) return;
  const token = button.dataset.token;
  button.hidden = true;
  const answer = await post(form.dataset.undo, { id: crypto.randomUUID(), token }).catch(() => ({ problem: "Not undone: the server cannot be reached." }));
  report({ done: answer.done || answer.problem, undo: "", go: "" });
  document.dispatchEvent(new CustomEvent("command:done"));
});
// The sheet of keys lists the commands too, once somebody opens it.
document.addEventListener("keys:shown", async (event) => {
  const list = event.target.querySelector("[data-commands-list]");
  if (!form || list.childElementCount) return;
  const answer = await post(form.dataset.echo, { id, text: "help", selected: selected() }).catch(() => ({}));
  showHelp(answer.help, list);
});
document.addEventListener("keydown", (event) => {
  if (form && event.ctrlKey && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    if (form.hidden) open();
    else close();
  }
});
