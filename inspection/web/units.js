// What each unit of the first layer wants: its weights as an image, and what excites it.
import {
  button,
  choice,
  counted,
  element,
  labelled,
  percent,
  reveal,
  signed,
} from "#inspection/dom.js";
import {
  drawPixels,
  drawWeights,
  imageButton,
  onSchemeChange,
  signedColour,
  smallCanvas,
} from "#inspection/pictures.js";
import { createGrid } from "#inspection/unit_grid.js";
import { UnitView } from "#inspection/unit_view.js";

const LEGEND = 101; // pixels of the colour scale

/** The root of the second part of the page. `picked(index)` hands an image to the first part. */
export function createUnits(network, samples, { units }, { picked, signal }) {
  const view = new UnitView(network, units);
  const detail = element("div", { className: "detail", "aria-live": "polite" });
  let opened = null;
  const open = (unit) => {
    opened = unit;
    detail.replaceChildren(...describe(view, unit, samples, picked, signal));
  };
  const grid = createGrid(
    view,
    (unit) => {
      open(unit);
      reveal(detail);
    },
    signal,
  );
  const redraw = () => {
    grid.redraw();
    if (opened !== null) open(opened);
  };
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
      label.disabled = !view.needsClass();
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
      redraw();
    },
    signal,
    { "aria-pressed": "false" },
  );
  onSchemeChange(redraw, signal);
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
    element("h4", {}, "The test images that excite it most"),
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
      signedColour((2 * x) / (LEGEND - 1) - 1, "picture", bytes, at);
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
