// Position: only while the person has switched it on, with a sign that cannot be missed.

const SHARE_EVERY = 30_000;
let sharing = 0;
let last = null;

// Where this phone was last, while it shares: {lat, lon, at}; else null.
export const lastPosition = () => last;

function share() {
  navigator.geolocation.getCurrentPosition((where) => {
    last = { lat: where.coords.latitude, lon: where.coords.longitude, at: Date.now() };
    const form = document.getElementById("position-form");
    form.querySelector("[name=lat]").value = last.lat;
    form.querySelector("[name=lon]").value = last.lon;
    if (navigator.onLine) form.requestSubmit();
  }, () => stopSharing("Position is not available on this phone."), { maximumAge: 15_000, timeout: 10_000 });
}

function stopSharing(words = "") {
  clearInterval(sharing);
  sharing = 0;
  last = null;
  document.getElementById("sharing").hidden = true;
  const button = document.querySelector("[data-share]");
  if (button) button.textContent = "Share my position";
  document.querySelector("#position-form .problem").textContent = words;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-share]");
  if (!button) return;
  if (sharing) {
    stopSharing();
    return;
  }
  sharing = setInterval(share, SHARE_EVERY);
  document.getElementById("sharing").hidden = false;
  button.textContent = "Stop sharing my position";
  share();
});
