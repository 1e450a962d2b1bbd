// The map beside the queue: a button and a key show it or put it away, and the person finds it as they left it. Nothing
// of a map is fetched before somebody first wants one.

const pane = document.getElementById("queue-map");
const button = document.getElementById("queue-map-toggle");
const said = document.getElementById("queue-map-said");
let opened = null; // the module of the pane, once it was wanted

async function show(wanted) {
  pane.hidden = !wanted;
  button.setAttribute("aria-pressed", String(wanted));
  pane.closest("main").classList.toggle("with-map", wanted);
  if (!wanted) return;
  try {
    opened ||= import("./queue_map_pane.js");
    (await opened).seen();
  } catch {
    opened = null;
    said.textContent = "The map could not be fetched: press Map twice to try again. The lists say the same.";
  }
}

button.addEventListener("click", () => {
  const wanted = pane.hidden;
  show(wanted);
  window.htmx.ajax("POST", button.dataset.keep, { source: button, values: { shown: wanted ? "on" : "off" }, swap: "none" });
});
// The command line has kept the choice already.
document.addEventListener("command:done", (event) => {
  const wanted = { "queue-map": true, "no-queue-map": false }[event.detail?.show];
  if (wanted !== undefined && wanted === pane.hidden) show(wanted);
});

if (!pane.hidden) show(true);
