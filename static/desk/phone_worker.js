// The phone page without a network. Served at /phone/worker.js behind two lines that the server writes: VERSION (a
// digest of the files below) and SHELL (their addresses). Scope: /phone/ only.
//
// Two stores. The shell holds files that are the same for everybody, one store for each version. The kept store holds
// what this crew was last told: the page without its board, and the board. It is deleted when the server says that there
// is nothing to keep (no unit, signed out, not allowed), when the person signs out, and after KEEP_FOR.

const SHELL_NAME = `dd-phone-shell-${VERSION}`;
const KEPT = "dd-phone-kept";
const PAGE = "/phone/";
const BOARD = "/phone/board/";
const NOTHING_KEPT = "/phone/nothing-kept/";
const KEEP_FOR = 12 * 3600_000; // A session's length.
const PATIENCE = 4000; // How long a page may take before the kept one is shown.
const FILE_PATIENCE = 2500;
const AWAY_FOR = 10_000;
const REGION = /(<div id="phone-region"[^>]*>)[\s\S]*?(<!--board-end-->)/;

let awaySince = -AWAY_FOR;
const away = () => !self.navigator.onLine || Date.now() - awaySince < AWAY_FOR;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const shell = await caches.open(SHELL_NAME);
    await shell.addAll(SHELL.map((address) => new Request(address, { cache: "reload" })));
    await self.skipWaiting();
  })());
});

// An open page goes on with the scripts that it has loaded; what is kept of its visit is taken along, laid out anew.
self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("dd-phone-shell-") && name !== SHELL_NAME) await caches.delete(name);
    }
    await self.clients.claim();
    const kept = await caches.open(KEPT);
    if (await kept.match(PAGE)) await keep(await fetch(PAGE).catch(() => null), PAGE);
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== self.location.origin || request.method !== "GET") return;
  if (pathname === PAGE) event.respondWith(page(event));
  else if (pathname === BOARD) event.respondWith(board(event));
  else if (SHELL.includes(pathname)) event.respondWith(file(request));
});

async function page(event) {
  try {
    const response = await fetch(event.request, { signal: AbortSignal.timeout(PATIENCE) });
    if (response.status < 500) {
      event.waitUntil(keep(response.clone(), PAGE));
      return response;
    }
  } catch {
    // No network, or one that only pretends: what is kept is better than a browser's error page.
  }
  awaySince = Date.now();
  return kept();
}

async function board(event) {
  const response = await fetch(event.request);
  event.waitUntil(keep(response.clone(), BOARD));
  return response;
}

// The network's file while there is a network, so that page and scripts are of one version; else the stored one.
async function file(request) {
  if (!away()) {
    try {
      const response = await fetch(request, { signal: AbortSignal.timeout(FILE_PATIENCE) });
      if (response.ok) return response;
    } catch {
      awaySince = Date.now();
    }
  }
  return (await caches.match(request, { cacheName: SHELL_NAME, ignoreVary: true })) || fetch(request);
}

async function keep(response, address) {
  if (!response) return;
  // "opaqueredirect" is a navigation that was sent on, and the only place is the sign-in page.
  const signedOut = response.type === "opaqueredirect" || response.redirected || [401, 403].includes(response.status);
  if (signedOut || (response.ok && response.headers.get("X-Phone-Keep") === "nothing")) {
    await caches.delete(KEPT);
  } else if (response.ok && response.headers.get("X-Phone-Keep") === "unit") {
    const html = await response.text();
    const store = await caches.open(KEPT);
    const heard = { headers: { "Content-Type": "text/html; charset=utf-8", "X-Heard": String(Date.now()) } };
    if (address === BOARD) {
      await store.put(BOARD, new Response(html, heard));
      return;
    }
    const found = html.match(REGION);
    if (!found) return;
    await store.put(BOARD, new Response(found[0].slice(found[1].length, -found[2].length), heard));
    await store.put(PAGE, new Response(html.replace(REGION, "$1$2"), heard));
    // The policy that the page came with holds for the kept one, too.
    await store.put("/phone/policy", new Response(response.headers.get("Content-Security-Policy") || ""));
  }
}

async function kept() {
  const store = await caches.open(KEPT);
  const [layout, last, policy] = await Promise.all([store.match(PAGE), store.match(BOARD), store.match("/phone/policy")]);
  const heard = Number(last?.headers.get("X-Heard") || 0);
  if (!layout || !last || Date.now() - heard > KEEP_FOR) {
    await caches.delete(KEPT);
    return (await caches.match(NOTHING_KEPT, { cacheName: SHELL_NAME })) || Response.error();
  }
  const words = await last.text();
  const html = (await layout.text())
    .replace(REGION, (_all, open, close) => `${open}${words}${close}`)
    .replace("<body ", `<body data-kept="${heard}" `);
  const headers = { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" };
  const rules = await policy?.text();
  if (rules) headers["Content-Security-Policy"] = rules;
  return new Response(html, { headers });
}
