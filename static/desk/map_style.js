// The map's ground as a MapLibre style: the centre's own areas and streets, and further sources where the centre has any.
// The picture that the server draws (desk/map_picture.py) has the same colours.

const COLOURS = {
  dark: { paper: "#0e141b", ink: "#e8eef4", water: "#16384f", park: "#1c3322", district: "#5b6d80", beat: "#51657a", boundary: "#8ea2b6", street: "#35424f", main: "#546678", label: "#a9b7c5", cover: "#6ab7ff", built: "#18212b" },
  light: { paper: "#f4f6f8", ink: "#10161c", water: "#b9dcf0", park: "#d3e8cd", district: "#8796a5", beat: "#7d8c9b", boundary: "#3f4d5a", street: "#cdd5dc", main: "#aab6c1", label: "#475563", cover: "#0b5cad", built: "#e6e9ec" },
};
// Without a `glyphs` address MapLibre draws letters with the page's own fonts: nothing is fetched for them.
export const FONT = ["IBM Plex Sans"];

export const theme = () => (document.documentElement.dataset.bsTheme === "light" ? "light" : "dark");
export const colours = () => COLOURS[theme()];

export function levelColour(level) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${level}`).trim();
}

const ofKind = (...kinds) => ["in", ["get", "kind"], ["literal", kinds]];

// `more`: {pmtiles, raster, credit} as absolute addresses, empty where the centre has none.
export function style(ground, more, scale = 1) {
  const c = colours();
  const own = !more.pmtiles && !more.raster;
  const sources = {
    areas: { type: "geojson", data: ground.areas },
    streets: { type: "geojson", data: ground.streets },
  };
  const layers = [{ id: "paper", type: "background", paint: { "background-color": c.paper } }];
  if (more.raster) {
    sources.raster = { type: "raster", tiles: [more.raster], tileSize: 256, attribution: more.credit };
    layers.push({ id: "raster", type: "raster", source: "raster", paint: theme() === "dark" ? { "raster-brightness-max": 0.55, "raster-saturation": -0.5 } : {} });
  }
  if (more.pmtiles) {
    sources.tiles = { type: "vector", url: `pmtiles://${more.pmtiles}`, attribution: more.credit || "© OpenStreetMap contributors" };
    layers.push(...tileLayers(c));
  }
  if (own) {
    layers.push(
      { id: "park", type: "fill", source: "areas", filter: ofKind("park"), paint: { "fill-color": c.park } },
      { id: "water", type: "fill", source: "areas", filter: ofKind("water"), paint: { "fill-color": c.water } },
      { id: "street", type: "line", source: "streets", filter: ["!", ["get", "main"]], layout: { "line-cap": "round" }, paint: { "line-color": c.street, "line-width": ["interpolate", ["exponential", 1.6], ["zoom"], 11, 0.5, 14, 1.6, 18, 12] } },
      { id: "main", type: "line", source: "streets", filter: ["get", "main"], layout: { "line-cap": "round" }, paint: { "line-color": c.main, "line-width": ["interpolate", ["exponential", 1.6], ["zoom"], 11, 1.2, 14, 3.2, 18, 18] } },
    );
  }
  layers.push(
    { id: "beat", type: "line", source: "areas", filter: ofKind("beat"), paint: { "line-color": c.beat, "line-width": 1.2, "line-dasharray": [4, 3] } },
    { id: "boundary", type: "line", source: "areas", filter: ofKind("boundary"), paint: { "line-color": c.boundary, "line-width": 2 } },
  );
  if (own) {
    layers.push({ id: "street-name", type: "symbol", source: "streets", minzoom: 13.2, layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": 11, "symbol-placement": "line", "symbol-spacing": 320 }, paint: { "text-color": c.label, "text-halo-color": c.paper, "text-halo-width": 1.4 } });
  }
  layers.push({ id: "area-name", type: "symbol", source: "areas", filter: ofKind("beat", "park", "water"), layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": ["match", ["get", "kind"], "beat", 14 * scale, 11.5 * scale] }, paint: { "text-color": c.label, "text-opacity": 0.8, "text-halo-color": c.paper, "text-halo-width": 1.4 } });
  return { version: 8, sources, layers };
}

// Protomaps' basemap schema: earth, landuse, water, roads, buildings.
function tileLayers(c) {
  const layer = (id, type, source, paint, more = {}) => ({ id: `tiles-${id}`, type, source: "tiles", "source-layer": source, paint, ...more });
  return [
    layer("park", "fill", "landuse", { "fill-color": c.park }, { filter: ["in", ["get", "kind"], ["literal", ["park", "forest", "wood", "nature_reserve", "recreation_ground"]]] }),
    layer("water", "fill", "water", { "fill-color": c.water }, { filter: ["==", ["geometry-type"], "Polygon"] }),
    layer("built", "fill", "buildings", { "fill-color": c.built }, { minzoom: 14 }),
    layer("road", "line", "roads", { "line-color": ["match", ["get", "kind"], ["highway", "major_road"], c.main, c.street], "line-width": ["interpolate", ["exponential", 1.6], ["zoom"], 11, ["match", ["get", "kind"], ["highway", "major_road"], 1.2, 0.5], 18, ["match", ["get", "kind"], ["highway", "major_road"], 18, 10]] }),
    layer("road-name", "symbol", "roads", { "text-color": c.label, "text-halo-color": c.paper, "text-halo-width": 1.4 }, { minzoom: 13.2, layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": 11, "symbol-placement": "line" } }),
  ];
}
