// Arrays of numbers as small pictures on canvases.
import { PIXELS, SIDE } from "#inspection/forward.js";
import { element } from "#inspection/dom.js";

// blue and orange: told apart with every kind of colour blindness
const NEGATIVE = [31, 119, 180];
const POSITIVE = [217, 95, 2];
const ZERO = {
  light: { picture: [255, 255, 255], cell: [226, 231, 236] },
  dark: { picture: [20, 24, 29], cell: [44, 52, 61] },
};

const darkScheme = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
const isDark = () => Boolean(darkScheme?.matches);

/** Calls `redraw` when the page turns dark or light. */
export function onSchemeChange(redraw, signal) {
  darkScheme?.addEventListener("change", redraw, { signal });
}

/** A canvas of 28 x 28 pixels, hidden from screen readers: words beside it say what it is. */
export const smallCanvas = (className = "picture") =>
  element("canvas", { width: SIDE, height: SIDE, className, "aria-hidden": "true" });

/** The colour of a number in [-1, 1], written to four bytes: blue, then that of 0, then orange. */
export function signedColour(value, zeroOf, bytes, at) {
  const zero = ZERO[isDark() ? "dark" : "light"][zeroOf];
  const end = value < 0 ? NEGATIVE : POSITIVE;
  const share = Math.min(1, Math.abs(value));
  for (let c = 0; c < 3; c++) bytes[at + c] = zero[c] + share * (end[c] - zero[c]);
  bytes[at + 3] = 255;
}

/** An image of 784 numbers from 0 to `white`, white on black as in the data. */
export function drawGrey(canvas, pixels, white) {
  drawPixels(canvas, SIDE, SIDE, (bytes, at, index) => {
    const grey = (255 * pixels[index]) / white;
    bytes[at] = bytes[at + 1] = bytes[at + 2] = grey;
    bytes[at + 3] = 255;
  });
}

/** The weights of one unit as an image; `scale` is the size of weight that has the full colour. */
export function drawWeights(canvas, layer, unit, scale) {
  drawPixels(canvas, SIDE, SIDE, (bytes, at, index) => {
    signedColour(layer.W[index * layer.outputs + unit] / (scale || 1), "picture", bytes, at);
  });
}

/** Fill a canvas of width x height pixels by `paint(bytes, offset, index)`. */
export function drawPixels(canvas, width, height, paint) {
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  for (let index = 0; index < width * height; index++) paint(picture.data, 4 * index, index);
  context.putImageData(picture, 0, 0);
}

/** Image number `index` of the samples, in [0, 1]. */
export function pixelsOf(samples, index) {
  return Float64Array.from(
    samples.images.subarray(index * PIXELS, (index + 1) * PIXELS),
    (v) => v / 255,
  );
}

/** A button that shows an image of the samples with some words, and hands it to `picked(index)`. */
export function imageButton(samples, index, words, picked, signal) {
  const canvas = smallCanvas();
  drawGrey(canvas, samples.images.subarray(index * PIXELS, (index + 1) * PIXELS), 255);
  const made = element(
    "button",
    { type: "button", className: "image" },
    canvas,
    element("span", { className: "unseen" }, `Test image ${index}. `),
    ...words.map((text) => element("span", {}, text)),
  );
  made.title = `Test image ${index}: try it in the drawing area`;
  made.addEventListener("click", () => picked(index), { signal });
  return made;
}

/** A size that one weight in a thousand exceeds: single outliers would make the others pale. */
export function largestOf(weights) {
  const sizes = Float32Array.from(weights, Math.abs).sort();
  return sizes[Math.floor(0.999 * (sizes.length - 1))];
}
