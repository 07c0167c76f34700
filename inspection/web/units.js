// What each unit of the first layer wants: its weights as an image, and what excites it.
import { button, choice, counted, element, labelled, percent, signed } from "#inspection/dom.js";
import {
  drawWeights,
  imageButton,
  onSchemeChange,
  smallCanvas,
  drawPixels,
  isDark,
  signedColour,
} from "#inspection/pictures.js";
import { largestOf } from "#inspection/live.js";

const LEGEND = 101; // pixels of the colour scale

/** The root of the second part of the page. `picked(index)` hands an image to the first part. */
export function createUnits(network, samples, { units }, { picked, signal }) {
  const view = new View(network, units);
  const detail = element("div", { className: "detail", "aria-live": "polite" });
  const grid = createGrid(
    view,
    (unit) => {
      detail.replaceChildren(...describe(view, unit, samples, picked, signal));
      detail.scrollIntoView({ block: "nearest" });
    },
    signal,
  );
  detail.append(element("p", {}, "Choose a unit to see which test images excite it most."));
  const explanation = element("p", { className: "small" });
  const sort = () => {
    explanation.textContent = view.explanation();
    grid.sort();
  };
  const order = choice(
    view.orders(),
    (value) => {
      view.order = value;
      sort();
    },
    signal,
  );
  const label = choice(
    network.classNames.map((name, k) => [String(k), name]),
    (value) => {
      view.label = Number(value);
      sort();
    },
    signal,
  );
  const own = button(
    "Own scale for each unit",
    () => {
      view.ownScale = !view.ownScale;
      own.setAttribute("aria-pressed", String(view.ownScale));
      grid.redraw();
    },
    signal,
    { "aria-pressed": "false" },
  );
  onSchemeChange(() => grid.redraw(), signal);
  sort();
  return element(
    "div",
    { className: "units" },
    element("p", {}, view.summary()),
    element(
      "div",
      { className: "tools" },
      labelled("Sort by", order),
      labelled("Class", label),
      own,
    ),
    createLegend(signal),
    explanation,
    element("div", { className: "beside" }, grid.root, detail),
  );
}

/** What is known about each unit, and the order in which they are shown. */
class View {
  constructor(network, units) {
    this.network = network;
    this.units = units;
    this.layer = network.layers[0];
    this.last = network.layers.length === 2 ? network.layers[1] : null;
    this.scale = largestOf(this.layer.W);
    this.ownScale = false;
    this.label = 0;
    this.order = this.last ? "effect" : "excess";
    this.hasHidden = network.layers.length > 1;
  }

  orders() {
    return [
      ...(this.last ? [["effect", "what they do for the class"]] : []),
      ["excess", "how much more they fire for the class"],
      ["fires", "how often they fire"],
      ["number", "number"],
    ];
  }

  numbers() {
    return [...Array(this.units.count).keys()];
  }

  summary() {
    const dead = this.numbers().filter((unit) => this.units.isDead(unit));
    return (
      `The first layer has ${counted(this.units.count, "unit")}, ${dead.length} of them dead:` +
      " their output is the same for every image here." +
      " Each picture shows a unit's 784 weights in the place of their pixels." +
      (this.hasHidden ? "" : " This network has no hidden layer: its units are the classes.")
    );
  }

  explanation() {
    const name = this.network.classNames[this.label];
    return {
      effect: `The number is the unit's weight to the logit of ${name}, times its mean output: what it adds on average.`,
      excess: `The number is the unit's mean output for images of ${name}, minus its mean for all images.`,
      fires:
        "The number is the share of the images that the unit fires for: an output above " +
        `${this.units.threshold}.`,
      number: "The units in the order of the columns of W.",
    }[this.order];
  }

  value(unit) {
    if (this.order === "effect") {
      return this.last.W[unit * this.last.outputs + this.label] * this.units.means[unit];
    }
    if (this.order === "excess") return this.units.excess(unit, this.label);
    return this.order === "fires" ? this.units.fires[unit] : -unit;
  }

  words(unit) {
    if (this.units.isDead(unit)) return "dead";
    if (this.order === "number") return "";
    return this.order === "fires" ? percent(this.value(unit), 0) : signed(this.value(unit));
  }

  sorted() {
    const order = this.numbers();
    const values = order.map((unit) => this.value(unit));
    const dead = order.map((unit) => this.units.isDead(unit));
    return order.sort((a, b) => dead[a] - dead[b] || values[b] - values[a] || a - b);
  }

  scaleOf(unit) {
    if (!this.ownScale) return this.scale;
    let largest = 0;
    for (let i = unit; i < this.layer.W.length; i += this.layer.outputs) {
      largest = Math.max(largest, Math.abs(this.layer.W[i]));
    }
    return largest;
  }
}

/** The units as buttons; arrow keys move between them, and pictures are drawn when they are seen. */
function createGrid(view, opened, signal) {
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
      cells.forEach(({ button: one }) => one.setAttribute("aria-pressed", String(one === target)));
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

/** What is said about one unit. */
function describe(view, unit, samples, picked, signal) {
  const { units, layer, last, network } = view;
  const canvas = smallCanvas("picture large");
  drawWeights(canvas, layer, unit, view.scaleOf(unit));
  const facts =
    `Fires for ${percent(units.fires[unit])} of ${counted(samples.labels.length, "image")};` +
    ` mean output ${units.means[unit].toFixed(2)}, largest ${units.most[unit].toFixed(2)};` +
    ` bias ${layer.b[unit].toFixed(2)}.`;
  const name = view.hasHidden ? `Unit ${unit}` : network.classNames[unit];
  const parts = [element("h3", {}, name), canvas, element("p", {}, facts)];
  if (last) parts.push(weightsTo(last, unit, network.classNames));
  if (units.isDead(unit)) {
    const why =
      "This unit is dead: its output is the same for every image, so no gradient can change it.";
    return [...parts, element("p", {}, why)];
  }
  const images = units.top[unit].map(([value, index]) =>
    imageButton(
      samples,
      index,
      [network.classNames[samples.labels[index]], value.toFixed(2)],
      picked,
      signal,
    ),
  );
  parts.push(
    element("h4", {}, `The ${counted(images.length, "test image")} that excite it most`),
    element("div", { className: "images" }, ...images),
  );
  return parts;
}

/** The weights from a unit to the logits, as a table with signed bars. */
function weightsTo(last, unit, classNames) {
  const weights = [...last.W.subarray(unit * last.outputs, (unit + 1) * last.outputs)];
  const largest = Math.max(...weights.map(Math.abs)) || 1;
  const rows = weights.map((weight, k) => {
    const bar = element("div", { className: `bar ${weight < 0 ? "negative" : "positive"}` });
    bar.style.transform = `scaleX(${(weight / largest / 2).toFixed(3)})`;
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, classNames[k]),
      element("td", { className: "track middle", "aria-hidden": "true" }, bar),
      element("td", { className: "number" }, signed(weight)),
    );
  });
  return element(
    "table",
    { className: "bars" },
    element("caption", {}, "Its weights to the logits"),
    element("tbody", {}, ...rows),
  );
}

function createLegend(signal) {
  const canvas = element("canvas", {
    width: LEGEND,
    height: 1,
    className: "legend-scale",
    "aria-hidden": "true",
  });
  const draw = () =>
    drawPixels(canvas, LEGEND, 1, (bytes, at, x) => {
      signedColour((2 * x) / (LEGEND - 1) - 1, isDark(), bytes, at);
    });
  draw();
  onSchemeChange(draw, signal);
  return element(
    "p",
    { className: "legend small" },
    "negative: a bright pixel speaks against ",
    canvas,
    " positive: a bright pixel excites",
  );
}
