// The units of a layer as a grid of buttons. Arrow keys move between them, and their pictures are
// drawn when they come into sight.
import { element } from "#inspection/dom.js";
import { drawWeights, smallCanvas } from "#inspection/pictures.js";

/** {root, sort(), redraw()}. `opened(unit)` is called for the unit that is chosen. */
export function createGrid(view, opened, signal) {
  const cells = view.numbers().map((unit) => createCell(view, unit));
  const root = element("div", {
    className: "grid",
    role: "group",
    "aria-label": "Units: arrow keys move between them",
  });
  const seen = new Set();
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const unit = Number(target.dataset.unit);
        if (isIntersecting && !seen.has(unit)) cells[unit].draw();
        if (isIntersecting) seen.add(unit);
      }
    },
    { rootMargin: "200px" },
  );
  signal.addEventListener("abort", () => watcher.disconnect());
  cells.forEach(({ button: one }) => watcher.observe(one));

  function sort() {
    root.replaceChildren(
      ...view.sorted().map((unit) => {
        cells[unit].label();
        return cells[unit].button;
      }),
    );
    enter(root.firstElementChild, false);
  }
  function enter(target, focus = true) {
    for (const one of root.children) one.tabIndex = one === target ? 0 : -1;
    if (focus) target.focus();
  }
  root.addEventListener(
    "keydown",
    (event) => {
      const target = neighbour(root, event.target.closest("button"), event.key);
      if (!target) return;
      event.preventDefault();
      enter(target);
    },
    { signal },
  );
  root.addEventListener(
    "click",
    (event) => {
      const target = event.target.closest("button");
      if (!target) return;
      enter(target, false);
      cells.forEach(({ button: one }) =>
        one.setAttribute("aria-pressed", String(one === target)),
      );
      opened(Number(target.dataset.unit));
    },
    { signal },
  );
  return { root, sort, redraw: () => seen.forEach((unit) => cells[unit].draw()) };
}

function createCell(view, unit) {
  const canvas = smallCanvas();
  const words = element("span");
  const made = element(
    "button",
    { type: "button", className: "unit", "aria-pressed": "false" },
    canvas,
    element("span", { className: "unseen" }, view.hasHidden ? "Unit " : "Class "),
    element("span", {}, String(unit)),
    " ",
    words,
  );
  made.dataset.unit = unit;
  made.classList.toggle("dead", view.units.isDead(unit));
  return {
    button: made,
    label: () => (words.textContent = view.words(unit)),
    draw: () => drawWeights(canvas, view.layer, unit, view.scaleOf(unit)),
  };
}

/** The button that an arrow key, Home or End leads to. */
function neighbour(root, current, key) {
  const all = [...root.children];
  const at = all.indexOf(current);
  const columns = all.findIndex((one) => one.offsetTop > all[0].offsetTop);
  const row = columns < 0 ? all.length : columns;
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: row, ArrowUp: -row }[key];
  if (key === "Home") return all[0];
  if (key === "End") return all[all.length - 1];
  return step === undefined ? null : (all[at + step] ?? current);
}
