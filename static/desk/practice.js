// The practice caller beside the console: says the opening words, answers the question that has the focus, and when the
// call is decided shows how it went. Only in a simulated centre.

import { csrfToken } from "./outbox.js";

const box = document.getElementById("practice");
const part = (name) => box.querySelector(`[data-practice-${name}]`);
let run = null;
let asking = null;

async function post(url, data) {
  return fetch(url, { method: "POST", credentials: "same-origin", headers: { "X-CSRFToken": csrfToken() }, body: new URLSearchParams(data) });
}

async function begin() {
  const response = await fetch(box.dataset.current, { credentials: "same-origin" });
  run = response.ok ? await response.json() : null;
  if (!run?.call) return;
  box.hidden = false;
  part("says").textContent = `“${run.says}”`;
  part("where").textContent = `Asked where, the caller says: ${run.where}`;
}

document.addEventListener("focusin", async (event) => {
  const question = event.target.closest?.("[data-question]");
  if (!run?.call || !question?.closest(`[data-call="${run.call}"]`) || asking === question.dataset.question) return;
  asking = question.dataset.question;
  const response = await post(run.ask, { key: asking }).catch(() => null);
  if (response?.ok) part("answer").textContent = `“${(await response.json()).says}”`;
});

document.addEventListener("desk:decided", async (event) => {
  if (!run?.call || event.detail !== run.call) return;
  const response = await post(run.score, {}).catch(() => null);
  const html = response?.ok ? await response.text() : "";
  if (!html.trim()) return;
  part("score").innerHTML = html;
  part("answer").textContent = "";
});

begin();
