// The console works without this file; it only saves a reach for the mouse.
"use strict";

// "/" puts the cursor into the search field, unless something is being typed.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    document.querySelector("#site-search")?.focus();
  }
});

// A menu in the top bar closes when attention moves elsewhere, or on Escape.
const closeMenus = (except) => {
  for (const menu of document.querySelectorAll("details.menu[open], details.company[open]")) {
    if (!menu.contains(except)) menu.open = false;
  }
};
document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus(null);
});

// Shift and a click select a span of rows.
let lastChecked = null;
document.addEventListener("click", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || !box.matches("td.select input")) return;
  const boxes = [...box.closest("tbody").querySelectorAll("td.select input")];
  if (event.shiftKey && boxes.includes(lastChecked)) {
    const [from, to] = [boxes.indexOf(lastChecked), boxes.indexOf(box)].sort((a, b) => a - b);
    for (const each of boxes.slice(from, to + 1)) each.checked = box.checked;
  }
  lastChecked = box;
});
