// Numbers and matrices in words and shades, without a page: what microscope.js is made of.

export const STATUS_WORDS = {
  right: "right",
  wrong: "wrong",
  missing: "missing",
  after: "after a wrong one",
};
const LEGEND = ["lit", "right", "wrong", "missing", "after"];
const LEVELS = 5;
const NOT_FINITE = { nan: "nan", inf: "∞", "-inf": "−∞" };

/**
 * The class of a number on the signed scale: "zero", "positive-1" to "positive-5" and as many
 * negative ones; "not-finite" for anything else. The root lets small numbers beside large ones show.
 */
export function shade(value, largest) {
  if (!Number.isFinite(value)) return "not-finite";
  if (value === 0 || largest === 0) return "zero";
  const share = Math.min(1, Math.abs(value) / largest);
  const level = Math.max(1, Math.ceil(LEVELS * Math.sqrt(share)));
  return `${value > 0 ? "positive" : "negative"}-${level}`;
}

/** A number with at most four digits that count, with a minus sign as long as a plus. */
export function numberText(value) {
  if (!Number.isFinite(value)) return NOT_FINITE[value] ?? String(value);
  const size = Math.abs(value);
  const plain = size === 0 || (size >= 1e-3 && size < 1e6);
  const text = plain ? String(Number(value.toPrecision(4))) : shortExponent(value);
  return text.replaceAll("-", "−");
}

function shortExponent(value) {
  return value.toExponential(1).replace("e+", "e").replace(".0e", "e");
}

/** "2 × 3" of [2, 3], "3 numbers" of [3], "one number" of []. */
export function shapeText(shape) {
  if (shape.length === 0) return "one number";
  return shape.length === 1 ? `${shape[0]} numbers` : shape.join(" × ");
}

/**
 * Nested lists as rows, with the shape that they have: one number and a vector are one row, and of
 * more than two axes all but the last are rows.
 */
export function matrixOf(values) {
  const shape = [];
  for (let inner = values; Array.isArray(inner); inner = inner[0]) shape.push(inner.length);
  if (shape.length === 0) return { rows: [[values]], shape };
  if (shape.length === 1) return { rows: [values], shape };
  return { rows: values.flat(shape.length - 2), shape };
}

/**
 * What the borders of the arrays mean, of those that occur: classes and words. `lit` is the array
 * that is lit, or null.
 */
export function legendOf(arrays, lit) {
  const kinds = arrays.map((array) => (array.name === lit?.name ? "lit" : array.status));
  const litWords = lit?.elsewhere ? "wrong for another input" : "the first wrong one";
  return LEGEND.filter((kind) => kinds.includes(kind)).map((kind) =>
    kind === "lit"
      ? { classes: `${entryOf(arrays, lit.name).status} lit`, words: litWords }
      : { classes: kind, words: STATUS_WORDS[kind] },
  );
}

/** The array with a name. Throws if there is none. */
export function entryOf(arrays, name) {
  const found = arrays.find((array) => array.name === name);
  if (!found) throw new Error(`no array ${name} in what the microscope was given`);
  return found;
}
