// Fetches the small map of a call when somebody first asks for one: the page itself loads without it.

let asked = false;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-map-pin]");
  if (!button || asked) return;
  asked = true;
  try {
    await import("./map_pin.js");
    button.click();
  } catch {
    asked = false;
    button.textContent = "Map: not fetched, press again";
  }
});
