// The list for review: a row that is done leaves, and the keyboard goes on to the next one.

let next = null;
document.addEventListener("submit", (event) => {
  const row = event.target.closest?.("tr");
  next = row?.nextElementSibling?.id || row?.previousElementSibling?.id || null;
});
document.addEventListener("htmx:after:swap", () => {
  if (!next) return;
  document.querySelector(`#${CSS.escape(next)} input[name=note]`)?.focus();
  next = null;
});
