// A sign of life each 20 s, so that the calls of a console that has died get another owner. From a worker: a browser
// slows the timers of a hidden tab down to one a minute, and a console behind another window is not dead.

import { csrfToken } from "./outbox.js";

const box = document.getElementById("downtime-sheet");
const worker = new Worker(new URL("./heard_worker.js", import.meta.url));
worker.postMessage({ url: new URL(box.dataset.heard, location.href).href, token: csrfToken() });
