// A MapLibre map on the centre's own ground. The library is fetched when the first map is opened, from this server only.
//
//   <div data-ground=".." data-library=".." data-worker=".." data-css=".." data-shapes=".." ..></div>  (map/sources.html)

import { FONT, style } from "./map_style.js";

export class NoMap extends Error {}

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export async function fetchJson(address) {
  const response = await fetch(address, { credentials: "same-origin", redirect: "manual", signal: AbortSignal.timeout(8000) });
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response.json();
}

function drawsMaps() {
  try {
    const context = document.createElement("canvas").getContext("webgl2");
    context?.getExtension("WEBGL_lose_context")?.loseContext();
    return context !== null;
  } catch {
    return false;
  }
}

function withStyles(address) {
  if (document.querySelector(`link[href="${address}"]`)) return Promise.resolve();
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  const loaded = new Promise((done) => {
    link.addEventListener("load", done);
    link.addEventListener("error", done);
  });
  document.head.append(link);
  return loaded;
}

export function classicScript(address) {
  return new Promise((done, failed) => {
    if (document.querySelector(`script[src="${address}"]`)) {
      done();
      return;
    }
    const script = document.createElement("script");
    script.src = address;
    script.addEventListener("load", done);
    script.addEventListener("error", () => failed(new Error(address)));
    document.head.append(script);
  });
}

const absolute = (address) => (address ? new URL(address, location.href).href : "");

// The map once it is ready to be drawn on: {library, map, ground}. Throws NoMap where the browser cannot draw one.
// `scale` makes names larger; a map that nobody touches has no buttons (`interactive: false`).
export async function openMap(element, { scale = 1, ...options } = {}) {
  if (!drawsMaps()) throw new NoMap("This browser does not draw maps (no WebGL).");
  const { dataset } = element;
  const [library, ground] = await Promise.all([
    import(dataset.library),
    fetchJson(dataset.ground),
    withStyles(dataset.css),
    document.fonts.load(`400 24px "${FONT[0]}"`),
  ]);
  library.setWorkerUrl(absolute(dataset.worker));
  if (dataset.pmtiles) {
    await classicScript(dataset.pmtilesLibrary);
    const protocol = new window.pmtiles.Protocol();
    library.addProtocol("pmtiles", protocol.tile);
  }
  const more = { pmtiles: absolute(dataset.pmtiles), raster: dataset.raster, credit: dataset.credit };
  const [west, south, east, north] = ground.bounds || [-180, -60, 180, 75];
  let map;
  try {
    map = new library.Map({
      container: element,
      style: style(ground, more, scale),
      bounds: [[west, south], [east, north]],
      fitBoundsOptions: { padding: 28 },
      maxZoom: 19,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      attributionControl: more.raster || more.pmtiles ? { compact: true } : false,
      ...options,
    });
  } catch (error) {
    throw new NoMap("This browser does not draw maps.", { cause: error });
  }
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  if (options.interactive !== false) {
    map.addControl(new library.NavigationControl({ showCompass: false }), "top-right");
    map.addControl(new library.ScaleControl({ unit: "imperial" }), "bottom-left");
  }
  await new Promise((done) => map.once("load", done));
  return { library, map, ground };
}

export function wholeArea(map, ground) {
  if (!ground.bounds) return;
  const [west, south, east, north] = ground.bounds;
  map.fitBounds([[west, south], [east, north]], { padding: 28, animate: !still() });
}
