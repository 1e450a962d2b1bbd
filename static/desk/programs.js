// Small helps of the program editor. Every page works without this file; it only shortens the way.

// A list of ticks, narrowed by what is typed above it. Ticked ones always stay in sight.
for (const filter of document.querySelectorAll("[data-filter]")) {
  filter.addEventListener("input", (event) => {
    event.stopPropagation();
    const wanted = filter.value.trim().toLowerCase();
    for (const label of document.querySelectorAll(filter.dataset.filter)) {
      const ticked = label.querySelector("input")?.checked;
      label.hidden = wanted !== "" && !ticked && !label.textContent.toLowerCase().includes(wanted);
    }
  });
  filter.addEventListener("change", (event) => event.stopPropagation());
}

// Hours: Monday's spans on the other days.
function copyMonday(last) {
  const monday = document.querySelector('[data-day="0"]');
  for (let day = 1; day <= last; day += 1) document.querySelector(`[data-day="${day}"]`).value = monday.value;
  monday.dispatchEvent(new Event("change", { bubbles: true }));
}
for (const [selector, last] of [["[data-week-copy]", 4], ["[data-week-all]", 6]]) {
  const button = document.querySelector(selector);
  if (!button) continue;
  button.hidden = false;
  button.addEventListener("click", () => copyMonday(last));
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
