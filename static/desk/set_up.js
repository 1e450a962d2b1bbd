// A new display: the link's token stands after the # and so never reaches a log; it is traded for a cookie once.
import { csrfToken } from "./outbox.js";

const words = document.getElementById("set-up-words");

async function trade() {
  const token = location.hash.slice(1);
  if (!token) return;
  history.replaceState(null, "", location.pathname);
  const response = await fetch(location.pathname, {
    method: "POST",
    credentials: "same-origin",
    headers: { "X-CSRFToken": csrfToken() },
    body: new URLSearchParams({ token }),
    signal: AbortSignal.timeout(8000),
  }).catch(() => null);
  if (response?.ok) location.replace(await response.text());
  else words.textContent = response ? "Display not authorised. Ask a supervisor for a new link." : "The server is away. Open the link again.";
}
// A link that is pasted while this page is open already changes only what stands after the #: no page is loaded then.
addEventListener("hashchange", trade);
trade();
