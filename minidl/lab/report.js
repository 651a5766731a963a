"use strict";
// The page of a study: draws its plots, switches the unit of cost, hides optimizers, sorts tables.
const plots = JSON.parse(document.getElementById("plots").textContent);
const hidden = new Set();
let unit = "steps";

function draw(id) {
  const made = plots[id][unit] || plots[id][""];
  const layout = structuredClone(made.layout);
  if (matchMedia("(pointer: coarse), (max-width: 600px)").matches) layout.dragmode = false; // a finger scrolls the page
  if (layout.yaxis.categoryarray) {
    const rows = layout.yaxis.categoryarray.filter(label => !hidden.has(label));
    layout.height -= 30 * (layout.yaxis.categoryarray.length - rows.length);
    layout.yaxis.categoryarray = rows;
    layout.yaxis.range = [-0.6, Math.max(rows.length, 1) - 0.4];
  }
  layout.annotations = layout.annotations.filter(note => !hidden.has(note.name));
  const data = made.data.filter(trace => !hidden.has(trace.meta));
  return Plotly.react(id, data, layout, { responsive: true, displaylogo: false,
    modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"] });
}

const drawAll = () => Promise.all(Object.keys(plots).map(draw));

for (const button of document.querySelectorAll("[data-unit]")) {
  button.onclick = () => {
    unit = button.dataset.unit;
    for (const other of document.querySelectorAll("[data-unit]")) other.setAttribute("aria-pressed", other === button);
    drawAll();
  };
}

const chips = [...document.querySelectorAll("[data-label]")];

function show() {
  for (const chip of chips)
    chip.setAttribute("aria-pressed", !hidden.has(chip.dataset.label));
  drawAll();
}
for (const chip of chips)
  chip.onclick = () => { if (!hidden.delete(chip.dataset.label)) hidden.add(chip.dataset.label); show(); };
document.getElementById("all").onclick = () => { hidden.clear(); show(); };
document.getElementById("none").onclick = () => { for (const chip of chips) hidden.add(chip.dataset.label); show(); };

function compare(a, b) {
  const [x, y] = [Number(a), Number(b)];
  if (Number.isNaN(x) && Number.isNaN(y)) return a.localeCompare(b);
  return x === y ? 0 : Number.isNaN(x) || x > y ? 1 : -1; // what there is not comes last
}
for (const th of document.querySelectorAll("th")) {
  th.firstChild.onclick = () => {
    const table = th.closest("table"), body = table.tBodies[0], column = th.cellIndex;
    const sign = th.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of table.querySelectorAll("th")) other.removeAttribute("aria-sort");
    th.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    const rows = [...body.rows].sort((a, b) =>
      sign * compare(a.cells[column].dataset.value, b.cells[column].dataset.value));
    body.append(...rows);
  };
}

drawAll().then(() => { document.body.dataset.drawn = Object.keys(plots).length; });
