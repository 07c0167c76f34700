// What the network makes of the image in the drawing area, redrawn in every frame.
import { counted, element, onNextFrame, percent, signed } from "#inspection/dom.js";
import { createDrawing } from "#inspection/draw.js";
import { firesAbove } from "#inspection/evaluate.js";
import { argmax, createForward } from "#inspection/forward.js";
import {
  drawPixels,
  drawWeights,
  largestOf,
  onSchemeChange,
  pixelsOf,
  signedColour,
  smallCanvas,
} from "#inspection/pictures.js";

const CELL = 6; // canvas pixels of a hidden unit, one of them a gap
const CELL_ZERO = "cell"; // the colour of units that do not fire
const SPEAKERS = 5;
const QUIET = 600; // milliseconds without a change before a screen reader is told the answer
const SCALED_BY = 20; // images that show how large the outputs of a layer get

/** {root, choose(index)}: the first part of the page. */
export function createLive(network, samples, signal) {
  const forward = createForward(network);
  const scales = scalesOf(network, samples, forward);
  const bars = createBars(network.classNames);
  const layers = network.layers
    .slice(0, -1)
    .map((layer, index) => createCells(layer, index, scales[index]));
  const speakers = network.layers.length === 2 ? createSpeakers(network) : null;
  const answer = element("p", { className: "answer" });
  const spoken = element("p", { className: "unseen", role: "status" });
  let quiet = 0;
  const request = onNextFrame(draw, signal);
  const drawing = createDrawing(network, samples, { changed: request, signal });

  function draw() {
    drawing.draw();
    const { hidden, probabilities } = forward(drawing.pixels());
    const best = argmax(probabilities);
    bars.draw(probabilities, best);
    layers.forEach((cells, index) => cells.draw(hidden[index]));
    speakers?.draw(hidden[0], best);
    answer.textContent = sentence(network, best, probabilities[best], drawing.label());
    clearTimeout(quiet);
    quiet = setTimeout(() => {
      spoken.textContent = answer.textContent;
      layers.forEach((cells) => cells.describe());
    }, QUIET);
  }
  signal.addEventListener("abort", () => clearTimeout(quiet));
  onSchemeChange(() => {
    speakers?.forget();
    request();
  }, signal);
  const details = [...layers, ...(speakers ? [speakers] : [])].map((part) => part.root);
  const root = element(
    "div",
    { className: "live" },
    answer,
    drawing.area,
    element("div", { className: "answers" }, spoken, bars.root, ...details),
    drawing.controls,
  );
  request();
  return { root, choose: drawing.choose };
}

function sentence(network, best, probability, label) {
  const says = `${network.classNames[best]}, ${percent(probability)}`;
  if (label === null) return says;
  return label === best
    ? `${says} (right)`
    : `${says} (wrong: it is ${network.classNames[label]})`;
}

/** The largest output of each hidden layer on some images. */
function scalesOf(network, samples, forward) {
  const scales = network.layers.slice(0, -1).map((layer) => firesAbove(layer.activation) + 1e-6);
  for (let index = 0; index < Math.min(SCALED_BY, samples.labels.length); index++) {
    forward(pixelsOf(samples, index)).hidden.forEach((values, layer) => {
      for (const value of values) scales[layer] = Math.max(scales[layer], Math.abs(value));
    });
  }
  return scales;
}

function createBars(classNames) {
  const rows = classNames.map((name) => {
    const bar = element("div", { className: "bar" });
    const number = element("td", { className: "number" });
    const row = element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      element("td", { className: "track", "aria-hidden": "true" }, bar),
      number,
    );
    return { bar, number, row };
  });
  const head = element(
    "tr",
    { className: "unseen" },
    ...["Class", "Bar", "Probability"].map((text) => element("th", { scope: "col" }, text)),
  );
  const root = element(
    "table",
    { className: "bars" },
    element("caption", {}, "Probabilities"),
    element("thead", {}, head),
    element("tbody", {}, ...rows.map(({ row }) => row)),
  );
  function draw(probabilities, best) {
    rows.forEach(({ bar, number, row }, k) => {
      bar.style.transform = `scaleX(${probabilities[k].toFixed(4)})`;
      number.textContent = percent(probabilities[k]);
      row.classList.toggle("best", k === best);
    });
  }
  return { root, draw };
}

/** One cell for each unit of a hidden layer, lit by the unit's output. */
function createCells(layer, index, scale) {
  const columns = Math.min(layer.outputs, Math.max(16, Math.ceil(Math.sqrt(4 * layer.outputs))));
  const width = columns * CELL;
  const height = Math.ceil(layer.outputs / columns) * CELL;
  const canvas = element("canvas", { width, height, className: "cells", role: "img" });
  const name = `Hidden layer ${index + 1} (${layer.activation})`;
  const caption = element("figcaption", {}, name);
  const threshold = firesAbove(layer.activation);
  const colour = new Uint8ClampedArray(4);

  function paint(bytes, at, place) {
    const x = place % width;
    const y = Math.floor(place / width);
    const unit = Math.floor(y / CELL) * columns + Math.floor(x / CELL);
    const isGap = x % CELL === CELL - 1 || y % CELL === CELL - 1 || unit >= layer.outputs;
    if (isGap) return; // stays transparent
    const above = (values[unit] - threshold) / (scale - threshold);
    // the root makes units that hardly fire visible
    signedColour(Math.sign(above) * Math.sqrt(Math.abs(above)), CELL_ZERO, colour, 0);
    bytes.set(colour, at);
  }
  let values = new Float64Array(layer.outputs);
  function draw(outputs) {
    values = outputs;
    drawPixels(canvas, width, height, paint);
    let fire = 0;
    for (const value of outputs) fire += Number(value > threshold);
    caption.textContent = `${name}: ${fire} of ${counted(layer.outputs, "unit")} fire`;
  }
  const describe = () => canvas.setAttribute("aria-label", caption.textContent);
  describe();
  return { root: element("figure", { className: "layer" }, caption, canvas), draw, describe };
}

/** The units that add the most to the logit of the answer: output times weight. */
function createSpeakers(network) {
  const [first, last] = network.layers;
  const scale = largestOf(first.W);
  const rows = Array.from({ length: Math.min(SPEAKERS, first.outputs) }, () => {
    const canvas = smallCanvas();
    const words = element("span");
    return { canvas, words, unit: -1, item: element("li", {}, canvas, words) };
  });
  const title = element("figcaption");
  const root = element(
    "figure",
    { className: "layer" },
    title,
    element("ul", { className: "speakers" }, ...rows.map(({ item }) => item)),
  );
  const share = new Float64Array(first.outputs);

  function draw(hidden, best) {
    title.textContent =
      `What speaks most for ${network.classNames[best]}:` +
      " a unit's output times its weight to the logit";
    for (let unit = 0; unit < share.length; unit++) {
      share[unit] = hidden[unit] * last.W[unit * last.outputs + best];
    }
    const taken = new Set();
    for (const row of rows) {
      let top = -1;
      for (let unit = 0; unit < share.length; unit++) {
        if (!taken.has(unit) && (top < 0 || share[unit] > share[top])) top = unit;
      }
      taken.add(top);
      if (row.unit !== top) drawWeights(row.canvas, first, top, scale);
      row.unit = top;
      row.words.textContent = `unit ${top}: ${signed(share[top])}`;
    }
  }
  return { root, draw, forget: () => rows.forEach((row) => (row.unit = -1)) };
}
