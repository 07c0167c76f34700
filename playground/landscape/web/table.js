// The table of the optimizers: which are shown, and their losses at one step.
import { element } from "#inspection/dom.js";
import { drawn } from "#live/chart.js";
import { short } from "#live/ticks.js";
import { lossAt } from "#landscape/grid.js";

const COLUMNS = ["optimizer", "learning rate", "its loss", "loss on the plane", "lowest so far"];

/** {root, draw(at), isShown(name)}; `changed()` is called when another choice is shown. */
export function createTable(data, changed, signal) {
  const boxes = new Map();
  const rows = data.paths.map((path) => {
    const box = element("input", { type: "checkbox", checked: true });
    box.addEventListener("change", changed, { signal });
    boxes.set(path.name, box);
    const sign = drawn("svg", { "aria-hidden": "true", viewBox: "0 0 28 12" });
    sign.append(drawn("path", { class: `line path ${path.name}`, d: "M0 6H28" }));
    const cells = [1, 2, 3, 4].map(() => element("td", { className: "number" }));
    const name = element("th", { scope: "row" }, element("label", {}, box, sign, path.name));
    return { path, cells, row: element("tr", {}, name, ...cells) };
  });
  const head = COLUMNS.map((column) => element("th", { scope: "col" }, column));
  const table = element(
    "table",
    { className: "optimizers" },
    element("caption", {}, "Losses on the same training images, in nats."),
    element("thead", {}, element("tr", {}, ...head)),
    element("tbody", {}, ...rows.map(({ row }) => row)),
  );
  const scroll = { className: "scroll bright", tabIndex: 0, role: "region", "aria-label": "Optimizers" };
  return {
    root: element("div", scroll, table),
    isShown: (name) => boxes.get(name).checked,
    draw(at) {
      for (const { path, cells } of rows) {
        const texts = [
          short(path.rate),
          path.losses[at].toFixed(3),
          lossAt(data, ...path.places[at]).toFixed(3),
          Math.min(...path.losses.slice(0, at + 1)).toFixed(3),
        ];
        texts.forEach((text, index) => (cells[index].textContent = text));
      }
    },
  };
}
